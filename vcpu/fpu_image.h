// SPDX-License-Identifier: Apache-2.0
// The x87 registers as memory images: FXSAVE (SDM vol. 1, 10.5; vol. 2, FXSAVE) and the FNSAVE and
// FNSTENV formats (vol. 1, 8.1.10). The registers themselves live in the host's x87 unit; this is
// the one file of the virtual CPU that executes x87 instructions.
//
// Pointers. What the host's unit holds are host addresses, which only the engine can translate
// (FpuPointerSource), or a mark that says that CpuState::fpu_pointers are the guest's: they were
// loaded, or translated before. A host that keeps pointers only while an exception is pending (AMD)
// loses either; they are zero then.
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

struct HostFpuPointers {
  uint64_t instruction = 0;
  uint64_t operand = 0;
  uint16_t opcode = 0;
};

// The guest's pointers for host addresses of translated code and of what it accessed.
class FpuPointerSource {
 public:
  virtual ~FpuPointerSource() = default;
  [[nodiscard]] virtual FpuPointers ToGuest(const HostFpuPointers& host) = 0;
};

// The guest's pointers now. Without a source, host addresses give zeros.
[[nodiscard]] FpuPointers GuestFpuPointers(const CpuState& state, FpuPointerSource* source);
// Translates what the host holds now, and marks it so: the code it points at is about to go, or the
// selectors in use are.
void CaptureFpuPointers(CpuState& state, FpuPointerSource& source);

// Builds the image from the host's x87 state and the guest's XMM state.
void BuildFxsaveImage(const CpuState& state, const FpuPointers& pointers, uint32_t mxcsr_mask,
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

// The formats of SDM vol. 1, figures 8-9 to 8-12. In real and virtual-8086 mode the pointers are
// linear addresses.
struct FpuFormat {
  unsigned operand_bits = 32;
  bool real = false;
};

// FNSTENV: fills the environment and masks all x87 exceptions.
void StoreFpuEnvironment(FpuFormat format, const FpuPointers& pointers, std::span<uint8_t> image);
// FNSAVE: environment and registers; initialises the x87 unit.
void SaveFpu(FpuFormat format, const FpuPointers& pointers, std::span<uint8_t> image);
// FLDENV and FRSTOR.
void LoadFpuEnvironment(CpuState& state, FpuFormat format, std::span<const uint8_t> image);
void RestoreFpu(CpuState& state, FpuFormat format, std::span<const uint8_t> image);

}  // namespace verbatim

#endif  // VERBATIM_VCPU_FPU_IMAGE_H_
