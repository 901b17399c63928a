// SPDX-License-Identifier: Apache-2.0
// A caller of the virtual BIOS in real mode: memory with a data area as after power-on, registers,
// and the frame that INT has pushed. A service is called on a BiosCall of it:
//
//   caller.regs().set_ah(0x02);
//   caller.Call([&](BiosCall& call) { service.Function(call); });
//   EXPECT_EQ(caller.regs().al(), ...);
#ifndef VERBATIM_TESTS_FIRMWARE_BIOS_BIOS_FIXTURE_H_
#define VERBATIM_TESTS_FIRMWARE_BIOS_BIOS_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

#include "firmware/bios/bios_call.h"
#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/power_on.h"
#include "memory/mmu.h"
#include "memory/physical_memory.h"

namespace verbatim {

class BiosCaller {
 public:
  static constexpr uint64_t kRamBytes = 4ull << 20;
  static constexpr uint32_t kStack = 0x7BFA;  // ip, cs and flags lie there

  BiosCaller() : memory_(*PhysicalMemory::Create(kRamBytes)), mmu_(*memory_), regs_({}) {
    SetUpDataArea(*memory_);
    for (SegmentRegister& segment : state_.segments) segment = {0, 0x93, 0, 0xFFFF};
  }

  [[nodiscard]] PhysicalMemory& memory() { return *memory_; }
  [[nodiscard]] Mmu& mmu() { return mmu_; }
  [[nodiscard]] CpuState& state() { return state_; }
  // To set before a call and to look at after it.
  [[nodiscard]] BiosRegisters& regs() { return regs_; }
  void SetSegment(Segment segment, uint16_t selector) {
    state_.segments[segment].selector = selector;
    state_.segments[segment].base = static_cast<uint32_t>(selector) << 4;
  }

  // The outcome of the last call.
  [[nodiscard]] bool carry() { return (FrameFlags() & flag::kCf) != 0; }
  [[nodiscard]] bool zero() { return (FrameFlags() & flag::kZf) != 0; }
  // CF behind the calling instruction: the service waits, or the ROM is to act.
  [[nodiscard]] bool live_carry() const { return (state_.eflags & flag::kCf) != 0; }

  template <typename T>
  [[nodiscard]] T Read(LinearAddress address) {
    T value{};
    memory_->Read({address.value}, &value, sizeof value);
    return value;
  }
  template <typename T>
  void Write(LinearAddress address, T value) {
    memory_->Write({address.value}, &value, sizeof value);
  }

  template <typename Service>
  void Call(Service service) {
    constexpr uint32_t kCallBytes = 3;
    regs_.Set(kEsp, kStack);
    state_.gpr = regs_.all();
    BiosCall call(state_, mmu_);
    service(call);
    EXPECT_TRUE(call.Commit(kCallBytes).has_value());
    regs_ = BiosRegisters(state_.gpr);
  }

 private:
  [[nodiscard]] uint16_t FrameFlags() { return Read<uint16_t>({kStack + 4}); }

  std::unique_ptr<PhysicalMemory> memory_;
  Mmu mmu_;
  CpuState state_;
  BiosRegisters regs_;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_FIRMWARE_BIOS_BIOS_FIXTURE_H_
