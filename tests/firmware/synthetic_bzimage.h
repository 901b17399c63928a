// SPDX-License-Identifier: Apache-2.0
// The smallest file that is a valid protocol 2.15 bzImage: one boot sector, one setup sector and
// kernel bytes that count up.
#ifndef VERBATIM_TESTS_FIRMWARE_SYNTHETIC_BZIMAGE_H_
#define VERBATIM_TESTS_FIRMWARE_SYNTHETIC_BZIMAGE_H_

#include <cstdint>
#include <vector>

#include "base/bits.h"
#include "firmware/boot_files.h"
#include "firmware/bzimage_header.h"

namespace verbatim {

class SyntheticBzImage {
 public:
  static constexpr uint32_t kSetupBytes = 1024;
  static constexpr uint32_t kKernelBytes = 8192;
  static constexpr uint32_t kInitSize = 0x10000;

  SyntheticBzImage() : bytes_(kSetupBytes + kKernelBytes) {
    using namespace setup_header;
    Set<uint8_t>(kSetupSects, 1);
    Set<uint32_t>(kSysSize, kKernelBytes / 16);
    Set<uint16_t>(kBootFlag, 0xAA55);
    Set<uint16_t>(0x200, 0x6AEB);  // jmp over a header that ends at 26Ch
    Set<uint32_t>(kSignature, kSignatureHdrS);
    Set<uint16_t>(kVersion, 0x20F);
    Set<uint8_t>(kLoadFlags, 1);
    Set<uint32_t>(kCode32Start, 0x100000);
    Set<uint32_t>(kInitrdAddrMax, 0x7FFFFFFF);
    Set<uint32_t>(kKernelAlignment, 0x1000);
    Set<uint8_t>(kRelocatableKernel, 1);
    Set<uint32_t>(kCmdlineSize, 2047);
    Set<uint32_t>(kPayloadOffset, 0x100);
    Set<uint32_t>(kPayloadLength, kKernelBytes - 0x100);
    Set<uint64_t>(kPrefAddress, 0x110000);
    Set<uint32_t>(setup_header::kInitSize, kInitSize);
    for (uint32_t i = 0; i < kKernelBytes; ++i) {
      bytes_[kSetupBytes + i] = static_cast<uint8_t>(i * 7 + (i >> 8));
    }
  }

  template <typename T>
  SyntheticBzImage& Set(uint32_t offset, T value) {
    StoreLittle(&bytes_[offset], value);
    return *this;
  }
  [[nodiscard]] std::vector<uint8_t>& bytes() { return bytes_; }
  [[nodiscard]] BootFiles Files() const { return {.kernel = {.name = "vmlinuz", .bytes = bytes_}}; }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_FIRMWARE_SYNTHETIC_BZIMAGE_H_
