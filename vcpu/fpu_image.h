// SPDX-License-Identifier: Apache-2.0
// The x87 registers as memory images: FXSAVE (SDM vol. 1, 10.5; vol. 2, FXSAVE) and the FNSAVE and
// FNSTENV formats (vol. 1, 8.1.10). The registers themselves live in the host's x87 unit; this is
// the one file of the virtual CPU that executes x87 instructions.
//
// The host's instruction and data pointers must not leak into the guest, and nobody knows the
// guest's own: FIP, FDP, FCS, FDS and FOP are stored as zero and not loaded. That also makes the
// real-mode and protected-mode formats equal.
#ifndef VERBATIM_VCPU_FPU_IMAGE_H_
#define VERBATIM_VCPU_FPU_IMAGE_H_

#include <array>
#include <cstdint>
#include <span>

#include "vcpu/cpu_state.h"

namespace verbatim {

inline constexpr uint32_t kFxsaveBytes = 512;
// What a processor in 32-bit mode writes; the rest of the area stays as it was.
inline constexpr uint32_t kFxsaveWrittenBytes = 288;

// FNINIT.
void ResetFpu();

// Is an unmasked x87 exception pending (FSW.ES)?
[[nodiscard]] bool FpuExceptionPending();

// Builds the image from the host's x87 state and the guest's XMM state.
void BuildFxsaveImage(const CpuState& state, uint32_t mxcsr_mask,
                      std::span<uint8_t, kFxsaveWrittenBytes> image);
[[nodiscard]] uint32_t MxcsrOfFxsaveImage(std::span<const uint8_t, kFxsaveWrittenBytes> image);
// Loads it; the caller has checked MXCSR.
void LoadFxsaveImage(CpuState& state, std::span<const uint8_t, kFxsaveWrittenBytes> image);

// Sizes of the environment and of the whole image for a 16- or 32-bit operand size.
[[nodiscard]] constexpr uint32_t FpuEnvironmentBytes(unsigned operand_bits) {
  return operand_bits == 16 ? 14 : 28;
}
inline constexpr uint32_t kFpuRegisterBytes = 80;
inline constexpr uint32_t kMaxFpuSaveBytes = 28 + kFpuRegisterBytes;

// FNSTENV: fills the environment and masks all x87 exceptions.
void StoreFpuEnvironment(unsigned operand_bits, std::span<uint8_t> image);
// FNSAVE: environment and registers; initialises the x87 unit.
void SaveFpu(unsigned operand_bits, std::span<uint8_t> image);
// FLDENV and FRSTOR.
void LoadFpuEnvironment(unsigned operand_bits, std::span<const uint8_t> image);
void RestoreFpu(unsigned operand_bits, std::span<const uint8_t> image);

}  // namespace verbatim

#endif  // VERBATIM_VCPU_FPU_IMAGE_H_
