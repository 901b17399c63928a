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
#include <utility>

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
  std::unique_ptr<PhysicalMemory> memory(new PhysicalMemory(ram_bytes));
  const uint64_t memfd_bytes = memory->memfd_bytes();
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
  memory->code_pages_.resize((AddressMap::kDecodedBytes >> kPageShift) / 64);
  return memory;
}

PhysicalMemory::~PhysicalMemory() {
  if (ram_ != nullptr) munmap(ram_, memfd_bytes());
}

// The place of so many bytes in the memfd.
uint64_t PhysicalMemory::TakeContents(uint64_t bytes) {
  CHECK(bytes <= kContentsCapacity - contents_bytes_ && bytes % kPageBytes == 0);
  return ram_bytes_ + std::exchange(contents_bytes_, contents_bytes_ + bytes);
}

RegionId PhysicalMemory::MakeDevice(uint64_t bytes, MmioHandler* handler) {
  CHECK(handler != nullptr);
  return map_.Add({.bytes = bytes, .kind = PageKind::kDevice, .handler = handler});
}

RegionId PhysicalMemory::MakeProcessorRegisters(uint64_t bytes, MmioHandler* handler) {
  CHECK(handler != nullptr);
  return map_.Add(
      {.bytes = bytes, .kind = PageKind::kDevice, .above_ram = true, .handler = handler});
}

RegionId PhysicalMemory::MakeRom(std::span<const uint8_t> contents) {
  const uint64_t offset = TakeContents(contents.size());
  std::memcpy(ram_ + offset, contents.data(), contents.size());
  return map_.Add({.bytes = contents.size(), .memfd_offset = offset, .kind = PageKind::kRom});
}

RegionId PhysicalMemory::MakeVideoMemory(uint64_t bytes) {
  return map_.Add({.bytes = bytes,
                   .memfd_offset = TakeContents(bytes),
                   .kind = PageKind::kRam,
                   .shared = true});
}

RegionId PhysicalMemory::MakeView() {
  return map_.Add({.bytes = kPageBytes, .kind = PageKind::kRam, .shared = true, .view = true});
}

void PhysicalMemory::ShowView(RegionId view, PhysicalAddress start, RegionId of, uint64_t offset,
                              uint64_t bytes) {
  HideView(view);
  const MemoryRegion& shown = map_.region(of);
  CHECK(shown.shared && bytes <= shown.bytes && offset <= shown.bytes - bytes);
  map_.Reshape(view, bytes, shown.memfd_offset + offset);
  if (map_.Place(view, start) && map_observer_ != nullptr) map_observer_->OnViewShown(start, bytes);
}

void PhysicalMemory::HideView(RegionId view) {
  const MemoryRegion& region = map_.region(view);
  if (!region.placed) return;
  if (map_observer_ != nullptr) {
    map_observer_->OnViewHiding({region.start}, region.bytes, region.memfd_offset >> kPageShift);
  }
  (void)map_.Remove(view);
}

std::span<uint8_t> PhysicalMemory::ContentsOf(RegionId id) {
  const MemoryRegion& region = map_.region(id);
  CHECK(HasBytes(region));
  return {ram_ + region.memfd_offset, region.bytes};
}

void PhysicalMemory::Changed(const std::optional<PageRange>& range) {
  if (!range || map_observer_ == nullptr) return;
  map_observer_->OnMapChange({uint64_t{range->first} << kPageShift},
                             (uint64_t{range->last} - range->first + 1) << kPageShift);
}

void PhysicalMemory::Place(RegionId id, PhysicalAddress start) {
  Remove(id);
  Changed(map_.Place(id, start));
}

void PhysicalMemory::Remove(RegionId id) {
  if (map_.region(id).placed) Changed(map_.Remove(id));
}

void PhysicalMemory::DecodeRam(PhysicalAddress start, uint64_t bytes, bool reads, bool writes) {
  Changed(map_.DecodeRam(start, bytes, reads, writes));
}

void PhysicalMemory::HideRam(PhysicalAddress start, uint64_t bytes) {
  if (start.value >= ram_bytes_) return;
  DecodeRam(start, std::min(bytes, ram_bytes_ - start.value), false, false);
}

RegionId PhysicalMemory::AddDevice(PhysicalAddress start, uint64_t bytes, MmioHandler* handler) {
  const RegionId id = MakeDevice(bytes, handler);
  HideRam(start, bytes);
  Place(id, start);
  return id;
}

RegionId PhysicalMemory::AddRom(PhysicalAddress start, std::span<const uint8_t> contents) {
  const RegionId id = MakeRom(contents);
  HideRam(start, contents.size());
  Place(id, start);
  return id;
}

void PhysicalMemory::AddHole(PhysicalAddress start, uint64_t bytes) { HideRam(start, bytes); }

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
  const MemoryRegion& region = map_.Reader(gated);
  switch (region.kind) {
    case PageKind::kRam:
    case PageKind::kRom:
      std::memcpy(to, BytesAt(region, gated), bytes);
      return;
    case PageKind::kUnassigned:
      std::memset(to, 0xFF, bytes);
      return;
    case PageKind::kDevice:
      break;
  }
  const uint64_t region_start = region.start;
  for (auto offset = static_cast<uint32_t>(gated.value - region.start); bytes != 0;) {
    const unsigned piece = DevicePiece(offset, bytes);
    const uint64_t value = region.handler->ReadMmio(offset, piece);
    if (device_observer_ != nullptr) {
      device_observer_->OnDeviceAccess({region_start + offset}, piece, false, value);
    }
    std::memcpy(to, &value, piece);
    offset += piece;
    to += piece;
    bytes -= piece;
  }
}

void PhysicalMemory::WritePage(PhysicalAddress gated, const uint8_t* from, uint32_t bytes) {
  const MemoryRegion& region = map_.Writer(gated);
  switch (region.kind) {
    case PageKind::kRam:
      if (IsCodePage(gated) && observer_ != nullptr) observer_->OnCodeWrite(gated, bytes);
      std::memcpy(BytesAt(region, gated), from, bytes);
      return;
    case PageKind::kRom:
    case PageKind::kUnassigned:
      return;
    case PageKind::kDevice:
      break;
  }
  const uint64_t region_start = region.start;
  for (auto offset = static_cast<uint32_t>(gated.value - region.start); bytes != 0;) {
    const unsigned piece = DevicePiece(offset, bytes);
    uint64_t value = 0;
    std::memcpy(&value, from, piece);
    region.handler->WriteMmio(offset, piece, value);
    if (device_observer_ != nullptr) {
      device_observer_->OnDeviceAccess({region_start + offset}, piece, true, value);
    }
    offset += piece;
    from += piece;
    bytes -= piece;
  }
}

bool PhysicalMemory::IsPlainRam(PhysicalAddress start, uint64_t pages) const {
  const uint64_t first = start.value >> kPageShift;
  // Whole words of the bitmap only, and no thought to what the A20 gate folds.
  if (!a20_ || first % 64 != 0 || pages % 64 != 0) return false;
  if (!map_.IsAllRam(static_cast<uint32_t>(first), pages)) return false;
  const auto* const code = code_pages_.data() + first / 64;
  return std::all_of(code, code + pages / 64, [](uint64_t word) { return word == 0; });
}

void PhysicalMemory::MarkCodePage(PhysicalAddress page, bool is_code) {
  const uint64_t gated = ApplyA20(page).value;
  if (gated >= AddressMap::kDecodedBytes) return;  // all ones for ever: nothing to watch
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
