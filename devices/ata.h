// SPDX-License-Identifier: Apache-2.0
// Names of ATA/ATAPI-6 (T13/1410D): registers and their bits (chapter 7), commands (chapter 8).
#ifndef VERBATIM_DEVICES_ATA_H_
#define VERBATIM_DEVICES_ATA_H_

#include <cstdint>

namespace verbatim::ata {

// Offsets from the command block's first port.
enum Register : uint8_t {
  kData = 0,
  kFeatures = 1,  // read: error
  kSectorCount = 2,
  kLbaLow = 3,
  kLbaMid = 4,
  kLbaHigh = 5,
  kDevice = 6,
  kCommand = 7,  // read: status
};

// Status (7.15).
inline constexpr uint8_t kErr = 0x01;
inline constexpr uint8_t kDrq = 0x08;
inline constexpr uint8_t kSeekDone = 0x10;  // obsolete, and set by every drive
inline constexpr uint8_t kReady = 0x40;
inline constexpr uint8_t kBusy = 0x80;

// Error (7.9).
inline constexpr uint8_t kDiagnosticPassed = 0x01;
inline constexpr uint8_t kAborted = 0x04;
inline constexpr uint8_t kIdNotFound = 0x10;
inline constexpr uint8_t kUncorrectable = 0x40;   // reads
inline constexpr uint8_t kWriteProtected = 0x40;  // writes

// Device (7.7).
inline constexpr uint8_t kDevSelect = 0x10;
inline constexpr uint8_t kLbaMode = 0x40;
inline constexpr uint8_t kDeviceObsolete = 0xA0;  // always one in drives of old

// Device control (7.8).
inline constexpr uint8_t kInterruptDisable = 0x02;
inline constexpr uint8_t kSoftReset = 0x04;
inline constexpr uint8_t kHighOrderByte = 0x80;

// Interrupt reason of packet devices: the sector count register (7.12).
inline constexpr uint8_t kReasonCommand = 0x01;
inline constexpr uint8_t kReasonToHost = 0x02;

enum Command : uint8_t {
  kNop = 0x00,
  kDeviceReset = 0x08,
  kRecalibrate = 0x10,  // to 1Fh
  kReadSectors = 0x20,
  kReadSectorsNoRetry = 0x21,
  kReadSectorsExt = 0x24,
  kReadDmaExt = 0x25,
  kReadNativeMaxExt = 0x27,
  kReadMultipleExt = 0x29,
  kWriteSectors = 0x30,
  kWriteSectorsNoRetry = 0x31,
  kWriteSectorsExt = 0x34,
  kWriteDmaExt = 0x35,
  kWriteMultipleExt = 0x39,
  kVerify = 0x40,
  kVerifyNoRetry = 0x41,
  kVerifyExt = 0x42,
  kSeek = 0x70,  // to 7Fh
  kDiagnostic = 0x90,
  kInitializeParameters = 0x91,
  kStandbyImmediateOld = 0x94,
  kIdleImmediateOld = 0x95,
  kStandbyOld = 0x96,
  kIdleOld = 0x97,
  kCheckPowerModeOld = 0x98,
  kSleepOld = 0x99,
  kPacket = 0xA0,
  kIdentifyPacket = 0xA1,
  kReadMultiple = 0xC4,
  kWriteMultiple = 0xC5,
  kSetMultiple = 0xC6,
  kReadDma = 0xC8,
  kReadDmaNoRetry = 0xC9,
  kWriteDma = 0xCA,
  kWriteDmaNoRetry = 0xCB,
  kStandbyImmediate = 0xE0,
  kIdleImmediate = 0xE1,
  kStandby = 0xE2,
  kIdle = 0xE3,
  kCheckPowerMode = 0xE5,
  kSleep = 0xE6,
  kFlushCache = 0xE7,
  kFlushCacheExt = 0xEA,
  kIdentify = 0xEC,
  kSetFeatures = 0xEF,
  kReadNativeMax = 0xF8,
};

}  // namespace verbatim::ata

#endif  // VERBATIM_DEVICES_ATA_H_
