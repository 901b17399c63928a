// SPDX-License-Identifier: Apache-2.0
// Adaptive translation: a memory instruction is innocent until proven guilty. One that has faulted
// a few times (device memory, pages of code, pages that are used for the first time or mapped anew
// each time) is retranslated so that it looks first whether its page is mapped: the engine does
// what the look tells it not to try, and decides when the page had better be mapped
// (docs/decisions/probed-accesses.md).
//
// Instructions that cannot look first (strings, the stack's, those through segments with a limit)
// are retranslated in software form when they keep faulting. One whose accesses there would hardly
// have faulted goes back, with growing reluctance. In user code they are worth a trial each time
// that they have faulted more often than the time before: those that touch one page after the other
// stay, those that go on to work on each page go back at once (docs/decisions/user-faults.md).
//
// Sites are named by the physical address of the instruction, so that a page of code that is mapped
// twice has one history.
#ifndef VERBATIM_ENGINE_ADAPTATION_H_
#define VERBATIM_ENGINE_ADAPTATION_H_

#include <tsl/robin_map.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.h"
#include "memory/paging.h"
#include "translator/translator.h"

namespace verbatim {

class Adaptation final : public SitePolicy {
 public:
  // What faults weigh, and the weight that moves a site to software.
  static constexpr uint32_t kStrongFault = 8;
  static constexpr uint32_t kWeakFault = 1;
  static constexpr uint32_t kGuilty = 24;
  // Enough to look first from then on, which costs little where it was wrong.
  static constexpr uint32_t kSuspicious = 3;
  // Harmless accesses in software before it is moved back the first time; doubles each time.
  static constexpr uint32_t kInnocentAccesses = 4096;
  // The same for user code, where it stays and the weight doubles instead.
  static constexpr uint32_t kInnocentUserAccesses = 256;
  // How many accesses in software cost what one fault costs: so much a guilty access counts against
  // the harmless ones.
  static constexpr uint32_t kAccessesForAFault = 64;

  // Accesses to one page after which it is mapped: by a kernel, which copies from and to pages that
  // it uses once; by user code that has just had a page fault there, if such pages were left
  // unmapped and nobody else has used them either. Else user code finds it mapped at once.
  static constexpr uint32_t kTouchesOfKernel = 8;
  static constexpr uint32_t kTouchesOfUser = 2;
  // Page faults of a user site after which one page is left unmapped, to see who uses it.
  static constexpr uint32_t kMapCredit = 64;

  // `always_probed`: all that can look first, without having faulted.
  explicit Adaptation(bool always_probed) : always_probed_(always_probed) {}

  [[nodiscard]] AccessForm FormOf(PhysicalAddress instruction) const override;
  [[nodiscard]] bool HasAnyIn(PhysicalAddress page) const override {
    return always_probed_ || pages_.contains(page.Page());
  }
  [[nodiscard]] bool IsInSoftware(PhysicalAddress instruction) const {
    return FormOf(instruction) == AccessForm::kSoftware;
  }

  // `can_look`: it can be probed. Returns true if the site is to be retranslated in another form
  // now.
  [[nodiscard]] bool NoteFault(PhysicalAddress instruction, uint32_t weight, bool can_look);
  [[nodiscard]] bool NoteUserFault(PhysicalAddress instruction, bool can_look);
  // The engine did an access to what is never mapped, or (not guilty) one that would not have
  // faulted. Returns true if the site is to be moved back now.
  [[nodiscard]] bool NoteSoftwareAccess(PhysicalAddress instruction, bool guilty);

  enum class Verdict : uint8_t {
    kStay,
    kGoBack,   // to direct form, now
    kMapPage,  // it stays, but had better find the page mapped the next time
  };
  // The engine did an access to memory. `mapped`: it would not have faulted.
  [[nodiscard]] Verdict NoteAccess(PhysicalAddress instruction, LinearAddress address, bool mapped,
                                   Privilege privilege);
  // An access of user code that the engine did raised a page fault. `left_is_mapped`: the page that
  // LeftUnmapped() names is mapped by now.
  void NoteSoftwareFault(PhysicalAddress instruction, LinearAddress address, bool left_is_mapped);
  [[nodiscard]] std::optional<LinearAddress> LeftUnmapped(PhysicalAddress instruction);

  // What made the site guilty is gone: it goes back now, if it was in software form.
  void Pardon(PhysicalAddress instruction);

  // The bytes of a page changed: its instructions are others now.
  void ForgetPage(PhysicalAddress page);
  void Clear() { pages_.clear(); }

 private:
  struct Record {
    uint16_t offset = 0;
    AccessForm form = AccessForm::kDirect;
    bool user = false;  // it was user code that went to software last
    uint8_t map_credit = kMapCredit;
    uint32_t faults = 0;
    uint32_t guilty = kGuilty;
    uint32_t innocent = 0;
    uint32_t patience = kInnocentAccesses;
    uint32_t faulted_page = kNoPage;  // where the engine found a page fault for it last
    uint32_t touched_page = kNoPage;  // where it came to the engine last, and how often
    uint32_t touches = 0;
  };
  static constexpr uint32_t kNoPage = ~uint32_t{0};
  static constexpr PhysicalAddress kNowhere{~uint64_t{0}};
  [[nodiscard]] AccessForm FormAtFirst() const {
    return always_probed_ ? AccessForm::kProbed : AccessForm::kDirect;
  }
  [[nodiscard]] Record* Find(PhysicalAddress instruction);
  [[nodiscard]] Record& Make(PhysicalAddress instruction);
  static void CountAgainst(Record& record) {
    record.innocent -= std::min(record.innocent, kAccessesForAFault);
  }
  struct Charge {
    uint32_t weight;
    bool user;
    bool can_look;
  };
  [[nodiscard]] static bool Convict(Record& record, const Charge& charge);
  [[nodiscard]] static Verdict NoteHidden(Record& record, uint32_t page, Privilege privilege);
  [[nodiscard]] static Verdict NoteUserAccess(Record& record, uint32_t page, bool mapped);
  [[nodiscard]] static bool CountFor(Record& record);

  const bool always_probed_;

  // The site noted last, if it was guilty: its record says so already.
  PhysicalAddress guilty_last_ = kNowhere;

  // By physical page; most pages have none or a few.
  tsl::robin_map<uint32_t, std::vector<Record>> pages_;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_ADAPTATION_H_
