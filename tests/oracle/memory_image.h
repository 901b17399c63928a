// SPDX-License-Identifier: Apache-2.0
// The memory of a case: what its areas hold at the start, and which lines differ from that at the
// end. Both sides use it alike, so that two runs changed memory in the same way exactly if their
// lists are equal.
//
// The memory itself is seen through a base pointer: area `a` lies at base + a.start.
#ifndef VERBATIM_TESTS_ORACLE_MEMORY_IMAGE_H_
#define VERBATIM_TESTS_ORACLE_MEMORY_IMAGE_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "tests/oracle/case.h"

namespace verbatim::test {

inline constexpr uint32_t kLineBytes = 64;
inline constexpr uint32_t kImageBytes = kCaseCode.bytes + kCaseData.bytes + kCaseStack.bytes;
inline constexpr uint32_t kImageLines = kImageBytes / kLineBytes;

struct ChangedLine {
  uint32_t address = 0;
  std::array<uint8_t, kLineBytes> bytes{};

  friend bool operator==(const ChangedLine&, const ChangedLine&) = default;
};

class MemoryImage {
 public:
  MemoryImage() {
    std::memset(bytes_.data(), kCaseEnd, kCaseCode.bytes);
    Fill(0);
  }

  // Makes it the start of a program.
  void Set(uint32_t filling, uint32_t code_at, std::span<const uint8_t> code) {
    if (filling != filling_) Fill(filling);
    std::memset(&bytes_[code_offset_], kCaseEnd, code_bytes_);
    code_offset_ = code_at - kCaseCode.start;
    code_bytes_ = static_cast<uint32_t>(code.size());
    std::ranges::copy(code, &bytes_[code_offset_]);
  }

  // Calls visit(address, image bytes, memory bytes) for each line that differs, in ascending order.
  template <typename Visitor>
  void ForEachDifference(const uint8_t* base, Visitor visit) const {
    const uint8_t* image = bytes_.data();
    for (const CaseArea& area : kCaseAreas) {
      const uint8_t* memory = base + area.start;
      for (uint32_t page = 0; page < area.bytes; page += kStride) {
        if (std::memcmp(image + page, memory + page, kStride) == 0) continue;
        for (uint32_t at = page; at < page + kStride; at += kLineBytes) {
          if (std::memcmp(image + at, memory + at, kLineBytes) == 0) continue;
          visit(area.start + at, image + at, memory + at);
        }
      }
      image += area.bytes;
    }
  }

  // The byte at an address within an area.
  [[nodiscard]] uint8_t At(uint32_t address) const {
    uint32_t offset = 0;
    for (const CaseArea& area : kCaseAreas) {
      if (address - area.start < area.bytes) return bytes_[offset + address - area.start];
      offset += area.bytes;
    }
    return 0;
  }

 private:
  static constexpr uint32_t kStride = 4096;  // what is compared at once
  // What stands for each byte value. A wild jump runs the filling: it holds no opcode of the
  // decimal instructions (DAA, DAS, AAA, AAS, AAM, AAD), which leave flags undefined, nor of those
  // that store x87 pointers (D9, DD, 0F AE), which the host's kernel loses now and then. The
  // generator knows how to deal with both, but only in its programs.
  static constexpr std::array<uint8_t, 256> kFillers = [] {
    std::array<uint8_t, 256> fillers{};
    for (uint32_t value = 0; value < fillers.size(); ++value) {
      fillers[value] = static_cast<uint8_t>(value);
    }
    for (const uint8_t left_out :
         std::to_array<uint8_t>({0x27, 0x2F, 0x37, 0x3F, 0xD4, 0xD5, 0xD9, 0xDD, 0xAE})) {
      fillers[left_out] = static_cast<uint8_t>(left_out ^ 0x40);
    }
    return fillers;
  }();

  // Reproducible and free of structure (splitmix64), so that a byte in a wrong place shows.
  void Fill(uint32_t filling) {
    filling_ = filling;
    uint64_t state = uint64_t{filling} << 32;
    for (uint32_t at = kCaseCode.bytes; at < kImageBytes; at += sizeof(uint64_t)) {
      uint64_t value = state += 0x9E3779B97F4A7C15u;
      value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
      value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
      value ^= value >> 31;
      std::memcpy(&bytes_[at], &value, sizeof value);
    }
    for (uint8_t& byte : std::span(bytes_).subspan(kCaseCode.bytes)) byte = kFillers[byte];
  }

  std::array<uint8_t, kImageBytes> bytes_{};
  uint32_t filling_ = 0;
  uint32_t code_offset_ = 0;
  uint32_t code_bytes_ = 0;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_MEMORY_IMAGE_H_
