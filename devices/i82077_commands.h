// SPDX-License-Identifier: Apache-2.0
// Names of the 82077AA's registers and commands for the files that implement it (Intel, 82077AA
// data sheet, order 290166: sections 2.0, 5.0 and 6.0).
#ifndef VERBATIM_DEVICES_I82077_COMMANDS_H_
#define VERBATIM_DEVICES_I82077_COMMANDS_H_

#include <cstdint>

namespace verbatim::fdc {

enum class Operation : uint8_t {
  kInvalid,
  kReadTrack,
  kSpecify,
  kSenseDrive,
  kWrite,
  kRead,
  kRecalibrate,
  kSenseInterrupt,
  kWriteDeleted,
  kReadId,
  kReadDeleted,
  kFormat,
  kDumpRegisters,
  kSeek,
  kVersion,
  kScanEqual,
  kPerpendicular,
  kConfigure,
  kLock,
  kVerify,
  kScanLowOrEqual,
  kScanHighOrEqual,
  kRelativeSeek,
};

struct Command {
  uint8_t mask;
  uint8_t value;
  uint8_t bytes;
  Operation operation;
};

inline constexpr Command kCommands[] = {
    {0xBF, 0x02, 9, Operation::kReadTrack},
    {0xFF, 0x03, 3, Operation::kSpecify},
    {0xFF, 0x04, 2, Operation::kSenseDrive},
    {0x3F, 0x05, 9, Operation::kWrite},
    {0x1F, 0x06, 9, Operation::kRead},
    {0xFF, 0x07, 2, Operation::kRecalibrate},
    {0xFF, 0x08, 1, Operation::kSenseInterrupt},
    {0x3F, 0x09, 9, Operation::kWriteDeleted},
    {0xBF, 0x0A, 2, Operation::kReadId},
    {0x1F, 0x0C, 9, Operation::kReadDeleted},
    {0xBF, 0x0D, 6, Operation::kFormat},
    {0xFF, 0x0E, 1, Operation::kDumpRegisters},
    {0xFF, 0x0F, 3, Operation::kSeek},
    {0xFF, 0x10, 1, Operation::kVersion},
    {0x1F, 0x11, 9, Operation::kScanEqual},
    {0xFF, 0x12, 2, Operation::kPerpendicular},
    {0xFF, 0x13, 4, Operation::kConfigure},
    {0x7F, 0x14, 1, Operation::kLock},
    {0x1F, 0x16, 9, Operation::kVerify},
    {0x1F, 0x19, 9, Operation::kScanLowOrEqual},
    {0x1F, 0x1D, 9, Operation::kScanHighOrEqual},
    {0xBF, 0x8F, 3, Operation::kRelativeSeek},
};

// What is none of them is a command of one byte.
inline constexpr Command kInvalidCommand = {0, 0, 1, Operation::kInvalid};

constexpr const Command& CommandOf(uint8_t first_byte) {
  for (const Command& command : kCommands) {
    if ((first_byte & command.mask) == command.value) return command;
  }
  return kInvalidCommand;
}

constexpr bool IsScan(Operation operation) {
  return operation == Operation::kScanEqual || operation == Operation::kScanLowOrEqual ||
         operation == Operation::kScanHighOrEqual;
}

constexpr bool IsWrite(Operation operation) {
  return operation == Operation::kWrite || operation == Operation::kWriteDeleted;
}

// Those with an execution phase.
constexpr bool MovesData(Operation operation) {
  return IsScan(operation) || IsWrite(operation) || operation == Operation::kRead ||
         operation == Operation::kReadDeleted || operation == Operation::kReadTrack ||
         operation == Operation::kReadId || operation == Operation::kFormat ||
         operation == Operation::kVerify;
}

// The first byte of commands.
inline constexpr uint8_t kMultiTrack = 0x80;
inline constexpr uint8_t kMfm = 0x40;
inline constexpr uint8_t kSkip = 0x20;
inline constexpr uint8_t kRelativeIn = 0x40;
inline constexpr uint8_t kLockBit = 0x80;
// The second byte of VERIFY.
inline constexpr uint8_t kEnableCount = 0x80;

inline constexpr uint8_t kDorSelect = 0x03;
inline constexpr uint8_t kDorNotReset = 0x04;
inline constexpr uint8_t kDorGate = 0x08;
inline constexpr unsigned kDorMotorShift = 4;

inline constexpr uint8_t kRateMask = 0x03;

inline constexpr uint8_t kSt0Abnormal = 0x40;
inline constexpr uint8_t kSt0Invalid = 0x80;
inline constexpr uint8_t kSt0Polling = 0xC0;
inline constexpr uint8_t kSt0SeekEnd = 0x20;
inline constexpr uint8_t kSt0EquipmentCheck = 0x10;

inline constexpr uint8_t kSt1EndOfCylinder = 0x80;
inline constexpr uint8_t kSt1DataError = 0x20;
inline constexpr uint8_t kSt1Overrun = 0x10;
inline constexpr uint8_t kSt1NoData = 0x04;
inline constexpr uint8_t kSt1NotWritable = 0x02;
inline constexpr uint8_t kSt1MissingAddressMark = 0x01;

inline constexpr uint8_t kSt2ControlMark = 0x40;
inline constexpr uint8_t kSt2DataError = 0x20;
inline constexpr uint8_t kSt2WrongCylinder = 0x10;
inline constexpr uint8_t kSt2ScanEqualHit = 0x08;
inline constexpr uint8_t kSt2ScanNotSatisfied = 0x04;

inline constexpr uint8_t kConfigImpliedSeek = 0x40;
inline constexpr uint8_t kConfigNoFifo = 0x20;
inline constexpr uint8_t kConfigThreshold = 0x0F;
inline constexpr uint8_t kNonDmaBit = 0x01;

inline constexpr uint8_t kPerpendicularOverwrite = 0x80;
inline constexpr uint8_t kPerpendicularDrives = 0x3C;
inline constexpr uint8_t kPerpendicularModes = 0x03;

inline constexpr uint8_t kSize512 = 2;

// Times, of our own: a tenth to a hundredth of what the mechanics take.
inline constexpr uint64_t kStepNs = 300'000;
inline constexpr uint64_t kSettleNs = 500'000;
inline constexpr uint64_t kLatencyNs = 500'000;
inline constexpr uint64_t kSectorNs = 100'000;
inline constexpr uint64_t kByteNs = 1'000;
inline constexpr int kRecalibrateSteps = 79;

}  // namespace verbatim::fdc

#endif  // VERBATIM_DEVICES_I82077_COMMANDS_H_
