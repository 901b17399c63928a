// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/boot/boot_service.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bits.h"
#include "base/log.h"
#include "firmware/bios/boot/boot_entry.h"
#include "firmware/bios/disk/el_torito.h"
#include "firmware/bios/disk/geometry.h"

namespace verbatim {
namespace {

constexpr uint8_t kEscape = 0x1B;
constexpr uint16_t kF12 = 0x8600;
constexpr size_t kMostChoices = 9;

using Sector = std::array<uint8_t, kSectorBytes>;

// Old diskettes have no signature. Code begins with a jump or something like it; a sector that was
// never written is all the same.
bool LooksLikeCode(const Sector& sector) {
  constexpr uint8_t kLeastOpcode = 0x06;
  constexpr size_t kWords = 9;
  if (sector[0] < kLeastOpcode) return false;
  const auto first = LoadLittle<uint16_t>(sector.data());
  for (size_t i = 1; i < kWords; ++i) {
    if (LoadLittle<uint16_t>(&sector[i * 2]) != first) return true;
  }
  return false;
}

Result<Sector> ReadBootSector(BiosDrive& drive) {
  Sector sector{};
  if (drive.size_bytes() == 0) return Fail("no medium");
  if (drive.Read(0, sector) != BlockStatus::kDone) return Fail("cannot be read");
  if (HasBootSignature(sector)) return sector;
  if (drive.kind() == BiosDriveKind::kFloppy && LooksLikeCode(sector)) return sector;
  return Fail("no boot sector");
}

}  // namespace

void BootService::AddCandidates(BiosDriveKind kind, const char* label) {
  size_t count = 0;
  for (BiosDrive* drive : disks_.drives().media()) {
    if (drive->kind() != kind) continue;
    ++count;
    candidates_.push_back({drive, fmt::format("{} {}", label, count)});
    // BBS: diskettes boot from the first drive only.
    if (kind == BiosDriveKind::kFloppy) break;
  }
  if (count == 0) NoteFailure(label, "none");
}

void BootService::CollectCandidates() {
  for (const char letter : order_.letters) {
    switch (letter) {
      case 'a':
        AddCandidates(BiosDriveKind::kFloppy, "diskette");
        break;
      case 'c':
        AddCandidates(BiosDriveKind::kDisk, "disk");
        break;
      case 'd':
        AddCandidates(BiosDriveKind::kCdrom, "CD");
        break;
      default:
        NoteFailure("network", "none");
        break;
    }
  }
}

void BootService::Begin(BiosCall& call) {
  disks_.PowerOn(call.mmu().memory());
  candidates_.clear();
  failures_.clear();
  text_.clear();
  printed_ = 0;
  next_ = 0;
  phase_ = Phase::kLookForKey;
  menu_key_pending_ = false;
  CollectCandidates();
  if (order_.menu) ShowMenu();
}

void BootService::NoteFailure(const std::string& label, const std::string& reason) {
  failures_.push_back(fmt::format("{}: {}", label, reason));
}

void BootService::ShowMenu() {
  text_ += "Boot from:\r\n";
  for (size_t i = 0; i < std::min(candidates_.size(), kMostChoices); ++i) {
    text_ += fmt::format("  {}  {}\r\n", i + 1, candidates_[i].label);
  }
  text_ += "Escape: in this order\r\n";
  phase_ = Phase::kMenu;
}

void BootService::TakeKey(uint16_t key) {
  const auto character = static_cast<uint8_t>(key);
  switch (phase_) {
    case Phase::kLookForKey:
      if (character == kEscape || key == kF12) {
        ShowMenu();
        menu_key_pending_ = true;
      } else {
        phase_ = Phase::kTry;
      }
      break;
    case Phase::kMenu: {
      if (std::exchange(menu_key_pending_, false)) break;
      const size_t choice = static_cast<size_t>(character) - '1';
      if (character >= '1' && choice < std::min(candidates_.size(), kMostChoices)) {
        std::rotate(candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(choice),
                    candidates_.begin() + static_cast<ptrdiff_t>(choice) + 1);
        phase_ = Phase::kTry;
      } else if (character == kEscape) {
        phase_ = Phase::kTry;
      }
      break;
    }
    default:
      break;
  }
}

Status BootService::Check(BiosDrive& drive) const {
  if (drive.kind() != BiosDriveKind::kCdrom) {
    const Result<Sector> sector = ReadBootSector(drive);
    if (!sector) return std::unexpected(sector.error());
    return {};
  }
  if (drive.size_bytes() == 0) return Fail("no medium");
  const Result<DiscBootEntry> entry = ReadBootEntry(drive);
  if (!entry) return std::unexpected(entry.error());
  return {};
}

Status BootService::StartDisc(BiosCall& call, BiosDrive& disc) {
  const Result<DiscBootEntry> entry = ReadBootEntry(disc);
  if (!entry) return std::unexpected(entry.error());
  if (Status loaded = LoadBootImage(call, disc, *entry); !loaded) return loaded;
  const Result<uint8_t> number = disks_.StartDisc(call.mmu().memory(), disc, *entry);
  if (!number) return std::unexpected(number.error());
  EnterBootSector(call, entry->Entry(), *number);
  return {};
}

Status BootService::Start(BiosCall& call, BiosDrive& drive) {
  if (drive.kind() == BiosDriveKind::kCdrom) return StartDisc(call, drive);
  const Result<Sector> sector = ReadBootSector(drive);
  if (!sector) return std::unexpected(sector.error());
  call.WriteBytes(kBootSectorEntry.Linear(), *sector);
  // The disk that boots is the first one to the guest, whatever was tried before it.
  const uint8_t number = disks_.MakeFirst(call.mmu().memory(), drive);
  EnterBootSector(call, kBootSectorEntry, number);
  return {};
}

void BootService::TryNext() {
  while (next_ < candidates_.size()) {
    const Candidate& candidate = candidates_[next_];
    const Status good = Check(*candidate.drive);
    if (good) {
      text_ = fmt::format("Booting from {}...\r\n", candidate.label);
      phase_ = Phase::kStart;
      return;
    }
    NoteFailure(candidate.label, good.error().message);
    ++next_;
  }
  GiveUp();
}

void BootService::GiveUp() {
  std::string tried;
  text_ = "No bootable device. Tried:\r\n";
  for (const std::string& failure : failures_) {
    text_ += fmt::format("  {}\r\n", failure);
    tried += (tried.empty() ? "" : "; ") + failure;
  }
  text_ += "Press a key to try again.\r\n";
  Log(LogLevel::kWarning, "the guest has no bootable device: {}", tried);
  phase_ = Phase::kFailed;
}

void BootService::Step(BiosCall& call) {
  switch (call.regs.al()) {
    case kBegin:
      Begin(call);
      break;
    case kNextDrive:
      // The one that was started has given up.
      if (next_ < candidates_.size()) NoteFailure(candidates_[next_++].label, "did not start");
      phase_ = Phase::kTry;
      break;
    case kKey:
      if (phase_ == Phase::kFailed) {
        Begin(call);
      } else {
        TakeKey(call.regs.cx());
      }
      break;
    default:
      break;
  }
  while (printed_ == text_.size()) {
    text_.clear();
    printed_ = 0;
    switch (phase_) {
      case Phase::kLookForKey:
        call.regs.set_ah(kPeekKey);
        return;
      case Phase::kMenu:
      case Phase::kFailed:
        call.regs.set_ah(kWaitForKey);
        return;
      case Phase::kTry:
        TryNext();
        break;
      case Phase::kStart: {
        phase_ = Phase::kTry;
        const Status started = Start(call, *candidates_[next_].drive);
        if (started) return;
        NoteFailure(candidates_[next_++].label, started.error().message);
        break;
      }
    }
  }
  call.regs.set_ax(static_cast<uint16_t>(kPrint << 8 | static_cast<uint8_t>(text_[printed_++])));
}

}  // namespace verbatim
