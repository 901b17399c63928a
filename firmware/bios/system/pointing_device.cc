// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/system/pointing_device.h"

#include <array>
#include <iterator>
#include <span>

#include "firmware/bios/bios_data_area.h"

namespace verbatim {
namespace {

enum Status : uint8_t {
  kNoSuchFunction = 0x01,
  kInvalidInput = 0x02,
  kNoDriver = 0x05,
};

enum Function : uint8_t {
  kEnable = 0x00,
  kReset = 0x01,
  kSampleRate = 0x02,
  kResolution = 0x03,
  kDeviceType = 0x04,
  kInitialise = 0x05,
  kExtended = 0x06,
  kSetDriver = 0x07,
};
enum Extended : uint8_t { kReadStatus = 0, kScale1To1 = 1, kScale2To1 = 2 };

// Commands of the device.
constexpr uint8_t kSetScale1To1 = 0xE6;
constexpr uint8_t kSetScale2To1 = 0xE7;
constexpr uint8_t kSetResolution = 0xE8;
constexpr uint8_t kStatusRequest = 0xE9;
constexpr uint8_t kReadType = 0xF2;
constexpr uint8_t kSetRate = 0xF3;
constexpr uint8_t kEnableReports = 0xF4;
constexpr uint8_t kDisableReports = 0xF5;
constexpr uint8_t kResetDevice = 0xFF;

constexpr uint8_t kRates[] = {10, 20, 40, 60, 80, 100, 200};
constexpr uint8_t kMaxResolution = 3;
constexpr uint8_t kMaxPacketBytes = 8;

// Extended data area.
constexpr uint16_t kDriverOffset = 0x22;
constexpr uint32_t kFlags1 = 0x26;  // bits 0 to 2: bytes of the packet so far
constexpr uint32_t kFlags2 = 0x27;  // bits 0 to 2: bytes of a packet, less one
constexpr uint32_t kPacket = 0x28;
constexpr uint8_t kCountMask = 0x07;
constexpr uint8_t kDriverInstalled = 0x80;

LinearAddress ExtendedArea(BiosCall& call) {
  return FarPointer{0, call.Read<uint16_t>(bda::kExtendedArea)}.Linear();
}

void SetStatus(BiosCall& call, uint8_t status) {
  call.regs.set_ah(status);
  call.SetCarry(status != 0);
}

}  // namespace

bool PointingDevice::Send(std::initializer_list<uint8_t> bytes, unsigned answers,
                          std::optional<bool> interrupt) {
  dialog_.Begin({bytes.begin(), bytes.size()}, answers, interrupt);
  return true;
}

bool PointingDevice::Function(BiosCall& call) {
  const LinearAddress area = ExtendedArea(call);
  const uint8_t value = call.regs.bh();
  switch (call.regs.al()) {
    case kEnable:
      if (value > 1) break;
      if (value == 0) return Send({kDisableReports}, 0);
      if ((call.Read<uint8_t>(area + kFlags2) & kDriverInstalled) == 0) {
        SetStatus(call, kNoDriver);
        return false;
      }
      call.Write<uint8_t>(area + kFlags1, 0);
      return Send({kEnableReports}, 0, true);
    case kReset:
      call.Write<uint8_t>(area + kFlags1, 0);
      return Send({kResetDevice}, 2);
    case kSampleRate:
      if (value >= std::size(kRates)) break;
      return Send({kSetRate, kRates[value]}, 0);
    case kResolution:
      if (value > kMaxResolution) break;
      return Send({kSetResolution, value}, 0);
    case kDeviceType:
      return Send({kReadType}, 1);
    case kInitialise: {
      if (value == 0 || value > kMaxPacketBytes) break;
      const auto flags = call.Read<uint8_t>(area + kFlags2);
      call.Write(area + kFlags2, static_cast<uint8_t>((flags & ~kCountMask) | (value - 1)));
      call.Write<uint8_t>(area + kFlags1, 0);
      return Send({kResetDevice}, 2, true);
    }
    case kExtended:
      if (value == kReadStatus) return Send({kStatusRequest}, 3);
      if (value == kScale1To1) return Send({kSetScale1To1}, 0);
      if (value == kScale2To1) return Send({kSetScale2To1}, 0);
      break;
    case kSetDriver: {
      const FarPointer driver{call.regs.bx(), call.Selector(kEs)};
      const auto flags = call.Read<uint8_t>(area + kFlags2);
      const bool installed = driver != FarPointer{};
      call.Write(area + kDriverOffset, driver.offset);
      call.Write(area + (kDriverOffset + 2), driver.segment);
      call.Write(area + kFlags2, static_cast<uint8_t>(installed ? flags | kDriverInstalled
                                                                : flags & ~kDriverInstalled));
      SetStatus(call, 0);
      return false;
    }
    default:
      SetStatus(call, kNoSuchFunction);
      return false;
  }
  SetStatus(call, kInvalidInput);
  return false;
}

void PointingDevice::EndFunction(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  const uint8_t function = regs.al();
  const uint8_t value = regs.bh();
  SetStatus(call, dialog_.outcome());
  if (dialog_.outcome() != MouseDialog::kDone) return;
  if (function == kReset || function == kInitialise) {
    regs.set_bl(dialog_.answer(0));
    regs.set_bh(dialog_.answer(1));
  } else if (function == kDeviceType) {
    regs.set_bh(dialog_.answer(0));
  } else if (function == kExtended && value == kReadStatus) {
    regs.set_bl(dialog_.answer(0));
    regs.set_cl(dialog_.answer(1));
    regs.set_dl(dialog_.answer(2));
  }
}

void PointingDevice::ByteArrived(BiosCall& call) {
  call.SetLiveCarry(false);
  const LinearAddress area = ExtendedArea(call);
  const auto flags1 = call.Read<uint8_t>(area + kFlags1);
  const auto flags2 = call.Read<uint8_t>(area + kFlags2);
  if ((flags2 & kDriverInstalled) == 0) return;
  const uint32_t index = flags1 & kCountMask;
  const uint32_t bytes = (flags2 & kCountMask) + 1u;
  call.Write(area + (kPacket + index), call.regs.al());
  const bool complete = index + 1 >= bytes;
  const uint32_t count = complete ? 0 : index + 1;
  call.Write(area + kFlags1, static_cast<uint8_t>((flags1 & ~kCountMask) | count));
  if (!complete) return;
  std::array<uint8_t, kMaxPacketBytes> packet{};
  call.ReadBytes(area + kPacket, std::span(packet).first(bytes));
  const auto word = [&packet](unsigned low) {
    return static_cast<uint16_t>(packet[low] | packet[low + 4] << 8);
  };
  call.regs.set_ax(word(0));
  call.regs.set_cx(word(1));
  call.regs.set_dx(word(2));
  call.regs.set_si(word(3));
  call.regs.set_bx(kDriverOffset);
  call.SetSegment(kDs, call.Read<uint16_t>(bda::kExtendedArea));
  call.SetLiveCarry(true);
}

}  // namespace verbatim
