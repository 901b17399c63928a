// SPDX-License-Identifier: Apache-2.0
// The only x87 instructions of the virtual CPU. See fpu_image.h.
#include "vcpu/fpu_image.h"

#include <cstring>

#include "base/bits.h"

namespace verbatim {
namespace {

// Offsets in the FXSAVE image.
constexpr uint32_t kFxFcw = 0;
constexpr uint32_t kFxFtw = 4;
constexpr uint32_t kFxMxcsr = 24;
constexpr uint32_t kFxMxcsrMask = 28;
constexpr uint32_t kFxRegisters = 32;
constexpr uint32_t kFxRegisterBytes = 128;
constexpr uint32_t kFxXmm = 160;

// The 32-bit protected-mode environment. Reserved halves read as ones on every processor.
constexpr uint32_t kReservedOnes = 0xFFFF0000;
constexpr size_t kFds = 24;
struct Environment {
  std::array<uint32_t, 3> words{};  // FCW, FSW, FTW; upper halves reserved, ones
  std::array<uint32_t, 4> pointers{};  // FIP, FCS and FOP, FDP, FDS; above FDS again ones
};
struct SaveImage {
  Environment environment;
  std::array<uint8_t, kFpuRegisterBytes> registers{};
};
static_assert(sizeof(Environment) == 28 && sizeof(SaveImage) == kMaxFpuSaveBytes);

struct alignas(16) HostImage {
  std::array<uint8_t, kFxsaveBytes> bytes;
};

void HostFxsave(HostImage& image) { asm volatile("fxsave64 %0" : "=m"(image)); }

void EncodeEnvironment(const Environment& environment, unsigned operand_bits,
                       std::span<uint8_t> image) {
  std::memset(image.data(), 0, FpuEnvironmentBytes(operand_bits));
  for (size_t i = 0; i < environment.words.size(); ++i) {
    if (operand_bits == 16) {
      StoreLittle(&image[i * 2], static_cast<uint16_t>(environment.words[i]));
    } else {
      StoreLittle(&image[i * 4], environment.words[i] | kReservedOnes);
    }
  }
  if (operand_bits == 32) StoreLittle(&image[kFds], kReservedOnes);
}

Environment DecodeEnvironment(unsigned operand_bits, std::span<const uint8_t> image) {
  Environment environment;
  for (size_t i = 0; i < environment.words.size(); ++i) {
    environment.words[i] = LoadLittle<uint16_t>(&image[i * (operand_bits / 8)]) | kReservedOnes;
  }
  return environment;
}

}  // namespace

void ResetFpu() { asm volatile("fninit"); }

bool FpuExceptionPending() {
  uint16_t status = 0;
  asm volatile("fnstsw %0" : "=m"(status));
  return (status & 0x80u) != 0;
}

void BuildFxsaveImage(const CpuState& state, uint32_t mxcsr_mask,
                      std::span<uint8_t, kFxsaveWrittenBytes> image) {
  HostImage host;
  HostFxsave(host);
  std::memset(image.data(), 0, image.size());
  // FCW, FSW and FTW, then the eight registers.
  std::memcpy(&image[kFxFcw], &host.bytes[kFxFcw], 5);
  std::memcpy(&image[kFxRegisters], &host.bytes[kFxRegisters], kFxRegisterBytes);
  StoreLittle(&image[kFxMxcsr], state.mxcsr);
  StoreLittle(&image[kFxMxcsrMask], mxcsr_mask);
  std::memcpy(&image[kFxXmm], state.xmm.data(), sizeof state.xmm);
}

uint32_t MxcsrOfFxsaveImage(std::span<const uint8_t, kFxsaveWrittenBytes> image) {
  return LoadLittle<uint32_t>(&image[kFxMxcsr]);
}

void LoadFxsaveImage(CpuState& state, std::span<const uint8_t, kFxsaveWrittenBytes> image) {
  HostImage host;
  // The host's own XMM state is reloaded as it is.
  HostFxsave(host);
  std::memset(host.bytes.data(), 0, kFxMxcsr);
  std::memcpy(&host.bytes[kFxFcw], &image[kFxFcw], 4);
  host.bytes[kFxFtw] = image[kFxFtw];
  std::memcpy(&host.bytes[kFxRegisters], &image[kFxRegisters], kFxRegisterBytes);
  asm volatile("fxrstor64 %0"
               :
               : "m"(host)
               : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                 "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  state.mxcsr = MxcsrOfFxsaveImage(image);
  std::memcpy(state.xmm.data(), &image[kFxXmm], sizeof state.xmm);
}

void StoreFpuEnvironment(unsigned operand_bits, std::span<uint8_t> image) {
  Environment environment;
  asm volatile("fnstenv %0" : "=m"(environment));
  EncodeEnvironment(environment, operand_bits, image);
}

void SaveFpu(unsigned operand_bits, std::span<uint8_t> image) {
  SaveImage save;
  asm volatile("fnsave %0" : "=m"(save));
  EncodeEnvironment(save.environment, operand_bits, image);
  std::memcpy(&image[FpuEnvironmentBytes(operand_bits)], save.registers.data(), kFpuRegisterBytes);
}

// The loads wait for pending exceptions; FNCLEX first, so that the host never sees the guest's.
void LoadFpuEnvironment(unsigned operand_bits, std::span<const uint8_t> image) {
  const Environment environment = DecodeEnvironment(operand_bits, image);
  asm volatile("fnclex\n\tfldenv %0" : : "m"(environment));
}

void RestoreFpu(unsigned operand_bits, std::span<const uint8_t> image) {
  SaveImage save;
  save.environment = DecodeEnvironment(operand_bits, image);
  std::memcpy(save.registers.data(), &image[FpuEnvironmentBytes(operand_bits)], kFpuRegisterBytes);
  asm volatile("fnclex\n\tfrstor %0" : : "m"(save));
}

}  // namespace verbatim
