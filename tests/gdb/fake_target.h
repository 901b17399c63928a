// SPDX-License-Identifier: Apache-2.0
// A stopped machine for debuggers that is no machine: a processor's state and 64 KiB of memory at
// address 0, linear and physical alike. It demands what a DebugTarget may rely on.
#ifndef VERBATIM_TESTS_GDB_FAKE_TARGET_H_
#define VERBATIM_TESTS_GDB_FAKE_TARGET_H_

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"
#include "machine/debugger.h"

namespace verbatim {

class FakeTarget final : public DebugTarget {
 public:
  static constexpr uint32_t kMemoryBytes = 0x10000;
  static constexpr uint32_t kMxcsrOffset = 24;
  static constexpr uint32_t kMxcsrReserved = 0xFFFF0000;

  FakeTarget() {
    for (SegmentRegister& segment : cpu.segments) segment = {0x10, 0xC093, 0, 0xFFFFFFFFu};
    cpu.segments[kCs].attributes = 0xC09B;
    cpu.cr0 |= cr0::kPe;
  }

  CpuState& state() override { return cpu; }
  void SynchronizePaging() override { ++synchronized; }
  void SaveFpu(std::span<uint8_t, kFxsaveWrittenBytes> image) override {
    std::ranges::copy(fpu, image.begin());
  }
  bool LoadFpu(std::span<const uint8_t, kFxsaveWrittenBytes> image) override {
    if ((LoadLittle<uint32_t>(&image[kMxcsrOffset]) & kMxcsrReserved) != 0) return false;
    std::ranges::copy(image, fpu.begin());
    return true;
  }
  bool has_efer() const override { return efer; }

  std::expected<Translation, PageFault> Translate(LinearAddress address) override {
    if (address.value >= kMemoryBytes) return std::unexpected(PageFault{address, 0});
    return Translation{.address = {address.value}, .page_bytes = kPageBytes};
  }
  size_t ReadMemory(LinearAddress address, std::span<uint8_t> bytes) override {
    return ReadPhysical({address.value}, bytes);
  }
  size_t ReadPhysical(PhysicalAddress address, std::span<uint8_t> bytes) override {
    if (address.value >= kMemoryBytes) return 0;
    const size_t count = std::min<size_t>(bytes.size(), kMemoryBytes - address.value);
    std::copy_n(memory.begin() + static_cast<ptrdiff_t>(address.value), count, bytes.begin());
    return count;
  }
  bool WriteMemory(LinearAddress address, std::span<const uint8_t> bytes) override {
    return WritePhysical({address.value}, bytes);
  }
  bool WritePhysical(PhysicalAddress address, std::span<const uint8_t> bytes) override {
    if (address.value >= kMemoryBytes || bytes.size() > kMemoryBytes - address.value) return false;
    std::ranges::copy(bytes, memory.begin() + static_cast<ptrdiff_t>(address.value));
    return true;
  }

  void AddBreakpoint(LinearAddress address) override { breakpoints.insert(address); }
  void RemoveBreakpoint(LinearAddress address) override { breakpoints.erase(address); }
  bool HasBreakpoint(LinearAddress address) const override { return breakpoints.contains(address); }
  void AddWatchpoint(const Watchpoint& watchpoint) override { watchpoints.push_back(watchpoint); }
  void RemoveWatchpoint(const Watchpoint& watchpoint) override {
    std::erase(watchpoints, watchpoint);
  }
  std::string Registers() override { return "eax=00000000\n"; }
  std::vector<Statistic> Statistics() override { return {{"cache", "flushes", 1, "flushes"}}; }

  CpuState cpu;
  std::array<uint8_t, kFxsaveWrittenBytes> fpu{};
  std::array<uint8_t, kMemoryBytes> memory{};
  std::set<LinearAddress> breakpoints;
  std::vector<Watchpoint> watchpoints;
  unsigned synchronized = 0;
  bool efer = true;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_GDB_FAKE_TARGET_H_
