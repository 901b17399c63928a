// SPDX-License-Identifier: Apache-2.0
#include "firmware/bzimage_header.h"

#include <algorithm>
#include <bit>

#include "base/bits.h"

namespace verbatim {
namespace {

using namespace setup_header;

constexpr uint32_t kSectorBytes = 512;
constexpr uint32_t kParagraphBytes = 16;
constexpr uint8_t kDefaultSetupSects = 4;
constexpr uint32_t kMaxSetupBytes = 32 << 10;  // behind them lies the heap
constexpr uint32_t kEndOfVersion202 = kCmdLinePtr + 4;

constexpr uint8_t kLoadedHigh = 1 << 0;
constexpr uint16_t kXlfKernel64 = 1 << 0;

constexpr uint32_t kOldCommandLineLimit = 255;
constexpr uint32_t kOldInitrdAddrMax = 0x37FFFFFF;

// Boot sector and setup sectors.
Result<std::span<const uint8_t>> RealModePart(const InputFile& file) {
  const uint8_t sects = file.bytes[kSetupSects];
  const uint32_t bytes = (uint32_t{sects == 0 ? kDefaultSetupSects : sects} + 1) * kSectorBytes;
  if (file.bytes.size() <= bytes) {
    return Fail(
        "{}: setup header: setup_sects at offset 1F1h is {}, which puts the kernel at {:X}h, but "
        "the file ends at {:X}h",
        file.name, sects, bytes, file.bytes.size());
  }
  if (bytes > kMaxSetupBytes) {
    return Fail("{}: setup header: setup_sects at offset 1F1h is {}, expected at most {}",
                file.name, sects, kMaxSetupBytes / kSectorBytes - 1);
  }
  return file.bytes.first(bytes);
}

// The part after the setup sectors, as long as syssize says. The last paragraph may be cut short:
// old kernel builds round syssize up without padding the file.
Result<std::span<const uint8_t>> ProtectedModePart(const InputFile& file, uint32_t setup_bytes,
                                                   uint16_t version) {
  const auto rest = file.bytes.subspan(setup_bytes);
  if (version < 0x204) return rest;  // syssize had 16 bits and was not to be trusted
  const uint64_t size = uint64_t{LoadLittle<uint32_t>(&file.bytes[kSysSize])} * kParagraphBytes;
  if (size == 0 || size > AlignUp(rest.size(), kParagraphBytes)) {
    return Fail(
        "{}: setup header: syssize at offset 1F4h asks for {:X}h bytes of kernel, expected 10h to "
        "the {:X}h that follow the setup sectors",
        file.name, size, rest.size());
  }
  return rest.first(std::min<uint64_t>(size, rest.size()));
}

Status CheckPayload(const InputFile& file, std::span<const uint8_t> kernel) {
  const uint64_t offset = LoadLittle<uint32_t>(&file.bytes[kPayloadOffset]);
  const uint64_t length = LoadLittle<uint32_t>(&file.bytes[kPayloadLength]);
  if (offset + length > kernel.size()) {
    return Fail(
        "{}: setup header: payload_offset and payload_length at offset 248h are {:X}h and {:X}h, "
        "expected an area inside the {:X}h bytes of kernel",
        file.name, offset, length, kernel.size());
  }
  return {};
}

// Sets load_address and runtime.
Status PlaceKernel(const InputFile& file, BzImageHeader& header) {
  header.load_address = kHighMemory;
  if (header.version < 0x20A) return {};

  const uint64_t preferred = LoadLittle<uint64_t>(&file.bytes[kPrefAddress]);
  const uint64_t init_size = LoadLittle<uint32_t>(&file.bytes[kInitSize]);
  if (preferred > UINT32_MAX) {
    return Fail("{}: setup header: pref_address at offset 258h is {:X}h, expected less than 4 GiB",
                file.name, preferred);
  }
  if (file.bytes[kRelocatableKernel] == 0) {
    header.runtime = {.begin = {preferred}, .bytes = init_size};
    return {};
  }
  const uint32_t alignment = LoadLittle<uint32_t>(&file.bytes[kKernelAlignment]);
  if (!std::has_single_bit(alignment)) {
    return Fail(
        "{}: setup header: kernel_alignment at offset 230h is {:X}h, expected a power of two",
        file.name, alignment);
  }
  // A relocatable 32-bit kernel still moves itself up to pref_address when it finds itself lower,
  // so that is the one place where it fits exactly when it can run at all.
  header.relocatable = true;
  header.load_address = {AlignUp(preferred, alignment)};
  header.runtime = {.begin = header.load_address, .bytes = init_size};
  return {};
}

}  // namespace

bool LooksLikeBzImage(const InputFile& file) {
  return file.Load<uint32_t>(kSignature) == kSignatureHdrS;
}

Result<BzImageHeader> ParseBzImageHeader(const InputFile& file) {
  // The boot sector and one setup sector hold every field, so nothing below reads past the end.
  if (!file.Holds(0, 2 * kSectorBytes)) {
    return Fail("{}: setup header: the file is {} bytes long, expected at least {}", file.name,
                file.bytes.size(), 2 * kSectorBytes);
  }
  const uint8_t* const bytes = file.bytes.data();
  const auto boot_flag = LoadLittle<uint16_t>(bytes + kBootFlag);
  if (boot_flag != 0xAA55) {
    return Fail("{}: setup header: boot_flag at offset 1FEh is {:04X}h, expected AA55h", file.name,
                boot_flag);
  }
  if (!LooksLikeBzImage(file)) {
    return Fail("{}: setup header: signature at offset 202h is {:08X}h, expected 'HdrS'", file.name,
                LoadLittle<uint32_t>(bytes + kSignature));
  }
  BzImageHeader header;
  header.version = LoadLittle<uint16_t>(bytes + kVersion);
  if (header.version < 0x202 || header.version >= 0x300) {
    return Fail("{}: setup header: version at offset 206h is {}.{:02}, expected 2.02 to 2.15",
                file.name, header.version >> 8, header.version & 0xFF);
  }
  const uint32_t end = kSignature + bytes[kJumpOffset];
  if (end < kEndOfVersion202 || end > kMaxEnd) {
    return Fail(
        "{}: setup header: its end by the jump at offset 200h is {:X}h, expected {:X}h to "
        "{:X}h",
        file.name, end, kEndOfVersion202, kMaxEnd);
  }
  if ((bytes[kLoadFlags] & kLoadedHigh) == 0) {
    return Fail(
        "{}: setup header: loadflags at offset 211h is {:02X}h, expected bit 0 set (a bzImage; "
        "zImages are not supported)",
        file.name, bytes[kLoadFlags]);
  }
  if (header.version >= 0x20C && (LoadLittle<uint16_t>(bytes + kXLoadFlags) & kXlfKernel64) != 0) {
    return Fail(
        "{}: setup header: xloadflags at offset 236h says this is a 64-bit kernel, expected a "
        "32-bit one: the virtual processor has no long mode",
        file.name);
  }
  const auto setup = RealModePart(file);
  if (!setup) return std::unexpected(setup.error());
  header.setup = *setup;
  const auto kernel = ProtectedModePart(file, static_cast<uint32_t>(setup->size()), header.version);
  if (!kernel) return std::unexpected(kernel.error());
  header.kernel = *kernel;
  if (header.version >= 0x208) {
    if (Status payload = CheckPayload(file, *kernel); !payload) {
      return std::unexpected(payload.error());
    }
  }
  if (Status placed = PlaceKernel(file, header); !placed) return std::unexpected(placed.error());

  header.command_line_limit =
      header.version >= 0x206 ? LoadLittle<uint32_t>(bytes + kCmdlineSize) : kOldCommandLineLimit;
  const uint32_t last =
      header.version >= 0x203 ? LoadLittle<uint32_t>(bytes + kInitrdAddrMax) : kOldInitrdAddrMax;
  header.initrd_limit = {uint64_t{last} + 1};
  return header;
}

}  // namespace verbatim
