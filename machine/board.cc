// SPDX-License-Identifier: Apache-2.0
#include "machine/board.h"

#include <sys/mman.h>
#include <x86intrin.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/monotonic_clock.h"
#include "firmware/acpi_tables.h"
#include "firmware/bios/call_trace.h"
#include "firmware/loader.h"
#include "firmware/memory_map.h"
#include "machine/boot_order.h"
#include "vcpu/descriptor_tables.h"

namespace verbatim {
namespace {

// Of a kernel for a small machine: an ELF file has more than is loaded.
constexpr uint64_t kAlwaysFineBytes = 64 << 20;
constexpr unsigned kTimerIrq = 0;
constexpr unsigned kFloppyIrq = 6;
constexpr unsigned kFpuIrq = 13;
constexpr unsigned kPrimaryIdeIrq = 14;
constexpr unsigned kSecondaryIdeIrq = 15;
constexpr uint16_t kCom1Data = 0x3F8;

// Whether an access to the port can move the next event of a device. Most reads only look, and a
// character sent is gone at once.
bool ReadMovesDeadline(uint16_t port) {
  return port == 0x60 || (port & 0xFFFE) == 0x70 || port == kCom1Data ||
         Floppies::MovesDeadline(port);
}

bool WriteMovesDeadline(uint16_t port) {
  return (port >= 0x40 && port <= 0x43) || (port >= 0x60 && port <= 0x64) ||
         (port & 0xFFFE) == 0x70 || (port > kCom1Data && port < kCom1Data + Uart16550::kPorts) ||
         Floppies::MovesDeadline(port);
}

}  // namespace

HostClock::HostClock() : start_ns_(MonotonicNowNs()) {}

uint64_t HostClock::NowNs() const { return held_ns_ ? *held_ns_ : MonotonicNowNs() - start_ns_; }

void HostClock::Hold(bool hold) {
  if (hold == held_ns_.has_value()) return;
  if (hold) {
    held_ns_ = NowNs();
  } else {
    start_ns_ = MonotonicNowNs() - *held_ns_;
    held_ns_.reset();
  }
}

Result<std::unique_ptr<Machine::Board>> Machine::Board::Create(const MachineConfig& config,
                                                               ByteSink& serial) {
  Result<std::unique_ptr<PhysicalMemory>> memory = PhysicalMemory::Create(config.memory_bytes);
  if (!memory) return std::unexpected(memory.error());
  std::unique_ptr<Board> board(new Board(config, serial, std::move(*memory)));
  if (Status opened = board->OpenFiles(); !opened) return std::unexpected(opened.error());
  if (Status made = board->CreateEngine(); !made) return std::unexpected(made.error());
  if (Status opened = board->OpenDisks(); !opened) return std::unexpected(opened.error());
  if (Status opened = board->OpenFirmware(); !opened) return std::unexpected(opened.error());
  board->AttachDevices();
  if (board->firmware_ == nullptr) board->CreateBios();
  if (Status on = board->PowerOn(); !on) return std::unexpected(on.error());
  board->CreateDebugControl();
  if (Status made = board->deadline_.Create(KickSignal()); !made) {
    return std::unexpected(made.error());
  }
  return board;
}

Machine::Board::Board(const MachineConfig& config, ByteSink& serial,
                      std::unique_ptr<PhysicalMemory> memory)
    : config_(config),
      memory_(std::move(memory)),
      mmu_(*memory_),
      pic_(*this),
      hpet_(CreateHpet()),
      pit_(clock_, TimerLine(0)),
      port_b_(pit_),
      a20_gate_(*this),
      port_a_(a20_gate_.Input(A20OrGate::kPort92), *this),
      rtc_line_(TimerLine(1), [this](bool high) { chipset_.SetRtcLine(high); }),
      rtc_(clock_, rtc_line_,
           {.unix_seconds = ::time(nullptr),
            .memory_below_4g_bytes = config.memory_bytes,
            .boot_order = BootKinds(config)}),
      com1_(clock_, pic_.Line(4), serial,
            {.name = "com1", .on_receiver_empty = [this] { FeedSerial(); }}),
      keyboard_(clock_, pic_.Line(1), pic_.Line(12),
                a20_gate_.Input(A20OrGate::kKeyboardController), *this),
      fpu_error_(pic_.Line(kFpuIrq)),
      debug_exit_([this](uint32_t value) {
        debug_value_ = static_cast<uint8_t>(value);
        end_ = MachineEnd::kDebugExit;
      }),
      reset_control_(*this),
      pci_(reset_control_),
      host_bridge_(*this),
      chipset_(clock_, pic_, *this),
      dma_(*memory_),
      display_(clock_, *memory_),
      floppies_(clock_, dma_, pic_.Line(kFloppyIrq)),
      user_input_(keyboard_) {
  if (!config_.apic) return;
  apics_ = std::make_unique<Apics>(clock_, *memory_, [this] { UpdateDeadline(); });
  chipset_.DescribeApics();
}

std::unique_ptr<Hpet> Machine::Board::CreateHpet() {
  if (!config_.apic) return nullptr;
  auto hpet = std::make_unique<Hpet>(
      clock_, Hpet::Connections{
                  .legacy = {&pic_.Line(kTimerIrqs[0]), &pic_.Line(kTimerIrqs[1])},
                  .set_input = [this](unsigned input, bool high) { apics_->SetInput(input, high); },
                  .on_deadline = [this] { UpdateDeadline(); }});
  memory_->AddDevice(Hpet::kAddress, Hpet::kBytes, hpet.get());
  return hpet;
}

Status Machine::Board::OpenFiles() {
  if (config_.kernel_path.empty()) return {};
  // Files are read whole: none may take more of the host's memory than the guest may.
  Result<ReadableFile> kernel =
      ReadableFile::Open(config_.kernel_path, std::max(config_.memory_bytes, kAlwaysFineBytes));
  if (!kernel) return std::unexpected(kernel.error());
  kernel_ = *std::move(kernel);
  if (!config_.initrd_path) return {};
  Result<ReadableFile> initrd = ReadableFile::Open(*config_.initrd_path, config_.memory_bytes);
  if (!initrd) return std::unexpected(initrd.error());
  initrd_ = *std::move(initrd);
  return {};
}

Status Machine::Board::CreateEngine() {
  const std::optional<CpuModel> model = FindCpuModel(config_.cpu_model, config_.apic);
  if (!model) {
    return Fail("'{}' is not a CPU model: expected core2 or pentium3", config_.cpu_model);
  }
  Result<std::unique_ptr<WindowSet>> windows = WindowSet::Create(mmu_, {});
  if (!windows) return std::unexpected(windows.error());
  windows_ = std::move(*windows);
  Result<std::unique_ptr<Engine>> engine = Engine::Create(
      mmu_, *windows_, *this, *model, *this,
      {.code_cache_bytes = config_.code_cache_bytes,
       .count_executions = config_.dynamic_statistics,
       .end_at_branches = config_.end_at_branches,
       .account_time = config_.account_time,
       .code_backing = config_.anonymous_code ? CodeBacking::kAnonymous : CodeBacking::kMemfd,
       .observer = config_.observer,
       .validate = config_.validate.value_or(kValidateByDefault),
       .describe_block = config_.describe_block,
       .optimisations = config_.optimisations});
  if (!engine) return std::unexpected(engine.error());
  engine_ = std::move(*engine);
  if (apics_ != nullptr) engine_->cpu().SetApicBaseObserver(apics_.get());
  return {};
}

Status Machine::Board::OpenDisks() {
  if (Status opened = floppies_.Open(
          config_.floppies, rtc_, [this] { engine_->Kick(); }, [this] { return StopRequested(); });
      !opened) {
    return opened;
  }
  // Firmware of others looks for the controller that its chipset has, drives or none.
  if (config_.disks.empty() && !config_.firmware) return {};
  Result<std::unique_ptr<Disks>> disks = Disks::Open(
      config_.disks, dma_, pic_.Line(kPrimaryIdeIrq), pic_.Line(kSecondaryIdeIrq),
      [this] { engine_->Kick(); }, [this] { return StopRequested(); });
  if (!disks) return std::unexpected(disks.error());
  disks_ = *std::move(disks);
  return {};
}

std::vector<BiosDrive*> Machine::Board::Drives() {
  std::vector<BiosDrive*> drives = floppies_.BiosDrives();
  if (disks_ != nullptr) {
    for (BiosDrive* drive : disks_->BiosDrives()) drives.push_back(drive);
  }
  return drives;
}

Status Machine::Board::OpenFirmware() {
  if (!config_.firmware) return {};
  Result<std::unique_ptr<ExternalFirmware>> firmware =
      ExternalFirmware::Open(config_, *memory_, dma_, chipset_, display_);
  if (!firmware) return std::unexpected(firmware.error());
  firmware_ = *std::move(firmware);
  if (kernel_) {
    const Result<KernelFiles> files = ReadKernelFiles();
    if (!files) return std::unexpected(files.error());
    const Status added =
        firmware_->AddKernel(*config_.firmware, AsBootFiles(*files), config_.memory_bytes);
    if (!added) return added;
  }
  firmware_->SetBootOrder(InBootOrder(Drives(), BootLetters(config_)));
  return {};
}

void Machine::Board::AttachDevices() {
  pic_.Attach(bus_);
  pit_.Attach(bus_);
  port_b_.Attach(bus_);
  port_a_.Attach(bus_);
  rtc_.Attach(bus_);
  com1_.Attach(bus_);
  keyboard_.Attach(bus_);
  post_.Attach(bus_);
  fpu_error_.Attach(bus_);
  debug_exit_.Attach(bus_);
  pci_.Attach(bus_);
  pci_.Add(0, 0, host_bridge_);
  chipset_.Attach(bus_, pci_);
  devices_ = {&pic_,      &pit_,  &port_b_,    &port_a_, &rtc_,           &com1_,
              &keyboard_, &post_, &fpu_error_, &pci_,    &reset_control_, &host_bridge_};
  for (Device* device : chipset_.devices()) devices_.push_back(device);
  display_.Attach(bus_, pci_);
  display_.SetKick([this] { engine_->Kick(); });
  for (Device* device : display_.devices()) devices_.push_back(device);
  floppies_.Attach(bus_);
  for (Device* device : floppies_.devices()) devices_.push_back(device);
  if (disks_ != nullptr) {
    disks_->Attach(bus_, pci_);
    for (Device* device : disks_->devices()) devices_.push_back(device);
  }
  if (firmware_ != nullptr) {
    firmware_->Attach(bus_);
    for (Device* device : firmware_->devices()) devices_.push_back(device);
  }
  timed_devices_ = {
      &pit_, &rtc_, &com1_, &keyboard_, &chipset_.timed_device(), &floppies_.timed_device()};
  if (apics_ != nullptr) {
    for (Device* device : apics_->devices()) devices_.push_back(device);
    devices_.push_back(hpet_.get());
    timed_devices_.push_back(&apics_->local());
    timed_devices_.push_back(hpet_.get());
  }
}

void Machine::Board::CreateBios() {
  BiosMachine machine{.mmu = mmu_, .ports = *this, .clock = clock_, .memory_map = {}, .drives = {}};
  if (auto map = BuildMemoryMap(config_.memory_bytes)) machine.memory_map = *std::move(map);
  machine.drives = Drives();
  machine.boot_order = {std::string(BootLetters(config_)), config_.boot_menu};
  machine.power_port = chipset_.Acpi().pm1a_control_port;
  machine.apic = chipset_.Acpi().apic;
  machine.sci_irq = chipset_.Acpi().sci_irq;
  if (const auto model = FindCpuModel(config_.cpu_model, config_.apic)) {
    machine.processor = model->Query(1, 0, config_.apic);
  }
  bios_ = std::make_unique<Bios>(std::move(machine));
  if (config_.bios_trace != nullptr) bios_->SetObserver(TraceBiosCalls(*config_.bios_trace));
  engine_->SetFirmwareTrap(bios_.get());
}

Status Machine::Board::PowerOn() {
  end_.reset();
  init_requested_ = false;
  for (Device* device : devices_) device->Reset();
  if (firmware_ != nullptr) {
    // Memory holds what it held: at power-on zeros, at a reset what firmware may look for.
    engine_->DropTranslations();
    engine_->cpu().Reset();
    return {};
  }
  floppies_.Configure();
  host_bridge_.ShadowAsFirmware();
  chipset_.ConfigureAsFirmware();
  // RAM reads as zero after power-on; giving its pages back is the fastest way there.
  const std::span<uint8_t> ram = memory_->ram();
  ::madvise(ram.data(), ram.size(), MADV_REMOVE);
  display_.ClearMemory();
  engine_->DropTranslations();

  // The BIOS works through the processor's view of memory.
  engine_->cpu().Reset();
  engine_->cpu().SynchronizePaging();
  if (apics_ != nullptr) apics_->local().ConfigureAsFirmware();
  bios_->InstallRom();
  const Result<PhysicalAddress> rsdp = WriteAcpiTables(ram, chipset_.Acpi());
  if (!rsdp) return std::unexpected(rsdp.error());
  host_bridge_.ProtectAsFirmware();
  if (!kernel_) {
    StartBios();
    return {};
  }
  bios_->PowerOnSelfTest();
  const Result<BootState> boot = LoadKernel();
  if (!boot) return std::unexpected(boot.error());
  StartProcessor(*boot);
  return {};
}

Result<Machine::Board::KernelFiles> Machine::Board::ReadKernelFiles() {
  KernelFiles files;
  Result<std::vector<uint8_t>> kernel = kernel_->Read();
  if (!kernel) return std::unexpected(kernel.error());
  files.kernel = *std::move(kernel);
  if (!initrd_) return files;
  Result<std::vector<uint8_t>> initrd = initrd_->Read();
  if (!initrd) return std::unexpected(initrd.error());
  files.initrd = *std::move(initrd);
  return files;
}

BootFiles Machine::Board::AsBootFiles(const KernelFiles& files) const {
  BootFiles named{.kernel = {config_.kernel_path, files.kernel}};
  named.command_line = config_.command_line;
  if (files.initrd) named.initrd = InputFile{*config_.initrd_path, *files.initrd};
  return named;
}

Result<BootState> Machine::Board::LoadKernel() {
  const Result<KernelFiles> files = ReadKernelFiles();
  if (!files) return std::unexpected(files.error());
  const Result<std::vector<MemoryMapEntry>> map = BuildMemoryMap(config_.memory_bytes);
  if (!map) return std::unexpected(map.error());
  return LoadGuest(memory_->ram(), AsBootFiles(*files), {.memory_map = *map});
}

// The virtual BIOS has its reset vector below 1 MiB only.
void Machine::Board::UseLowResetVector() {
  SegmentRegister& code = engine_->cpu().state().segments[kCs];
  code.base = static_cast<uint32_t>(code.selector) << 4;
}

void Machine::Board::StartBios() {
  VirtualCpu& cpu = engine_->cpu();
  cpu.Reset();
  UseLowResetVector();
  cpu.state().tsc_offset = 0 - __rdtsc();
  cpu.SynchronizePaging();
}

void Machine::Board::StartProcessor(const BootState& boot) {
  constexpr uint16_t kFlatCode = 0xC09B;  // present, execute/read, accessed, 32 bits, 4 KiB units
  constexpr uint16_t kFlatData = 0xC093;
  VirtualCpu& cpu = engine_->cpu();
  cpu.Reset();
  CpuState& state = cpu.state();
  state.eip = boot.eip.value;
  state.gpr = {boot.eax, boot.ecx, boot.edx, boot.ebx, boot.esp, boot.ebp, boot.esi, boot.edi};
  state.eflags = boot.eflags;
  state.cr0 = boot.cr0;
  state.cpl = 0;
  if (boot.mode == BootMode::kReal) {
    // The limits and rights of reset stay.
    for (SegmentRegister& segment : state.segments) LoadRealMode(segment, boot.data_selector);
    LoadRealMode(state.segments[kCs], boot.code_selector);
  } else {
    state.segments.fill({boot.data_selector, kFlatData, 0, 0xFFFFFFFFu});
    state.segments[kCs] = {boot.code_selector, kFlatCode, 0, 0xFFFFFFFFu};
    state.gdtr = {boot.gdt_base.value, boot.gdt_limit};
  }
  state.tsc_offset = 0 - __rdtsc();
  cpu.SynchronizePaging();
}

bool Machine::Board::Restart() {
  const bool died = engine_->cpu().state().shutdown;
  if (end_ || stop_requested_) return false;
  if (!died && !std::exchange(init_requested_, false)) return false;
  // A guest that wants to get back from protected mode says so in CMOS first, and may reach the
  // reset by a triple fault. Otherwise one is a crash, and a reset the end of a session.
  const bool wanted = rtc_.ShutdownStatus() != 0;
  if (firmware_ != nullptr ? wanted || (!died && config_.reboot) : wanted) {
    engine_->cpu().Init();
    if (apics_ != nullptr) apics_->local().Reset();
    if (firmware_ == nullptr) {
      UseLowResetVector();
      if (apics_ != nullptr) apics_->local().ConfigureAsFirmware();
    }
    return true;
  }
  if (!died) end_ = MachineEnd::kReset;
  return false;
}

Result<MachineOutcome> Machine::Board::Run() {
  HoldClocks(false);
  while (true) {
    const Result<RunResult> result = debug_ != nullptr ? debug_->Run() : engine_->Run();
    if (!result) return std::unexpected(result.error());
    // What the guest showed last is seen even if it ends, or starts again, at once.
    display_.RequestView();
    display_.Service();
    MachineOutcome outcome;
    if (Restart()) continue;
    if (debug_ != nullptr) {
      if (*result == RunResult::kShutdown && !stop_requested_) debug_->OnDied();
      const auto wish = FollowDebugger();
      if (!wish) return std::unexpected(wish.error());
      if (*wish == MachineEnd::kReset) continue;
      if (*wish) {
        outcome.end = **wish;
        return outcome;
      }
    }
    if (*result == RunResult::kShutdown) {
      outcome.end = MachineEnd::kDied;
      outcome.crash_report = engine_->CrashReport();
      return outcome;
    }
    // A stop requested from here on is for the next run.
    if (stop_requested_.exchange(false)) {
      HoldClocks(true);
      return outcome;
    }
    outcome.end = end_.value_or(MachineEnd::kStopped);
    outcome.debug_value = debug_value_;
    if (outcome.end != MachineEnd::kReset || !config_.reboot) return outcome;
    if (Status on = PowerOn(); !on) return std::unexpected(on.error());
  }
}

void Machine::Board::RequestStop() {
  stop_requested_ = true;
  engine_->Kick();
  if (debug_ != nullptr) debug_->Wake();
}

std::optional<std::string> Machine::Board::ChangeMedium(MediaSlot slot) {
  if (slot == MediaSlot::kCdrom && disks_ == nullptr) return std::nullopt;
  MediaChanger& changer = slot == MediaSlot::kCdrom
                              ? disks_->changer()
                              : floppies_.changer(slot == MediaSlot::kFloppyB);
  std::optional<std::string> path = changer.Next();
  if (path) engine_->Kick();
  return path;
}

void Machine::Board::RequestView() {
  display_.RequestView();
  engine_->Kick();
}

void Machine::Board::RequestPicture() {
  display_.RequestPicture();
  engine_->Kick();
}

size_t Machine::Board::QueueSerialInput(std::span<const uint8_t> bytes) {
  const size_t taken = serial_input_.Put(bytes);
  if (taken != 0) engine_->Kick();
  return taken;
}

size_t Machine::Board::QueueKeys(std::span<const KeyEvent> events) {
  const size_t taken = user_input_.PutKeys(events);
  if (taken != 0) engine_->Kick();
  return taken;
}

bool Machine::Board::QueueMouse(const MouseEvent& event) {
  const bool taken = user_input_.PutMouse(event);
  if (taken) engine_->Kick();
  return taken;
}

void Machine::Board::FeedSerial() {
  std::array<uint8_t, Uart16550::kFifoBytes> bytes;
  const size_t room = std::min<size_t>(com1_.ReceiveRoom(), bytes.size());
  if (room == 0) return;
  const size_t count = serial_input_.Take(std::span(bytes).first(room));
  if (count != 0) com1_.Receive(std::span(bytes).first(count));
}

void Machine::Board::Service() {
  deadline_.Expired();
  const uint64_t now = clock_.NowNs();
  // Before the keyboard's time goes on: a key that shall be up by now does not repeat, though the
  // host has let this thread wait. All input comes before media: who answers a question for the
  // next disk has put it in, so that with the answer the disk is there.
  user_input_.Service(now);
  for (Device* device : timed_devices_) device->AdvanceTo(now);
  FeedSerial();
  floppies_.Service([this] { return StopRequested(); });
  if (disks_ != nullptr) disks_->Service([this] { return StopRequested(); });
  display_.Service();
  UpdateDeadline();
}

std::optional<uint64_t> Machine::Board::NextDeadline() const {
  std::optional<uint64_t> next = user_input_.NextEventNs();
  for (const Device* device : timed_devices_) {
    const std::optional<uint64_t> event = device->NextEventNs();
    if (event && (!next || *event < *next)) next = event;
  }
  return next ? std::optional(clock_.MonotonicNs(*next)) : std::nullopt;
}

void Machine::Board::UpdateDeadline() { deadline_.Arm(NextDeadline()); }

std::optional<uint64_t> Machine::Board::SuspendTimer() {
  deadline_.Arm(std::nullopt);
  return NextDeadline();
}

uint32_t Machine::Board::ReadPort(uint16_t port, unsigned bytes) {
  const uint32_t value = bus_.ReadPort(port, bytes);
  if (ReadMovesDeadline(port)) UpdateDeadline();
  return value;
}

void Machine::Board::WritePort(uint16_t port, unsigned bytes, uint32_t value) {
  bus_.WritePort(port, bytes, value);
  if (WriteMovesDeadline(port) || chipset_.MovesDeadline(port)) UpdateDeadline();
}

uint8_t Machine::Board::AcknowledgeInterrupt() {
  const std::optional<uint8_t> vector =
      ApicEnabled() ? apics_->local().Acknowledge() : std::nullopt;
  if (vector) return *vector;
  const bool timer_waited = pic_.Waits(kTimerIrq);
  const uint8_t taken = pic_.Acknowledge();
  if (timer_waited && !pic_.Waits(kTimerIrq)) pit_.TickTaken();
  return taken;
}

void Machine::Board::SignalFpuError() { fpu_error_.Signal(); }

void Machine::Board::SetA20(bool enabled) {
  if (!memory_->SetA20(enabled)) return;
  mmu_.Flush(true);
  // The chips settle the gate while the board is being built, before there are windows.
  if (windows_ != nullptr) windows_->ResetAll();
}

void Machine::Board::SetShadow(PhysicalAddress first, uint32_t bytes, bool read_ram,
                               bool write_ram) {
  memory_->DecodeRam(first, bytes, read_ram, write_ram);
}

}  // namespace verbatim
