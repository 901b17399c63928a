// SPDX-License-Identifier: Apache-2.0
// The effect of one host instruction on the abstract state, and whether the state permits it.
// Complaints are texts; nullptr means that all is well.
#ifndef VERBATIM_TRANSLATOR_VALIDATOR_DATAFLOW_H_
#define VERBATIM_TRANSLATOR_VALIDATOR_DATAFLOW_H_

#include <cstdint>

#include "codecache/block.h"
#include "translator/site.h"
#include "translator/stub_table.h"
#include "translator/validator/abstract_state.h"
#include "translator/validator/host_instruction.h"

namespace verbatim::validator {

using Complaint = const char*;

class Dataflow {
 public:
  Dataflow(const Block& block, const StubTable& stubs, const SiteTable& sites)
      : block_(block), stubs_(stubs), sites_(sites) {}

  // Everything but transfers of control.
  [[nodiscard]] Complaint Step(State& state, const HostInstruction& in) const;

  // A jump to `target`, outside the block.
  [[nodiscard]] Complaint Leave(const State& state, const uint8_t* target) const;
  [[nodiscard]] bool IsDoubt(const uint8_t* target) const {
    return target == stubs_.entry_doubt || target == stubs_.return_doubt ||
           target == stubs_.guess_doubt;
  }
  // A return, or a jump or call by register.
  [[nodiscard]] Complaint LeaveIndirectly(const State& state, const HostInstruction& in) const;
  // A call of a stub, which comes back. Sets `state` to what it is then; `is_stub` tells whether
  // the target is such a stub at all.
  [[nodiscard]] Complaint CallStub(State& state, const uint8_t* target, bool& is_stub) const;

 private:
  [[nodiscard]] Complaint Access(State& state, const HostInstruction& in, Value& loaded) const;
  [[nodiscard]] Complaint AccessWindow(const State& state, const HostInstruction& in) const;
  [[nodiscard]] Complaint AccessContext(const State& state, const HostInstruction& in,
                                        Value& loaded) const;
  // Of the block's own counts of executions.
  [[nodiscard]] bool IsCounter(int64_t address) const;
  [[nodiscard]] Complaint AccessPageRights(const State& state, const HostInstruction& in) const;
  [[nodiscard]] Complaint AccessOperand(const State& state, const HostInstruction& in,
                                        const Value& pointer) const;
  [[nodiscard]] Complaint AccessJumpTable(const State& state, const HostInstruction& in,
                                          Value& loaded) const;
  [[nodiscard]] Complaint Plain(State& state, const HostInstruction& in) const;
  [[nodiscard]] Complaint Move(State& state, const HostInstruction& in) const;
  [[nodiscard]] Complaint LoadAddress(State& state, const HostInstruction& in) const;
  [[nodiscard]] Complaint Compute(State& state, const HostInstruction& in) const;
  [[nodiscard]] Complaint UseStack(State& state, const HostInstruction& in) const;
  [[nodiscard]] Complaint StringMove(State& state, const HostInstruction& in) const;
  [[nodiscard]] Complaint MaskedMove(const State& state, const HostInstruction& in) const;
  [[nodiscard]] const Site* SiteOf(const Value& value) const;

  const Block& block_;
  const StubTable& stubs_;
  const SiteTable& sites_;
};

}  // namespace verbatim::validator

#endif  // VERBATIM_TRANSLATOR_VALIDATOR_DATAFLOW_H_
