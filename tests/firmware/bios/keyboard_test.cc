// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/keyboard/keyboard.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <vector>

#include "firmware/bios/keyboard/key_codes.h"
#include "tests/firmware/bios/bios_fixture.h"

namespace verbatim {
namespace {

constexpr uint8_t kAcknowledge = 0xFA;
constexpr uint8_t kResend = 0xFE;
constexpr uint8_t kA = 0x1E;
constexpr uint8_t kX = 0x2D;

class KeyboardTest : public ::testing::Test {
 protected:
  KeyboardTest() { keyboard_.PowerOn(); }

  // Bytes of the keyboard; the action of the last.
  KeyboardService::Action Arrive(std::initializer_list<uint8_t> bytes) {
    for (const uint8_t byte : bytes) {
      caller_.regs().set_al(byte);
      caller_.Call([&](BiosCall& call) { keyboard_.KeyArrived(call); });
    }
    return static_cast<KeyboardService::Action>(caller_.regs().ah());
  }
  void Function(uint16_t ax) {
    caller_.regs().set_ax(ax);
    caller_.Call([&](BiosCall& call) { keyboard_.Function(call); });
  }
  // The next key by function 00h or 10h; nullopt: it would wait.
  std::optional<uint16_t> Key(uint8_t function = 0x10) {
    Function(static_cast<uint16_t>(function << 8));
    if (caller_.live_carry()) return std::nullopt;
    return caller_.regs().ax();
  }
  std::optional<uint8_t> Command() {
    caller_.Call([&](BiosCall& call) { keyboard_.NextCommand(call); });
    if (!caller_.live_carry()) return std::nullopt;
    return caller_.regs().al();
  }
  bool Paused() {
    caller_.Call([&](BiosCall& call) { keyboard_.StillPaused(call); });
    return caller_.live_carry();
  }
  uint8_t ShiftFlags() { return caller_.Read<uint8_t>(bda::kKeyboardFlags); }
  void Press(uint8_t make) { Arrive({make}); }
  void Release(uint8_t make) { Arrive({static_cast<uint8_t>(make | scan::kBreak)}); }

