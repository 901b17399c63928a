// SPDX-License-Identifier: Apache-2.0
// The engine under a debugger: runs it from stop to stop, asks the debugger at each what next, and
// is the machine that the debugger sees meanwhile.
//
// A debugger changes nothing that the guest can measure: breakpoints are not in memory, page tables
// are read without setting A and D, and clocks stand still during a stop.
#ifndef VERBATIM_MACHINE_DEBUG_CONTROL_H_
#define VERBATIM_MACHINE_DEBUG_CONTROL_H_

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "machine/debugger.h"
#include "memory/mmu.h"

namespace verbatim {

class DebugControl final : public DebugTarget {
 public:
  struct Connections {
    Debugger& debugger;
    Engine& engine;
    Mmu& mmu;
    std::function<void(bool)> hold_clocks;               // true: they stand still
    std::function<bool()> ends;                          // the run, or the guest's session
    std::function<std::vector<Statistic>()> statistics;  // of the machine
  };
  // What the debugger wants of the machine as a whole.
  enum class Wish : uint8_t { kNone, kReset, kQuit };

  explicit DebugControl(Connections connections) : to_(std::move(connections)) {}

  // As Engine::Run; the debugger's stops are dealt with within. Look at TakeWish behind it.
  [[nodiscard]] Result<RunResult> Run();
  // The guest died: the debugger may look at it.
  void OnDied() { Stop({.stop = DebugStop::kDied}); }
  // The machine has been reset by TakeWish's wish.
  void OnReset() { first_ = DebugStop::kReset; }
  [[nodiscard]] Wish TakeWish() { return std::exchange(wish_, Wish::kNone); }

  // Any thread, signal handlers too; the caller kicks the engine.
  void RequestPause() { pause_requested_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool PauseRequested() const {
    return pause_requested_.load(std::memory_order_relaxed);
  }
  void Wake() { to_.debugger.Wake(); }

  // DebugTarget
  CpuState& state() override { return to_.engine.cpu().state(); }
  void SynchronizePaging() override { to_.engine.cpu().SynchronizePaging(); }
  void SaveFpu(std::span<uint8_t, kFxsaveWrittenBytes> image) override;
  bool LoadFpu(std::span<const uint8_t, kFxsaveWrittenBytes> image) override;
  bool has_efer() const override { return to_.engine.cpu().model().features.nx; }
  std::expected<Translation, PageFault> Translate(LinearAddress address) override;
  size_t ReadMemory(LinearAddress address, std::span<uint8_t> bytes) override;
  size_t ReadPhysical(PhysicalAddress address, std::span<uint8_t> bytes) override;
  bool WriteMemory(LinearAddress address, std::span<const uint8_t> bytes) override;
  bool WritePhysical(PhysicalAddress address, std::span<const uint8_t> bytes) override;
  void AddBreakpoint(LinearAddress address) override { to_.engine.AddBreakpoint(address); }
  void RemoveBreakpoint(LinearAddress address) override { to_.engine.RemoveBreakpoint(address); }
  bool HasBreakpoint(LinearAddress address) const override {
    return to_.engine.breakpoints().Contains(address);
  }
  void AddWatchpoint(const Watchpoint& watchpoint) override { to_.engine.watch().Add(watchpoint); }
  void RemoveWatchpoint(const Watchpoint& watchpoint) override {
    to_.engine.watch().Remove(watchpoint);
  }
  std::string Registers() override { return to_.engine.CrashReport(); }
  std::vector<Statistic> Statistics() override { return to_.statistics(); }

 private:
  // Where the debugger was told that the guest stands.
  struct Place {
    uint32_t eip = 0;
    uint32_t cs_base = 0;

    friend bool operator==(const Place&, const Place&) = default;
  };

  void Stop(const DebugEvent& event);
  [[nodiscard]] Place Here();
  // Nothing is where no event is to be reported: the run has ended for another reason.
  [[nodiscard]] std::optional<DebugEvent> EventOf(RunResult result);

  Connections to_;
  std::atomic<bool> pause_requested_ = false;
  std::optional<DebugStop> first_ = DebugStop::kPowerOn;
  DebugAction action_ = DebugAction::kRun;
  std::optional<Place> reported_;  // of the last stop
  Wish wish_ = Wish::kNone;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_DEBUG_CONTROL_H_
