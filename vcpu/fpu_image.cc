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
constexpr uint32_t kFxFop = 6;
constexpr uint32_t kFxFip = 8;
constexpr uint32_t kFxFcs = 12;
constexpr uint32_t kFxFdp = 16;
constexpr uint32_t kFxFds = 20;
constexpr uint32_t kFxMxcsr = 24;
constexpr uint32_t kFxMxcsrMask = 28;
constexpr uint32_t kFxRegisters = 32;
constexpr uint32_t kFxRegisterBytes = 128;
constexpr uint32_t kFxXmm = 160;

// Reserved halves read as ones on every processor.
constexpr uint32_t kReservedOnes = 0xFFFF0000;
// An instruction pointer that no translated code has.
constexpr uint64_t kPointersInState = 1;
constexpr uint32_t kFopMask = 0x7FF;

// The host's environment.
struct Environment {
  std::array<uint32_t, 3> words{};  // FCW, FSW, FTW; upper halves reserved, ones
  uint32_t instruction = kPointersInState;
  std::array<uint32_t, 3> others{};
};
struct SaveImage {
  Environment environment;
  std::array<uint8_t, kFpuRegisterBytes> registers{};
};
static_assert(sizeof(Environment) == 28 && sizeof(SaveImage) == kMaxFpuSaveBytes);

struct alignas(16) HostImage {
  // AMD processors leave the pointers unwritten while no exception is pending.
  std::array<uint8_t, kFxsaveBytes> bytes{};
};

void HostFxsave(HostImage& image) { asm volatile("fxsave64 %0" : "=m"(image)); }

HostFpuPointers PointersOf(const HostImage& image) {
  return {.instruction = LoadLittle<uint64_t>(&image.bytes[kFxFip]),
          .operand = LoadLittle<uint64_t>(&image.bytes[kFxFdp]),
          .opcode = LoadLittle<uint16_t>(&image.bytes[kFxFop])};
}

