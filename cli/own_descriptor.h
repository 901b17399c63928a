// SPDX-License-Identifier: Apache-2.0
// A descriptor of our own for an output that other processes may share.
#ifndef VERBATIM_CLI_OWN_DESCRIPTOR_H_
#define VERBATIM_CLI_OWN_DESCRIPTOR_H_

#include "base/file.h"

namespace verbatim {

// For where `fd` leads. Terminals and pipes are opened anew, which makes the descriptor
// non-blocking for us but not for those who share `fd`. Files must be shared, for their offset. Not
// valid, with errno set, if there is none.
[[nodiscard]] FileDescriptor OwnDescriptor(int fd);

}  // namespace verbatim

#endif  // VERBATIM_CLI_OWN_DESCRIPTOR_H_
