// SPDX-License-Identifier: Apache-2.0
// A debugger outside of the guest, as the machine sees it, and the machine as that debugger does.
//
// The machine calls Debugger::OnStop on the thread of Machine::Run, and the guest stands still, its
// clocks too, until it returns. Only meanwhile may the DebugTarget be used.
#ifndef VERBATIM_MACHINE_DEBUGGER_H_
#define VERBATIM_MACHINE_DEBUGGER_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "machine/statistic.h"
#include "memory/paging.h"
#include "vcpu/access_watch.h"
#include "vcpu/cpu_state.h"
#include "vcpu/fpu_image.h"

namespace verbatim {

enum class DebugStop : uint8_t {
  kPowerOn,     // in front of the guest's first instruction
  kReset,       // likewise, after DebugAction::kReset
  kPause,       // Machine::RequestPause
  kStep,        // DebugAction::kStep is through
  kBreakpoint,  // in front of an instruction at one
  kWatchpoint,  // behind an instruction that met one
  kDied,        // the guest died: nothing of it runs again, whatever is answered, unless reset
};

struct DebugEvent {
  DebugStop stop = DebugStop::kPause;
  std::optional<Watchpoint> watchpoint{};  // kWatchpoint
};

enum class DebugAction : uint8_t {
  kRun,    // in front of a breakpoint that has just been reported, over it
  kStep,   // one instruction; no interrupt comes before it
  kReset,  // as the reset button; stops again in front of the first instruction
  kQuit,   // ends the run
};

class DebugTarget {
 public:
  virtual ~DebugTarget() = default;

  // What it holds must be what a processor can hold: segment registers and control registers fit to
  // the mode, reserved bits as they are. After a change of CR3, SynchronizePaging.
  [[nodiscard]] virtual CpuState& state() = 0;
  virtual void SynchronizePaging() = 0;
  // As FXSAVE and FXRSTOR; false for bits of MXCSR that are reserved.
  virtual void SaveFpu(std::span<uint8_t, kFxsaveWrittenBytes> image) = 0;
  [[nodiscard]] virtual bool LoadFpu(std::span<const uint8_t, kFxsaveWrittenBytes> image) = 0;
  [[nodiscard]] virtual bool has_efer() const = 0;

  // How the present page tables map it for a read of the kernel; changes nothing.
  [[nodiscard]] virtual std::expected<Translation, PageFault> Translate(LinearAddress address) = 0;
  // How many bytes could be read, from the first on. Devices are not read: that may have effects.
  [[nodiscard]] virtual size_t ReadMemory(LinearAddress address, std::span<uint8_t> bytes) = 0;
  [[nodiscard]] virtual size_t ReadPhysical(PhysicalAddress address, std::span<uint8_t> bytes) = 0;
  // All or nothing, RAM only; protection against writes does not count.
  [[nodiscard]] virtual bool WriteMemory(LinearAddress address, std::span<const uint8_t> bytes) = 0;
  [[nodiscard]] virtual bool WritePhysical(PhysicalAddress address,
                                           std::span<const uint8_t> bytes) = 0;

  // Linear addresses, in whatever address space. Adding what is there has no effect.
  virtual void AddBreakpoint(LinearAddress address) = 0;
  virtual void RemoveBreakpoint(LinearAddress address) = 0;
  [[nodiscard]] virtual bool HasBreakpoint(LinearAddress address) const = 0;
  virtual void AddWatchpoint(const Watchpoint& watchpoint) = 0;
  virtual void RemoveWatchpoint(const Watchpoint& watchpoint) = 0;

  // For a human: registers, segments, the last blocks; and the figures of --stats.
  [[nodiscard]] virtual std::string Registers() = 0;
  [[nodiscard]] virtual std::vector<Statistic> Statistics() = 0;
};

class Debugger {
 public:
  virtual ~Debugger() = default;
  // Returns soon after Wake was called.
  [[nodiscard]] virtual DebugAction OnStop(const DebugEvent& event, DebugTarget& target) = 0;
  // The run shall end. Any thread, signal handlers too.
  virtual void Wake() = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_DEBUGGER_H_
