// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/avoided.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kSystemCallVector = 0x80;

// clang-format off
constexpr Avoided kAvoided[] = {
    {Mnemonic::kSysenter, "enters the host's kernel (Intel), or is #UD in long mode (AMD)"},
    {Mnemonic::kSysexit, "#UD in long mode on AMD; #GP(0) at CPL 3 elsewhere"},
    {Mnemonic::kRdtsc, "the result is time"},
    {Mnemonic::kRdpmc, "the host's CR4.PCE decides, the result is the host's load"},
    {Mnemonic::kCpuid, "the result describes the host"},
    {Mnemonic::kSgdt, "the result, or what the host's kernel puts in its place (UMIP), is the host's"},
    {Mnemonic::kSidt, "the result, or what the host's kernel puts in its place (UMIP), is the host's"},
    {Mnemonic::kSldt, "the result, or what the host's kernel puts in its place (UMIP), is the host's"},
    {Mnemonic::kStr, "the result, or what the host's kernel puts in its place (UMIP), is the host's"},
    {Mnemonic::kSmsw, "the result, or what the host's kernel puts in its place (UMIP), is the host's"},
    {Mnemonic::kInt1, "a trap, for which hypervisors report the address of INT1, not the next one"},
    {Mnemonic::kUd0, "processors differ in whether a ModRM byte belongs to it, and counts among the 15"},
    {Mnemonic::kUd1, "processors differ in whether a ModRM byte belongs to it, and counts among the 15"},
    {Mnemonic::kNop, "0F 0D with a register does nothing on Intel's processors, is #UD on AMD's", 0x0D},
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
  if (in.mnemonic == Mnemonic::kInt && in.immediate == kSystemCallVector) {
    return "enters the host's kernel";
  }
  return Why(in.mnemonic, in.map, in.opcode);
}

}  // namespace verbatim::test
