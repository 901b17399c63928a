// SPDX-License-Identifier: Apache-2.0
// Int 09h, what a key does when it arrives, and int 16h, what programs ask for. IBM PS/2 and PC
// BIOS Interface Technical Reference, interrupts 09h and 16h; the functions of enhanced keyboards.
//
// The ports are the ROM's: it reads the scan code, and after each call asks by NextCommand what to
// send to the keyboard, so that a monitor of virtual-8086 tasks sees all of it.
#ifndef VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEYBOARD_H_
#define VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEYBOARD_H_

#include <cstdint>

#include "base/log.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/keyboard/keyboard_commands.h"

namespace verbatim {

class KeyboardService {
 public:
  // What the ROM is to do after a scan code, in ah.
  enum Action : uint8_t {
    kNothing,
    kBreak,          // int 1Bh
    kPrintScreen,    // int 05h
    kSystemRequest,  // int 15h function 85h; al: 0 pressed, 1 released
    kRestart,
    kPause,   // hold the system until kStillPaused says no
    kPosted,  // int 15h function 91h: a key is in the buffer
  };

  void PowerOn();
  // Int 09h with the byte of the keyboard in al.
  void KeyArrived(BiosCall& call);
  // CF: the system is still held.
  void StillPaused(BiosCall& call);
  // CF: al is to be sent to the keyboard.
  void NextCommand(BiosCall& call);
  // Int 16h.
  void Function(BiosCall& call);

 private:
  [[nodiscard]] Action Press(BiosCall& call, uint8_t make, bool extended);
  void Release(BiosCall& call, uint8_t make, bool extended);
  [[nodiscard]] Action Type(BiosCall& call, uint8_t make, bool extended);
  void UpdateLeds(BiosCall& call);
  void ReadKey(BiosCall& call, bool enhanced);
  void CheckKey(BiosCall& call, bool enhanced);
  void SetTypematic(BiosCall& call);

  KeyboardCommands commands_;
  uint8_t typematic_ = 0;  // as the keyboard has it
  LogLimiter unknown_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_KEYBOARD_KEYBOARD_H_
