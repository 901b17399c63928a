// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/boot.h"

#include <array>
#include <cstdint>

#include "base/log.h"

namespace verbatim {
namespace {

constexpr FarPointer kBootSector{0x7C00, 0};
constexpr uint16_t kSignature = 0xAA55;
constexpr size_t kSignatureOffset = 510;
constexpr uint8_t kFirstDisk = 0x80;

}  // namespace

bool BootService::StartDisk(BiosCall& call, BiosDrive& drive, uint8_t number) {
  std::array<uint8_t, kSectorBytes> sector{};
  if (drive.Read(0, sector) != BlockStatus::kDone) return false;
  if (LoadLittle<uint16_t>(&sector[kSignatureOffset]) != kSignature) return false;
  call.WriteBytes(kBootSector.Linear(), sector);
  call.regs.set_ax(kSignature);
  call.regs.set_dx(number);
  call.SetSegment(kDs, 0);
  call.SetSegment(kEs, 0);
  call.SetSegment(kSs, 0);
  call.regs.Set(kEsp, kBootSector.offset);
  call.Jump(kBootSector);
  return true;
}

void BootService::Bootstrap(BiosCall& call) {
  uint8_t number = kFirstDisk;
  while (next_ < order_.size()) {
    if (StartDisk(call, *order_[next_++], number)) return;
  }
}

void BootService::NoBootDevice(BiosCall& /*call*/) {
  next_ = 0;
  Log(LogLevel::kWarning, "no drive of the guest has a boot sector");
}

}  // namespace verbatim
