// SPDX-License-Identifier: Apache-2.0
// The layout of guest-physical memory and accesses that may cross pages and regions. Every access
// is cut at page ends first, so that the A20 gate and the layout are looked at once for each page.
#include "memory/physical_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "base/bits.h"
#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint64_t kA20Bit = uint64_t{1} << 20;

// The largest naturally aligned piece of 1, 2, 4 or 8 bytes that starts at `offset`.
unsigned DevicePiece(uint32_t offset, uint32_t bytes) {
  const unsigned aligned = 1u << std::min(3, std::countr_zero(offset | 8u));
  return std::min(aligned, std::bit_floor(bytes));
}

}  // namespace

Result<std::unique_ptr<PhysicalMemory>> PhysicalMemory::Create(uint64_t ram_bytes) {
  if (ram_bytes < kMinBytes || ram_bytes > kMaxBytes || ram_bytes % kPageBytes != 0) {
    return Fail("guest memory: {} bytes is not a multiple of 4096 from {} MiB to {} MiB", ram_bytes,
                kMinBytes >> 20, kMaxBytes >> 20);
  }
  std::unique_ptr<PhysicalMemory> memory(new PhysicalMemory());
  const uint64_t memfd_bytes = ram_bytes + kRomCapacity;
  memory->memfd_ = FileDescriptor(memfd_create("verbatim-guest-memory", MFD_CLOEXEC));
  if (!memory->memfd_.valid() ||
      ftruncate(memory->memfd_.get(), static_cast<off_t>(memfd_bytes)) != 0) {
    return Fail("guest memory: cannot create a memfd of {} bytes: {}", memfd_bytes,
                std::strerror(errno));
  }
  void* mapping = mmap(nullptr, memfd_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                       memory->memfd_.get(), 0);
  if (mapping == MAP_FAILED) {
    return Fail("guest memory: cannot map {} bytes: {}", memfd_bytes, std::strerror(errno));
  }
  memory->ram_ = static_cast<uint8_t*>(mapping);
  memory->ram_bytes_ = ram_bytes;
  memory->regions_ = {
      Region{.bytes = kDecodedBytes, .kind = PageKind::kUnassigned},
      Region{.bytes = ram_bytes, .kind = PageKind::kRam},
  };
  memory->page_map_.resize(kDecodedBytes >> kPageShift, kUnassignedIndex);
  std::fill_n(memory->page_map_.begin(), ram_bytes >> kPageShift, kRamIndex);
  memory->code_pages_.resize((kDecodedBytes >> kPageShift) / 64);
  return memory;
}

PhysicalMemory::~PhysicalMemory() {
  if (ram_ != nullptr) munmap(ram_, ram_bytes_ + kRomCapacity);
}

void PhysicalMemory::AddRegion(const Region& region) {
  CHECK(region.start % kPageBytes == 0 && region.bytes % kPageBytes == 0);
  CHECK(region.bytes != 0 && region.bytes <= kDecodedBytes &&
        region.start <= kDecodedBytes - region.bytes);
  CHECK(regions_.size() <= UINT8_MAX);
  const auto index = static_cast<uint8_t>(regions_.size());
  const auto first = page_map_.begin() + static_cast<ptrdiff_t>(region.start >> kPageShift);
  const auto last = first + static_cast<ptrdiff_t>(region.bytes >> kPageShift);
  CHECK(std::all_of(first, last, [](uint8_t earlier) { return earlier <= kRamIndex; }));
  std::fill(first, last, index);
  regions_.push_back(region);
}

void PhysicalMemory::AddDevice(PhysicalAddress start, uint64_t bytes, MmioHandler* handler) {
  CHECK(handler != nullptr);
  AddRegion({.start = start.value, .bytes = bytes, .kind = PageKind::kDevice, .handler = handler});
}

void PhysicalMemory::AddRom(PhysicalAddress start, std::span<const uint8_t> contents) {
  CHECK(contents.size() <= kRomCapacity - rom_bytes_);
  const uint64_t offset = ram_bytes_ + rom_bytes_;
  AddRegion({.start = start.value,
             .bytes = contents.size(),
             .memfd_offset = offset,
             .kind = PageKind::kRom});
  std::memcpy(ram_ + offset, contents.data(), contents.size());
  rom_bytes_ += contents.size();
}

