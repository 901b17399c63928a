// SPDX-License-Identifier: Apache-2.0
// A socket at which others connect to this process. Neither it nor what it accepts blocks, and no
// program that is started inherits them.
#ifndef VERBATIM_BASE_LISTENING_SOCKET_H_
#define VERBATIM_BASE_LISTENING_SOCKET_H_

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace verbatim {

struct SocketAddress {
  union {
    sockaddr any;
    sockaddr_un local;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t bytes = 0;

  // A numeric address, IPv4 or IPv6; port 0 is any that is free.
  [[nodiscard]] static std::optional<SocketAddress> Ip(const std::string& host, uint16_t port);
  // nullopt: longer than kMaxPathBytes.
  [[nodiscard]] static std::optional<SocketAddress> Local(const std::string& path);
  static constexpr size_t kMaxPathBytes = sizeof(sockaddr_un::sun_path) - 1;
};

class ListeningSocket {
 public:
  // `backlog` may wait to be accepted. Errors say what failed, not where.
  [[nodiscard]] static Result<ListeningSocket> Create(const SocketAddress& address, int backlog);

  [[nodiscard]] int get() const { return socket_.get(); }
  // That was found free; 0 if it is no address with a port.
  [[nodiscard]] uint16_t port() const { return port_; }

  // Who waits. An invalid descriptor: nobody does (any more). If it fails it will again: nobody can
  // connect from now on, and the socket is closed.
  [[nodiscard]] Result<FileDescriptor> Accept();

 private:
  ListeningSocket(FileDescriptor socket, uint16_t port) : socket_(std::move(socket)), port_(port) {}

  FileDescriptor socket_;
  uint16_t port_ = 0;
};

// Of a call that does not block: try again when poll says so.
[[nodiscard]] bool WouldBlock(int error);

}  // namespace verbatim

#endif  // VERBATIM_BASE_LISTENING_SOCKET_H_