void HostFxrstor(HostImage& image, const HostFpuPointers& pointers) {
  StoreLittle(&image.bytes[kFxFop], pointers.opcode);
  StoreLittle(&image.bytes[kFxFip], pointers.instruction);
  StoreLittle(&image.bytes[kFxFdp], pointers.operand);
  asm volatile("fxrstor64 %0"
               :
               : "m"(image)
               : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                 "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

void EncodeEnvironment(const Environment& environment, FpuFormat format,
                       const FpuPointers& pointers, std::span<uint8_t> image) {
  std::memset(image.data(), 0, FpuEnvironmentBytes(format.operand_bits));
  const bool wide = format.operand_bits == 32;
  const size_t each = wide ? 4 : 2;
  for (size_t i = 0; i < environment.words.size(); ++i) {
    StoreLittle(&image[i * each], static_cast<uint16_t>(environment.words[i]));
    if (wide) StoreLittle(&image[i * each + 2], uint16_t{0xFFFF});
  }
  const auto put = [&](size_t index, uint32_t value) {
    if (wide) {
      StoreLittle(&image[index * each], value);
    } else {
      StoreLittle(&image[index * each], static_cast<uint16_t>(value));
    }
  };
  if (format.real) {
    // The upper bits of the linear addresses are 12 to 27 of their words, or 12 to 15.
    const uint32_t fip = (uint32_t{pointers.fcs} << 4) + pointers.fip;
    const uint32_t fdp = (uint32_t{pointers.fds} << 4) + pointers.fdp;
    put(3, fip & 0xFFFFu);
    put(4, ((fip >> 16) << 12) | pointers.fop);
    put(5, fdp & 0xFFFFu);
    put(6, (fdp >> 16) << 12);
    return;
  }
  put(3, pointers.fip);
  put(4, pointers.fcs | (uint32_t{pointers.fop} << 16));
  put(5, pointers.fdp);
  put(6, pointers.fds | kReservedOnes);
}

FpuPointers DecodePointers(FpuFormat format, std::span<const uint8_t> image) {
  const bool wide = format.operand_bits == 32;
  const auto get = [&](size_t index) -> uint32_t {
    return wide ? LoadLittle<uint32_t>(&image[index * 4]) : LoadLittle<uint16_t>(&image[index * 2]);
  };
  FpuPointers pointers;
  if (format.real) {
    pointers.fip = (get(3) & 0xFFFFu) | ((get(4) & 0x0FFFF000u) << 4);
    pointers.fop = static_cast<uint16_t>(get(4) & kFopMask);
    pointers.fdp = (get(5) & 0xFFFFu) | ((get(6) & 0x0FFFF000u) << 4);
    return pointers;
  }
  pointers.fip = get(3);
  pointers.fcs = static_cast<uint16_t>(get(4));
  pointers.fop = static_cast<uint16_t>((get(4) >> 16) & kFopMask);
  pointers.fdp = get(5);
  pointers.fds = static_cast<uint16_t>(get(6));
  return pointers;
}

Environment DecodeEnvironment(FpuFormat format, std::span<const uint8_t> image) {
  Environment environment;
  for (size_t i = 0; i < environment.words.size(); ++i) {
    environment.words[i] =
        LoadLittle<uint16_t>(&image[i * (format.operand_bits / 8)]) | kReservedOnes;
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

FpuPointers GuestFpuPointers(const CpuState& state, FpuPointerSource* source) {
  HostImage host;
  HostFxsave(host);
  const HostFpuPointers pointers = PointersOf(host);
  if (pointers.instruction == kPointersInState) return state.fpu_pointers;
  if (pointers.instruction == 0 || source == nullptr) return {};
  return source->ToGuest(pointers);
}

void CaptureFpuPointers(CpuState& state, FpuPointerSource& source) {
  HostImage host;
  HostFxsave(host);
  const HostFpuPointers pointers = PointersOf(host);
  if (pointers.instruction == 0 || pointers.instruction == kPointersInState) return;
  state.fpu_pointers = source.ToGuest(pointers);
  HostFxrstor(host, {.instruction = kPointersInState});
}

void BuildFxsaveImage(const CpuState& state, const FpuPointers& pointers, uint32_t mxcsr_mask,
                      std::span<uint8_t, kFxsaveWrittenBytes> image) {
  HostImage host;
  HostFxsave(host);
  std::memset(image.data(), 0, image.size());
  // FCW, FSW and FTW, then the eight registers.
  std::memcpy(&image[kFxFcw], &host.bytes[kFxFcw], 5);
  std::memcpy(&image[kFxRegisters], &host.bytes[kFxRegisters], kFxRegisterBytes);
  StoreLittle(&image[kFxFop], pointers.fop);
  StoreLittle(&image[kFxFip], pointers.fip);
  StoreLittle(&image[kFxFcs], pointers.fcs);
  StoreLittle(&image[kFxFdp], pointers.fdp);
  StoreLittle(&image[kFxFds], pointers.fds);
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
  HostFxrstor(host, {.instruction = kPointersInState});
  state.fpu_pointers = {
      .fop = static_cast<uint16_t>(LoadLittle<uint16_t>(&image[kFxFop]) & kFopMask),
      .fcs = LoadLittle<uint16_t>(&image[kFxFcs]),
      .fip = LoadLittle<uint32_t>(&image[kFxFip]),
      .fds = LoadLittle<uint16_t>(&image[kFxFds]),
      .fdp = LoadLittle<uint32_t>(&image[kFxFdp])};
  state.mxcsr = MxcsrOfFxsaveImage(image);
  std::memcpy(state.xmm.data(), &image[kFxXmm], sizeof state.xmm);
}

void StoreFpuEnvironment(FpuFormat format, const FpuPointers& pointers, std::span<uint8_t> image) {
  Environment environment;
  asm volatile("fnstenv %0" : "=m"(environment));
  EncodeEnvironment(environment, format, pointers, image);
}

void SaveFpu(FpuFormat format, const FpuPointers& pointers, std::span<uint8_t> image) {
  SaveImage save;
  asm volatile("fnsave %0" : "=m"(save));
  EncodeEnvironment(save.environment, format, pointers, image);
  std::memcpy(&image[FpuEnvironmentBytes(format.operand_bits)], save.registers.data(),
              kFpuRegisterBytes);
}

// The loads wait for pending exceptions; FNCLEX first, so that the host never sees the guest's.
void LoadFpuEnvironment(CpuState& state, FpuFormat format, std::span<const uint8_t> image) {
  const Environment environment = DecodeEnvironment(format, image);
  state.fpu_pointers = DecodePointers(format, image);
  asm volatile("fnclex\n\tfldenv %0" : : "m"(environment));
}

void RestoreFpu(CpuState& state, FpuFormat format, std::span<const uint8_t> image) {
  SaveImage save;
  save.environment = DecodeEnvironment(format, image);
  state.fpu_pointers = DecodePointers(format, image);
  std::memcpy(save.registers.data(), &image[FpuEnvironmentBytes(format.operand_bits)],
              kFpuRegisterBytes);
  asm volatile("fnclex\n\tfrstor %0" : : "m"(save));
}

}  // namespace verbatim
