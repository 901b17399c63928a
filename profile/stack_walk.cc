// SPDX-License-Identifier: Apache-2.0
#include "profile/stack_walk.h"

#include <algorithm>
#include <array>
#include <optional>

#include "trace/guest_memory.h"
#include "vcpu/segmented_memory.h"

namespace verbatim {
namespace {

constexpr uint32_t kFarthestFrame = 64u << 10;
constexpr uint32_t kLongestCall = 7;

[[nodiscard]] bool IsBehindCall(const GuestMemory& memory, uint32_t linear) {
  std::array<uint8_t, kLongestCall> before{};
  return memory.Read(linear - kLongestCall, before) && EndsWithCall(before);
}

// Of FF /2 and FF /3 with this ModR/M byte and this SIB byte.
size_t LengthOfIndirectCall(uint8_t modrm, uint8_t sib) {
  const unsigned mod = modrm >> 6;
  const unsigned rm = modrm & 7u;
  if (mod == 3) return 2;
  const bool has_sib = rm == 4;
  size_t length = has_sib ? 3 : 2;
  if (mod == 1) length += 1;
  const bool no_base = has_sib ? (sib & 7u) == 5 : rm == 5;
  if (mod == 2 || (mod == 0 && no_base)) length += 4;
  return length;
}

// The frame is not set up yet, or gone already: where the return address is, from esp.
std::optional<uint32_t> ReturnAddressOffset(const GuestMemory& bytes, uint32_t next) {
  std::array<uint8_t, 2> code{};
  if (!bytes.Read(next, code)) return std::nullopt;
  constexpr uint8_t kPushEbp = 0x55;
  constexpr uint8_t kRet = 0xC3;
  constexpr uint8_t kRetAndPop = 0xC2;
  if (code[0] == kPushEbp || code[0] == kRet || code[0] == kRetAndPop) return 0;
  const bool move = (code[0] == 0x89 && code[1] == 0xE5) || (code[0] == 0x8B && code[1] == 0xEC);
  if (move) return 4;  // mov ebp, esp
  return std::nullopt;
}

}  // namespace

bool EndsWithCall(std::span<const uint8_t> before) {
  const size_t size = before.size();
  if (size >= 5 && before[size - 5] == 0xE8) return true;
  if (size >= 7 && before[size - 7] == 0x9A) return true;
  for (size_t length = 2; length <= std::min<size_t>(size, kLongestCall); ++length) {
    const std::span<const uint8_t> code = before.last(length);
    const unsigned extension = code[1] >> 3 & 7u;
    if (code[0] != 0xFF || (extension != 2 && extension != 3)) continue;
    if (LengthOfIndirectCall(code[1], length > 2 ? code[2] : 0) == length) return true;
  }
  return false;
}

std::vector<uint32_t> WalkStack(const CpuState& cpu, Mmu& mmu) {
  const uint32_t code_base = cpu.segments[kCs].base;
  const uint32_t stack_base = cpu.segments[kSs].base;
  std::vector<uint32_t> frames{code_base + cpu.eip};
  if (!cpu.segments[kCs].Big() || !cpu.segments[kSs].Big()) return frames;
  const GuestMemory bytes(mmu, PrivilegeOf(cpu.cpl));
  const uint32_t esp = cpu.gpr[kEsp];
  if (const auto offset = ReturnAddressOffset(bytes, frames[0])) {
    const auto caller = bytes.Read32(stack_base + esp + *offset);
    if (caller && IsBehindCall(bytes, code_base + *caller)) frames.push_back(code_base + *caller);
  }
  uint32_t above = esp;
  uint32_t frame = cpu.gpr[kEbp];
  while (frames.size() < kMaxFrames) {
    if (frame < above || frame - above > kFarthestFrame || frame % 4 != 0) break;
    const auto next = bytes.Read32(stack_base + frame);
    const auto caller = bytes.Read32(stack_base + frame + 4);
    if (!next || !caller || !IsBehindCall(bytes, code_base + *caller)) break;
    frames.push_back(code_base + *caller);
    above = frame + 4;
    frame = *next;
  }
  return frames;
}

}  // namespace verbatim
