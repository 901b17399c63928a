// SPDX-License-Identifier: Apache-2.0
// Where a debugger connects: unix:PATH, tcp:PORT (on 127.0.0.1), tcp:ADDRESS:PORT or
// tcp:[ADDRESS]:PORT with a numeric address.
#ifndef VERBATIM_GDB_ADDRESS_H_
#define VERBATIM_GDB_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/listening_socket.h"
#include "base/result.h"

namespace verbatim::gdb {

struct UnixAddress {
  std::string path;
};
struct TcpAddress {
  std::string host = "127.0.0.1";  // IPv4 or IPv6
  uint16_t port = 0;               // 0: any that is free
};
using Address = std::variant<UnixAddress, TcpAddress>;

[[nodiscard]] Result<Address> ParseAddress(std::string_view text);

struct Listener {
  ListeningSocket socket;
  std::string name;  // as ParseAddress takes it, with the port that was found
};
// A socket file that nobody listens at any more is replaced; others stay, and are an error. It is
// its owner's alone.
[[nodiscard]] Result<Listener> Listen(const Address& address);

}  // namespace verbatim::gdb

#endif  // VERBATIM_GDB_ADDRESS_H_
