// SPDX-License-Identifier: Apache-2.0
// The I/O port space as the virtual CPU sees it (SDM vol. 1, chapter 19). Implemented by the port
// bus of the machine.
#ifndef VERBATIM_VCPU_PORT_IO_H_
#define VERBATIM_VCPU_PORT_IO_H_

#include <cstdint>

namespace verbatim {

class PortIo {
 public:
  virtual ~PortIo() = default;
  // `bytes` is 1, 2 or 4. A read returns the value in its low bits, the rest zero; a port that
  // nobody decodes reads as all ones.
  virtual uint32_t ReadPort(uint16_t port, unsigned bytes) = 0;
  virtual void WritePort(uint16_t port, unsigned bytes, uint32_t value) = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_PORT_IO_H_
