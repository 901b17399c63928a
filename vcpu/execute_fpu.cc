// SPDX-License-Identifier: Apache-2.0
// FXSAVE, FXRSTOR, FNSAVE, FRSTOR, FNSTENV, FLDENV, LDMXCSR, STMXCSR (SDM vol. 2): the checks
// around fpu_image.h.
#include "vcpu/fpu_image.h"
#include "vcpu/virtual_cpu.h"

namespace verbatim {

VirtualCpu::Outcome VirtualCpu::FpuState(const GuestInstruction& instruction) {
  const Mnemonic mnemonic = instruction.mnemonic;
  if (mnemonic == Mnemonic::kLdmxcsr || mnemonic == Mnemonic::kStmxcsr) {
    return MoveMxcsr(instruction);
  }
  if ((state_.cr0 & (cr0::kEm | cr0::kTs)) != 0) return Raise(Vector::kDeviceNotAvailable);
  switch (mnemonic) {
    case Mnemonic::kFxsave:
      return FxSave(instruction);
    case Mnemonic::kFxrstor:
      return FxRestore(instruction);
    case Mnemonic::kFnsave:
      return StoreFpu(instruction, true);
    case Mnemonic::kFnstenv:
      return StoreFpu(instruction, false);
    case Mnemonic::kFrstor:
      return LoadFpu(instruction, true);
    default:
      return LoadFpu(instruction, false);
  }
}

void VirtualCpu::SaveFpuImage(std::span<uint8_t, kFxsaveWrittenBytes> image) const {
  BuildFxsaveImage(state_, GuestFpuPointers(state_, fpu_pointers_), model_.mxcsr_mask, image);
}

bool VirtualCpu::LoadFpuImage(std::span<const uint8_t, kFxsaveWrittenBytes> image) {
  if ((MxcsrOfFxsaveImage(image) & ~model_.mxcsr_mask) != 0) return false;
  LoadFxsaveImage(state_, image);
  return true;
}

VirtualCpu::Outcome VirtualCpu::FxSave(const GuestInstruction& instruction) {
  ASSIGN_OR_FAULT(const LinearAddress address,
                  memory_.OperandAddress(instruction, kFxsaveBytes, 1, true));
  if ((address.value & 15u) != 0) return RaiseGeneralProtection();
  RETURN_IF_FAULT(memory_.mmu().ProbeWrite(address, kFxsaveBytes, memory_.privilege()));
  std::array<uint8_t, kFxsaveWrittenBytes> image;
  SaveFpuImage(image);
  RETURN_IF_FAULT(
      memory_.mmu().Write(address, image.data(), kFxsaveWrittenBytes, memory_.privilege()));
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::FxRestore(const GuestInstruction& instruction) {
  ASSIGN_OR_FAULT(const LinearAddress address,
                  memory_.OperandAddress(instruction, kFxsaveBytes, 1, false));
  if ((address.value & 15u) != 0) return RaiseGeneralProtection();
  std::array<uint8_t, kFxsaveBytes> area;
  RETURN_IF_FAULT(memory_.mmu().Read(address, area.data(), kFxsaveBytes, memory_.privilege()));
  const std::span<const uint8_t, kFxsaveWrittenBytes> image(area.data(), kFxsaveWrittenBytes);
  if (!LoadFpuImage(image)) return RaiseGeneralProtection();
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::StoreFpu(const GuestInstruction& instruction, bool with_registers) {
  const unsigned bits = instruction.operand_bits;
  const uint32_t size = FpuEnvironmentBytes(bits) + (with_registers ? kFpuRegisterBytes : 0);
  ASSIGN_OR_FAULT(const LinearAddress address,
                  memory_.OperandAddress(instruction, size, bits / 8, true));
  // Reading the host's state changes it: the write must not fail afterwards.
  RETURN_IF_FAULT(memory_.mmu().ProbeWrite(address, size, memory_.privilege()));
  std::array<uint8_t, kMaxFpuSaveBytes> image;
  // First, for FNSAVE clears them.
  const FpuPointers pointers = GuestFpuPointers(state_, fpu_pointers_);
  const FpuFormat format{.operand_bits = bits, .real = !SegmentsAreProtected()};
  if (with_registers) {
    SaveFpu(format, pointers, image);
  } else {
    StoreFpuEnvironment(format, pointers, image);
  }
  RETURN_IF_FAULT(memory_.mmu().Write(address, image.data(), size, memory_.privilege()));
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::LoadFpu(const GuestInstruction& instruction, bool with_registers) {
  if (FpuExceptionPending()) {
    if ((state_.cr0 & cr0::kNe) == 0) return StepOutcome::kFpuError;
    return Raise(Vector::kMathFault);
  }
  const unsigned bits = instruction.operand_bits;
  const uint32_t size = FpuEnvironmentBytes(bits) + (with_registers ? kFpuRegisterBytes : 0);
  ASSIGN_OR_FAULT(const LinearAddress address,
                  memory_.OperandAddress(instruction, size, bits / 8, false));
  std::array<uint8_t, kMaxFpuSaveBytes> image;
  RETURN_IF_FAULT(memory_.mmu().Read(address, image.data(), size, memory_.privilege()));
  const FpuFormat format{.operand_bits = bits, .real = !SegmentsAreProtected()};
  if (with_registers) {
    RestoreFpu(state_, format, image);
  } else {
    LoadFpuEnvironment(state_, format, image);
  }
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::MoveMxcsr(const GuestInstruction& instruction) {
  if ((state_.cr0 & cr0::kEm) != 0 || (state_.cr4 & cr4::kOsfxsr) == 0) return RaiseUndefined();
  if ((state_.cr0 & cr0::kTs) != 0) return Raise(Vector::kDeviceNotAvailable);
  if (instruction.mnemonic == Mnemonic::kStmxcsr) {
    RETURN_IF_FAULT(memory_.StoreOperand<uint32_t>(instruction, state_.mxcsr));
    return StepOutcome::kNext;
  }
  ASSIGN_OR_FAULT(const uint32_t value, memory_.LoadOperand<uint32_t>(instruction));
  if ((value & ~model_.mxcsr_mask) != 0) return RaiseGeneralProtection();
  state_.mxcsr = value;
  return StepOutcome::kNext;
}

}  // namespace verbatim
