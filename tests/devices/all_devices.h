// SPDX-License-Identifier: Apache-2.0
// All devices on one bus, as in a machine, with stand-ins for what is around them.
#ifndef VERBATIM_TESTS_DEVICES_ALL_DEVICES_H_
#define VERBATIM_TESTS_DEVICES_ALL_DEVICES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "devices/acpi_pm.h"
#include "devices/debug_ports.h"
#include "devices/i440fx.h"
#include "devices/i8042.h"
#include "devices/i82077.h"
#include "devices/i8254.h"
#include "devices/i8259_pair.h"
#include "devices/isa_dma.h"
#include "devices/mc146818.h"
#include "devices/pci_config_ports.h"
#include "devices/piix_isa.h"
#include "devices/piix_pm.h"
#include "devices/port_bus.h"
#include "devices/reset_control.h"
#include "devices/system_control.h"
#include "devices/uart16550.h"
#include "tests/devices/fakes.h"

namespace verbatim {

class NullObserver final : public InterruptObserver {
 public:
  void InterruptRaised() override {}
};

class NullShadow final : public ShadowRamControl {
 public:
  void SetShadow(PhysicalAddress, uint32_t, bool, bool) override {}
};

// No memory answers.
class NullMemory final : public DmaMemory {
 public:
  bool DmaRead(PhysicalAddress, std::span<uint8_t>) override { return false; }
  bool DmaWrite(PhysicalAddress, std::span<const uint8_t>) override { return false; }
};

// All devices at the ports where a machine has them.
class AllDevices {
 public:
  explicit AllDevices(FakeClock& clock_to_use) : clock(clock_to_use) {
    pic.Attach(bus);
    pit.Attach(bus);
    port_b.Attach(bus);
    port_a.Attach(bus);
    rtc.Attach(bus);
    com1.Attach(bus);
    keyboard.Attach(bus);
    acpi.Attach(bus);
    pci.Attach(bus);
    post.Attach(bus);
    exit.Attach(bus);
    dma.Attach(bus);
    fdc.Attach(bus);
    fdc.drive(0).Install(FloppyDriveType::k1440K);
    pci.Add(0, 0, bridge);
    pci.Add(1, 0, isa);
    pci.Add(1, 3, pm);
    pm.PlaceAsFirmware(0x600);
    isa.RouteAsFirmware();
  }

  FakeClock& clock;
  PortBus bus;
  NullObserver observer;
  NullShadow shadow;
  FakeA20 a20;
  FakeReset reset;
  FakePower power;
  FakeByteSink sink;
  uint32_t exit_value = 0;
  A20OrGate a20_or{a20};
  I8259Pair pic{observer};
  I8254 pit{clock, pic.Line(0)};
  SystemControlPortB port_b{pit};
  SystemControlPortA port_a{a20_or.Input(A20OrGate::kPort92), reset};
  Mc146818 rtc{clock, pic.Line(8), {.unix_seconds = 1'000'000'000}};
  Uart16550 com1{clock, pic.Line(4), sink, {.name = "com1", .on_receiver_empty = {}}};
  I8042 keyboard{clock, pic.Line(1), pic.Line(12), a20_or.Input(A20OrGate::kKeyboardController),
                 reset};
  AcpiPm acpi{clock, pic.Line(kSciIrq), power, {}};
  ResetControl reset_control{reset};
  PciConfigPorts pci{reset_control};
  I440Fx bridge{shadow};
  PiixIsa isa{pic};
  PiixPm pm{acpi};
  NullMemory memory;
  IsaDma dma{memory};
  I82077 fdc{clock, pic.Line(6), dma.Channel(2)};
  PostCodePort post;
  DebugExitPort exit{[this](uint32_t value) { exit_value = value; }};
  const std::vector<Device*> devices = {&pic,      &pit,  &port_b,        &port_a, &rtc,    &com1,
                                        &keyboard, &acpi, &reset_control, &pci,    &bridge, &post,
                                        &isa,      &pm,   &dma,           &fdc};

  [[nodiscard]] std::vector<uint8_t> Save() const {
    StateWriter writer;
    for (const Device* device : devices) device->Save(writer);
    return writer.bytes();
  }
  // What Save gave, all of it.
  [[nodiscard]] Status Load(std::span<const uint8_t> bytes) {
    StateReader reader(bytes);
    for (Device* device : devices) {
      if (Status status = device->Load(reader); !status) return status;
    }
    if (!reader.AtEnd()) return Fail("more than the devices' state");
    return {};
  }
  void Advance(uint64_t ns) {
    clock.now_ns += ns;
    for (Device* device : devices) device->AdvanceTo(clock.now_ns);
  }
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_DEVICES_ALL_DEVICES_H_
