// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/restart.h"

#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/power_on.h"
#include "firmware/bios/rom.h"
#include "firmware/bios/time/cmos.h"

namespace verbatim {
namespace {

// By the vector at 40:67: a jump, or a stack to return from.
enum Reason : uint8_t {
  kJumpWithEoi = 0x05,
  kBlockMoveReturn = 0x09,
  kJump = 0x0A,
  kInterruptReturn = 0x0B,
  kFarReturn = 0x0C,
};

constexpr uint16_t kResetControl = 0xCF9;
constexpr uint8_t kHardReset = 0x02;
constexpr uint8_t kHardResetNow = 0x06;

void ReturnBy(BiosCall& call, FarPointer stack, uint16_t rom_code) {
  call.SetSegment(kSs, stack.segment);
  call.regs.Set(kEsp, stack.offset);
  call.Jump({rom_code, kRomSegment});
}

}  // namespace

bool ResumeAfterReset(PortIo& ports, BiosCall& call) {
  Cmos cmos(ports);
  const uint8_t reason = cmos.Read(Cmos::kShutdown);
  cmos.Write(Cmos::kShutdown, 0);
  const FarPointer vector{call.Read<uint16_t>(bda::kResumeVector),
                          call.Read<uint16_t>(bda::kResumeVector + 2)};
  switch (reason) {
    case kJumpWithEoi:
      EndInterrupts(ports);
      call.Jump(vector);
      return true;
    case kJump:
      call.Jump(vector);
      return true;
    case kBlockMoveReturn:
      ReturnBy(call, vector, kBlockMoveReturnCode);
      return true;
    case kInterruptReturn:
      ReturnBy(call, vector, kInterruptReturnCode);
      return true;
    case kFarReturn:
      ReturnBy(call, vector, kFarReturnCode);
      return true;
    default:
      return false;
  }
}

void ResetMachine(PortIo& ports) {
  ports.WritePort(kResetControl, 1, kHardReset);
  ports.WritePort(kResetControl, 1, kHardResetNow);
}

}  // namespace verbatim
