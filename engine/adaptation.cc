// SPDX-License-Identifier: Apache-2.0
#include "engine/adaptation.h"

#include <algorithm>

namespace verbatim {

Adaptation::Record* Adaptation::Find(PhysicalAddress instruction) {
  const auto page = pages_.find(instruction.Page());
  if (page == pages_.end()) return nullptr;
  std::vector<Record>& records = page.value();
  const auto found = std::ranges::find(records, instruction.PageOffset(), &Record::offset);
  return found == records.end() ? nullptr : &*found;
}

AccessForm Adaptation::FormOf(PhysicalAddress instruction) const {
  const auto page = pages_.find(instruction.Page());
  if (page == pages_.end()) return FormAtFirst();
  const std::vector<Record>& records = page->second;
  const auto found = std::ranges::find(records, instruction.PageOffset(), &Record::offset);
  return found == records.end() ? FormAtFirst() : found->form;
}

Adaptation::Record& Adaptation::Make(PhysicalAddress instruction) {
  if (Record* record = Find(instruction)) return *record;
  std::vector<Record>& records = pages_[instruction.Page()];
  records.push_back(
      {.offset = static_cast<uint16_t>(instruction.PageOffset()), .form = FormAtFirst()});
  return records.back();
}

bool Adaptation::Convict(Record& record, const Charge& charge) {
  if (record.form == AccessForm::kSoftware) return false;
  record.faults += charge.weight;
  if (charge.can_look && record.form == AccessForm::kDirect && record.faults >= kSuspicious) {
    record.form = AccessForm::kProbed;
    record.touched_page = kNoPage;
    return true;
  }
  if (record.faults < (charge.user ? record.guilty : kGuilty)) return false;
  record.form = AccessForm::kSoftware;
  record.user = charge.user;
  record.faults = 0;
  record.innocent = 0;
  record.faulted_page = kNoPage;
  return true;
}

bool Adaptation::NoteFault(PhysicalAddress instruction, uint32_t weight, bool can_look) {
  guilty_last_ = kNowhere;
  return Convict(Make(instruction), {.weight = weight, .user = false, .can_look = can_look});
}

bool Adaptation::NoteUserFault(PhysicalAddress instruction, bool can_look) {
  guilty_last_ = kNowhere;
  return Convict(Make(instruction), {.weight = kWeakFault, .user = true, .can_look = can_look});
}

// Enough of them, and the site goes back.
bool Adaptation::CountFor(Record& record) {
  constexpr uint32_t kHighest = 1u << 30;
  if (++record.innocent < (record.user ? kInnocentUserAccesses : record.patience)) return false;
  record.form = AccessForm::kDirect;
  uint32_t& reluctance = record.user ? record.guilty : record.patience;
  if (reluctance < kHighest) reluctance *= 2;
  return true;
}

bool Adaptation::NoteSoftwareAccess(PhysicalAddress instruction, bool guilty) {
  if (guilty && instruction == guilty_last_) return false;
  guilty_last_ = guilty ? instruction : kNowhere;
  Record* record = Find(instruction);
  // A site can be in software for other reasons: segment limits, a single step.
  if (record == nullptr || record->form != AccessForm::kSoftware) return false;
  if (guilty) {
    CountAgainst(*record);
    return false;
  }
  return CountFor(*record);
}

std::optional<LinearAddress> Adaptation::LeftUnmapped(PhysicalAddress instruction) {
  const Record* record = Find(instruction);
  const bool left = record != nullptr && record->form == AccessForm::kProbed &&
                    record->map_credit == 0 && record->faulted_page != kNoPage;
  if (!left) return std::nullopt;
  return LinearAddress{record->faulted_page << kPageShift};
}

void Adaptation::NoteSoftwareFault(PhysicalAddress instruction, LinearAddress address,
                                   bool left_is_mapped) {
  Record* record = Find(instruction);
  if (record == nullptr || record->form == AccessForm::kDirect) return;
  CountAgainst(*record);
  record->faulted_page = address.Page();
  record->touched_page = kNoPage;
  if (left_is_mapped) {
    record->map_credit = kMapCredit;
  } else if (record->map_credit != 0) {
    --record->map_credit;
  }
}

// The window does not show the page to a site that has looked. What is no memory stays hidden: that
// it should be mapped is said once.
Adaptation::Verdict Adaptation::NoteHidden(Record& record, uint32_t page, Privilege privilege) {
  if (record.touched_page != page) {
    record.touched_page = page;
    record.touches = 0;
  }
  const bool once = record.faulted_page == page && record.map_credit == 0;
  const uint32_t wanted = privilege == Privilege::kSupervisor ? kTouchesOfKernel
                          : once                              ? kTouchesOfUser
                                                              : 1;
  return ++record.touches == wanted ? Verdict::kMapPage : Verdict::kStay;
}

// One that repeats what faulted last needs no mapping: most pages of such a site are used once.
Adaptation::Verdict Adaptation::NoteUserAccess(Record& record, uint32_t page, bool mapped) {
  if (!mapped && record.faulted_page != page) {
    CountAgainst(record);
    return Verdict::kMapPage;
  }
  return CountFor(record) ? Verdict::kGoBack : Verdict::kStay;
}

Adaptation::Verdict Adaptation::NoteAccess(PhysicalAddress instruction, LinearAddress address,
                                           bool mapped, Privilege privilege) {
  Record* record = always_probed_ ? &Make(instruction) : Find(instruction);
  if (record == nullptr || record->form == AccessForm::kDirect) return Verdict::kStay;
  if (record->form == AccessForm::kProbed) {
    return mapped ? Verdict::kStay : NoteHidden(*record, address.Page(), privilege);
  }
  if (privilege == Privilege::kUser) return NoteUserAccess(*record, address.Page(), mapped);
  return NoteSoftwareAccess(instruction, !mapped) ? Verdict::kGoBack : Verdict::kStay;
}

void Adaptation::Pardon(PhysicalAddress instruction) {
  Record* record = Find(instruction);
  if (record == nullptr) return;
  record->form = AccessForm::kDirect;
  record->faults = 0;
}

void Adaptation::ForgetPage(PhysicalAddress page) { pages_.erase(page.Page()); }

}  // namespace verbatim
