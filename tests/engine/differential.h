// SPDX-License-Identifier: Apache-2.0
// Runs a program on the bare processor and in every variant of the engine, and compares everything:
// registers, flags, x87, MMX and SSE state, memory, and the fault that ends it.
#ifndef VERBATIM_TESTS_ENGINE_DIFFERENTIAL_H_
#define VERBATIM_TESTS_ENGINE_DIFFERENTIAL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/engine/cpu_image.h"
#include "tests/engine/guest_snippet.h"
#include "tests/engine/native_cpu.h"
#include "tests/engine/variant.h"

namespace verbatim::test {

struct Program {
  std::string name;
  std::vector<uint8_t> code;  // at start.eip; what follows it in the code area are zeroes
  CpuImage start = CpuImage::Typical();
  uint32_t flags = kComparedFlags;  // that are defined at the end
  // How much of the stack's upper end is refreshed and compared.
  uint32_t stack_bytes = 0x2000;
  uint32_t code_bytes = 0x2000;   // likewise of the code area
  unsigned interrupted_runs = 1;  // repetitions in Variant::kInterrupted
};

class Differential {
 public:
  // Variants other than `variants` are left out (a set of 1 << Variant).
  explicit Differential(unsigned variants = (1u << kVariantCount) - 1);
  ~Differential();

  // Empty if native run and every variant agree; otherwise what differs and the code.
  [[nodiscard]] std::string Check(const Program& program);

  [[nodiscard]] GuestSnippet& guest(Variant variant) {
    return *guests_[static_cast<unsigned>(variant)];
  }
  [[nodiscard]] const Outcome& native_outcome() const { return native_outcome_; }

 private:
  [[nodiscard]] std::string CheckVariant(const Program& program, Variant variant);
  // Runs the program where its code is mapped otherwise.
  static void RunElsewhere(GuestSnippet& guest, const Program& program);

  unsigned variants_;
  std::unique_ptr<NativeCpu> native_;
  Outcome native_outcome_;
  std::array<std::unique_ptr<GuestSnippet>, kVariantCount> guests_;
  std::atomic<Engine*> kicked_ = nullptr;
  std::atomic<bool> done_ = false;
  std::thread kicker_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ENGINE_DIFFERENTIAL_H_
