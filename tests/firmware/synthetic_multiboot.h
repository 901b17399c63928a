// SPDX-License-Identifier: Apache-2.0
// Small valid multiboot-1 files: an ELF executable with two segments, and a flat file described by
// the header's address fields.
#ifndef VERBATIM_TESTS_FIRMWARE_SYNTHETIC_MULTIBOOT_H_
#define VERBATIM_TESTS_FIRMWARE_SYNTHETIC_MULTIBOOT_H_

#include <cstdint>
#include <vector>

#include "base/bits.h"
#include "firmware/boot_files.h"

namespace verbatim {

class SyntheticMultiboot {
 public:
  static constexpr uint32_t kFileBytes = 4096;
  static constexpr uint32_t kHeader = 0x100;  // file offset of the multiboot header

  // Text at 100000h (800h bytes from file offset 0), data at 200000h (100h bytes from offset 800h,
  // 1000h in memory), entered at 100200h.
  static SyntheticMultiboot Elf() {
    SyntheticMultiboot image(/*flags=*/3);
    image.Set<uint32_t>(0, 0x464C457F)
        .Set<uint8_t>(4, 1)
        .Set<uint8_t>(5, 1)
        .Set<uint8_t>(6, 1)
        .Set<uint16_t>(kElfType, 2)
        .Set<uint16_t>(kElfMachine, 3)
        .Set<uint32_t>(20, 1)
        .Set<uint32_t>(kElfEntry, 0x100200)
        .Set<uint32_t>(kElfProgramHeaders, 0x34)
        .Set<uint16_t>(40, 0x34)
        .Set<uint16_t>(kElfProgramHeaderBytes, 32)
        .Set<uint16_t>(kElfProgramHeaderCount, 2);
    image.SetSegment(0, {1, 0, 0x100000, 0x100000, 0x800, 0x800});
    image.SetSegment(1, {1, 0x800, 0x200000, 0x200000, 0x100, 0x1000});
    return image;
  }
  // The whole file at 100000h with bss up to 103000h, entered at 100200h.
  static SyntheticMultiboot Flat() {
    SyntheticMultiboot image(/*flags=*/0x10003);
    image.Set<uint32_t>(kFlatHeader, 0x100000 + kHeader)
        .Set<uint32_t>(kFlatLoad, 0x100000)
        .Set<uint32_t>(kFlatLoadEnd, 0x100000 + kFileBytes)
        .Set<uint32_t>(kFlatBssEnd, 0x103000)
        .Set<uint32_t>(kFlatEntry, 0x100200);
    return image;
  }

  static constexpr uint32_t kElfType = 16;
  static constexpr uint32_t kElfMachine = 18;
  static constexpr uint32_t kElfEntry = 24;
  static constexpr uint32_t kElfProgramHeaders = 28;
  static constexpr uint32_t kElfProgramHeaderBytes = 42;
  static constexpr uint32_t kElfProgramHeaderCount = 44;
  static constexpr uint32_t kFlatHeader = kHeader + 12;
  static constexpr uint32_t kFlatLoad = kHeader + 16;
  static constexpr uint32_t kFlatLoadEnd = kHeader + 20;
  static constexpr uint32_t kFlatBssEnd = kHeader + 24;
  static constexpr uint32_t kFlatEntry = kHeader + 28;

  struct Segment {
    uint32_t type, offset, virtual_address, physical_address, file_bytes, memory_bytes;
  };

  SyntheticMultiboot& SetSegment(uint32_t index, const Segment& segment) {
    return Set(0x34 + index * 32, segment);
  }
  SyntheticMultiboot& SetFlags(uint32_t flags) {
    return Set<uint32_t>(kHeader + 4, flags).Set<uint32_t>(kHeader + 8, 0 - 0x1BADB002 - flags);
  }
  template <typename T>
  SyntheticMultiboot& Set(uint32_t offset, T value) {
    StoreLittle(&bytes_[offset], value);
    return *this;
  }
  [[nodiscard]] std::vector<uint8_t>& bytes() { return bytes_; }
  [[nodiscard]] BootFiles Files() const { return {.kernel = {.name = "kernel", .bytes = bytes_}}; }

 private:
  explicit SyntheticMultiboot(uint32_t flags) : bytes_(kFileBytes) {
    for (uint32_t i = 0x200; i < kFileBytes; ++i) {
      bytes_[i] = static_cast<uint8_t>(i * 11 + (i >> 8));
    }
    Set<uint32_t>(kHeader, 0x1BADB002);
    SetFlags(flags);
  }

  std::vector<uint8_t> bytes_;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_FIRMWARE_SYNTHETIC_MULTIBOOT_H_
