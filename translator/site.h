// SPDX-License-Identifier: Apache-2.0
// A site: an instruction of a block that calls out, with what the callout needs to know. Generated
// code names it by a 32-bit number.
#ifndef VERBATIM_TRANSLATOR_SITE_H_
#define VERBATIM_TRANSLATOR_SITE_H_

#include <cstdint>
#include <deque>

#include "base/address.h"
#include "base/check.h"
#include "decoder/instruction.h"

namespace verbatim {

// Where a software access finds its operand.
enum class AccessShape : uint8_t {
  kMemoryOperand,
  kPush,            // below the stack pointer
  kPop,             // at the stack pointer
  kFrame,           // at ebp: LEAVE
  kPopDestination,  // the memory operand of POP, computed with the stack pointer after the pop
};

struct Site {
  GuestInstruction instruction;
  uint32_t eip = 0;
  PhysicalAddress physical;  // of the instruction's first byte
  AccessShape shape = AccessShape::kMemoryOperand;
  uint8_t bytes = 0;  // size of a software access
  bool read = false;
  bool write = false;
  bool loads_segment = false;  // calls load_segment
  bool far_transfer = false;   // calls far_transfer
  bool move = false;  // the callout moves the operand itself: no copy of the instruction follows
};

class SiteTable {
 public:
  uint32_t Add(const Site& site) {
    sites_.push_back(site);
    return static_cast<uint32_t>(sites_.size() - 1);
  }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(sites_.size()); }
  [[nodiscard]] const Site& At(uint32_t id) const {
    CHECK(id < sites_.size());
    return sites_[id];
  }
  void MarkSegmentLoad(uint32_t id) { sites_[id].loads_segment = true; }
  void MarkFarTransfer(uint32_t id) { sites_[id].far_transfer = true; }
  void MarkMove(uint32_t id) { sites_[id].move = true; }
  // The code of these many sites lies elsewhere now.
  void Move(uint32_t first, uint32_t count, uint32_t distance) {
    for (uint32_t id = first; id < first + count; ++id) sites_[id].eip += distance;
  }
  void Clear() { sites_.clear(); }

 private:
  std::deque<Site> sites_;
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_SITE_H_
