// SPDX-License-Identifier: Apache-2.0
// `run --profile`: where the guest is, so many times a second of the host's clock, as folded stacks
// ("outermost;...;innermost COUNT" a line), from which flame graphs are drawn.
//
// A timer sends the signal by which the engine is interrupted anyway; it comes out at the next
// boundary between instructions, and there the sample is taken, by ordinary code. So the handler
// does nothing new, and a sample shows an exact state, at most one instruction late. What the
// engine does for an instruction (translating, simulating, devices) counts for that instruction: if
// several periods have passed, the sample counts several times. A halted guest is "halted".
//
// On the thread that runs the machine.
#ifndef VERBATIM_PROFILE_SAMPLER_H_
#define VERBATIM_PROFILE_SAMPLER_H_

#include <time.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "engine/engine_observer.h"
#include "trace/linux_processes.h"
#include "trace/symbol_table.h"

namespace verbatim {

class Sampler final : public EngineObserver {
 public:
  static constexpr unsigned kMaxHz = 10'000;
  // A prime, so as not to keep step with what guests do a hundred or a thousand times a second.
  static constexpr unsigned kDefaultHz = 997;

  // `symbols` outlives it; `hz` from 1 to kMaxHz.
  [[nodiscard]] static Result<std::unique_ptr<Sampler>> Create(const std::string& path, unsigned hz,
                                                               const SymbolTable& symbols);
  ~Sampler() override;

  [[nodiscard]] Observations Wants() const override { return BitOf(Observation::kKicks); }
  void OnBlockTranslated(const TranslatedBlock& /*translated*/) override {}
  void OnKicked(const CpuState& cpu, Mmu& mmu) override;

  // Stops, and writes the file. The message names it.
  [[nodiscard]] Status Finish();
  [[nodiscard]] std::string Folded() const;

 private:
  Sampler(std::string path, FileDescriptor file, unsigned hz, const SymbolTable& symbols);

  // A stack, innermost first, and where it is.
  struct Stack {
    std::vector<uint32_t> frames;
    uint32_t cr3 = 0;       // of user code
    std::string process{};  // likewise, where it is known
    uint8_t cpl = 0;
    bool code32 = true;
    bool halted = false;

    friend auto operator<=>(const Stack&, const Stack&) = default;
  };
  // Beyond, new stacks are counted together: a guest must not fill the host's memory.
  static constexpr size_t kMaxStacks = 1u << 18;

  [[nodiscard]] std::string Fold(const Stack& stack) const;

  const std::string path_;
  const FileDescriptor file_;
  const uint64_t period_ns_;
  const SymbolTable& symbols_;
  LinuxProcesses processes_;
  timer_t timer_{};
  bool has_timer_ = false;
  uint64_t due_ns_ = 0;  // the next sample; 0: not begun
  std::map<Stack, uint64_t> counts_;
  uint64_t others_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_PROFILE_SAMPLER_H_
