// SPDX-License-Identifier: Apache-2.0
// Who wants to know of exceptions and software interrupts before they are delivered: those that an
// instruction raises and those that a delivery itself meets, one by one.
#ifndef VERBATIM_VCPU_CPU_OBSERVER_H_
#define VERBATIM_VCPU_CPU_OBSERVER_H_

#include <cstdint>

#include "vcpu/exception.h"

namespace verbatim {

class CpuObserver {
 public:
  virtual ~CpuObserver() = default;
  virtual void OnException(const Exception& exception) = 0;
  virtual void OnSoftwareInterrupt(uint8_t vector) = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_CPU_OBSERVER_H_
