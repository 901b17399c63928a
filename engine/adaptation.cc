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

bool Adaptation::InSoftware(PhysicalAddress instruction) const {
  const auto page = pages_.find(instruction.Page());
  if (page == pages_.end()) return false;
  const std::vector<Record>& records = page->second;
  return std::ranges::any_of(records, [&](const Record& record) {
    return record.offset == instruction.PageOffset() && record.software;
  });
}

Adaptation::Record& Adaptation::Make(PhysicalAddress instruction) {
  if (Record* record = Find(instruction)) return *record;
  std::vector<Record>& records = pages_[instruction.Page()];
  records.push_back({.offset = static_cast<uint16_t>(instruction.PageOffset())});
  return records.back();
}

bool Adaptation::Convict(Record& record, uint32_t weight, bool user) {
  if (record.software) return false;
  record.faults += weight;
  if (record.faults < (user ? record.guilty : kGuilty)) return false;
  record.software = true;
  record.user = user;
  record.faults = 0;
  record.innocent = 0;
  record.faulted_page = kNoPage;
  return true;
}

bool Adaptation::NoteFault(PhysicalAddress instruction, uint32_t weight) {
  guilty_last_ = kNowhere;
  return Convict(Make(instruction), weight, false);
}

bool Adaptation::NoteUserFault(PhysicalAddress instruction) {
  guilty_last_ = kNowhere;
  return Convict(Make(instruction), kWeakFault, true);
}

// Enough of them, and the site goes back.
bool Adaptation::CountFor(Record& record) {
  constexpr uint32_t kHighest = 1u << 30;
  if (++record.innocent < (record.user ? kInnocentUserAccesses : record.patience)) return false;
  record.software = false;
  uint32_t& reluctance = record.user ? record.guilty : record.patience;
  if (reluctance < kHighest) reluctance *= 2;
  return true;
}

bool Adaptation::NoteSoftwareAccess(PhysicalAddress instruction, bool guilty) {
  if (guilty && instruction == guilty_last_) return false;
  guilty_last_ = guilty ? instruction : kNowhere;
  Record* record = Find(instruction);
  // A site can be in software for other reasons: segment limits, a single step.
  if (record == nullptr || !record->software) return false;
  if (guilty) {
    CountAgainst(*record);
    return false;
  }
  return CountFor(*record);
}

void Adaptation::NoteSoftwareFault(PhysicalAddress instruction, LinearAddress address) {
  Record* record = Find(instruction);
  if (record == nullptr || !record->software) return;
  CountAgainst(*record);
  record->faulted_page = address.Page();
}

Adaptation::Verdict Adaptation::NoteUserAccess(PhysicalAddress instruction, LinearAddress address,
                                               bool mapped) {
  Record* record = Find(instruction);
  if (record == nullptr || !record->software) return Verdict::kStay;
  if (!mapped && record->faulted_page != address.Page()) {
    CountAgainst(*record);
    return Verdict::kMapPage;
  }
  return CountFor(*record) ? Verdict::kGoBack : Verdict::kStay;
}

void Adaptation::Pardon(PhysicalAddress instruction) {
  Record* record = Find(instruction);
  if (record == nullptr) return;
  record->software = false;
  record->faults = 0;
}

void Adaptation::ForgetPage(PhysicalAddress page) { pages_.erase(page.Page()); }

}  // namespace verbatim
