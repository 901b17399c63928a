// SPDX-License-Identifier: Apache-2.0
// The setup header of a Linux bzImage: "The Linux/x86 Boot Protocol", versions 2.02 to 2.15, "The
// Real-Mode Kernel Header". Offsets are those of the file; the zero page uses the same ones.
#ifndef VERBATIM_FIRMWARE_BZIMAGE_HEADER_H_
#define VERBATIM_FIRMWARE_BZIMAGE_HEADER_H_

#include <cstdint>
#include <optional>
#include <span>

#include "base/address.h"
#include "base/result.h"
#include "firmware/boot_files.h"
#include "firmware/memory_map.h"

namespace verbatim {

namespace setup_header {
inline constexpr uint32_t kBegin = 0x1F1;
inline constexpr uint32_t kSetupSects = 0x1F1;
inline constexpr uint32_t kSysSize = 0x1F4;
inline constexpr uint32_t kVidMode = 0x1FA;
inline constexpr uint32_t kBootFlag = 0x1FE;
inline constexpr uint32_t kJumpOffset = 0x201;
inline constexpr uint32_t kSignature = 0x202;
inline constexpr uint32_t kVersion = 0x206;
inline constexpr uint32_t kTypeOfLoader = 0x210;
inline constexpr uint32_t kLoadFlags = 0x211;
inline constexpr uint32_t kCode32Start = 0x214;
inline constexpr uint32_t kRamdiskImage = 0x218;
inline constexpr uint32_t kRamdiskSize = 0x21C;
inline constexpr uint32_t kHeapEndPtr = 0x224;
inline constexpr uint32_t kCmdLinePtr = 0x228;
inline constexpr uint32_t kInitrdAddrMax = 0x22C;
inline constexpr uint32_t kKernelAlignment = 0x230;
inline constexpr uint32_t kRelocatableKernel = 0x234;
inline constexpr uint32_t kXLoadFlags = 0x236;
inline constexpr uint32_t kCmdlineSize = 0x238;
inline constexpr uint32_t kPayloadOffset = 0x248;
inline constexpr uint32_t kPayloadLength = 0x24C;
inline constexpr uint32_t kSetupData = 0x250;
inline constexpr uint32_t kPrefAddress = 0x258;
inline constexpr uint32_t kInitSize = 0x260;
inline constexpr uint32_t kMaxEnd = 0x290;  // where the zero page has its next field

inline constexpr uint32_t kSignatureHdrS = 0x53726448;
}  // namespace setup_header

// A header whose every field has been checked against the file and the protocol.
struct BzImageHeader {
  uint16_t version = 0;
  std::span<const uint8_t> setup;        // the real-mode part, boot sector included
  std::span<const uint8_t> kernel;       // the protected-mode part
  PhysicalAddress load_address;          // where it goes
  bool relocatable = false;              // it is entered where it goes
  std::optional<PhysicalRange> runtime;  // what it unpacks into; known from 2.10 on
  uint32_t command_line_limit = 0;       // in bytes without the NUL
  PhysicalAddress initrd_limit;          // one past the last byte an initrd may occupy
};

[[nodiscard]] bool LooksLikeBzImage(const InputFile& file);
[[nodiscard]] Result<BzImageHeader> ParseBzImageHeader(const InputFile& file);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BZIMAGE_HEADER_H_