  BiosCaller caller_;
  KeyboardService keyboard_;
};

TEST_F(KeyboardTest, KeysComeInTheirOrderAndThenTheCallerWaits) {
  EXPECT_EQ(Arrive({kA}), KeyboardService::kPosted);
  EXPECT_EQ(Arrive({kA | scan::kBreak}), KeyboardService::kNothing);
  Press(kX);
  EXPECT_EQ(Key(), 0x1E61);
  EXPECT_EQ(Key(), 0x2D78);
  EXPECT_EQ(Key(), std::nullopt);
}

TEST_F(KeyboardTest, AWaitingCallerKeepsItsRegisters) {
  caller_.regs().set_bx(0x1234);
  EXPECT_EQ(Key(0x00), std::nullopt);
  EXPECT_EQ(caller_.regs().ax(), 0x0000);
  Press(kA);
  EXPECT_EQ(Key(0x00), 0x1E61);
  EXPECT_EQ(caller_.regs().bx(), 0x1234);
}

TEST_F(KeyboardTest, CheckingLeavesTheKeyThere) {
  Function(0x0100);
  EXPECT_TRUE(caller_.zero());
  EXPECT_EQ(caller_.regs().ax(), 0x0100);
  Press(kA);
  for (const unsigned function : {0x0100u, 0x1100u, 0x0100u}) {
    Function(static_cast<uint16_t>(function));
    EXPECT_FALSE(caller_.zero());
    EXPECT_EQ(caller_.regs().ax(), 0x1E61);
  }
  EXPECT_EQ(Key(), 0x1E61);
}

TEST_F(KeyboardTest, ModifiersChooseTheCode) {
  struct Case {
    uint8_t modifier;
    uint16_t code;
  };
  for (const auto& [modifier, code] : {Case{scan::kLeftShift, 0x1E41},
                                       {scan::kRightShift, 0x1E41},
                                       {scan::kCtrl, 0x1E01},
                                       {scan::kAlt, 0x1E00}}) {
    Press(modifier);
    Press(kA);
    Release(modifier);
    EXPECT_EQ(Key(), code);
    EXPECT_EQ(ShiftFlags(), 0);
  }
}

TEST_F(KeyboardTest, CtrlAndAltAreDownWhileEitherKeyIs) {
  Arrive({scan::kCtrl, 0xE0, scan::kCtrl});
  Release(scan::kCtrl);
  EXPECT_EQ(ShiftFlags(), 0x04);
  Function(0x1200);
  EXPECT_EQ(caller_.regs().ah(), 0x04);
  Arrive({0xE0, scan::kCtrl | scan::kBreak});
  EXPECT_EQ(ShiftFlags(), 0);
}

TEST_F(KeyboardTest, CapsLockInvertsShiftForLettersOnly) {
  Press(scan::kCapsLock);
  Release(scan::kCapsLock);
  Press(kA);
  Press(0x02);
  Press(scan::kLeftShift);
  Press(kA);
  EXPECT_EQ(Key(), 0x1E41);
  EXPECT_EQ(Key(), 0x0231);
  EXPECT_EQ(Key(), 0x1E61);
}

TEST_F(KeyboardTest, NumLockInvertsShiftForTheKeypadOnly) {
  Press(0x47);
  Press(scan::kNumLock);
  Press(0x47);
  Arrive({0xE0, 0x47});
  Press(scan::kLeftShift);
  Press(0x47);
  EXPECT_EQ(Key(), 0x4700);
  EXPECT_EQ(Key(), 0x4737);
  EXPECT_EQ(Key(), 0x47E0);
  EXPECT_EQ(Key(), 0x4700);
}

TEST_F(KeyboardTest, AHeldLockKeyTogglesOnce) {
  Arrive({scan::kCapsLock, scan::kCapsLock, scan::kCapsLock});
  EXPECT_EQ(ShiftFlags(), 0x40);
  Function(0x1200);
  EXPECT_EQ(caller_.regs().ax(), 0x4040);
  Arrive({scan::kCapsLock | scan::kBreak, scan::kCapsLock});
  EXPECT_EQ(ShiftFlags(), 0);
}

TEST_F(KeyboardTest, InsertTogglesItsStateAndIsAKey) {
  Arrive({0xE0, scan::kInsert, 0xE0, scan::kInsert | scan::kBreak});
  EXPECT_EQ(ShiftFlags(), 0x80);
  EXPECT_EQ(Key(), 0x52E0);
  Press(scan::kNumLock);
  Press(scan::kInsert);  // types 0
  EXPECT_EQ(ShiftFlags(), 0xA0);
  EXPECT_EQ(Key(), 0x5230);
}

TEST_F(KeyboardTest, OldProgramsSeeTheKeysOfTheOldKeyboard) {
  struct Case {
    std::initializer_list<uint8_t> bytes;
    uint16_t old_code;
    uint16_t enhanced_code;
  };
  for (const auto& [bytes, old_code, enhanced_code] : {Case{{0xE0, 0x48}, 0x4800, 0x48E0},
                                                       {{0xE0, 0x1C}, 0x1C0D, 0xE00D},
                                                       {{0xE0, 0x35}, 0x352F, 0xE02F},
                                                       {{0x3B}, 0x3B00, 0x3B00}}) {
    Arrive(bytes);
    Arrive(bytes);
    EXPECT_EQ(Key(0x00), old_code);
    EXPECT_EQ(Key(0x10), enhanced_code);
  }
}

TEST_F(KeyboardTest, OldProgramsDoNotSeeTheOthers) {
  Press(0x57);                       // F11
  Arrive({0x4C});                    // the keypad's 5
  Arrive({scan::kAlt, 0x01, 0xB8});  // Alt-Esc
  Press(kA);
  Function(0x0100);
  EXPECT_FALSE(caller_.zero());
  EXPECT_EQ(caller_.regs().ax(), 0x1E61);
  EXPECT_EQ(Key(0x00), 0x1E61);
  Press(0x57);
  Press(0x4C);
  EXPECT_EQ(Key(0x10), 0x8500);
  EXPECT_EQ(Key(0x10), 0x4C00);
}

TEST_F(KeyboardTest, AltWithTheKeypadTypesACharacterByNumber) {
  Arrive({scan::kAlt, 0x50, 0x4C, 0x48, 0xB8});  // 2, 5, 8: modulo 256
  EXPECT_EQ(Key(0x00), 0x0002);
  Arrive({scan::kAlt, 0x50, 0x4B, 0x52, 0xB8});
  EXPECT_EQ(Key(0x00), 0x00F0);          // no mark, with no scan code
  Arrive({scan::kAlt, 0x4F, kA, 0xB8});  // another key begins anew
  EXPECT_EQ(Key(), 0x1E00);
  EXPECT_EQ(Key(), std::nullopt);
}

TEST_F(KeyboardTest, FakeShiftsOfGreyKeysAreIgnored) {
  Arrive({0xE0, scan::kLeftShift, 0xE0, 0x48});
  EXPECT_EQ(ShiftFlags(), 0);
  EXPECT_EQ(Key(), 0x48E0);
  Press(scan::kLeftShift);
  Arrive({0xE0, scan::kLeftShift | scan::kBreak});
  EXPECT_EQ(ShiftFlags(), 0x02);
}

TEST_F(KeyboardTest, PauseHoldsUntilAKeyThatIsThenForgotten) {
  EXPECT_EQ(Arrive({0xE1, 0x1D, 0x45}), KeyboardService::kPause);
  Arrive({0xE1, 0x9D, 0xC5});
  EXPECT_TRUE(Paused());
  EXPECT_EQ(ShiftFlags(), 0);  // neither Ctrl nor Num Lock
  Press(kA);
  EXPECT_FALSE(Paused());
  EXPECT_EQ(Key(), std::nullopt);
}

TEST_F(KeyboardTest, PausedTwiceIsPausedOnce) {
  Arrive({0xE1, 0x1D, 0x45});
  EXPECT_EQ(Arrive({0xE1, 0x1D, 0x45}), KeyboardService::kNothing);
  EXPECT_TRUE(Paused());
}

TEST_F(KeyboardTest, BreakEmptiesTheBufferAndLeavesAZero) {
  Press(kA);
  EXPECT_EQ(Arrive({scan::kCtrl, 0xE0, 0x46}), KeyboardService::kBreak);
  EXPECT_EQ(caller_.Read<uint8_t>(bda::kBreak), 0x80);
  EXPECT_EQ(Key(), 0x0000);
  EXPECT_EQ(Key(), std::nullopt);
}

TEST_F(KeyboardTest, PrintScreenAndSystemRequestAreActions) {
  EXPECT_EQ(Arrive({0xE0, 0x2A, 0xE0, 0x37}), KeyboardService::kPrintScreen);
  EXPECT_EQ(Arrive({scan::kAlt, 0x54}), KeyboardService::kSystemRequest);
  EXPECT_EQ(caller_.regs().al(), 0);
  EXPECT_EQ(Arrive({0x54}), KeyboardService::kNothing);  // repeated
  EXPECT_EQ(Arrive({0x54 | scan::kBreak}), KeyboardService::kSystemRequest);
  EXPECT_EQ(caller_.regs().al(), 1);
  Release(scan::kAlt);
  Arrive({scan::kCtrl, 0xE0, 0x37});
  EXPECT_EQ(Key(), 0x7200);
}

TEST_F(KeyboardTest, CtrlAltDeleteRestartsWarm) {
  EXPECT_EQ(Arrive({scan::kCtrl, scan::kAlt, 0x53}), KeyboardService::kRestart);
  EXPECT_EQ(caller_.Read<uint16_t>(bda::kResetFlag), 0x1234);
}

TEST_F(KeyboardTest, LocksChangeTheLedsAByteForEachAcknowledgement) {
  Press(scan::kCapsLock);
  EXPECT_EQ(Command(), 0xED);
  EXPECT_EQ(Command(), std::nullopt);
  Arrive({kAcknowledge});
  EXPECT_EQ(Command(), 0x04);
  EXPECT_EQ(caller_.Read<uint8_t>(bda::kKeyboardLeds), 0x54);
  Arrive({kAcknowledge});
  EXPECT_EQ(Command(), std::nullopt);
  EXPECT_EQ(caller_.Read<uint8_t>(bda::kKeyboardLeds), 0x14);
}

TEST_F(KeyboardTest, LocksThatAProgramSetsReachTheLedsToo) {
  caller_.Write<uint8_t>(bda::kKeyboardFlags, 0x20);
  Function(0x0100);
  EXPECT_EQ(Command(), 0xED);
  Arrive({kAcknowledge});
  EXPECT_EQ(Command(), 0x02);
}

TEST_F(KeyboardTest, ARefusedCommandIsRepeatedAndThenGivenUp) {
  Press(scan::kCapsLock);
  for (unsigned attempt = 0; attempt < 3; ++attempt) {
    EXPECT_EQ(Command(), 0xED);
    Arrive({kResend});
  }
  EXPECT_EQ(Command(), std::nullopt);
  EXPECT_EQ(caller_.Read<uint8_t>(bda::kKeyboardLeds) & 0xC0, 0x80);
}

TEST_F(KeyboardTest, TypematicRateIsSetAndTold) {
  caller_.regs().set_bx(0x021F);
  Function(0x0305);
  EXPECT_EQ(Command(), 0xF3);
  Arrive({kAcknowledge});
  EXPECT_EQ(Command(), 0x5F);
  Function(0x0306);
  EXPECT_EQ(caller_.regs().bx(), 0x021F);
  caller_.regs().set_bx(0x0420);  // out of range
  Function(0x0305);
  Arrive({kAcknowledge});
  EXPECT_EQ(Command(), std::nullopt);
}

TEST_F(KeyboardTest, ProgramsPutKeysUntilTheBufferIsFull) {
  caller_.regs().set_cx(0x1E61);
  for (unsigned i = 0; i < 15; ++i) {
    Function(0x0500);
    EXPECT_EQ(caller_.regs().al(), 0);
  }
  Function(0x0500);
  EXPECT_EQ(caller_.regs().al(), 1);
  EXPECT_EQ(Arrive({kX}), KeyboardService::kNothing);
  EXPECT_EQ(Key(), 0x1E61);
  EXPECT_EQ(Arrive({kX}), KeyboardService::kPosted);
}

TEST_F(KeyboardTest, ABufferThatTheGuestHasMovedIsUsedWhereItIs) {
  for (const auto& [field, offset] : {std::pair{bda::kKeyBufferHead, 0x200},
                                      {bda::kKeyBufferTail, 0x200},
                                      {bda::kKeyBufferStart, 0x200},
                                      {bda::kKeyBufferEnd, 0x204}}) {
    caller_.Write(field, static_cast<uint16_t>(offset));
  }
  Press(kA);
  EXPECT_EQ(caller_.Read<uint16_t>({0x600}), 0x1E61);
  EXPECT_EQ(Arrive({kX}), KeyboardService::kNothing);  // room for one
  EXPECT_EQ(Key(), 0x1E61);
}

// A ring whose pointers never meet: all that it holds is unknown to old programs.
TEST_F(KeyboardTest, ABrokenBufferEndsTheSearchForAKey) {
  caller_.Write<uint16_t>(bda::kKeyBufferHead, 0x101);
  caller_.Write<uint16_t>(bda::kKeyBufferTail, 0x200);
  for (uint32_t at = 0x400; at < 0x10400; at += 2) {
    if (at < 0x41A || at > 0x484) caller_.Write<uint16_t>({at}, 0x8585);
  }
  Function(0x0100);
  EXPECT_LE(caller_.regs().ax(), 0x85FF);
}

TEST_F(KeyboardTest, WhatTheKeyboardCanDo) {
  Function(0x0900);
  EXPECT_EQ(caller_.regs().al(), 0x3D);
  Function(0x0A00);
  EXPECT_EQ(caller_.regs().bx(), 0x41AB);
  Function(0x9200);
  EXPECT_EQ(caller_.regs().ah(), 0x80);
  Function(0xA200);
  EXPECT_EQ(caller_.regs().ah(), 0xA2);
}

}  // namespace
}  // namespace verbatim
