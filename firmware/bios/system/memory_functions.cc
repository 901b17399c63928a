// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/system/memory_functions.h"

#include <algorithm>
#include <array>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr uint64_t kKib = 1 << 10;
constexpr uint64_t kMib = 1 << 20;

constexpr uint32_t kSmap = 0x534D4150;
constexpr uint32_t kEntryBytes = 20;
constexpr uint32_t kAcpi3EntryBytes = 24;
constexpr uint32_t kEntryValid = 1;  // extended attributes, ACPI 3.0
constexpr uint8_t kNotSupported = 0x86;

// 88h: systems that take memory for what is below 64 MiB do not see more of it.
constexpr uint64_t kMaxOldKib = 63 * 1024;

// 87h.
constexpr uint32_t kSourceDescriptor = 0x10;
constexpr uint32_t kTargetDescriptor = 0x18;
constexpr uint32_t kMaxWords = 0x8000;
constexpr uint8_t kExceptionStatus = 0x02;
constexpr uint32_t kChunkBytes = 4096;

constexpr uint16_t kPort92 = 0x92;
constexpr uint8_t kPort92A20 = 0x02;
constexpr uint8_t kPort92Reset = 0x01;
constexpr uint16_t kControllerCommand = 0x64;
constexpr uint16_t kControllerData = 0x60;
constexpr uint8_t kWriteOutputPort = 0xD1;
constexpr uint8_t kOutputWithA20 = 0xDF;
constexpr uint8_t kOutputWithoutA20 = 0xDD;

enum A20Function : uint8_t { kDisable = 0, kEnable = 1, kTell = 2, kSupport = 3 };
constexpr uint16_t kBothWays = 0x03;  // keyboard controller and port 92h

struct Descriptor {
  PhysicalAddress base;
  uint64_t bytes;
};

Descriptor ReadDescriptor(BiosCall& call, LinearAddress at) {
  std::array<uint8_t, 8> raw{};
  call.ReadBytes(at, raw);
  const uint32_t base = (LoadLittle<uint32_t>(&raw[2]) & 0xFFFFFF) | static_cast<uint32_t>(raw[7])
                                                                         << 24;
  uint64_t limit = LoadLittle<uint16_t>(&raw[0]) | static_cast<uint32_t>(raw[6] & 0x0F) << 16;
  if ((raw[6] & 0x80) != 0) limit = limit << 12 | 0xFFF;
  return {{base}, limit + 1};
}

// Keeps the A20 gate open for as long as it lives.
class OpenA20 {
 public:
  OpenA20(PortIo& ports, bool is_open) : ports_(ports), was_open_(is_open) {
    if (!was_open_) Set(kPort92A20);
  }
  ~OpenA20() {
    if (!was_open_) Set(0);
  }
  OpenA20(const OpenA20&) = delete;
  OpenA20& operator=(const OpenA20&) = delete;

 private:
  void Set(uint8_t bit) {
    const auto others =
        static_cast<uint8_t>(ports_.ReadPort(kPort92, 1) & ~(kPort92A20 | kPort92Reset) & 0xFF);
    ports_.WritePort(kPort92, 1, others | bit);
  }

  PortIo& ports_;
  const bool was_open_;
};

void Copy(PhysicalMemory& memory, PhysicalAddress from, PhysicalAddress to, uint32_t bytes) {
  // Words in ascending order, as the processor moves them, where they overlap.
  const bool overlap = from < to && to < from + bytes;
  const uint32_t chunk = overlap ? sizeof(uint16_t) : kChunkBytes;
  std::array<uint8_t, kChunkBytes> buffer;
  for (uint32_t done = 0; done < bytes; done += chunk) {
    const uint32_t piece = std::min(chunk, bytes - done);
    memory.Read(from + done, buffer.data(), piece);
    memory.Write(to + done, buffer.data(), piece);
  }
}

}  // namespace

uint64_t MemoryFunctions::ExtendedBytes() const { return UsableBytesFrom(map_, kHighMemory); }

void MemoryFunctions::SizeInKib(BiosCall& call) {
  call.regs.set_ax(static_cast<uint16_t>(std::min(ExtendedBytes() / kKib, kMaxOldKib)));
  call.SetCarry(false);
}

void MemoryFunctions::BigSizeInKib(BiosCall& call) {
  const uint64_t kib = ExtendedBytes() / kKib;
  call.regs.set_ax(static_cast<uint16_t>(kib));
  call.regs.set_dx(static_cast<uint16_t>(kib >> 16));
  call.SetCarry(false);
}

