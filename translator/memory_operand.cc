// SPDX-License-Identifier: Apache-2.0
// How a guest memory operand becomes a host operand.
//
// Flat segment, 32-bit address:  gs:[base + index*scale + disp], 32-bit address size
// Segment of 4 GiB:              r8d = offset (truncated to 16 bits if so addressed) + segment
// base;
//                                gs:[r8d]
// Segment with a limit:          r8 = offset ; r9 = 1 << 32 if it violates the limit, else 0 ;
//                                r8d += segment base ; gs:[r8 + r9], 64-bit address size: a
//                                violation lands in the guard behind the window, from where the
//                                engine takes it up with the full check
// In software:                   mov r9d, site ; call access_begin ; the operand is [r8], a pointer
//                                that the engine checked; after a write: mov r9d, site ; call
//                                access_end
// A move in software:            mov r9d, site ; call callout: the engine does all of it
#include <algorithm>

#include "translator/block_builder.h"

namespace verbatim {
namespace {

constexpr uint32_t k64KLimit = 0xFFFF;

bool HasLimit(SegmentClass type) {
  return type == SegmentClass::k64K || type == SegmentClass::kLimited;
}

}  // namespace

AccessForm BlockBuilder::FormOf(const Decoded& decoded) const {
  const PhysicalAddress at = PhysicalOf(decoded.eip);
  const bool may_be_other = page_has_sites_ || at.Page() != request_.key.physical.Page();
  return may_be_other ? policy_.FormOf(at) : AccessForm::kDirect;
}

bool BlockBuilder::IsSoftware(const Decoded& decoded, uint8_t segment, bool write) const {
  if (mode_.software() || in_software_) return true;
  if (FormOf(decoded) == AccessForm::kSoftware) return true;
  if (segment == kCs && write && !mode_.cs_writable()) return true;  // always #GP
  const SegmentClass type = mode_.segment_class(segment);
  const GuestInstruction& in = decoded.instruction;
  // A limit check of a bit string's operand tells nothing, and its 16-bit address is truncated only
  // after the distance was added.
  return type == SegmentClass::kChecked ||
         ((HasLimit(type) || in.address_bits == 16) && IsBitString(in));
}

// The offset within the segment, zero-extended to 64 bits.
void BlockBuilder::EmitOffset(const GuestInstruction& in, int32_t esp_adjustment, uint8_t to) {
  const MemoryOperand& m = in.memory;
  if (in.mnemonic == Mnemonic::kXlat) {
    // movzx to, al ; lea to, [rbx + to]
    out_.Registers({.map = 1, .byte = 0xB6}, to, kRax);
    out_.Lea32(to, {.base = kRbx, .index = to});
  } else {
    HostMemory address;
    address.base = m.base == kNoGpr ? uint8_t{kNoReg} : HostGpr(m.base);
    address.index = m.index == kNoGpr ? uint8_t{kNoReg} : HostGpr(m.index);
    address.scale = m.scale;
    address.displacement = m.displacement + (m.base == kEsp ? stack_lag_ + esp_adjustment : 0);
    if (address.base == kNoReg && address.index == kNoReg) {
      out_.MoveImmediate(to, static_cast<uint32_t>(address.displacement));
    } else {
      out_.Lea32(to, address);
    }
  }
  if (in.address_bits == 16) out_.ZeroExtend16(to, to);
}

// r9 = (offset in r8) + bytes - 1 > limit ? 1 << 32 : 0. Uses r10.
//   mov r9, r8 ; not r9 ; mov r10d, limit ; lea r9, [r9 + r10 + 2 - bytes]   limit + 1 - bytes -
//   offset mov r10d, 63 ; shrx r9, r9, r10 ; rorx r9, r9, 32                        its sign
// A 16-bit offset and FFFFh, where only the last bytes - 1 offsets are out:
//   lea r9d, [r8 + bytes - 1] ; rorx r9d, r9d, 16 ; movzx r9d, r9w ; rorx r9, r9, 32
void BlockBuilder::EmitLimitCheck(uint8_t segment, uint32_t bytes, bool offset_is_16_bits) {
  const bool by_mode = mode_.segment_class(segment) == SegmentClass::k64K;
  if (by_mode && offset_is_16_bits) {
    constexpr uint8_t kWord = 16;
    out_.Lea32(kR9, {.base = kR8, .displacement = static_cast<int32_t>(bytes - 1)});
    out_.RotateRight(kR9, kR9, kWord);
    out_.ZeroExtend16(kR9, kR9);
  } else {
    constexpr uint32_t kSignBit = 63;
    out_.Move64(kR9, kR8);
    out_.Not64(kR9);
    const auto room = static_cast<int32_t>(2 - bytes);
    if (by_mode) {
      out_.Lea64(kR9, {.base = kR9, .displacement = room + static_cast<int32_t>(k64KLimit)});
    } else {
      out_.Load32(kR10, SegmentField(segment, offsetof(SegmentRegister, limit)));
      out_.Lea64(kR9, {.base = kR9, .index = kR10, .displacement = room});
    }
    out_.MoveImmediate(kR10, kSignBit);
    out_.ShiftRight64(kR9, kR9, kR10);
  }
  constexpr uint8_t kHalf = 32;
  out_.RotateRight64(kR9, kR9, kHalf);
}

// Adds the segment's base to the offset in r8, wrapping at 4 GiB. Uses r10.
void BlockBuilder::AddSegmentBase(uint8_t segment) {
  const SegmentClass type = mode_.segment_class(segment);
  if (type == SegmentClass::kFlat || type == SegmentClass::kChecked) return;
  if (type == SegmentClass::kDynamic) {
    const size_t pointer =
        segment == kFs ? offsetof(ExecutionContext, fs_base) : offsetof(ExecutionContext, gs_base);
    out_.Load64(kR10, HostMemory::Context(pointer));
    out_.Load32(kR10, HostMemory::Pointer(kR10));
  } else {
    out_.Load32(kR10, SegmentField(segment, offsetof(SegmentRegister, base)));
  }
  out_.Lea32(kR8, {.base = kR8, .index = kR10});
}

// The operand of `bytes` at the offset in r8, zero-extended; uses r9 and r10.
HostMemory BlockBuilder::SegmentOperand(uint8_t segment, uint32_t bytes, bool offset_is_16_bits) {
  const SegmentClass type = mode_.segment_class(segment);
  // A byte at any 16-bit offset is within FFFFh.
  const bool checked =
      HasLimit(type) && !(type == SegmentClass::k64K && offset_is_16_bits && bytes <= 1);
  if (checked) EmitLimitCheck(segment, std::max(bytes, 1u), offset_is_16_bits);
  AddSegmentBase(segment);
  return checked ? HostMemory::Guarded(kR8, kR9) : HostMemory::Window(kR8);
}

HostMemory BlockBuilder::WindowOperand(const GuestInstruction& in, int32_t esp_adjustment,
                                       uint32_t bytes) {
  const MemoryOperand& m = in.memory;
  const SegmentClass type = mode_.segment_class(m.segment);
  if (type == SegmentClass::kFlat && in.address_bits == 32 && in.mnemonic != Mnemonic::kXlat) {
    return {.base = m.base == kNoGpr ? uint8_t{kNoReg} : HostGpr(m.base),
            .index = m.index == kNoGpr ? uint8_t{kNoReg} : HostGpr(m.index),
            .scale = m.scale,
            .displacement = m.displacement + (m.base == kEsp ? stack_lag_ + esp_adjustment : 0),
            .window = true};
  }
  if (type == SegmentClass::kDynamic && in.address_bits == 32 && m.index == kNoGpr &&
      m.base == kNoGpr) {
    // fs:[disp], the thread area: the base register and the displacement as they are.
    const size_t pointer = m.segment == kFs ? offsetof(ExecutionContext, fs_base)
                                            : offsetof(ExecutionContext, gs_base);
    out_.Load64(kR8, HostMemory::Context(pointer));
    out_.Load32(kR8, HostMemory::Pointer(kR8));
    return HostMemory::Window(kR8, m.displacement);
  }
  EmitOffset(in, esp_adjustment, kR8);
  return SegmentOperand(m.segment, bytes, in.address_bits == 16);
}

BlockBuilder::Access BlockBuilder::BeginOperand(const Decoded& decoded, AccessShape shape,
                                                bool read, bool write, uint32_t bytes) {
  const GuestInstruction& in = decoded.instruction;
  // Hints (no access) are harmless through any window.
  const bool accessed = read || write;
  if (!accessed || !IsSoftware(decoded, in.memory.segment, write)) {
    const int32_t adjustment =
        shape == AccessShape::kPopDestination ? static_cast<int32_t>(in.operand_bits / 8) : 0;
    return {.memory = WindowOperand(in, adjustment, bytes)};
  }
  const uint32_t site = AddSite(decoded, shape, bytes, read, write);
  ++software_sites_;
  out_.MoveImmediate(kR9, site);
  out_.Call(stubs_.access_begin);
  // What follows may have side effects on a device: no rolling back from here.
  Point(RecoveryKind::kCritical, decoded.eip);
  return {.memory = HostMemory::Pointer(kR8), .software = true, .site = site};
}

void BlockBuilder::EndAccess(const Access& access) {
  out_.MoveImmediate(kR9, access.site);
  out_.Call(stubs_.access_end);
}

}  // namespace verbatim
