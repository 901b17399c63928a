// SPDX-License-Identifier: Apache-2.0
#include "explore/loopback.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/parse.h"

namespace verbatim {
namespace {

constexpr int kBacklog = 16;
constexpr std::string_view kV4 = "127.0.0.1";
constexpr std::string_view kV6 = "[::1]";

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
  const auto to = SocketAddress::Ip(address.v6 ? "::1" : "127.0.0.1", address.port);
  Result<ListeningSocket> socket = ListeningSocket::Create(*to, kBacklog);
  if (!socket) return Fail("{}: {}", AuthorityOf(address), socket.error().message);
  address.port = socket->port();
  return LoopbackListener{*std::move(socket), address};
}

}  // namespace verbatim
