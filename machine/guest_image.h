// SPDX-License-Identifier: Apache-2.0
// `verbatim run IMAGE`: puts a file of whatever kind where a machine of that kind of thing has it.
#ifndef VERBATIM_MACHINE_GUEST_IMAGE_H_
#define VERBATIM_MACHINE_GUEST_IMAGE_H_

#include "base/result.h"
#include "machine/config.h"

namespace verbatim {

// Looks at the file and adds it to `config` as kernel, disc, floppy disk or disk, before others of
// its kind; unless `config` has a boot order, it is booted first. Errors name the file.
[[nodiscard]] Status AddGuestImage(const DiskConfig& image, MachineConfig& config);

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_GUEST_IMAGE_H_
