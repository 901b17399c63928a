// SPDX-License-Identifier: Apache-2.0
#include "machine/chipset.h"

#include "devices/hpet.h"
#include "devices/io_apic.h"
#include "devices/local_apic.h"
#include "devices/reset_control.h"

namespace verbatim {
namespace {

constexpr unsigned kDevice = 1;
constexpr unsigned kIsaFunction = 0;
constexpr unsigned kPmFunction = 3;
constexpr uint16_t kFirmwarePmPort = 0x600;

}  // namespace

Chipset::Chipset(const Clock& clock, I8259Pair& pic, PowerOffRequest& power)
    : isa_(pic), pm_(clock, pic.Line(kSciIrq), power, {}) {}

void Chipset::Attach(PortBus& bus, PciConfigPorts& pci) {
  pm_.Attach(bus);
  pci.Add(kDevice, kIsaFunction, isa_);
  pci.Add(kDevice, kPmFunction, pm_function_);
}

void Chipset::ConfigureAsFirmware() { pm_function_.PlaceAsFirmware(kFirmwarePmPort); }

AcpiConfig Chipset::Acpi() const {
  const uint16_t base = pm_function_.BasePort().value_or(kFirmwarePmPort);
  AcpiConfig config;
  config.pm1a_event_port = static_cast<uint16_t>(base + kPm1EventOffset);
  config.pm1a_control_port = static_cast<uint16_t>(base + kPm1ControlOffset);
  config.pm_timer_port = static_cast<uint16_t>(base + kPmTimerOffset);
  config.pm_timer_is_32_bit = AcpiPm::Config{}.timer_32bit;
  config.smi_command_port = kSmiCommandPort;
  config.acpi_enable_value = kAcpiEnableCommand;
  config.acpi_disable_value = kAcpiDisableCommand;
  config.sci_irq = static_cast<uint8_t>(kSciIrq);
  config.reset_port = kResetControlPort;
  config.reset_value = kResetControlValue;
  static_assert(kSoftOffSleepType == kSleepTypeS5);
  if (apics_) {
    config.apic = {.local_apic_address = LocalApic::kAddress.value,
                   .io_apic_address = IoApic::kAddress.value,
                   .io_apic_id = IoApic::kId};
    config.hpet = {.address = Hpet::kAddress.value, .id = Hpet::kId};
  }
  return config;
}

}  // namespace verbatim
