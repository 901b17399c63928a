// SPDX-License-Identifier: Apache-2.0
// One call of the BIOS: the caller's registers and memory. All changes of registers wait until the
// call is over, so that a page fault amid it (a monitor of virtual-8086 tasks may page) can be
// delivered and the call begun anew.
#ifndef VERBATIM_FIRMWARE_BIOS_BIOS_CALL_H_
#define VERBATIM_FIRMWARE_BIOS_BIOS_CALL_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/address.h"
#include "base/bits.h"
#include "memory/mmu.h"
#include "vcpu/cpu_state.h"
#include "vcpu/exception.h"
#include "vcpu/segmented_memory.h"

namespace verbatim {

class BiosRegisters {
 public:
  explicit BiosRegisters(const std::array<uint32_t, 8>& gpr) : gpr_(gpr) {}

  [[nodiscard]] const std::array<uint32_t, 8>& all() const { return gpr_; }
  [[nodiscard]] uint32_t Get(Gpr index) const { return gpr_[index]; }
  void Set(Gpr index, uint32_t value) { gpr_[index] = value; }

  [[nodiscard]] uint16_t ax() const { return Word(kEax); }
  [[nodiscard]] uint16_t bx() const { return Word(kEbx); }
  [[nodiscard]] uint16_t cx() const { return Word(kEcx); }
  [[nodiscard]] uint16_t dx() const { return Word(kEdx); }
  [[nodiscard]] uint16_t si() const { return Word(kEsi); }
  [[nodiscard]] uint16_t di() const { return Word(kEdi); }
  [[nodiscard]] uint16_t bp() const { return Word(kEbp); }
  [[nodiscard]] uint8_t al() const { return Low(kEax); }
  [[nodiscard]] uint8_t bl() const { return Low(kEbx); }
  [[nodiscard]] uint8_t cl() const { return Low(kEcx); }
  [[nodiscard]] uint8_t dl() const { return Low(kEdx); }
  [[nodiscard]] uint8_t ah() const { return High(kEax); }
  [[nodiscard]] uint8_t bh() const { return High(kEbx); }
  [[nodiscard]] uint8_t ch() const { return High(kEcx); }
  [[nodiscard]] uint8_t dh() const { return High(kEdx); }

  void set_ax(uint16_t value) { SetWord(kEax, value); }
  void set_bx(uint16_t value) { SetWord(kEbx, value); }
  void set_cx(uint16_t value) { SetWord(kEcx, value); }
  void set_dx(uint16_t value) { SetWord(kEdx, value); }
  void set_si(uint16_t value) { SetWord(kEsi, value); }
  void set_di(uint16_t value) { SetWord(kEdi, value); }
  void set_bp(uint16_t value) { SetWord(kEbp, value); }
  void set_al(uint8_t value) { SetLow(kEax, value); }
  void set_bl(uint8_t value) { SetLow(kEbx, value); }
  void set_cl(uint8_t value) { SetLow(kEcx, value); }
  void set_dl(uint8_t value) { SetLow(kEdx, value); }
  void set_ah(uint8_t value) { SetHigh(kEax, value); }
  void set_bh(uint8_t value) { SetHigh(kEbx, value); }
  void set_ch(uint8_t value) { SetHigh(kEcx, value); }
  void set_dh(uint8_t value) { SetHigh(kEdx, value); }

 private:
  [[nodiscard]] uint16_t Word(Gpr i) const { return static_cast<uint16_t>(gpr_[i]); }
  [[nodiscard]] uint8_t Low(Gpr i) const { return static_cast<uint8_t>(gpr_[i]); }
  [[nodiscard]] uint8_t High(Gpr i) const { return static_cast<uint8_t>(gpr_[i] >> 8); }
  void SetWord(Gpr i, uint16_t v) { gpr_[i] = (gpr_[i] & 0xFFFF0000u) | v; }
  void SetLow(Gpr i, uint8_t v) { gpr_[i] = (gpr_[i] & 0xFFFFFF00u) | v; }
  void SetHigh(Gpr i, uint8_t v) {
    gpr_[i] = (gpr_[i] & 0xFFFF00FFu) | static_cast<uint32_t>(v) << 8;
  }

  std::array<uint32_t, 8> gpr_;
};

// A far pointer of real mode, as vectors and parameter blocks hold it.
struct FarPointer {
  uint16_t offset = 0;
  uint16_t segment = 0;

  [[nodiscard]] LinearAddress Linear() const {
    return {static_cast<uint32_t>(segment) * 16 + offset};
  }
  friend bool operator==(const FarPointer&, const FarPointer&) = default;
};

class BiosCall {
 public:
  BiosCall(CpuState& state, Mmu& mmu);

  BiosRegisters regs;

  [[nodiscard]] const CpuState& state() const { return state_; }
  [[nodiscard]] bool carry_in() const { return Bit(state_.eflags, 0); }
  // The linear address of seg:offset with the caller's segment register.
  [[nodiscard]] LinearAddress At(Segment segment, uint32_t offset) const {
    return LinearAddress{state_.segments[segment].base} + offset;
  }
  [[nodiscard]] uint16_t Selector(Segment segment) const {
    return state_.segments[segment].selector;
  }

  // Flags for the caller, in the frame that INT has pushed.
  void SetCarry(bool set) { SetFrameFlag(flag::kCf, set); }
  void SetZero(bool set) { SetFrameFlag(flag::kZf, set); }
  // The flag behind the calling instruction itself, for code of the ROM.
  void SetLiveCarry(bool set) { live_carry_ = set; }
  // The guest is to wait for an interrupt and call again: registers stay as they are.
  void Wait() { waiting_ = true; }
  [[nodiscard]] bool waiting() const { return waiting_; }

  // Loads of segment registers, and a jump instead of the return; real mode only.
  void SetSegment(Segment segment, uint16_t selector);
  void Jump(FarPointer target) { target_ = target; }

  // Guest memory with the caller's rights. After a fault reads give zeros, writes do nothing.
  template <typename T>
  [[nodiscard]] T Read(LinearAddress address) {
    T value{};
    ReadBytes(address, {reinterpret_cast<uint8_t*>(&value), sizeof value});
    return value;
  }
  template <typename T>
  void Write(LinearAddress address, T value) {
    WriteBytes(address, {reinterpret_cast<const uint8_t*>(&value), sizeof value});
  }
  void ReadBytes(LinearAddress address, std::span<uint8_t> to);
  void WriteBytes(LinearAddress address, std::span<const uint8_t> from);
  [[nodiscard]] bool faulted() const { return fault_.has_value(); }

  [[nodiscard]] Mmu& mmu() { return mmu_; }

  // Makes the changes; eip goes on behind the call, which has `bytes`.
  [[nodiscard]] Faultable<void> Commit(uint32_t bytes);

 private:
  void SetFrameFlag(uint32_t mask, bool set) {
    frame_changes_ |= mask;
    frame_flags_ = set ? frame_flags_ | mask : frame_flags_ & ~mask;
  }
  [[nodiscard]] Privilege privilege() const { return PrivilegeOf(state_.cpl); }

  CpuState& state_;
  Mmu& mmu_;
  uint32_t frame_changes_ = 0;
  uint32_t frame_flags_ = 0;
  std::optional<bool> live_carry_;
  bool waiting_ = false;
  std::array<std::optional<uint16_t>, kSegmentCount> selectors_{};
  std::optional<FarPointer> target_;
  std::optional<Exception> fault_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_BIOS_CALL_H_