void MemoryFunctions::SizeInTwoParts(BiosCall& call) {
  const uint64_t bytes = ExtendedBytes();
  const uint64_t low = std::min(bytes, 15 * kMib);
  const auto low_kib = static_cast<uint16_t>(low / kKib);
  const auto high_blocks = static_cast<uint16_t>((bytes - low) / (64 * kKib));
  BiosRegisters& regs = call.regs;
  if (regs.al() == 0x81) {
    for (const Gpr gpr : {kEax, kEbx, kEcx, kEdx}) regs.Set(gpr, 0);
  }
  regs.set_ax(low_kib);
  regs.set_cx(low_kib);
  regs.set_bx(high_blocks);
  regs.set_dx(high_blocks);
  call.SetCarry(false);
}

bool MemoryFunctions::MapEntry(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  if (regs.Get(kEdx) != kSmap) return false;
  const uint32_t index = regs.Get(kEbx);
  if (regs.Get(kEcx) < kEntryBytes || index >= map_.size()) {
    regs.set_ah(kNotSupported);
    call.SetCarry(true);
    return true;
  }
  const MemoryMapEntry& entry = map_[index];
  const uint32_t bytes = regs.Get(kEcx) >= kAcpi3EntryBytes ? kAcpi3EntryBytes : kEntryBytes;
  std::array<uint8_t, kAcpi3EntryBytes> raw{};
  StoreLittle<uint64_t>(&raw[0], entry.range.begin.value);
  StoreLittle<uint64_t>(&raw[8], entry.range.bytes);
  StoreLittle<uint32_t>(&raw[16], static_cast<uint32_t>(entry.kind));
  StoreLittle<uint32_t>(&raw[20], kEntryValid);
  call.WriteBytes(call.At(kEs, regs.di()), std::span(raw).first(bytes));
  regs.Set(kEax, kSmap);
  regs.Set(kEcx, bytes);
  regs.Set(kEbx, index + 1 < map_.size() ? index + 1 : 0);
  call.SetCarry(false);
  return true;
}

void MemoryFunctions::Move(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  const uint32_t bytes = regs.cx() * 2u;
  const Descriptor source =
      ReadDescriptor(call, call.At(kEs, (regs.si() + kSourceDescriptor) & 0xFFFF));
  const Descriptor target =
      ReadDescriptor(call, call.At(kEs, (regs.si() + kTargetDescriptor) & 0xFFFF));
  // It works by protected mode, where a virtual-8086 task cannot go, and which sees the limits.
  const bool possible = !call.state().ProtectedMode() && regs.cx() <= kMaxWords &&
                        bytes <= source.bytes && bytes <= target.bytes;
  if (possible && !call.faulted()) {
    PhysicalMemory& memory = call.mmu().memory();
    const OpenA20 open(ports_, memory.a20());
    Copy(memory, source.base, target.base, bytes);
  }
  regs.set_ah(possible ? 0 : kExceptionStatus);
  call.SetCarry(!possible);
  call.SetZero(possible);
}

bool MemoryFunctions::A20(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  switch (regs.al()) {
    case kDisable:
    case kEnable:
      open_a20_ = regs.al() == kEnable;
      a20_step_ = 0;
      regs.set_ah(0);
      call.SetCarry(false);
      return true;
    case kTell:
      regs.set_ax(call.mmu().memory().a20() ? 1 : 0);
      break;
    case kSupport:
      regs.set_ah(0);
      regs.set_bx(kBothWays);
      break;
    default:
      regs.set_ah(kNotSupported);
      call.SetCarry(true);
      return false;
  }
  call.SetCarry(false);
  return false;
}

// The gate is open while either of its inputs is: both are set alike.
PortStep MemoryFunctions::Next(PortResult last) {
  switch (a20_step_++) {
    case 0:
      return {PortStep::kWrite, kControllerCommand, kWriteOutputPort};
    case 1:
      return {PortStep::kWrite, kControllerData, open_a20_ ? kOutputWithA20 : kOutputWithoutA20};
    case 2:
      return {PortStep::kRead, kPort92, 0};
    case 3: {
      const auto others = static_cast<uint8_t>(last.value & ~(kPort92A20 | kPort92Reset));
      return {PortStep::kWrite, kPort92,
              static_cast<uint8_t>(others | (open_a20_ ? kPort92A20 : 0))};
    }
    default:
      return {};
  }
}

}  // namespace verbatim
