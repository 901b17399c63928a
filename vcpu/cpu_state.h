// SPDX-License-Identifier: Apache-2.0
// The architectural state of the virtual processor (SDM vol. 1 chapter 3, vol. 3 chapter 2).
//
// Standard layout: translated code addresses its fields by offset. Between instructions seen by C++
// code all of it is here, except the x87/MMX registers, which stay in the host's own registers for
// as long as the vCPU thread lives (C++ code of this project uses no x87 instructions).
#ifndef VERBATIM_VCPU_CPU_STATE_H_
#define VERBATIM_VCPU_CPU_STATE_H_

#include <array>
#include <cstdint>

#include "decoder/instruction.h"

namespace verbatim {

class AccessWatch;

// A segment register with its hidden part, or LDTR or TR (SDM vol. 3, 3.4.3).
struct SegmentRegister {
  uint16_t selector = 0;
  // Bits 8-15 and 20-23 of the descriptor's second dword, moved to bits 0-7 and 12-15:
  // type 0-3, S 4, DPL 5-6, P 7, AVL 12, L 13, D/B 14, G 15. Zero means unusable (null).
  uint16_t attributes = 0;
  uint32_t base = 0;
  uint32_t limit = 0;  // in bytes, G applied; the last valid offset (expand-up)

  [[nodiscard]] bool Present() const { return (attributes & 0x80) != 0; }
  [[nodiscard]] bool Big() const { return (attributes & 0x4000) != 0; }  // D or B
  [[nodiscard]] bool IsCode() const { return (attributes & 0x18) == 0x18; }
  [[nodiscard]] bool IsWritableData() const { return (attributes & 0x1A) == 0x12; }
  [[nodiscard]] bool IsReadable() const {
    return (attributes & 0x18) == 0x10 || (attributes & 0x1A) == 0x1A;
  }
  [[nodiscard]] bool IsExpandDown() const { return (attributes & 0x1C) == 0x14; }
  [[nodiscard]] unsigned Dpl() const { return (attributes >> 5) & 3u; }
  // Present, of data that can be written, all 4 GiB: what nearly all segments for data are.
  [[nodiscard]] bool IsPlainData() const {
    return (attributes & 0x9E) == 0x92 && limit == 0xFFFFFFFFu;
  }
  // Present, of code that can be read, all 4 GiB.
  [[nodiscard]] bool IsPlainCode() const {
    return (attributes & 0x9A) == 0x9A && limit == 0xFFFFFFFFu;
  }
  // Base 0, limit 4 GiB, expand-up: needs no arithmetic.
  [[nodiscard]] bool Flat() const { return base == 0 && CoversAll(); }
  // Any base, limit 4 GiB, expand-up.
  [[nodiscard]] bool CoversAll() const {
    return limit == 0xFFFFFFFFu && Present() && !IsExpandDown();
  }
};

// The x87 pointers (SDM vol. 1, 8.1.8): last opcode, instruction and operand.
struct FpuPointers {
  uint16_t fop = 0;  // 11 bits
  uint16_t fcs = 0;
  uint32_t fip = 0;
  uint16_t fds = 0;
  uint32_t fdp = 0;

