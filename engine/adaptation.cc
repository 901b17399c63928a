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

bool Adaptation::NoteFault(PhysicalAddress instruction, uint32_t weight) {
  guilty_last_ = kNowhere;
  Record* record = Find(instruction);
  if (record == nullptr) {
    std::vector<Record>& records = pages_[instruction.Page()];
    record = &records.emplace_back();
    record->offset = static_cast<uint16_t>(instruction.PageOffset());
  }
  if (record->software) return false;
  record->faults += weight;
  if (record->faults < kGuilty) return false;
  record->software = true;
  record->faults = 0;
  record->innocent = 0;
  return true;
}

bool Adaptation::NoteSoftwareAccess(PhysicalAddress instruction, bool guilty) {
  if (guilty && instruction == guilty_last_) return false;
  guilty_last_ = guilty ? instruction : kNowhere;
  Record* record = Find(instruction);
  // A site can be in software for other reasons: segment limits, a single step.
  if (record == nullptr || !record->software) return false;
  if (guilty) {
    record->innocent -= std::min(record->innocent, kAccessesForAFault);
    return false;
  }
  if (++record->innocent < record->patience) return false;
  record->software = false;
  if (record->patience < (1u << 30)) record->patience *= 2;
  return true;
}

void Adaptation::Pardon(PhysicalAddress instruction) {
  Record* record = Find(instruction);
  if (record == nullptr) return;
  record->software = false;
  record->faults = 0;
}

void Adaptation::ForgetPage(PhysicalAddress page) { pages_.erase(page.Page()); }

}  // namespace verbatim
