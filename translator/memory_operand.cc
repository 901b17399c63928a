// SPDX-License-Identifier: Apache-2.0
// How a guest memory operand becomes a host operand.
//
// Flat segment, 32-bit address:  gs:[base + index*scale + disp], 32-bit address size
// Otherwise, through the window: r8d = offset (truncated to 16 bits if so addressed) + segment
// base;
//                                gs:[r8d]
// In software:                   mov r9d, site ; call access_begin ; the operand is [r8], a pointer
//                                that the engine checked; after a write: mov r9d, site ; call
//                                access_end
#include "translator/block_builder.h"

namespace verbatim {

bool BlockBuilder::IsSoftware(const Decoded& decoded, uint8_t segment, bool write) const {
  if (mode_.software() || policy_.InSoftware(PhysicalOf(decoded.eip))) return true;
  if (segment == kFs || segment == kGs) return false;  // trap when restricted
  if (segment == kCs && write) return true;            // always #GP in protected mode
  return mode_.segment_class(segment) == SegmentClass::kChecked;
}

// The offset within the segment, zero-extended to 64 bits.
void BlockBuilder::EmitOffset(const GuestInstruction& in, int32_t esp_adjustment, uint8_t to) {
  const MemoryOperand& m = in.memory;
  if (in.mnemonic == ZYDIS_MNEMONIC_XLAT) {
    // movzx to, al ; lea to, [rbx + to]
    out_.Registers({.map = 1, .byte = 0xB6}, to, kRax);
    out_.Lea32(to, {.base = kRbx, .index = to});
  } else {
    HostMemory address;
    address.base = m.base == kNoGpr ? uint8_t{kNoReg} : HostGpr(m.base);
    address.index = m.index == kNoGpr ? uint8_t{kNoReg} : HostGpr(m.index);
    address.scale = m.scale;
    address.displacement = m.displacement + (m.base == kEsp ? esp_adjustment : 0);
    if (address.base == kNoReg && address.index == kNoReg) {
      out_.MoveImmediate(to, static_cast<uint32_t>(address.displacement));
    } else {
      out_.Lea32(to, address);
    }
  }
  if (in.address_bits == 16) out_.ZeroExtend16(to, to);
}

// Adds the segment's base to r8 or r9 (`to`), wrapping at 4 GiB. Uses r10.
void BlockBuilder::AddSegmentBase(uint8_t segment, uint8_t to) {
  if (segment == kFs || segment == kGs) {
    const size_t pointer =
        segment == kFs ? offsetof(ExecutionContext, fs_base) : offsetof(ExecutionContext, gs_base);
    out_.Load64(kR10, HostMemory::Context(pointer));
    out_.Load32(kR10, HostMemory::Pointer(kR10));
  } else if (mode_.segment_class(segment) == SegmentClass::kBased) {
    out_.Load32(kR10, HostMemory::Context(offsetof(ExecutionContext, cpu.segments) +
                                          segment * sizeof(SegmentRegister) +
                                          offsetof(SegmentRegister, base)));
  } else {
    return;
  }
  out_.Lea32(to, {.base = to, .index = kR10});
}

HostMemory BlockBuilder::WindowOperand(const GuestInstruction& in, int32_t esp_adjustment) {
  const MemoryOperand& m = in.memory;
  const bool dynamic = m.segment == kFs || m.segment == kGs;
  const bool flat = !dynamic && mode_.segment_class(m.segment) == SegmentClass::kFlat;
  if (flat && in.address_bits == 32 && in.mnemonic != ZYDIS_MNEMONIC_XLAT) {
    return {.base = m.base == kNoGpr ? uint8_t{kNoReg} : HostGpr(m.base),
            .index = m.index == kNoGpr ? uint8_t{kNoReg} : HostGpr(m.index),
            .scale = m.scale,
            .displacement = m.displacement + (m.base == kEsp ? esp_adjustment : 0),
            .window = true};
  }
  if (dynamic && in.address_bits == 32 && m.index == kNoGpr && m.base == kNoGpr) {
    // fs:[disp], the thread area: the base register and the displacement as they are.
    const size_t pointer = m.segment == kFs ? offsetof(ExecutionContext, fs_base)
                                            : offsetof(ExecutionContext, gs_base);
    out_.Load64(kR8, HostMemory::Context(pointer));
    out_.Load32(kR8, HostMemory::Pointer(kR8));
    return HostMemory::Window(kR8, m.displacement);
  }
  EmitOffset(in, esp_adjustment, kR8);
  AddSegmentBase(m.segment, kR8);
  return HostMemory::Window(kR8);
}

BlockBuilder::Access BlockBuilder::BeginOperand(const Decoded& decoded, AccessShape shape,
                                                bool read, bool write, uint32_t bytes) {
  const GuestInstruction& in = decoded.instruction;
  // Hints (no access) are harmless through any window.
  const bool accessed = read || write;
  if (!accessed || !IsSoftware(decoded, in.memory.segment, write)) {
    const int32_t adjustment =
        shape == AccessShape::kPopDestination ? static_cast<int32_t>(in.operand_bits / 8) : 0;
    return {.memory = WindowOperand(in, adjustment)};
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
