// SPDX-License-Identifier: Apache-2.0
// The keyboard controller on a port bus with its keyboard and mouse, as a driver and a user see
// them.
#ifndef VERBATIM_TESTS_DEVICES_I8042_FIXTURE_H_
#define VERBATIM_TESTS_DEVICES_I8042_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "devices/i8042.h"
#include "tests/devices/fakes.h"

namespace verbatim {

using Bytes = std::vector<uint8_t>;

class I8042Fixture : public testing::Test {
 protected:
  // More than a byte takes to come from a device.
  static constexpr uint64_t kByteNs = 1'000'000;

  I8042Fixture() { controller_.Attach(*bus_); }

  void Data(unsigned value) { bus_->WritePort(0x60, 1, value); }
  void Command(unsigned value) { bus_->WritePort(0x64, 1, value); }
  uint8_t Status() { return static_cast<uint8_t>(bus_->ReadPort(0x64, 1)); }
  uint8_t Read() { return static_cast<uint8_t>(bus_->ReadPort(0x60, 1)); }
  uint8_t Ask(unsigned command) {
    Command(command);
    return Read();
  }
  void Wait(uint64_t ns) { RunTo(clock_, controller_, clock_.now_ns + ns); }
  // What is in the output buffer and what the devices have to say after it.
  Bytes ReadAll() {
    Bytes bytes;
    for (Wait(kByteNs); (Status() & 0x01) != 0; Wait(kByteNs)) bytes.push_back(Read());
    return bytes;
  }
  Bytes Answer(unsigned keyboard_command) {
    Data(keyboard_command);
    return ReadAll();
  }
  Bytes MouseAnswer(unsigned mouse_command) {
    Command(0xD4);
    Data(mouse_command);
    return ReadAll();
  }
  void SetMode(unsigned mode) {
    Command(0x60);
    Data(mode);
  }
  bool Press(Key key) { return controller_.PressKey({.key = key, .pressed = true}); }
  bool Release(Key key) { return controller_.PressKey({.key = key, .pressed = false}); }
  Bytes Pressed(Key key) {
    EXPECT_TRUE(Press(key));
    return ReadAll();
  }
  Bytes Released(Key key) {
    EXPECT_TRUE(Release(key));
    return ReadAll();
  }

  FakeClock clock_;
  FakeIrqLine irq1_;
  FakeIrqLine irq12_;
  FakeA20 a20_;
  FakeReset reset_;
  I8042 controller_{clock_, irq1_, irq12_, a20_, reset_};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_DEVICES_I8042_FIXTURE_H_
