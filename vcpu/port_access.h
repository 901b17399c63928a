// SPDX-License-Identifier: Apache-2.0
// IN, OUT, INS and OUTS with the I/O privilege checks (SDM vol. 1, 19.5; vol. 2).
#ifndef VERBATIM_VCPU_PORT_ACCESS_H_
#define VERBATIM_VCPU_PORT_ACCESS_H_

#include <cstdint>

#include "decoder/instruction.h"
#include "vcpu/cpu_state.h"
#include "vcpu/exception.h"
#include "vcpu/port_io.h"
#include "vcpu/segmented_memory.h"

namespace verbatim {

class PortAccess {
 public:
  PortAccess(CpuState& state, SegmentedMemory& memory, PortIo& ports)
      : state_(state), memory_(memory), ports_(ports) {}

  // `bytes` is 1, 2 or 4; moves between the port and AL, AX or EAX.
  [[nodiscard]] Faultable<void> In(uint16_t port, unsigned bytes);
  [[nodiscard]] Faultable<void> Out(uint16_t port, unsigned bytes);

  // INS or OUTS, repeated or not. Runs up to a bounded number of iterations (one while
  // traced); true if some are left. On a fault, the registers say how many were completed.
  [[nodiscard]] Faultable<bool> InString(const GuestInstruction& instruction, unsigned bytes);
  [[nodiscard]] Faultable<bool> OutString(const GuestInstruction& instruction, unsigned bytes);

 private:
  // IOPL, else the bitmap of the TSS; #GP(0).
  [[nodiscard]] Faultable<void> CheckPermission(uint16_t port, unsigned bytes);
  [[nodiscard]] Faultable<void> CheckBitmap(uint16_t port, unsigned bytes);
  void MeetBreakpoints(uint16_t port, unsigned bytes);
  [[nodiscard]] Faultable<void> InOnce(uint32_t offset, unsigned bytes);
  [[nodiscard]] Faultable<void> OutOnce(uint8_t segment, uint32_t offset, unsigned bytes);
  template <typename Iteration>
  [[nodiscard]] Faultable<bool> Repeat(const GuestInstruction& instruction, unsigned bytes,
                                       Gpr index, Iteration iteration);

  CpuState& state_;
  SegmentedMemory& memory_;
  PortIo& ports_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_PORT_ACCESS_H_
