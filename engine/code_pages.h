// SPDX-License-Identifier: Apache-2.0
// How each page with translated code learns that it was written.
//
// At first it is write-protected in every window: its blocks cost nothing, a store to it a host
// fault. A page that has been written often (code beside data, a stack, what a program patches or
// generates) becomes a checked one: writable like any other, its blocks compare the guest's bytes
// with those they were made of whenever they are entered (translator/byte_check.cc). Stores then
// cost nothing, whoever makes them. A checked page whose bytes stay as they are goes back, and
// stays checked longer each time that it turns out to have been wrong. Why so: see
// docs/decisions/checked-pages.md.
//
// Pages are named by physical address.
#ifndef VERBATIM_ENGINE_CODE_PAGES_H_
#define VERBATIM_ENGINE_CODE_PAGES_H_

#include <tsl/robin_map.h>

#include <cstdint>
#include <vector>

#include "base/address.h"

namespace verbatim {

class CodePages {
 public:
  // Writes to a protected page after which it becomes a checked one.
  static constexpr uint32_t kWrites = 64;
  // How long a checked page must have been stable to go back the first time; doubles each time.
  static constexpr uint64_t kPatienceNs = 1'000'000'000;
  static constexpr uint64_t kLongestPatienceNs = 3600'000'000'000;
  static constexpr uint64_t kReviewPeriodNs = 250'000'000;

  [[nodiscard]] bool IsChecked(PhysicalAddress page) const {
    const auto found = pages_.find(page.Page());
    return found != pages_.end() && found->second.checked;
  }

  // A protected page was written. True: from now on it is a checked one.
  [[nodiscard]] bool NoteWrite(PhysicalAddress page);
  // A block of a checked page found its bytes changed.
  void NoteStale(PhysicalAddress page);
  // Calls protect(page) for each page that goes back now; cheap if called too early.
  template <typename Protect>
  void Review(uint64_t now_ns, Protect protect) {
    if (checked_.empty() || now_ns < next_review_ns_) return;
    for (const PhysicalAddress page : TakeStable(now_ns)) protect(page);
  }
  void Clear();
  // Grows with every page that becomes a checked one.
  [[nodiscard]] uint64_t turns() const { return turns_; }

 private:
  struct Record {
    uint32_t writes = 0;
    bool checked = false;
    bool stale = false;            // some block was, since the last review
    uint64_t stable_since_ns = 0;  // 0: not looked at yet
    uint64_t patience_ns = kPatienceNs;
  };
  [[nodiscard]] std::vector<PhysicalAddress> TakeStable(uint64_t now_ns);

  tsl::robin_map<uint32_t, Record> pages_;
  std::vector<uint32_t> checked_;
  uint64_t next_review_ns_ = 0;
  uint64_t turns_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_CODE_PAGES_H_
