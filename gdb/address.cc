// SPDX-License-Identifier: Apache-2.0
#include "gdb/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace verbatim::gdb {
namespace {

constexpr int kBacklog = 1;

std::unexpected<Error> Refused(std::string_view text) {
  return Fail("'{}': expected unix:PATH, tcp:PORT, tcp:ADDRESS:PORT or tcp:[ADDRESS]:PORT", text);
}

union SocketAddress {
  sockaddr any;
  sockaddr_un local;
  sockaddr_in v4;
  sockaddr_in6 v6;
};
struct Endpoint {
  SocketAddress address{};
  socklen_t bytes = 0;
};

Result<Endpoint> EndpointOf(const TcpAddress& tcp) {
  Endpoint to;
  if (::inet_pton(AF_INET, tcp.host.c_str(), &to.address.v4.sin_addr) == 1) {
    to.address.v4.sin_family = AF_INET;
    to.address.v4.sin_port = htons(tcp.port);
    to.bytes = sizeof to.address.v4;
    return to;
  }
  to = {};
  if (::inet_pton(AF_INET6, tcp.host.c_str(), &to.address.v6.sin6_addr) == 1) {
    to.address.v6.sin6_family = AF_INET6;
    to.address.v6.sin6_port = htons(tcp.port);
    to.bytes = sizeof to.address.v6;
    return to;
  }
  return Fail("'{}': expected a numeric address", tcp.host);
}

std::string NameOf(const TcpAddress& tcp) {
  const bool v6 = tcp.host.contains(':');
  return fmt::format("tcp:{}{}{}:{}", v6 ? "[" : "", tcp.host, v6 ? "]" : "", tcp.port);
}

Result<FileDescriptor> Bind(const Endpoint& to, std::string_view name) {
  const auto failed = [name](std::string_view what) {
    return Fail("{}: cannot {}: {}", name, what, std::strerror(errno));
  };
  FileDescriptor socket(
      ::socket(to.address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return failed("make a socket");
  if (to.address.any.sa_family != AF_UNIX) {
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Connections inherit it; a packet of the protocol waits for its answer.
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (::bind(socket.get(), &to.address.any, to.bytes) != 0) return failed("listen there");
  if (::listen(socket.get(), kBacklog) != 0) return failed("listen there");
  return socket;
}

Result<Listener> ListenTcp(TcpAddress tcp) {
  const Result<Endpoint> to = EndpointOf(tcp);
  if (!to) return std::unexpected(to.error());
  Result<FileDescriptor> socket = Bind(*to, NameOf(tcp));
  if (!socket) return std::unexpected(socket.error());
  Endpoint found = *to;
  if (::getsockname(socket->get(), &found.address.any, &found.bytes) == 0) {
    // In the same place for both families.
    tcp.port = ntohs(found.address.v4.sin_port);
  }
  return Listener{*std::move(socket), NameOf(tcp)};
}

// Whether the file is a socket at which nobody listens.
bool IsStale(const Endpoint& to) {
  struct stat info {};
  if (::lstat(to.address.local.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(probe.get(), &to.address.any, to.bytes) != 0 && errno == ECONNREFUSED;
}

Result<Listener> ListenUnix(const std::string& path) {
  Endpoint to;
  if (path.size() >= sizeof to.address.local.sun_path) {
    return Fail("'{}': the path of a socket has at most {} bytes", path,
                sizeof to.address.local.sun_path - 1);
  }
  to.address.local.sun_family = AF_UNIX;
  std::memcpy(to.address.local.sun_path, path.data(), path.size());
  to.bytes = sizeof to.address.local;
  if (IsStale(to)) ::unlink(path.c_str());
  const mode_t before = ::umask(S_IRWXG | S_IRWXO | S_IXUSR);
  Result<FileDescriptor> socket = Bind(to, path);
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
  if (const Result<Endpoint> to = EndpointOf(tcp); !to) return Refused(text);
  return tcp;
}

Result<Listener> Listen(const Address& address) {
  if (const auto* local = std::get_if<UnixAddress>(&address)) return ListenUnix(local->path);
  return ListenTcp(std::get<TcpAddress>(address));
}

}  // namespace verbatim::gdb
