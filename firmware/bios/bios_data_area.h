// SPDX-License-Identifier: Apache-2.0
// The BIOS data area at 40:0 (IBM PS/2 and PC BIOS Interface Technical Reference, section 3), the
// interrupt vectors below it and the start of the extended area, by linear address. Guests read and
// change them at will: what is read from there is never trusted.
#ifndef VERBATIM_FIRMWARE_BIOS_BIOS_DATA_AREA_H_
#define VERBATIM_FIRMWARE_BIOS_BIOS_DATA_AREA_H_

#include <cstdint>

#include "base/address.h"

namespace verbatim::bda {

inline constexpr LinearAddress kStart{0x400};
inline constexpr uint32_t kBytes = 0x100;

inline constexpr LinearAddress kSerialPorts{0x400};    // four words
inline constexpr LinearAddress kParallelPorts{0x408};  // three words
inline constexpr LinearAddress kExtendedArea{0x40E};   // its segment
inline constexpr LinearAddress kEquipment{0x410};
inline constexpr LinearAddress kBaseMemoryKib{0x413};

inline constexpr LinearAddress kKeyboardFlags{0x417};  // 17h and 18h
inline constexpr LinearAddress kAltKeypad{0x419};
inline constexpr LinearAddress kKeyBufferHead{0x41A};  // offsets in segment 40h
inline constexpr LinearAddress kKeyBufferTail{0x41C};
inline constexpr LinearAddress kKeyBuffer{0x41E};
inline constexpr uint16_t kKeyBufferOffset = 0x1E;
inline constexpr uint16_t kKeyBufferEndOffset = 0x3E;

inline constexpr LinearAddress kFloppyCalibrated{0x43E};
inline constexpr LinearAddress kFloppyMotors{0x43F};
inline constexpr LinearAddress kFloppyMotorCount{0x440};
inline constexpr LinearAddress kFloppyStatus{0x441};
inline constexpr LinearAddress kFloppyResult{0x442};  // seven bytes

inline constexpr LinearAddress kVideoMode{0x449};
inline constexpr LinearAddress kColumns{0x44A};
inline constexpr LinearAddress kPageBytes{0x44C};
inline constexpr LinearAddress kPageOffset{0x44E};
inline constexpr LinearAddress kCursors{0x450};  // eight words
inline constexpr LinearAddress kCursorShape{0x460};
inline constexpr LinearAddress kActivePage{0x462};
inline constexpr LinearAddress kCrtcPort{0x463};
inline constexpr LinearAddress kCrtModeControl{0x465};
inline constexpr LinearAddress kCrtPalette{0x466};

inline constexpr LinearAddress kResumeVector{0x467};  // where a CPU reset goes on; offset, segment
inline constexpr LinearAddress kTicks{0x46C};         // a doubleword
inline constexpr LinearAddress kMidnight{0x470};
inline constexpr LinearAddress kBreak{0x471};
inline constexpr LinearAddress kResetFlag{0x472};
inline constexpr uint16_t kWarmStart = 0x1234;
inline constexpr LinearAddress kDiskStatus{0x474};
inline constexpr LinearAddress kDiskCount{0x475};
inline constexpr LinearAddress kDiskControl{0x476};
inline constexpr LinearAddress kParallelTimeouts{0x478};  // four bytes
inline constexpr LinearAddress kSerialTimeouts{0x47C};    // four bytes
inline constexpr LinearAddress kKeyBufferStart{0x480};    // an offset in segment 40h
inline constexpr LinearAddress kKeyBufferEnd{0x482};

inline constexpr LinearAddress kRowsLess1{0x484};
inline constexpr LinearAddress kCharacterHeight{0x485};
inline constexpr LinearAddress kVideoControl{0x487};
inline constexpr LinearAddress kVideoSwitches{0x488};
inline constexpr LinearAddress kVideoModeOptions{0x489};
inline constexpr LinearAddress kDisplayCombination{0x48A};

inline constexpr LinearAddress kFloppyRate{0x48B};
inline constexpr LinearAddress kDiskInterrupt{0x48E};
inline constexpr LinearAddress kFloppyInfo{0x48F};      // four bits a drive
inline constexpr LinearAddress kFloppyMedia{0x490};     // two bytes
inline constexpr LinearAddress kFloppyCylinder{0x494};  // two bytes
inline constexpr LinearAddress kKeyboardMode{0x496};
inline constexpr LinearAddress kKeyboardLeds{0x497};
inline constexpr LinearAddress kWaitFlagPointer{0x498};
inline constexpr LinearAddress kWaitMicroseconds{0x49C};
inline constexpr LinearAddress kWaitActive{0x4A0};
inline constexpr LinearAddress kVideoSavePointer{0x4A8};
inline constexpr LinearAddress kBellTicks{0x4AC};  // reserved there: what is left of BEL

inline constexpr uint16_t kBaseMemoryKibytes = 639;  // the extended area takes the last of 640
inline constexpr uint16_t kExtendedAreaSegment = 0x9FC0;

[[nodiscard]] constexpr LinearAddress Vector(uint8_t number) {
  return {static_cast<uint32_t>(number) * 4};
}

}  // namespace verbatim::bda

#endif  // VERBATIM_FIRMWARE_BIOS_BIOS_DATA_AREA_H_
