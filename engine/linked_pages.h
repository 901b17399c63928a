// SPDX-License-Identifier: Apache-2.0
// Keeps links between pages right while pages are mapped and unmapped: while a block of one page
// leads straight to a block of another, each window that executes the one executes the other. See
// docs/decisions/page-links.md.
#ifndef VERBATIM_ENGINE_LINKED_PAGES_H_
#define VERBATIM_ENGINE_LINKED_PAGES_H_

#include <vector>

#include "base/address.h"
#include "codecache/block_store.h"
#include "engine/window_code.h"
#include "memory/window.h"

namespace verbatim {

class LinkedPages final : public WindowObserver {
 public:
  // All outlive it. `code` is told what the windows tell.
  LinkedPages(WindowSet& windows, BlockStore& store, WindowCodeSet& code)
      : windows_(windows), store_(store), code_(code) {}

  // Whether the link may lead from the one page straight to the other. Each window that executes
  // the first executes the second from then on.
  [[nodiscard]] bool MayLead(const MappedPage& from, const MappedPage& to);

  void OnExecutableNoted(WindowId window, const MappedPage& page) override;
  void OnExecutableDropped(WindowId window, LinearAddress page) override;
  void OnWindowReset(WindowId window) override;

 private:
  WindowSet& windows_;
  BlockStore& store_;
  WindowCodeSet& code_;
  std::vector<MappedPage> noted_;  // whose links are still to be looked at
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_LINKED_PAGES_H_
