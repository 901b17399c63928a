// SPDX-License-Identifier: Apache-2.0
// A floppy controller on a port bus with the DMA controllers and two drives, the first with a disk
// of 1.44 MB: what a driver sees.
#ifndef VERBATIM_TESTS_DEVICES_I82077_FIXTURE_H_
#define VERBATIM_TESTS_DEVICES_I82077_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "devices/i82077.h"
#include "devices/isa_dma.h"
#include "tests/devices/fakes.h"
#include "tests/devices/ide_fixture.h"

namespace verbatim {

class I82077Fixture : public testing::Test {
 protected:
  using Bytes = std::vector<uint8_t>;
  static constexpr uint32_t kBuffer = 0x20000;
  static constexpr FloppyGeometry k1440K = *FloppyGeometryOf(1440 * 1024);
  static constexpr unsigned kMs = 1'000'000;
  // Reset released, DMA gate open, motor of the first drive on, and that drive selected.
  static constexpr unsigned kRunning = 0x1C;

  I82077Fixture() {
    dma_.Attach(*bus_);
    dma_.ConfigureAsFirmware();
    fdc_.Attach(*bus_);
    fdc_.drive(0).Install(FloppyDriveType::k1440K);
    fdc_.drive(0).ChangeDisk(disk_, k1440K);
    fdc_.drive(1).Install(FloppyDriveType::k1200K);
    fdc_.ConfigureAsFirmware();
    Out(0x3F2, kRunning);
  }

  void Out(uint16_t port, unsigned value) { bus_->WritePort(port, 1, value); }
  uint8_t In(uint16_t port) { return static_cast<uint8_t>(bus_->ReadPort(port, 1)); }
  uint8_t Status() { return In(0x3F4); }

  // Lets time pass until the interrupt or for `ns`; disks answer at once.
  void Wait(uint64_t ns = 1'000 * kMs) {
    for (const uint64_t end = clock_.now_ns + ns; !irq6_.high && clock_.now_ns < end;) {
      const uint64_t next = fdc_.NextEventNs().value_or(end);
      clock_.now_ns = std::max(clock_.now_ns, std::min(next, end));
      fdc_.AdvanceTo(clock_.now_ns);
      disk_.AnswerAll();
    }
  }
  void Send(std::initializer_list<unsigned> bytes) {
    for (const unsigned byte : bytes) {
      ASSERT_EQ(Status() & 0xC0, 0x80);
      Out(0x3F5, byte);
    }
  }
  Bytes Results() {
    Bytes bytes;
    while ((Status() & 0xD0) == 0xD0) bytes.push_back(In(0x3F5));
    return bytes;
  }
  // Without waiting for an interrupt.
  Bytes Command(std::initializer_list<unsigned> bytes) {
    Send(bytes);
    return Results();
  }
  Bytes DataCommand(std::initializer_list<unsigned> bytes) {
    Send(bytes);
    Wait();
    EXPECT_TRUE(irq6_.high);
    return Results();
  }
  Bytes SenseInterrupt() { return Command({0x08}); }
  Bytes SeekTo(unsigned cylinder, unsigned unit_and_head = 0) {
    Send({0x0F, unit_and_head, cylinder});
    Wait();
    return SenseInterrupt();
  }
  void ProgramDma(bool to_memory, unsigned bytes) {
    Out(0x0A, 0x06);
    Out(0x0C, 0);
    Out(0x04, kBuffer & 0xFF);
    Out(0x04, kBuffer >> 8 & 0xFF);
    Out(0x81, kBuffer >> 16);
    Out(0x05, (bytes - 1) & 0xFF);
    Out(0x05, (bytes - 1) >> 8);
    Out(0x0B, to_memory ? 0x46 : 0x4A);
    Out(0x0A, 0x02);
  }
  Bytes Memory(size_t bytes) const {
    const auto at = memory_.ram.begin() + kBuffer;
    return {at, at + static_cast<ptrdiff_t>(bytes)};
  }
  void SetMemory(const Bytes& bytes) { std::ranges::copy(bytes, memory_.ram.begin() + kBuffer); }
  static unsigned Block(unsigned cylinder, unsigned head, unsigned sector) {
    return (cylinder * 2 + head) * 18 + sector - 1;
  }

  FakeClock clock_;
  FakeIrqLine irq6_;
  FakeDmaMemory memory_;
  IsaDma dma_{memory_};
  FakeDisk disk_{2880};
  I82077 fdc_{clock_, irq6_, dma_.Channel(2)};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_DEVICES_I82077_FIXTURE_H_
