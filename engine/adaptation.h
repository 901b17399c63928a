// SPDX-License-Identifier: Apache-2.0
// Adaptive translation: a memory instruction is innocent until proven guilty. One that keeps
// faulting (device memory, pages of code, user pages touched by the kernel; or, weighing less,
// pages that are mapped anew each time, as through a kernel's fixmap) is retranslated in software
// form. One whose accesses there would hardly have faulted goes back, with growing reluctance.
//
// User code is another matter: what faults is a page that is used for the first time, and a page
// that is used for long had better be mapped. Its sites are worth a trial each time that they have
// faulted more often than the time before: those that touch one page after the other stay, those
// that go on to work on each page go back at once (docs/decisions/user-faults.md).
//
// Sites are named by the physical address of the instruction, so that a page of code that is mapped
// twice has one history.
#ifndef VERBATIM_ENGINE_ADAPTATION_H_
#define VERBATIM_ENGINE_ADAPTATION_H_

#include <tsl/robin_map.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/address.h"
#include "translator/translator.h"

namespace verbatim {

class Adaptation final : public SitePolicy {
 public:
  // What faults weigh, and the weight that moves a site to software.
  static constexpr uint32_t kStrongFault = 8;
  static constexpr uint32_t kWeakFault = 1;
  static constexpr uint32_t kGuilty = 24;
  // Harmless accesses in software before it is moved back the first time; doubles each time.
  static constexpr uint32_t kInnocentAccesses = 4096;
  // The same for user code, where it stays and the weight doubles instead.
  static constexpr uint32_t kInnocentUserAccesses = 256;
  // How many accesses in software cost what one fault costs: so much a guilty access counts against
  // the harmless ones.
  static constexpr uint32_t kAccessesForAFault = 64;

  [[nodiscard]] bool InSoftware(PhysicalAddress instruction) const override;

  // Returns true if the site is to be moved to software form now.
  [[nodiscard]] bool NoteFault(PhysicalAddress instruction, uint32_t weight);
  [[nodiscard]] bool NoteUserFault(PhysicalAddress instruction);
  // An access in software form; `guilty`: it would have faulted. Returns true if the site is to
  // be moved back now.
  [[nodiscard]] bool NoteSoftwareAccess(PhysicalAddress instruction, bool guilty);

  enum class Verdict : uint8_t {
    kStay,
    kGoBack,   // to direct form, now
    kMapPage,  // it stays, but had better find the page mapped the next time
  };
  // An access of user code in software form raised a page fault, or is through. One that repeats
  // what faulted last needs no mapping: most pages of such a site are used once.
  void NoteSoftwareFault(PhysicalAddress instruction, LinearAddress address);
  [[nodiscard]] Verdict NoteUserAccess(PhysicalAddress instruction, LinearAddress address,
                                       bool mapped);

  // What made the site guilty is gone: it goes back now, if it was in software form.
  void Pardon(PhysicalAddress instruction);

  // The bytes of a page changed: its instructions are others now.
  void ForgetPage(PhysicalAddress page);
  void Clear() { pages_.clear(); }

 private:
  struct Record {
    uint16_t offset = 0;
    bool software = false;
    bool user = false;  // it was user code that went to software last
    uint32_t faults = 0;
    uint32_t guilty = kGuilty;
    uint32_t innocent = 0;
    uint32_t patience = kInnocentAccesses;
    uint32_t faulted_page = kNoPage;  // of user code in software form
  };
  static constexpr uint32_t kNoPage = ~uint32_t{0};
  static constexpr PhysicalAddress kNowhere{~uint64_t{0}};
  [[nodiscard]] Record* Find(PhysicalAddress instruction);
  [[nodiscard]] Record& Make(PhysicalAddress instruction);
  static void CountAgainst(Record& record) {
    record.innocent -= std::min(record.innocent, kAccessesForAFault);
  }
  [[nodiscard]] static bool Convict(Record& record, uint32_t weight, bool user);
  [[nodiscard]] static bool CountFor(Record& record);

  // The site noted last, if it was guilty: its record says so already.
  PhysicalAddress guilty_last_ = kNowhere;

  // By physical page; most pages have none or a few.
  tsl::robin_map<uint32_t, std::vector<Record>> pages_;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_ADAPTATION_H_