void PhysicalMemory::AddHole(PhysicalAddress start, uint64_t bytes) {
  AddRegion({.start = start.value, .bytes = bytes, .kind = PageKind::kUnassigned});
}

void PhysicalMemory::Read(PhysicalAddress address, void* to, uint64_t bytes) {
  auto* out = static_cast<uint8_t*>(to);
  while (bytes != 0) {
    const auto piece =
        static_cast<uint32_t>(std::min<uint64_t>(bytes, kPageBytes - address.PageOffset()));
    ReadPage(ApplyA20(address), out, piece);
    address = address + piece;
    out += piece;
    bytes -= piece;
  }
}

void PhysicalMemory::Write(PhysicalAddress address, const void* from, uint64_t bytes) {
  const auto* in = static_cast<const uint8_t*>(from);
  while (bytes != 0) {
    const auto piece =
        static_cast<uint32_t>(std::min<uint64_t>(bytes, kPageBytes - address.PageOffset()));
    WritePage(ApplyA20(address), in, piece);
    address = address + piece;
    in += piece;
    bytes -= piece;
  }
}

void PhysicalMemory::ReadPage(PhysicalAddress gated, uint8_t* to, uint32_t bytes) {
  const Region& region = Decode(gated);
  switch (region.kind) {
    case PageKind::kRam:
    case PageKind::kRom:
      std::memcpy(to, HostPointerTo(gated), bytes);
      return;
    case PageKind::kUnassigned:
      std::memset(to, 0xFF, bytes);
      return;
    case PageKind::kDevice:
      break;
  }
  for (auto offset = static_cast<uint32_t>(gated.value - region.start); bytes != 0;) {
    const unsigned piece = DevicePiece(offset, bytes);
    const uint64_t value = region.handler->ReadMmio(offset, piece);
    std::memcpy(to, &value, piece);
    offset += piece;
    to += piece;
    bytes -= piece;
  }
}

void PhysicalMemory::WritePage(PhysicalAddress gated, const uint8_t* from, uint32_t bytes) {
  const Region& region = Decode(gated);
  switch (region.kind) {
    case PageKind::kRam:
      if (IsCodePage(gated) && observer_ != nullptr) observer_->OnCodeWrite(gated, bytes);
      std::memcpy(HostPointerTo(gated), from, bytes);
      return;
    case PageKind::kRom:
    case PageKind::kUnassigned:
      return;
    case PageKind::kDevice:
      break;
  }
  for (auto offset = static_cast<uint32_t>(gated.value - region.start); bytes != 0;) {
    const unsigned piece = DevicePiece(offset, bytes);
    uint64_t value = 0;
    std::memcpy(&value, from, piece);
    region.handler->WriteMmio(offset, piece, value);
    offset += piece;
    from += piece;
    bytes -= piece;
  }
}

bool PhysicalMemory::IsPlainRam(PhysicalAddress start, uint64_t pages) const {
  const uint64_t first = start.value >> kPageShift;
  // Whole words of the bitmap only, and no thought to what the A20 gate folds.
  if (!a20_ || first % 64 != 0 || pages % 64 != 0) return false;
  if (first + pages > ram_bytes_ >> kPageShift) return false;
  const auto* const map = page_map_.data() + first;
  const auto* const code = code_pages_.data() + first / 64;
  return std::all_of(map, map + pages, [](uint8_t index) { return index == kRamIndex; }) &&
         std::all_of(code, code + pages / 64, [](uint64_t word) { return word == 0; });
}

void PhysicalMemory::MarkCodePage(PhysicalAddress page, bool is_code) {
  const uint64_t gated = ApplyA20(page).value;
  if (gated >= kDecodedBytes) return;  // all ones for ever: nothing to watch
  const uint64_t index = gated >> kPageShift;
  const uint64_t bit = uint64_t{1} << (index % 64);
  if (is_code) {
    code_pages_[index / 64] |= bit;
  } else {
    code_pages_[index / 64] &= ~bit;
  }
}

bool PhysicalMemory::SetA20(bool open) {
  if (open == a20_) return false;
  a20_ = open;
  a20_mask_ = open ? ~uint64_t{0} : ~kA20Bit;
  return true;
}

}  // namespace verbatim
