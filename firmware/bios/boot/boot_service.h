// SPDX-License-Identifier: Apache-2.0
// From the end of the self-test to a boot sector's first instruction: int 19h tries the drives in
// their order, int 18h goes on with the next one, and what was tried in vain is told on the screen.
// BIOS Boot Specification 1.01, sections 5 and 6.
//
// The ROM drives it: it calls Step and does what the answer says (print a character, wait for a
// key, look for one), so that the services which guests and option ROMs hook are the ones used.
#ifndef VERBATIM_FIRMWARE_BIOS_BOOT_BOOT_SERVICE_H_
#define VERBATIM_FIRMWARE_BIOS_BOOT_BOOT_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/disk/disk_service.h"
#include "firmware/bios/drive.h"

namespace verbatim {

struct BootOrder {
  std::string letters = "acd";  // a diskette, c disk, d disc, n network
  bool menu = false;            // ask first
};

class BootService {
 public:
  // What AL says to Step (rom.asm has the same).
  enum Event : uint8_t { kBegin = 0, kNextDrive = 1, kDone = 2, kKey = 3 };
  // What Step answers in AH.
  enum Action : uint8_t { kPrint = 0, kWaitForKey = 1, kPeekKey = 2 };

  BootService(DiskService& disks, BootOrder order) : disks_(disks), order_(std::move(order)) {}

  // AL the event, CX the key of kKey (as int 16h tells it; 0: none).
  void Step(BiosCall& call);

 private:
  enum class Phase : uint8_t { kLookForKey, kMenu, kTry, kStart, kFailed };
  struct Candidate {
    BiosDrive* drive;
    std::string label;
  };

  void Begin(BiosCall& call);
  void CollectCandidates();
  void AddCandidates(BiosDriveKind kind, const char* label);
  void TakeKey(uint16_t key);
  void ShowMenu();
  void TryNext();
  void GiveUp();
  void NoteFailure(const std::string& label, const std::string& reason);
  // What keeps the drive from booting, if anything.
  [[nodiscard]] Status Check(BiosDrive& drive) const;
  [[nodiscard]] Status Start(BiosCall& call, BiosDrive& drive);
  [[nodiscard]] Status StartDisc(BiosCall& call, BiosDrive& disc);

  DiskService& disks_;
  const BootOrder order_;
  Phase phase_ = Phase::kLookForKey;
  bool menu_key_pending_ = false;  // the key that asked for the menu is still in the buffer
  std::vector<Candidate> candidates_;
  size_t next_ = 0;
  std::vector<std::string> failures_;
  std::string text_;  // still to be printed
  size_t printed_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_BOOT_BOOT_SERVICE_H_
