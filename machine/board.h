// SPDX-License-Identifier: Apache-2.0
// The wiring of the PC: which chip sits at which port and drives which line, and how the board's
// events reach the engine.
#ifndef VERBATIM_MACHINE_BOARD_H_
#define VERBATIM_MACHINE_BOARD_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/file.h"
#include "devices/debug_ports.h"
#include "devices/fpu_error.h"
#include "devices/hpet.h"
#include "devices/i440fx.h"
#include "devices/i8042.h"
#include "devices/i8254.h"
#include "devices/i8259_pair.h"
#include "devices/mc146818.h"
#include "devices/pci_config_ports.h"
#include "devices/port_bus.h"
#include "devices/reset_control.h"
#include "devices/system_control.h"
#include "devices/uart16550.h"
#include "engine/engine.h"
#include "engine/event_gate.h"
#include "firmware/bios/bios.h"
#include "firmware/boot_state.h"
#include "machine/apics.h"
#include "machine/chipset.h"
#include "machine/config.h"
#include "machine/deadline_timer.h"
#include "machine/debug_control.h"
#include "machine/disks.h"
#include "machine/display.h"
#include "machine/external_firmware.h"
#include "machine/floppies.h"
#include "machine/guest_dma.h"
#include "machine/input_queue.h"
#include "machine/machine.h"
#include "machine/user_input.h"
#include "memory/mmu.h"
#include "memory/physical_memory.h"
#include "memory/window.h"

namespace verbatim {

// Guest time: host monotonic time since power-on, without the time that a debugger has held it.
class HostClock final : public Clock {
 public:
  HostClock();
  [[nodiscard]] uint64_t NowNs() const override;
  // The host's time at guest time `ns`.
  [[nodiscard]] uint64_t MonotonicNs(uint64_t ns) const { return start_ns_ + ns; }
  // While held, it is always the same time.
  void Hold(bool hold);

 private:
  uint64_t start_ns_;
  std::optional<uint64_t> held_ns_;  // guest time
};

// One output that is wired to a line and to something else.
class BranchedLine final : public IrqLine {
 public:
  BranchedLine(IrqLine& line, std::function<void(bool)> branch)
      : line_(line), branch_(std::move(branch)) {}
  void SetLevel(bool high) override {
    line_.SetLevel(high);
    branch_(high);
  }

