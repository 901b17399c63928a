// SPDX-License-Identifier: Apache-2.0
// A translator without an engine: code memory whose stubs are places that nobody runs, a page of
// guest code, and the blocks that come of it. What a test does not write of the page is RET.
#ifndef VERBATIM_TESTS_TRANSLATOR_TRANSLATION_H_
#define VERBATIM_TESTS_TRANSLATOR_TRANSLATION_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "tests/translator/host_code.h"
#include "translator/translator.h"
#include "vcpu/cpu_state.h"

namespace verbatim {

// A processor in flat 32-bit protected mode at CPL 0, with SSE enabled.
[[nodiscard]] CpuState FlatCpu();
[[nodiscard]] BlockMode FlatMode();

class Translation : public testing::Test {
 protected:
  static constexpr uint32_t kPage = 0x00401000;  // linear address and eip
  static constexpr uint64_t kPhysicalPage = 0x00123000;
  static constexpr uint32_t kStart = 0x100;  // where in the page blocks begin if not told
  static constexpr uint32_t kEip = kPage + kStart;

  class Policy : public SitePolicy {
   public:
    [[nodiscard]] AccessForm FormOf(PhysicalAddress instruction) const override {
      if (software.contains(instruction.value)) return AccessForm::kSoftware;
      const bool probes = all_probed || probed.contains(instruction.value);
      return probes ? AccessForm::kProbed : AccessForm::kDirect;
    }
    [[nodiscard]] bool HasAnyIn(PhysicalAddress /*page*/) const override {
      return all_probed || !software.empty() || !probed.empty();
    }
    std::set<uint64_t> software;
    std::set<uint64_t> probed;
    bool all_probed = false;
  };

  Translation();

  // From here on.
  void UseOptimisations(OptimisationSet optimisations);
  // Puts `code` into the page at `offset`.
  void Write(std::span<const uint8_t> code, uint32_t offset = kStart);
  void Write(std::initializer_list<uint8_t> code, uint32_t offset = kStart) {
    Write(std::span(code.begin(), code.size()), offset);
  }
  [[nodiscard]] TranslationRequest RequestAt(uint32_t offset, BlockMode mode = FlatMode()) const;
  [[nodiscard]] Block Translate(const TranslationRequest& request);
  [[nodiscard]] Block Translate(std::initializer_list<uint8_t> code, BlockMode mode = FlatMode()) {
    Write(code);
    return Translate(RequestAt(kStart, mode));
  }
  [[nodiscard]] TranslationFailure FailureOf(const TranslationRequest& request);
  // As after a flush of the code cache.
  void Reset();

  [[nodiscard]] std::span<const uint8_t> HostBytes(const Block& block);
  [[nodiscard]] std::vector<HostInstruction> HostCode(const Block& block);
  // The text of the instructions from the body on, stubs included.
  [[nodiscard]] std::string Body(const Block& block);
  // As the disassembler writes it.
  [[nodiscard]] static std::string Address(const uint8_t* exec);
  // Fails unless the table is ascending, begins with the block and has each guest instruction that
  // became host code.
  void ExpectRecoveryOf(const Block& block, std::span<const uint8_t> guest, bool code32 = true);

  std::unique_ptr<CodeMemory> memory_;
  StubTable stubs_;
  DirectCells cells_;
  SiteTable sites_;
  Policy policy_;
  std::array<uint8_t, 4096> page_;
  std::unique_ptr<Translator> translator_;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_TRANSLATOR_TRANSLATION_H_
