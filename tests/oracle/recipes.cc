// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/recipes.h"

#include <optional>

#include "base/check.h"
#include "tests/oracle/avoided.h"

namespace verbatim::test {
namespace {

// Of an encoding in 32-bit code; operands follow as zeroes.
uint16_t IndexOf(const FormTable& forms, std::initializer_list<uint8_t> start) {
  std::array<uint8_t, kMaxInstructionBytes> bytes{};
  std::copy(start.begin(), start.end(), bytes.begin());
  const std::optional<uint32_t> form = forms.Find(forms.decoder().Decode(bytes, true));
  CHECK(form.has_value());
  return static_cast<uint16_t>(*form);
}

Recipe RecipeOfSensitive(const Form& form) {
  switch (form.mnemonic) {
    case Mnemonic::kCall:
    case Mnemonic::kJmp:
      return form.shape == OperandShape::kMemory ? Recipe::kFarIndirect : Recipe::kFarDirect;
    case Mnemonic::kRet:
      return Recipe::kFarReturn;
    case Mnemonic::kIret:
    case Mnemonic::kIretd:
      return Recipe::kInterruptReturn;
    case Mnemonic::kMov:
      if (form.map == 1) return Recipe::kFaults;  // control and debug registers
      return form.opcode == 0x8E ? Recipe::kMoveSegment : Recipe::kPlain;
    case Mnemonic::kPop:
      return Recipe::kPopSegment;
    case Mnemonic::kPopf:
    case Mnemonic::kPopfd:
      return Recipe::kPopFlags;
    case Mnemonic::kEnter:
    case Mnemonic::kPusha:
    case Mnemonic::kPushad:
    case Mnemonic::kPopa:
    case Mnemonic::kPopad:
      return Recipe::kStackFrame;
    case Mnemonic::kLds:
    case Mnemonic::kLes:
    case Mnemonic::kLfs:
    case Mnemonic::kLgs:
    case Mnemonic::kLss:
      return Recipe::kFarPointer;
    case Mnemonic::kLar:
    case Mnemonic::kLsl:
    case Mnemonic::kVerr:
    case Mnemonic::kVerw:
      return Recipe::kSelectorQuery;
    case Mnemonic::kFxrstor:
    case Mnemonic::kFrstor:
    case Mnemonic::kFldenv:
      return Recipe::kLoadState;
    case Mnemonic::kAaa:
    case Mnemonic::kAas:
    case Mnemonic::kAad:
    case Mnemonic::kAam:
    case Mnemonic::kDaa:
    case Mnemonic::kDas:
      return Recipe::kDecimal;
    case Mnemonic::kPush:
    case Mnemonic::kPushf:
    case Mnemonic::kPushfd:
      return Recipe::kStackOnly;
    case Mnemonic::kArpl:
    case Mnemonic::kBound:
    case Mnemonic::kSalc:
    case Mnemonic::kInto:
      return Recipe::kPlain;
    case Mnemonic::kFnsave:
    case Mnemonic::kFnstenv:
    case Mnemonic::kFxsave:
      return Recipe::kStoreState;
    default:
      return Recipe::kFaults;
  }
}

Recipe RecipeOf(const Form& form) {
  if (!WhyAvoided(form).empty()) return Recipe::kAvoided;
  switch (form.handling) {
    case Handling::kString:
      return Recipe::kString;
    case Handling::kStack:
      return form.mnemonic == Mnemonic::kLeave ? Recipe::kFrame : Recipe::kStackOnly;
    case Handling::kControlFlow:
      if (form.mnemonic == Mnemonic::kRet) return Recipe::kReturn;
      return form.map == 0 && form.opcode == 0xFF ? Recipe::kIndirect : Recipe::kBranch;
    case Handling::kSensitive:
      return RecipeOfSensitive(form);
    case Handling::kUndefined:
      return Recipe::kFaults;
    default:
      break;
  }
  switch (form.mnemonic) {
    case Mnemonic::kBt:
    case Mnemonic::kBtc:
    case Mnemonic::kBtr:
    case Mnemonic::kBts:
      return form.shape == OperandShape::kMemory && form.immediate_bytes == 0 ? Recipe::kBitString
                                                                              : Recipe::kPlain;
    case Mnemonic::kMaskmovq:
    case Mnemonic::kMaskmovdqu:
      return Recipe::kMaskedMove;
    case Mnemonic::kLdmxcsr:
      return Recipe::kControlWord;
    default:
      return Recipe::kPlain;
  }
}

bool IsSimd(const Form& form) { return form.fpu == FpuUse::kMmx || form.fpu == FpuUse::kSse; }

}  // namespace

FormChoice::FormChoice(const FormTable& forms) : table(forms) {
  for (uint32_t i = 0; i < forms.forms().size(); ++i) {
    const Form& form = forms.forms()[i];
    const Recipe recipe = RecipeOf(form);
    recipes.push_back(recipe);
    if (recipe == Recipe::kAvoided) continue;
    allowed.push_back(static_cast<uint16_t>(i));
    for (const uint32_t size : {0u, 1u}) {
      if (!form.prefixes[size].valid) continue;
      const auto put = [&](ByCodeSize& kind) { kind[size].push_back(static_cast<uint16_t>(i)); };
      put(all);
      if (recipe == Recipe::kFaults) continue;
      const bool copied = form.handling == Handling::kIdent;
      const bool plain_integer = copied && form.fpu == FpuUse::kNone;
      if (plain_integer) put(integer);
      if (plain_integer && recipe == Recipe::kPlain &&
          !(form.example.opcode_is_gpr && (form.opcode & 7) == kEcx) &&
          !(form.example.opcode_is_gpr8 && (form.opcode & 3) == kEcx)) {
        put(in_loops);
      }
      if (form.fpu == FpuUse::kX87 || form.fpu == FpuUse::kWait) put(x87);
      if (form.fpu == FpuUse::kX87 && copied) put(x87_copied);
      if (IsSimd(form)) put(simd);
      if (recipe == Recipe::kString) put(strings);
      if (form.handling == Handling::kStack) put(stack);
      if (form.handling == Handling::kControlFlow) put(branches);
      if (form.handling == Handling::kSensitive || form.handling == Handling::kNoOperation) {
        put(system);
      }
    }
  }
  for (uint8_t gpr = 0; gpr < 8; ++gpr) {
    const auto move = static_cast<uint8_t>(0xB8 | gpr);
    move_immediate[gpr] = IndexOf(forms, {move});
    move_immediate16[gpr] = IndexOf(forms, {0x66, move});
    const auto inc = static_cast<uint8_t>(0x40 | gpr);
    increment[0][gpr] = IndexOf(forms, {0x66, inc});
    increment[1][gpr] = IndexOf(forms, {inc});
  }
  push_immediate = {IndexOf(forms, {0x66, 0x68}), IndexOf(forms, {0x68})};
  jump_short = IndexOf(forms, {0xEB});
  jump_if_not_zero = IndexOf(forms, {0x75});
  call_near = IndexOf(forms, {0xE8});
  call_near16 = IndexOf(forms, {0x66, 0xE8});
  return_near = IndexOf(forms, {0xC3});
  return_near16 = IndexOf(forms, {0x66, 0xC3});
  decrement_ecx = IndexOf(forms, {0x49});
  loops = {IndexOf(forms, {0xE0}), IndexOf(forms, {0xE1}), IndexOf(forms, {0xE2})};
  touch_mmx = IndexOf(forms, {0x0F, 0x6F, 0xC0});
  compare = IndexOf(forms, {0x39, 0xC0});
  store_byte = IndexOf(forms, {0xC6, 0x05});
  store_immediate = {IndexOf(forms, {0x67, 0xC7, 0x06}), IndexOf(forms, {0xC7, 0x05})};
  store_byte16 = IndexOf(forms, {0x67, 0xC6, 0x06});
  saves = {IndexOf(forms, {0x0F, 0xAE, 0x05}), IndexOf(forms, {0xDD, 0x35}),
           IndexOf(forms, {0xD9, 0x35})};
}

}  // namespace verbatim::test
