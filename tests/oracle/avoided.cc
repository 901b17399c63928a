// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/avoided.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kSystemCallVector = 0x80;

// clang-format off
constexpr Avoided kAvoided[] = {
    {ZYDIS_MNEMONIC_SYSENTER, "enters the host's kernel (Intel), or is #UD in long mode (AMD)"},
    {ZYDIS_MNEMONIC_SYSEXIT, "#UD in long mode on AMD; #GP(0) at CPL 3 elsewhere"},
    {ZYDIS_MNEMONIC_RDTSC, "the result is time"},
    {ZYDIS_MNEMONIC_RDPMC, "the host's CR4.PCE decides, the result is the host's load"},
    {ZYDIS_MNEMONIC_CPUID, "the result describes the host"},
    {ZYDIS_MNEMONIC_SGDT, "the result, or what the host's kernel puts in its place (UMIP), is the host's"},
    {ZYDIS_MNEMONIC_SIDT, "the result, or what the host's kernel puts in its place (UMIP), is the host's"},
    {ZYDIS_MNEMONIC_SLDT, "the result, or what the host's kernel puts in its place (UMIP), is the host's"},
    {ZYDIS_MNEMONIC_STR, "the result, or what the host's kernel puts in its place (UMIP), is the host's"},
    {ZYDIS_MNEMONIC_SMSW, "the result, or what the host's kernel puts in its place (UMIP), is the host's"},
    {ZYDIS_MNEMONIC_INT1, "a trap, for which hypervisors report the address of INT1, not the next one"},
    {ZYDIS_MNEMONIC_UD0, "processors differ in whether a ModRM byte belongs to it, and counts among the 15"},
    {ZYDIS_MNEMONIC_UD1, "processors differ in whether a ModRM byte belongs to it, and counts among the 15"},
    {ZYDIS_MNEMONIC_NOP, "0F 0D with a register does nothing on Intel's processors, is #UD on AMD's", 0x0D},
};
// clang-format on

std::string_view Why(Mnemonic mnemonic, uint8_t map, uint8_t opcode) {
  for (const Avoided& row : kAvoided) {
    if (row.mnemonic != mnemonic) continue;
    if (row.opcode < 0 || (map == 1 && opcode == row.opcode)) return row.reason;
  }
  return {};
}

}  // namespace

std::span<const Avoided> AvoidedMnemonics() { return kAvoided; }

std::string_view WhyAvoided(const Form& form) { return Why(form.mnemonic, form.map, form.opcode); }

std::string_view WhyAvoided(const GuestInstruction& in) {
  if (in.mnemonic == ZYDIS_MNEMONIC_INT && in.immediate == kSystemCallVector) {
    return "enters the host's kernel";
  }
  return Why(in.mnemonic, in.map, in.opcode);
}

}  // namespace verbatim::test
