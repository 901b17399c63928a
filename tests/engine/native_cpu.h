// SPDX-License-Identifier: Apache-2.0
// The oracle: runs 32-bit code on the bare processor, in compatibility mode, inside this process. A
// signal handler exchanges the interrupted context for the program's; the fault that ends the
// program exchanges it back. No hand-written assembly stands between the test and the processor.
//
// One at a time in a process: it owns the linear addresses of cpu_image.h, and while Run runs the
// handlers of the fault signals and of SIGUSR2. It must not be alive together with code that is
// linked at those addresses (position-independent executables are not).
#ifndef VERBATIM_TESTS_ENGINE_NATIVE_CPU_H_
#define VERBATIM_TESTS_ENGINE_NATIVE_CPU_H_

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "tests/engine/cpu_image.h"

namespace verbatim::test {

class NativeCpu {
 public:
  [[nodiscard]] static Result<std::unique_ptr<NativeCpu>> Create();
  ~NativeCpu();
  NativeCpu(const NativeCpu&) = delete;
  NativeCpu& operator=(const NativeCpu&) = delete;

  // Memory of the program: `bytes` at the linear address, which lies in one of the three areas.
  [[nodiscard]] static std::span<uint8_t> Memory(uint32_t address, uint32_t bytes) {
    return {reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(address)), bytes};
  }

  // Runs from `start` until the first fault. A program ends itself with a privileged instruction.
  [[nodiscard]] Outcome Run(const CpuImage& start);

 private:
  NativeCpu() = default;
  std::unique_ptr<uint8_t[]> signal_stack_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ENGINE_NATIVE_CPU_H_
