// SPDX-License-Identifier: Apache-2.0
// All devices on one bus, as in a machine: whatever a guest does to the ports, nothing breaks,
// reads stay within their width, and the whole can be saved and loaded at any moment.
#include <gtest/gtest.h>

#include <memory>

#include "base/log.h"
#include "tests/devices/all_devices.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

class AllPorts : public testing::Test {
 protected:
  void SetUp() override { SetLogLevel(LogLevel::kError); }
  void TearDown() override { SetLogLevel(LogLevel::kWarning); }

  FakeClock clock_;
  std::unique_ptr<AllDevices> board_ = std::make_unique<AllDevices>(clock_);
  Random random_{80386};
};

TEST_F(AllPorts, PostCodesAreKept) {
  board_->bus.WritePort(0x80, 1, 0xA7);
  EXPECT_EQ(board_->post.code(), 0xA7);
  EXPECT_EQ(board_->bus.ReadPort(0x80, 1), 0xA7u);
}

TEST_F(AllPorts, DebugExitPassesTheValueInItsWidth) {
  board_->bus.WritePort(0xF4, 4, 0x12345678);
  EXPECT_EQ(board_->exit_value, 0x12345678u);
  board_->bus.WritePort(0xF4, 1, 0x10);
  EXPECT_EQ(board_->exit_value, 0x10u);
}

TEST_F(AllPorts, EveryPortInEveryWidthTakesAnything) {
  for (unsigned round = 0; round < 3; ++round) {
    for (unsigned port = 0; port < kPortCount; ++port) {
      for (const unsigned bytes : {1u, 2u, 4u}) {
        board_->bus.WritePort(static_cast<uint16_t>(port), bytes, random_());
        const uint64_t value = board_->bus.ReadPort(static_cast<uint16_t>(port), bytes);
        ASSERT_LT(value, uint64_t{1} << (8 * bytes)) << std::hex << port;
      }
    }
    board_->Advance(random_());
  }
}

TEST_F(AllPorts, RandomUseSurvivesSavingAndLoadingAtAnyMoment) {
  static constexpr uint16_t kPorts[] = {
      0x20, 0x21,  0x40,  0x42,  0x43,  0x60,  0x61,  0x64,  0x70,  0x71,  0x92, 0xA0,
      0xA1, 0xB2,  0x3F8, 0x3F9, 0x3FA, 0x3FB, 0x3FC, 0x3FD, 0x4D0, 0x05,  0x0B, 0x81,
      0xD6, 0x3F2, 0x3F4, 0x3F5, 0x600, 0x602, 0x604, 0x608, 0xCF8, 0xCF9, 0xCFC};
  for (unsigned i = 0; i < 100'000; ++i) {
    const uint16_t port = kPorts[random_() % std::size(kPorts)];
    const unsigned bytes = 1u << random_() % 3;
    switch (random_() % 6) {
      case 0:
      case 1:
        board_->bus.ReadPort(port, bytes);
        break;
      case 2:
      case 3:
        board_->bus.WritePort(port, bytes, random_());
        break;
      case 4:
        board_->Advance(random_() % 3'000'000);
        break;
      case 5: {
        // Refused now and then: all that matters is that nothing breaks.
        (void)board_->keyboard.PressKey({.key = Key::kA, .pressed = random_() % 2 != 0});
        (void)board_->keyboard.MoveMouse(
            {.dx = 3, .dy = -2, .buttons = static_cast<uint8_t>(random_() % 8)});
        static constexpr uint8_t kText[] = {'x', 'y'};
        board_->com1.Receive(kText);
        if (board_->pic.InterruptRequested()) board_->pic.Acknowledge();
        break;
      }
    }
    if (i % 1000 == 0) {
      const std::vector<uint8_t> saved = board_->Save();
      auto copy = std::make_unique<AllDevices>(clock_);
      const Status loaded = copy->Load(saved);
      ASSERT_TRUE(loaded) << loaded.error().message;
      ASSERT_EQ(copy->Save(), saved);
      ASSERT_EQ(copy->pic.InterruptRequested(), board_->pic.InterruptRequested());
      ASSERT_EQ(copy->a20.enabled, board_->a20.enabled);
      board_ = std::move(copy);
    }
  }
}

}  // namespace
}  // namespace verbatim
