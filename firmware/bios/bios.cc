// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/bios.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/ports/port_detection.h"
#include "firmware/bios/power_on.h"
#include "firmware/bios/power_on_screen.h"
#include "firmware/bios/restart.h"
#include "firmware/bios/rom.h"
#include "firmware/bios/video/video_rom.h"
#include "firmware/mp_table.h"
#include "firmware/pci_setup.h"
#include "firmware/pir_table.h"
#include "firmware/smbios.h"

namespace verbatim {
namespace {

constexpr uint32_t kCallBytes = 3;
constexpr uint8_t kCallOpcode[] = {0x0F, 0x0B};

constexpr PhysicalAddress kMpTables{0xFC800};
constexpr PhysicalAddress kPirTable{0xFD000};
constexpr PhysicalAddress kSmbiosTable{0xFD400};

constexpr uint8_t kPciFunction = 0xB1;  // of int 1Ah

bool InRom(PhysicalAddress address) {
  return (address >= kBiosArea && address < kHighMemory) ||
         (address >= kVideoRomAddress && address < kVideoRomAddress + kVideoRomBytes);
}

}  // namespace

Bios::Bios(BiosMachine machine)
    : machine_(std::move(machine)),
      clock_(machine_.ports),
      disks_(machine_.drives),
      boot_(disks_, machine_.boot_order),
      video_(machine_.ports),
      serial_(machine_.ports, machine_.clock),
      printer_(machine_.ports, machine_.clock),
      system_(machine_.ports, machine_.clock, machine_.memory_map, machine_.power_port),
      pci_(machine_.ports) {}

void Bios::InstallRom() {
  machine_.mmu.memory().Write(kRomAddress, RomImage().data(), RomImage().size());
  video_.InstallRom(machine_.mmu.memory());
  InstallTables();
  self_tested_ = false;
}

void Bios::InstallTables() {
  PhysicalMemory& memory = machine_.mmu.memory();
  const std::vector<uint8_t> routing = BuildPirTable();
  const std::vector<uint8_t> smbios =
      BuildSmbios(kSmbiosTable, {.memory_bytes = memory.ram_bytes(),
                                 .processor_signature = machine_.processor.eax,
                                 .processor_features = machine_.processor.edx});
  CHECK(kPirTable.value + routing.size() <= kSmbiosTable.value &&
        kSmbiosTable.value + smbios.size() <= kRomAddress.value);
  if (machine_.apic) {
    const std::vector<uint8_t> apics =
        BuildMpTables(kMpTables, {.apic = *machine_.apic,
                                  .sci_irq = machine_.sci_irq,
                                  .processor_signature = machine_.processor.eax,
                                  .processor_features = machine_.processor.edx});
    CHECK(kMpTables.value + apics.size() <= kPirTable.value);
    memory.Write(kMpTables, apics.data(), apics.size());
  }
  memory.Write(kPirTable, routing.data(), routing.size());
  memory.Write(kSmbiosTable, smbios.data(), smbios.size());
}

void Bios::PowerOnSelfTest() {
  self_tested_ = true;
  SetUpVectors(machine_.mmu.memory());
  SetUpDataArea(machine_.mmu.memory());
  SetUpChips(machine_.ports);
  SetUpPci(machine_.ports);
  // Of a processor after reset: services that work on a caller's memory have one.
  CpuState reset;
  BiosCall call(reset, machine_.mmu);
  DetectPorts(machine_.ports, machine_.mmu.memory());
  video_.PowerOn(call);
  clock_.PowerOn(machine_.mmu.memory());
  disks_.PowerOn(machine_.mmu.memory());
  keyboard_.PowerOn();
  system_.PowerOn();
}

Faultable<TrapOutcome> Bios::OnUndefined(CpuState& state) {
  const LinearAddress at{state.segments[kCs].base + state.eip};
  const auto translated = machine_.mmu.Translate(at, AccessKind::kExecute, PrivilegeOf(state.cpl));
  if (!translated || !InRom(translated->address)) return TrapOutcome::kNotCalled;
  std::array<uint8_t, kCallBytes> bytes{};
  BiosCall call(state, machine_.mmu);
  call.ReadBytes(at, bytes);
  if (call.faulted() || bytes[0] != kCallOpcode[0] || bytes[1] != kCallOpcode[1]) {
    return TrapOutcome::kNotCalled;
  }
  std::optional<CpuState> before;
  if (observer_) before = state;
  Dispatch(bytes[2], call);
  RETURN_IF_FAULT(call.Commit(kCallBytes));
  if (before) observer_(bytes[2], *before, call);
  return TrapOutcome::kDone;
}

// The reset vector is met at power-on, when a guest resets its processor, and when it jumps there
// to start all over again, which resets everything as chips are then in any state.
void Bios::Restart(BiosCall& call) {
  if (ResumeAfterReset(machine_.ports, call)) return;
  if (self_tested_) {
    ResetMachine(machine_.ports);
    call.SetLiveCarry(true);
    return;
  }
  PowerOnSelfTest();
  video_.Print(call, PowerOnScreen(machine_.memory_map, machine_.drives));
}

void Bios::Dispatch(uint8_t service, BiosCall& call) {
  switch (service) {
    case kPost:
      Restart(call);
      break;
    case 0x08:
      clock_.Tick(call);
      break;
    case 0x09:
      keyboard_.KeyArrived(call);
      break;
    case kKeyAction:
      keyboard_.StillPaused(call);
      break;
    case kBoot:
      boot_.Step(call);
      break;
    case kKeyCommand:
      keyboard_.NextCommand(call);
      break;
    case 0x0E:
      disks_.DisketteInterrupt(call);
      break;
    case 0x10:
      video_.Call(call);
      break;
    case 0x11:
      call.regs.set_ax(call.Read<uint16_t>(bda::kEquipment));
      break;
    case 0x12:
      call.regs.set_ax(call.Read<uint16_t>(bda::kBaseMemoryKib));
      break;
    case 0x13:
      disks_.Call(call);
      break;
    case 0x14:
      serial_.Function(call);
      break;
    case kSerialPoll:
      serial_.Poll(call);
      break;
    case 0x17:
      printer_.Function(call);
      break;
    case kPrinterPoll:
      printer_.Poll(call);
      break;
    case 0x15:
      system_.Function(call);
      break;
    case kPortStep:
      system_.NextStep(call);
      break;
    case kPortEnd:
      system_.EndDialog(call);
      break;
    case kWaited:
      system_.Waited(call);
      break;
    case kProtectedMode:
      system_.PrepareProtectedMode(call);
      break;
    case kApm:
      system_.ApmProtectedMode(call);
      break;
    case kMouse:
      system_.MouseByte(call);
      break;
    case 0x70:
      system_.ClockInterrupt(call);
      break;
    case 0x16:
      keyboard_.Function(call);
      break;
    case 0x1A:
      if (call.regs.ah() == kPciFunction) {
        pci_.Interrupt(call);
      } else {
        clock_.TimeOfDay(call);
      }
      break;
    case kPciProtected:
      pci_.ProtectedMode(call);
      break;
    case kDirectory:
      pci_.Directory(call);
      break;
    case 0x76:
      disks_.DiskInterrupt(call);
      break;
    default:
      unknown_.Log(LogLevel::kInfo, "BIOS: interrupt {:02X}h, ax={:04X}h, is not provided", service,
                   call.regs.ax());
      call.SetCarry(true);
      break;
  }
}

}  // namespace verbatim
