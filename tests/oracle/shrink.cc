// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/shrink.h"

#include <algorithm>

namespace verbatim::test {
namespace {

constexpr uint8_t kNop = 0x90;

class Shrinker {
 public:
  Shrinker(Case one, const std::function<bool(const Case&)>& differs)
      : case_(std::move(one)), differs_(differs) {}

  // Keeps what `change` does to the case if it still differs.
  template <typename Change>
  void Try(Change change) {
    Case changed = case_;
    if (!change(changed) || !differs_(changed)) return;
    case_ = std::move(changed);
    progress_ = true;
  }

  Case Run() {
    do {
      progress_ = false;
      RemoveInstructions();
      SimplifyStart();
    } while (progress_);
    return std::move(case_);
  }

 private:
  void RemoveInstructions() {
    for (size_t i = case_.instructions.size(); i-- > 0;) {
      Try([i](Case& one) {
        const auto from = one.code.begin() + one.instructions[i];
        const auto to = i + 1 < one.instructions.size() ? one.code.begin() + one.instructions[i + 1]
                                                        : one.code.end();
        if (from >= to || std::all_of(from, to, [](uint8_t byte) { return byte == kNop; })) {
          return false;
        }
        std::fill(from, to, kNop);
        return true;
      });
    }
  }

  void SimplifyStart() {
    const CpuImage typical = CpuImage::Typical();
    const auto become = [](auto& value, const auto& simple) {
      if (value == simple) return false;
      value = simple;
      return true;
    };
    for (size_t i = 0; i < typical.gpr.size(); ++i) {
      Try([&](Case& one) { return become(one.start.gpr[i], typical.gpr[i]); });
    }
    Try([&](Case& one) { return become(one.start.eflags, typical.eflags); });
    Try([&](Case& one) { return become(one.start.fx, typical.fx); });
    Try([&](Case& one) { return become(one.memory_seed, 0u); });
    for (const uint8_t segment : {kEs, kSs, kDs}) {
      Try([&](Case& one) { return become(one.selectors[segment], kFlatData); });
    }
    for (const uint8_t segment : {kFs, kGs}) {
      Try([&](Case& one) { return become(one.selectors[segment], uint16_t{0}); });
    }
  }

  Case case_;
  const std::function<bool(const Case&)>& differs_;
  bool progress_ = false;
};

}  // namespace

Case Shrink(Case one, const std::function<bool(const Case&)>& differs) {
  return Shrinker(std::move(one), differs).Run();
}

}  // namespace verbatim::test