 private:
  IrqLine& line_;
  const std::function<void(bool)> branch_;
};

class Machine::Board final : public EventGate,
                             public InterruptObserver,
                             public PowerOffRequest,
                             public ResetRequest,
                             public A20Gate,
                             public ShadowRamControl,
                             public PortIo {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Board>> Create(const MachineConfig& config,
                                                             ByteSink& serial);

  [[nodiscard]] Result<MachineOutcome> Run();
  void RequestStop();
  void RequestPause();
  size_t QueueSerialInput(std::span<const uint8_t> bytes);
  [[nodiscard]] size_t SerialInputRoom() const { return serial_input_.Room(); }
  size_t QueueKeys(std::span<const KeyEvent> events);
  [[nodiscard]] size_t KeyRoom() const { return user_input_.KeyRoom(); }
  bool QueueMouse(const MouseEvent& event);
  [[nodiscard]] Display& display() { return display_; }
  std::optional<std::string> ChangeMedium(MediaSlot slot);
  void RequestView();
  void RequestPicture();
  [[nodiscard]] std::vector<Statistic> Statistics() const;
  [[nodiscard]] const CpuState& Cpu() const { return engine_->cpu().state(); }
  [[nodiscard]] Mmu& mmu() { return mmu_; }

  // EventGate
  void Service() override;
  [[nodiscard]] std::optional<uint64_t> SuspendTimer() override;
  [[nodiscard]] bool InterruptRequested() const override {
    const bool pics = pic_.InterruptRequested();
    return ApicEnabled() ? apics_->local().InterruptRequested(pics) : pics;
  }
  [[nodiscard]] uint8_t AcknowledgeInterrupt() override;
  void SignalFpuError() override;
  [[nodiscard]] bool StopRequested() const override {
    return Ends() || (debug_ != nullptr && debug_->PauseRequested());
  }

  // What the devices ask of the board.
  void InterruptRaised() override {}  // callouts and the run loop look at the line
  void LineChanged(unsigned irq, bool high) override {
    if (apics_ != nullptr) apics_->SetLine(irq, high);
  }
  void RequestPowerOff() override { end_ = MachineEnd::kPowerOff; }
  void RequestReset() override { end_ = MachineEnd::kReset; }
  void RequestInit() override { init_requested_ = true; }
  void SetA20(bool enabled) override;
  void SetShadow(PhysicalAddress first, uint32_t bytes, bool read_ram, bool write_ram) override;

  // PortIo: the bus, plus a look at the timers where an access may have moved a deadline.
  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  static constexpr std::array<unsigned, Hpet::kLegacyLines> kTimerIrqs = {0, 8};

  Board(const MachineConfig& config, ByteSink& serial, std::unique_ptr<PhysicalMemory> memory);
  [[nodiscard]] Status OpenFiles();
  [[nodiscard]] Status CreateEngine();
  [[nodiscard]] Status OpenDisks();
  // What can be booted, in the order in which it is tried.
  [[nodiscard]] std::vector<BiosDrive*> Drives();
  [[nodiscard]] Status OpenFirmware();
  // With the APICs.
  [[nodiscard]] std::unique_ptr<Hpet> CreateHpet();
  // Of the 8254 and the RTC, whose interrupts the HPET may replace.
  [[nodiscard]] IrqLine& TimerLine(unsigned line) {
    return hpet_ != nullptr ? hpet_->Replaced(line) : pic_.Line(kTimerIrqs[line]);
  }
  void AttachDevices();
  // Loads the guest's files and puts processor and devices into their state at power-on.
  [[nodiscard]] Status PowerOn();
  // The processor was asked to restart alone, or died. False if this ends the run or resets it all.
  [[nodiscard]] bool Restart();
  void CreateBios();
  struct KernelFiles {
    std::vector<uint8_t> kernel;
    std::optional<std::vector<uint8_t>> initrd;
  };
  [[nodiscard]] Result<KernelFiles> ReadKernelFiles();
  // Refers to `files`.
  [[nodiscard]] BootFiles AsBootFiles(const KernelFiles& files) const;
  [[nodiscard]] Result<BootState> LoadKernel();
  void StartProcessor(const BootState& boot);
  void StartBios();
  void UseLowResetVector();
  // Switched on in IA32_APIC_BASE; else the 8259s are the processor's.
  [[nodiscard]] bool ApicEnabled() const {
    return apics_ != nullptr && (engine_->cpu().state().apic_base & kApicBaseEnable) != 0;
  }
  [[nodiscard]] std::optional<uint64_t> NextDeadline() const;
  void UpdateDeadline();
  void FeedSerial();
  // What the guest or the user has asked for means that it does not go on.
  [[nodiscard]] bool Ends() const {
    return stop_requested_.load(std::memory_order_relaxed) || end_.has_value() || init_requested_;
  }
  void CreateDebugControl();
  // Doing so twice has no effect.
  void HoldClocks(bool hold);
  // The end that the debugger wants, if it does; a reset by it has been carried out.
  [[nodiscard]] Result<std::optional<MachineEnd>> FollowDebugger();

  const MachineConfig config_;
  // Open from the start: at a reset the process may be confined, and could not open them again.
  std::optional<ReadableFile> kernel_;
  std::optional<ReadableFile> initrd_;
  HostClock clock_;
  std::unique_ptr<PhysicalMemory> memory_;
  Mmu mmu_;
  std::unique_ptr<WindowSet> windows_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<DebugControl> debug_;  // null: no debugger
  std::optional<uint64_t> held_tsc_;     // the host's, when the clocks were held; none: they run

  PortBus bus_;
  std::unique_ptr<Apics> apics_;  // null: none
  I8259Pair pic_;
  std::unique_ptr<Hpet> hpet_;  // where there are APICs
  I8254 pit_;
  SystemControlPortB port_b_;
  A20OrGate a20_gate_;
  SystemControlPortA port_a_;
  BranchedLine rtc_line_;  // IRQ 8 and the power management
  Mc146818 rtc_;
  Uart16550 com1_;
  I8042 keyboard_;
  PostCodePort post_;
  FpuErrorLatch fpu_error_;
  DebugExitPort debug_exit_;
  ResetControl reset_control_;
  PciConfigPorts pci_;
  I440Fx host_bridge_;
  Chipset chipset_;
  GuestDma dma_;
  Display display_;
  std::unique_ptr<ExternalFirmware> firmware_;  // null: this program is the firmware
  std::unique_ptr<Disks> disks_;                // null: none
  Floppies floppies_;
  std::unique_ptr<Bios> bios_;
  std::vector<Device*> devices_;
  std::vector<Device*> timed_devices_;

  InputQueue serial_input_;
  UserInput user_input_;
  DeadlineTimer deadline_;
  std::atomic<bool> stop_requested_ = false;
  std::optional<MachineEnd> end_;
  bool init_requested_ = false;
  uint8_t debug_value_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_BOARD_H_
