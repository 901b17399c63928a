// SPDX-License-Identifier: Apache-2.0
// Who wants to see each change of a block's host code after it was emitted.
#ifndef VERBATIM_CODECACHE_PATCH_OBSERVER_H_
#define VERBATIM_CODECACHE_PATCH_OBSERVER_H_

#include <cstdint>

#include "codecache/block.h"

namespace verbatim {

class PatchObserver {
 public:
  virtual ~PatchObserver() = default;
  // The host code at `offset` of `block` was just replaced, and has not run since: a link's
  // displacement or stub, the body of a dead block, or one of its return sites.
  virtual void OnPatched(const Block& block, uint32_t offset) = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_PATCH_OBSERVER_H_
