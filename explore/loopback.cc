// SPDX-License-Identifier: Apache-2.0
#include "explore/loopback.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/parse.h"

namespace verbatim {
namespace {

constexpr int kBacklog = 16;
constexpr std::string_view kV4 = "127.0.0.1";
constexpr std::string_view kV6 = "[::1]";

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

}  // namespace

Result<LoopbackAddress> ParseLoopback(std::string_view text) {
  const size_t colon = text.rfind(':');
  const std::string_view host = colon == std::string_view::npos ? kV4 : text.substr(0, colon);
  const std::optional<uint16_t> port =
      ParseNumber<uint16_t>(text.substr(colon == std::string_view::npos ? 0 : colon + 1), 10);
  if ((host != kV4 && host != kV6) || !port) {
    return Fail(
        "'{}': expected PORT, 127.0.0.1:PORT or [::1]:PORT: the page is served to this host only",
        text);
  }
  return LoopbackAddress{.v6 = host == kV6, .port = *port};
}

std::string AuthorityOf(const LoopbackAddress& address) {
  return fmt::format("{}:{}", address.v6 ? kV6 : kV4, address.port);
}

Result<LoopbackListener> ListenOn(LoopbackAddress address) {
  const auto failed = [&address] {
    return Fail("{}: cannot listen there: {}", AuthorityOf(address), std::strerror(errno));
  };
  SocketAddress to{};
  socklen_t bytes = 0;
  if (address.v6) {
    to.v6.sin6_family = AF_INET6;
    to.v6.sin6_port = htons(address.port);
    to.v6.sin6_addr = in6addr_loopback;
    bytes = sizeof to.v6;
  } else {
    to.v4.sin_family = AF_INET;
    to.v4.sin_port = htons(address.port);
    to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bytes = sizeof to.v4;
  }
  FileDescriptor socket(::socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return failed();
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Connections inherit it.
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::bind(socket.get(), &to.any, bytes) != 0) return failed();
  if (::listen(socket.get(), kBacklog) != 0) return failed();
  if (::getsockname(socket.get(), &to.any, &bytes) != 0) return failed();
  address.port = ntohs(address.v6 ? to.v6.sin6_port : to.v4.sin_port);
  return LoopbackListener{std::move(socket), address};
}

}  // namespace verbatim
