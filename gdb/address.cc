// SPDX-License-Identifier: Apache-2.0
#include "gdb/address.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace verbatim::gdb {
namespace {

constexpr int kBacklog = 1;

std::unexpected<Error> Refused(std::string_view text) {
  return Fail("'{}': expected unix:PATH, tcp:PORT, tcp:ADDRESS:PORT or tcp:[ADDRESS]:PORT", text);
}

std::string NameOf(const TcpAddress& tcp) {
  const bool v6 = tcp.host.contains(':');
  return fmt::format("tcp:{}{}{}:{}", v6 ? "[" : "", tcp.host, v6 ? "]" : "", tcp.port);
}

Result<ListeningSocket> Bind(const SocketAddress& to, std::string_view name) {
  Result<ListeningSocket> socket = ListeningSocket::Create(to, kBacklog);
  if (!socket) return Fail("{}: {}", name, socket.error().message);
  return socket;
}

Result<Listener> ListenTcp(TcpAddress tcp) {
  const auto to = SocketAddress::Ip(tcp.host, tcp.port);
  if (!to) return Fail("'{}': expected a numeric address", tcp.host);
  Result<ListeningSocket> socket = Bind(*to, NameOf(tcp));
  if (!socket) return std::unexpected(socket.error());
  tcp.port = socket->port();
  return Listener{*std::move(socket), NameOf(tcp)};
}

// Whether the file is a socket at which nobody listens.
bool IsStale(const SocketAddress& to) {
  struct stat info {};
  if (::lstat(to.local.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(probe.get(), &to.any, to.bytes) != 0 && errno == ECONNREFUSED;
}

Result<Listener> ListenUnix(const std::string& path) {
  const auto to = SocketAddress::Local(path);
  if (!to) {
    return Fail("'{}': the path of a socket has at most {} bytes", path,
                SocketAddress::kMaxPathBytes);
  }
  if (IsStale(*to)) ::unlink(path.c_str());
  const mode_t before = ::umask(S_IRWXG | S_IRWXO | S_IXUSR);
  Result<ListeningSocket> socket = Bind(*to, path);
  ::umask(before);
  if (!socket) return std::unexpected(socket.error());
  return Listener{*std::move(socket), "unix:" + path};
}

}  // namespace

Result<Address> ParseAddress(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  constexpr std::string_view kTcp = "tcp:";
  if (text.starts_with(kUnix) && text.size() > kUnix.size()) {
    const std::string_view path = text.substr(kUnix.size());
    if (path.contains('\0')) return Refused(text);
    return UnixAddress{std::string(path)};
  }
  if (!text.starts_with(kTcp)) return Refused(text);
  std::string_view port = text.substr(kTcp.size());
  TcpAddress tcp;
  if (const size_t colon = port.rfind(':'); colon != std::string_view::npos) {
    std::string_view host = port.substr(0, colon);
    port.remove_prefix(colon + 1);
    const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    // Without brackets the last number of an IPv6 address would be taken for the port.
    if (bracketed != host.contains(':')) return Refused(text);
    tcp.host = host;
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), tcp.port);
  if (error != std::errc() || end != port.data() + port.size()) return Refused(text);
  if (!SocketAddress::Ip(tcp.host, tcp.port)) return Refused(text);
  return tcp;
}

Result<Listener> Listen(const Address& address) {
  if (const auto* local = std::get_if<UnixAddress>(&address)) return ListenUnix(local->path);
  return ListenTcp(std::get<TcpAddress>(address));
}

}  // namespace verbatim::gdb
