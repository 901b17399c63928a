// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/explained_processors.h"

#include <cpuid.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "base/bits.h"
#include "tests/oracle/forms.h"

namespace verbatim::test {
namespace {

constexpr size_t kStatus = 2;  // of the x87, in the image

using Lines = std::map<uint32_t, std::array<uint8_t, kLineBytes>>;

uint8_t* ByteAt(Lines& lines, uint32_t address) {
  const auto found = lines.find(address & ~(kLineBytes - 1));
  return found == lines.end() ? nullptr : &found->second[address % kLineBytes];
}

// Whether a selector may have been pushed at `at`: the upper half is zero here.
bool MayHoldSelector(Lines& native, Lines& here, uint32_t at) {
  constexpr uint32_t kSelectorBytes = 2;
  for (uint32_t i = 0; i < 2 * kSelectorBytes; ++i) {
    const uint8_t* const of_native = ByteAt(native, at + i);
    const uint8_t* const of_here = ByteAt(here, at + i);
    if (of_native == nullptr || of_here == nullptr) return false;
    if (i < kSelectorBytes ? *of_native != *of_here : *of_here != 0) return false;
  }
  return true;
}

}  // namespace

bool HostPushesWords() {
  unsigned leaf = 0;
  unsigned vendor[3] = {};
  if (__get_cpuid(0, &leaf, &vendor[0], &vendor[2], &vendor[1]) == 0) return false;
  return std::memcmp(vendor, "GenuineIntel", sizeof vendor) == 0;
}

bool PushesSelectors(const Case& one) {
  const auto forms = FormTable::Get().forms();
  return std::ranges::any_of(one.notes, [&](const InstructionNote& note) {
    if (note.form == InstructionNote::kNoForm) return false;
    const Form& form = forms[note.form];
    return form.mnemonic == Mnemonic::kPush && form.handling == Handling::kSensitive &&
           form.operand_bits == 32;
  });
}

bool WasSelectorPush(const Ending& end, const Outcome& here) {
  const GuestInstruction& in = end.instruction();
  return in.mnemonic == Mnemonic::kPush && in.handling == Handling::kSensitive &&
         in.operand_bits == 32 && IsMemoryFault(here.vector);
}

bool ForgivePushedSelectors(const Case& one, std::vector<ChangedLine>& native,
                            std::span<const ChangedLine> translated) {
  MemoryImage image;
  image.Set(one.memory_seed % kMemoryFillings, one.code_at, one.code);
  const auto fresh = [&](uint32_t address) {
    std::array<uint8_t, kLineBytes> bytes{};
    for (uint32_t i = 0; i < kLineBytes; ++i) bytes[i] = image.At(address + i);
    return bytes;
  };
  Lines there;
  Lines here;
  for (const ChangedLine& line : native) there[line.address] = line.bytes;
  for (const ChangedLine& line : translated) here[line.address] = line.bytes;
  for (const auto& [address, bytes] : there) here.try_emplace(address, fresh(address));
  for (const auto& [address, bytes] : here) there.try_emplace(address, fresh(address));
  bool used = false;
  for (auto& [address, bytes] : there) {
    for (uint32_t i = 0; i < kLineBytes; ++i) {
      if (bytes[i] == here[address][i]) continue;
      const uint32_t at = address + i;
      if (!MayHoldSelector(there, here, at - 2) && !MayHoldSelector(there, here, at - 3)) continue;
      bytes[i] = here[address][i];
      used = true;
    }
  }
  if (!used) return false;
  native.clear();
  for (const auto& [address, bytes] : there) {
    if (bytes != fresh(address)) native.push_back({address, bytes});
  }
  return true;
}

bool ForgivePoppedSelectors(Outcome& native, const Outcome& here) {
  bool used = false;
  for (size_t i = 0; i < native.cpu.gpr.size(); ++i) {
    for (const uint32_t half : {0xFFFFu, 0xFFFF0000u}) {
      uint32_t& there = native.cpu.gpr[i];
      if ((there & half) == 0 || (there & ~half) != here.cpu.gpr[i]) continue;
      there = here.cpu.gpr[i];
      used = true;
      // As the stack pointer it is what faults next.
      const bool alike = (native.fault_address & ~half) == (here.fault_address & ~half);
      if (i == kEsp && alike) native.fault_address = here.fault_address;
    }
  }
  return used;
}

bool WasUnmaskedStore(const Ending& end, const Outcome& here) {
  constexpr uint16_t kMasks = 0x3F;
  const GuestInstruction& in = end.instruction();
  const bool unmasked = (LoadLittle<uint16_t>(here.cpu.fx.data()) & kMasks) != kMasks;
  return in.fpu == FpuUse::kX87 && in.memory.write && IsMemoryFault(here.vector) && unmasked;
}

// The registers stay where they are, of which ST(0) is the first natively.
bool ForgiveStackTopOfMmx(const Ending& end, Outcome& native, const Outcome& here) {
  constexpr unsigned kTop = 11;
  constexpr uint16_t kTopMask = 7u << kTop;
  constexpr size_t kRegisterBytes = 16;
  if (end.instruction().fpu != FpuUse::kMmx || !IsMemoryFault(native.vector)) return false;
  const auto status = LoadLittle<uint16_t>(&native.cpu.fx[kStatus]);
  const auto wanted = LoadLittle<uint16_t>(&here.cpu.fx[kStatus]);
  if ((status & kTopMask) != 0 || (wanted & kTopMask) == 0) return false;
  StoreLittle(&native.cpu.fx[kStatus], static_cast<uint16_t>(status | (wanted & kTopMask)));
  const auto registers = native.cpu.fx.begin() + kFxX87;
  const auto first = (wanted & kTopMask) >> kTop;
  std::rotate(registers, registers + static_cast<ptrdiff_t>(first * kRegisterBytes),
              registers + 8 * kRegisterBytes);
  return true;
}

bool ForgiveFlagsOfStrings(const Ending& end, Outcome& native, const Outcome& here) {
  const GuestInstruction& in = end.instruction();
  const unsigned operation = in.opcode & 0xFEu;
  const bool compares =
      in.handling == Handling::kString && in.HasRep() && (operation == 0xA6 || operation == 0xAE);
  if (!compares || !IsMemoryFault(native.vector)) return false;
  const uint32_t difference = (native.cpu.eflags ^ here.cpu.eflags) & flag::kArithmetic;
  native.cpu.eflags ^= difference;
  return difference != 0;
}

}  // namespace verbatim::test