  friend bool operator==(const FpuPointers&, const FpuPointers&) = default;
};

struct DescriptorTable {
  uint32_t base = 0;
  uint32_t limit = 0;  // 16 bits used
};

// CR0 and CR4 bits (SDM vol. 3, 2.5).
namespace cr0 {
inline constexpr uint32_t kPe = 1u << 0;
inline constexpr uint32_t kMp = 1u << 1;
inline constexpr uint32_t kEm = 1u << 2;
inline constexpr uint32_t kTs = 1u << 3;
inline constexpr uint32_t kEt = 1u << 4;
inline constexpr uint32_t kNe = 1u << 5;
inline constexpr uint32_t kWp = 1u << 16;
inline constexpr uint32_t kAm = 1u << 18;
inline constexpr uint32_t kNw = 1u << 29;
inline constexpr uint32_t kCd = 1u << 30;
inline constexpr uint32_t kPg = 1u << 31;
}  // namespace cr0
namespace cr4 {
inline constexpr uint32_t kVme = 1u << 0;
inline constexpr uint32_t kPvi = 1u << 1;
inline constexpr uint32_t kTsd = 1u << 2;
inline constexpr uint32_t kDe = 1u << 3;
inline constexpr uint32_t kPse = 1u << 4;
inline constexpr uint32_t kPae = 1u << 5;
inline constexpr uint32_t kMce = 1u << 6;
inline constexpr uint32_t kPge = 1u << 7;
inline constexpr uint32_t kPce = 1u << 8;
inline constexpr uint32_t kOsfxsr = 1u << 9;
inline constexpr uint32_t kOsxmmexcpt = 1u << 10;
}  // namespace cr4
namespace efer {
inline constexpr uint64_t kNxe = 1u << 11;
}

inline constexpr uint32_t kMachineCheckBanks = 6;

struct CpuState {
  std::array<uint32_t, 8> gpr{};  // by Gpr
  uint32_t eip = 0;
  uint32_t eflags = flag::kReservedOne;
  std::array<SegmentRegister, kSegmentCount> segments{};  // by Segment
  uint32_t cpl = 0;

  SegmentRegister ldtr;
  SegmentRegister tr;
  DescriptorTable gdtr;
  DescriptorTable idtr;
  uint32_t cr0 = cr0::kEt;
  uint32_t cr2 = 0;
  uint32_t cr3 = 0;
  uint32_t cr4 = 0;
  std::array<uint32_t, 8> dr{0, 0, 0, 0, 0, 0, 0xFFFF0FF0u, 0x400u};

  alignas(16) std::array<std::array<uint8_t, 16>, 8> xmm{};
  uint32_t mxcsr = 0x1F80;
  // While the host's x87 unit holds the mark of fpu_image.h.
  FpuPointers fpu_pointers;

  // Model-specific registers (SDM vol. 4, chapter 2).
  uint64_t efer = 0;
  uint64_t sysenter_cs = 0;
  uint64_t sysenter_esp = 0;
  uint64_t sysenter_eip = 0;
  uint64_t apic_base = 0;
  uint64_t misc_enable = 0;
  uint64_t pat = 0x0007040600070406ull;
  uint64_t mtrr_def_type = 0;
  std::array<uint64_t, 16> mtrr_variable{};
  std::array<uint64_t, 11> mtrr_fixed{};
  uint64_t bios_sign_id = 0;
  uint64_t mcg_status = 0;
  // Guest TSC = host TSC + tsc_offset.
  uint64_t tsc_offset = 0;

  // Interrupt shadow of STI, MOV SS and POP SS (SDM vol. 3, 6.8.3): while `eip` still equals
  // shadow_eip and shadow_active is set, maskable interrupts are held off (and #DB after MOV SS).
  bool shadow_active = false;
  bool shadow_inhibits_debug = false;
  uint32_t shadow_eip = 0;

  // Bits for DR6: the breakpoints that the present instruction has met, and what a debug trap will
  // report at the next boundary where it may come (SDM vol. 3, 17.3.1.2 and 6.8.3).
  uint32_t debug_hits = 0;
  uint32_t pending_debug = 0;

  // A debugger outside of the guest follows each instruction: it hears of the data accesses, and
  // the guest of nothing. Null: none does. Stays over a reset.
  AccessWatch* watch = nullptr;

  bool halted = false;       // HLT: waits for an interrupt, NMI or reset
  bool nmi_blocked = false;  // until IRET
  bool shutdown = false;     // triple fault

  // Machine-check banks: IA32_MCi_CTL. No machine check is ever raised.
  std::array<uint64_t, kMachineCheckBanks> machine_check_control{};

  [[nodiscard]] bool ProtectedMode() const { return (cr0 & cr0::kPe) != 0; }
  [[nodiscard]] bool Virtual8086() const { return (eflags & flag::kVm) != 0; }
  [[nodiscard]] unsigned Iopl() const { return (eflags >> 12) & 3u; }
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_CPU_STATE_H_
