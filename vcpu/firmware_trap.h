// SPDX-License-Identifier: Apache-2.0
// Firmware that is not guest code: an undefined instruction may be a call of it. Implemented by the
// virtual BIOS, whose ROM holds such calls; asked before #UD is raised.
#ifndef VERBATIM_VCPU_FIRMWARE_TRAP_H_
#define VERBATIM_VCPU_FIRMWARE_TRAP_H_

#include "vcpu/cpu_state.h"
#include "vcpu/exception.h"

namespace verbatim {

enum class TrapOutcome : uint8_t {
  kNotCalled,  // it was no call: #UD
  kDone,       // its effects are in the state, eip included
};

class FirmwareTrap {
 public:
  virtual ~FirmwareTrap() = default;
  // The instruction at cs:eip is undefined. An exception is one that the call itself met; the state
  // is then as it was.
  [[nodiscard]] virtual Faultable<TrapOutcome> OnUndefined(CpuState& state) = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_FIRMWARE_TRAP_H_
