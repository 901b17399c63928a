// SPDX-License-Identifier: Apache-2.0
// PUSH, POP, ENTER and LEAVE for a 32-bit or 16-bit stack whose pointer is r12.
//   push r:  mov gs:[r12d - 4], r ; lea r12d, [r12 - 4]
//   pop r:   mov r, gs:[r12d] ; lea r12d, [r12 + 4]
// The store comes first and the pointer moves last, so that a fault leaves the instruction undone.
// Mostly it moves later still: see stack_folding.cc.
#include <utility>

#include "translator/block_builder.h"

namespace verbatim {
namespace {

constexpr uint8_t kNotOfByte = 0xF6;
constexpr uint8_t kNotOfFour = 0xF7;

}  // namespace

BlockBuilder::Access BlockBuilder::BeginStackAccess(const Decoded& decoded, AccessShape shape,
                                                    uint32_t bytes) {
  const bool write = shape == AccessShape::kPush;
  if (IsSoftware(decoded, kSs, write)) {
    const uint32_t site = AddSite(decoded, shape, bytes, !write, write);
    ++software_sites_;
    out_.MoveImmediate(kR9, site);
    out_.Call(stubs_.access_begin);
    Point(RecoveryKind::kCritical, decoded.eip);
    return {.memory = HostMemory::Pointer(kR8), .software = true, .site = site};
  }
  const uint8_t pointer = shape == AccessShape::kFrame ? uint8_t{kRbp} : uint8_t{kR12};
  const int32_t displacement =
      (write ? -static_cast<int32_t>(bytes) : 0) + (pointer == kR12 ? stack_lag_ : 0);
  if (mode_.stack32() && mode_.segment_class(kSs) == SegmentClass::kFlat) {
    return {.memory = HostMemory::Window(pointer, displacement)};
  }
  out_.Lea32(kR8, {.base = pointer, .displacement = displacement});
  if (!mode_.stack32()) out_.ZeroExtend16(kR8, kR8);
  return {.memory = SegmentOperand(kSs, bytes, !mode_.stack32())};
}

void BlockBuilder::AdjustStackPointer(int32_t bytes) {
  if (stack_folded_) {
    stack_lag_ += bytes;
  } else if (mode_.stack32()) {
    bytes += std::exchange(stack_lag_, 0);
    if (bytes != 0) out_.Lea32(kR12, {.base = kR12, .displacement = bytes});
  } else {
    out_.Lea32(kR9, {.base = kR12, .displacement = bytes});
    out_.Move16(kR12, kR9);
  }
}

void BlockBuilder::PushValue(const Decoded& decoded, uint32_t bytes, uint8_t from_reg,
                             std::optional<uint32_t> immediate) {
  const Access access = BeginStackAccess(decoded, AccessShape::kPush, bytes);
  if (immediate && bytes == 2) {
    out_.StoreImmediate16(access.memory, static_cast<uint16_t>(*immediate));
  } else if (immediate) {
    out_.StoreImmediate32(access.memory, *immediate);
  } else if (bytes == 2) {
    out_.Store16(access.memory, from_reg);
  } else {
    out_.Store32(access.memory, from_reg);
  }
  FinishPush(decoded, access, bytes);
}

void BlockBuilder::PushReturnEip(const Decoded& decoded, uint32_t eip) {
  constexpr uint32_t kBytes = 4;
  const Access access = BeginStackAccess(decoded, AccessShape::kPush, kBytes);
  out_.StoreImmediate32(access.memory, eip);
  NotePlace(PlaceKind::kEip, out_.offset());
  FinishPush(decoded, access, kBytes);
}

void BlockBuilder::FinishPush(const Decoded& decoded, const Access& access, uint32_t bytes) {
  // The value may have come from where it went to: from here on it cannot be loaded again.
  if (decoded.instruction.memory.present) Point(RecoveryKind::kCritical, decoded.eip);
  if (access.software) EndAccess(access);
  AdjustStackPointer(-static_cast<int32_t>(bytes));
}

void BlockBuilder::LoadTop(const Decoded& decoded, uint32_t bytes, uint8_t to) {
  const Access access = BeginStackAccess(decoded, AccessShape::kPop, bytes);
  if (bytes == 2) {
    out_.LoadZeroExtended16(to, access.memory);
  } else {
    out_.Load32(to, access.memory);
  }
}

void BlockBuilder::EmitStack(const Decoded& decoded) {
  switch (decoded.instruction.mnemonic) {
    case Mnemonic::kPush:
      EmitPush(decoded);
      break;
    case Mnemonic::kPop:
      EmitPop(decoded);
      break;
    default:
      EmitLeave(decoded);
      break;
  }
}

void BlockBuilder::EmitPush(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const uint32_t bytes = in.operand_bits / 8u;
  if (in.opcode_is_gpr) {
    PushValue(decoded, bytes, HostGpr(in.opcode & 7), std::nullopt);
  } else if (in.immediate_bytes != 0) {
    PushValue(decoded, bytes, kNoReg, in.immediate);
  } else if (in.memory.present) {
    const Access source = BeginOperand(decoded, AccessShape::kMemoryOperand, true, false, bytes);
    if (bytes == 2) {
      out_.LoadZeroExtended16(kR11, source.memory);
    } else {
      out_.Load32(kR11, source.memory);
    }
    PushValue(decoded, bytes, kR11, std::nullopt);
  } else {
    PushValue(decoded, bytes, HostGpr(in.rm), std::nullopt);
  }
}

void BlockBuilder::EmitPop(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  const uint32_t bytes = in.operand_bits / 8u;
  const auto step = static_cast<int32_t>(bytes);
  if (in.memory.present) {
    // The destination's address is computed with the stack pointer after the pop.
    LoadTop(decoded, bytes, kR11);
    const Access destination =
        BeginOperand(decoded, AccessShape::kPopDestination, false, true, bytes);
    if (bytes == 2) {
      out_.Store16(destination.memory, kR11);
    } else {
      out_.Store32(destination.memory, kR11);
    }
    // The store may have changed the stack's top: it cannot be loaded again.
    Point(RecoveryKind::kCritical, decoded.eip);
    if (destination.software) EndAccess(destination);
    AdjustStackPointer(step);
    return;
  }
  const uint8_t to = HostGpr(in.opcode_is_gpr ? (in.opcode & 7) : in.rm);
  if (to == kR12) {
    LoadTop(decoded, bytes, kR11);
    EmitPopStackPointer(bytes);
  } else if (bytes == 2) {
    LoadTop(decoded, bytes, kR11);
    out_.Move16(to, kR11);
    AdjustStackPointer(step);
  } else {
    LoadTop(decoded, bytes, to);
    AdjustStackPointer(step);
  }
}

// The value popped, in r11, replaces the incremented pointer, or its low half; in one final move.
void BlockBuilder::EmitPopStackPointer(uint32_t bytes) {
  if (bytes == 4) {
    out_.Move32(kR12, kR11);
  } else if (mode_.stack32()) {
    out_.Lea32(kR9, {.base = kR12, .displacement = 2});
    out_.Move16(kR9, kR11);
    out_.Move32(kR12, kR9);
  } else {
    out_.Move16(kR12, kR11);
  }
}

// By writing it twice with NOT (`opcode`: of a byte or of four).
void BlockBuilder::ProbeWrite(const Decoded& decoded, const HostMemory& memory, uint8_t opcode) {
  constexpr uint8_t kNot = 2;
  Point(RecoveryKind::kInstruction, decoded.eip);
  out_.Memory({.byte = opcode}, kNot, memory);
  Point(RecoveryKind::kCritical, decoded.eip);
  out_.Memory({.byte = opcode}, kNot, memory);
  Point(RecoveryKind::kInstruction, decoded.eip);
}

// All or nothing: both ends are shown to be writable before anything is stored.
void BlockBuilder::EmitPushAll(const Decoded& decoded) {
  constexpr int32_t kBytes = 4;
  for (const int32_t end : {-8 * kBytes, -kBytes}) {
    ProbeWrite(decoded, HostMemory::Window(kR12, end), kNotOfFour);
  }
  int32_t below = 0;
  for (const uint8_t gpr : {kEax, kEcx, kEdx, kEbx, kEsp, kEbp, kEsi, kEdi}) {
    below -= kBytes;
    out_.Store32(HostMemory::Window(kR12, below), HostGpr(gpr));
  }
  AdjustStackPointer(below);
}

// Likewise: all is read, in order, before anything is loaded. ESP is passed over.
void BlockBuilder::EmitPopAll() {
  constexpr int32_t kBytes = 4;
  for (int32_t at = 0; at < 8 * kBytes; at += kBytes) {
    out_.Load32(kR8, HostMemory::Window(kR12, at));
  }
  int32_t above = 0;
  for (const uint8_t gpr : {kEdi, kEsi, kEbp, kEsp, kEbx, kEdx, kEcx, kEax}) {
    if (gpr != kEsp) out_.Load32(HostGpr(gpr), HostMemory::Window(kR12, above));
    above += kBytes;
  }
  AdjustStackPointer(above);
}

// Where the pointer ends up must be writable, too (SDM vol. 2, "ENTER").
void BlockBuilder::EmitEnter(const Decoded& decoded) {
  constexpr int32_t kFrame = -4;
  const int32_t end = kFrame - static_cast<int32_t>(decoded.instruction.immediate & 0xFFFFu);
  out_.Store32(HostMemory::Window(kR12, kFrame), kRbp);
  if (end != kFrame) ProbeWrite(decoded, HostMemory::Window(kR12, end), kNotOfByte);
  out_.Lea32(kRbp, {.base = kR12, .displacement = kFrame});
  Point(RecoveryKind::kCritical, decoded.eip);
  AdjustStackPointer(end);
}

void BlockBuilder::EmitLeave(const Decoded& decoded) {
  const uint32_t bytes = decoded.instruction.operand_bits / 8u;
  const Access frame = BeginStackAccess(decoded, AccessShape::kFrame, bytes);
  if (bytes == 2) {
    out_.LoadZeroExtended16(kR11, frame.memory);
  } else {
    out_.Load32(kR11, frame.memory);
  }
  out_.Lea32(kR9, {.base = kRbp, .displacement = static_cast<int32_t>(bytes)});
  stack_lag_ = 0;
  // With the new stack pointer an interrupt would push its frame over the value to be loaded.
  Point(RecoveryKind::kCritical, decoded.eip);
  if (mode_.stack32()) {
    out_.Move32(kR12, kR9);
  } else {
    out_.Move16(kR12, kR9);
  }
  if (bytes == 2) {
    out_.Move16(kRbp, kR11);
  } else {
    out_.Move32(kRbp, kR11);
  }
}

}  // namespace verbatim
