// SPDX-License-Identifier: Apache-2.0
// Adaptive translation: a memory instruction is innocent until proven guilty. One that keeps
// faulting (device memory, pages of code, user pages touched by the kernel; or, weighing less,
// pages that are mapped anew each time, as through a kernel's fixmap) is retranslated in software
// form. One whose accesses there would hardly have faulted goes back, with growing reluctance.
//
// Sites are named by the physical address of the instruction, so that a page of code that is mapped
// twice has one history.
#ifndef VERBATIM_ENGINE_ADAPTATION_H_
#define VERBATIM_ENGINE_ADAPTATION_H_

#include <tsl/robin_map.h>

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
  // How many accesses in software cost what one fault costs: so much a guilty access counts against
  // the harmless ones.
  static constexpr uint32_t kAccessesForAFault = 64;

  [[nodiscard]] bool InSoftware(PhysicalAddress instruction) const override;

  // Returns true if the site is to be moved to software form now.
  [[nodiscard]] bool NoteFault(PhysicalAddress instruction, uint32_t weight);
  // An access in software form; `guilty`: it would have faulted. Returns true if the site is to
  // be moved back now.
  [[nodiscard]] bool NoteSoftwareAccess(PhysicalAddress instruction, bool guilty);

  // What made the site guilty is gone: it goes back now, if it was in software form.
  void Pardon(PhysicalAddress instruction);

  // The bytes of a page changed: its instructions are others now.
  void ForgetPage(PhysicalAddress page);
  void Clear() { pages_.clear(); }

 private:
  struct Record {
    uint16_t offset = 0;
    bool software = false;
    uint32_t faults = 0;
    uint32_t innocent = 0;
    uint32_t patience = kInnocentAccesses;
  };
  static constexpr PhysicalAddress kNowhere{~uint64_t{0}};
  [[nodiscard]] Record* Find(PhysicalAddress instruction);

  // The site noted last, if it was guilty: its record says so already.
  PhysicalAddress guilty_last_ = kNowhere;

  // By physical page; most pages have none or a few.
  tsl::robin_map<uint32_t, std::vector<Record>> pages_;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_ADAPTATION_H_
