// SPDX-License-Identifier: Apache-2.0
// A second opinion on mutated blocks, which shares nothing with the validator: Capstone's view of
// the instructions that a mutation changed, compared with those that stood there before.
//
// The block is known to be confined, so what is in it unchanged is harmless. A changed instruction
// is dangerous if it could reach outside, by rules about single instructions and their neighbours.
// Dangers that only show over a distance are not seen: what is called dangerous is so, what is not
// may be.
#ifndef VERBATIM_TESTS_TRANSLATOR_MUTATION_REFERENCE_H_
#define VERBATIM_TESTS_TRANSLATOR_MUTATION_REFERENCE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "codecache/block.h"
#include "tests/translator/host_code.h"
#include "translator/stub_table.h"

namespace verbatim {

class MutationReference {
 public:
  // `code` as it was emitted.
  MutationReference(const Block& block, const StubTable& stubs, std::span<const uint8_t> code);

  [[nodiscard]] const std::vector<HostInstruction>& instructions() const { return original_; }
  // The original instruction that holds the byte.
  [[nodiscard]] size_t IndexOf(uint32_t offset) const;

  // Why `mutant`, whose first changed byte is at `offset`, is dangerous; empty if it is not known
  // to be.
  [[nodiscard]] std::string DangerOf(std::span<const uint8_t> mutant, uint32_t offset);
  // Why it would be to enter behind this instruction as if between two of the guest's.
  [[nodiscard]] std::string DangerOfEntryBehind(size_t index) const;
  // Why it would be to swap this instruction with the next.
  [[nodiscard]] std::string DangerOfSwap(size_t first) const;

 private:
  [[nodiscard]] std::string DangerOfInstruction(const HostInstruction& in,
                                                const HostInstruction& before) const;
  [[nodiscard]] bool IsOperandAgain(const HostInstruction& in, const cs_x86_op& operand) const;
  [[nodiscard]] bool IsWord(size_t index, uint8_t whole) const;
  [[nodiscard]] bool HasWordAsIndex(const HostInstruction& in, x86_op_mem memory) const;
  [[nodiscard]] bool IsCounter(const HostInstruction& in, const x86_op_mem& memory) const;
  [[nodiscard]] bool LoadsCounterAddress(const HostInstruction& in) const;
  [[nodiscard]] bool HasConstantOffset(size_t index) const;
  [[nodiscard]] bool IsCutSoon(const HostInstruction& in, uint8_t whole) const;
  [[nodiscard]] std::string DangerOfMemory(const HostInstruction& in, const cs_x86_op& operand,
                                           const HostInstruction& before) const;
  [[nodiscard]] std::string DangerOfTransfer(const HostInstruction& in,
                                             const HostInstruction& before) const;
  [[nodiscard]] bool IsDoubt(const HostInstruction& in) const;
  [[nodiscard]] bool IsBehindDoubt(const HostInstruction& in) const;
  // The instruction `index` was relied on by those behind it, and is now `in`.
  [[nodiscard]] std::string DangerOfLoss(size_t index, const HostInstruction& in) const;

  const Block& block_;
  const StubTable& stubs_;
  HostDisassembler disassembler_;
  std::vector<HostInstruction> original_;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_TRANSLATOR_MUTATION_REFERENCE_H_
