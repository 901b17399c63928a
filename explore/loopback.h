// SPDX-License-Identifier: Apache-2.0
// Where the page of a running guest is served: on this host only, for it shows the guest's code to
// whoever asks.
#ifndef VERBATIM_EXPLORE_LOOPBACK_H_
#define VERBATIM_EXPLORE_LOOPBACK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/listening_socket.h"
#include "base/result.h"

namespace verbatim {

struct LoopbackAddress {
  bool v6 = false;    // [::1] instead of 127.0.0.1
  uint16_t port = 0;  // 0: any that is free
};

// PORT, 127.0.0.1:PORT or [::1]:PORT.
[[nodiscard]] Result<LoopbackAddress> ParseLoopback(std::string_view text);

struct LoopbackListener {
  ListeningSocket socket;
  LoopbackAddress address;  // with the port that was found
};
[[nodiscard]] Result<LoopbackListener> ListenOn(LoopbackAddress address);

// "127.0.0.1:8080"
[[nodiscard]] std::string AuthorityOf(const LoopbackAddress& address);

}  // namespace verbatim

#endif  // VERBATIM_EXPLORE_LOOPBACK_H_
