// SPDX-License-Identifier: Apache-2.0
#include "base/listening_socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>

namespace verbatim {

std::optional<SocketAddress> SocketAddress::Ip(const std::string& host, uint16_t port) {
  SocketAddress address{};
  if (::inet_pton(AF_INET, host.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
    address.bytes = sizeof address.v4;
    return address;
  }
  address = {};
  if (::inet_pton(AF_INET6, host.c_str(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
    address.bytes = sizeof address.v6;
    return address;
  }
  return std::nullopt;
}

std::optional<SocketAddress> SocketAddress::Local(const std::string& path) {
  if (path.size() > kMaxPathBytes) return std::nullopt;
  SocketAddress address{};
  address.local.sun_family = AF_UNIX;
  std::memcpy(address.local.sun_path, path.data(), path.size());
  address.bytes = sizeof address.local;
  return address;
}

Result<ListeningSocket> ListeningSocket::Create(const SocketAddress& address, int backlog) {
  const auto failed = [](std::string_view what) {
    return Fail("cannot {}: {}", what, std::strerror(errno));
  };
  const sa_family_t family = address.any.sa_family;
  FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return failed("make a socket");
  if (family != AF_UNIX) {
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Connections inherit it: what is sent is an answer that is waited for.
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (::bind(socket.get(), &address.any, address.bytes) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    return failed("listen there");
  }
  if (family == AF_UNIX) return ListeningSocket(std::move(socket), 0);
  SocketAddress found = address;
  if (::getsockname(socket.get(), &found.any, &found.bytes) != 0) return failed("listen there");
  // In the same place for both families.
  return ListeningSocket(std::move(socket), ntohs(found.v4.sin_port));
}

Result<FileDescriptor> ListeningSocket::Accept() {
  FileDescriptor peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  // ECONNABORTED: it has thought better of it.
  if (peer.valid() || WouldBlock(errno) || errno == ECONNABORTED) return peer;
  const int error = errno;
  socket_.Close();
  return Fail("{}; none can connect any more", std::strerror(error));
}

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace verbatim
