// SPDX-License-Identifier: Apache-2.0
#include "explore/http_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "base/monotonic_clock.h"

namespace verbatim {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr uint64_t kNsPerMs = 1'000'000;

// Nothing of it may be kept, framed by other pages or taken for something else.
std::string HeadOf(const HttpAnswer& answer) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\n"
      "Content-Type: {}; charset=utf-8\r\n"
      "Content-Length: {}\r\n"
      "Connection: close\r\n"
      "Cache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\n"
      "X-Frame-Options: DENY\r\n"
      "Referrer-Policy: no-referrer\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n\r\n",
      static_cast<unsigned>(answer.status), ReasonOf(answer.status), answer.type,
      answer.contents == nullptr ? 0 : answer.contents->size());
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Create(LoopbackListener listener) {
  FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return Fail("cannot create a descriptor: {}", std::strerror(errno));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(listener), std::move(wake)));
}

void HttpServer::Start(Handlers handlers) {
  handlers_ = std::move(handlers);
  // The thread inherits the mask: signals for the machine's thread must not end up here.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigdelset(&all, SIGSYS);  // by which the sandbox says what it refused
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Loop(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  started_.wait();
}

HttpServer::~HttpServer() {
  if (!thread_.joinable()) return;
  ends_ = true;
  Wake();
  thread_.join();
}

void HttpServer::Wake() { ::eventfd_write(wake_.get(), 1); }

void HttpServer::Loop() {
  started_.count_down();
  std::vector<pollfd> slots;
  while (!ends_) {
    // Who comes while all places are taken waits in the backlog.
    const bool has_room = connections_.size() < kMaxConnections;
    slots = {pollfd{wake_.get(), POLLIN, 0},
             pollfd{has_room ? listener_.socket.get() : -1, POLLIN, 0}};
    uint64_t deadline_ns = UINT64_MAX;
    for (const Connection& connection : connections_) {
      const bool answers = !connection.head.empty();
      slots.push_back({connection.socket.get(),
                       static_cast<decltype(pollfd::events)>(answers ? POLLOUT : POLLIN), 0});
      deadline_ns = std::min(deadline_ns, connection.deadline_ns);
    }
    int timeout_ms = -1;
    if (!connections_.empty()) {
      const uint64_t now_ns = MonotonicNowNs();
      const uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
      timeout_ms = static_cast<int>(left_ns / kNsPerMs) + 1;
    }
    if (::poll(slots.data(), slots.size(), timeout_ms) < 0) continue;
    if (slots[0].revents != 0) {
      eventfd_t count = 0;
      ::eventfd_read(wake_.get(), &count);
      handlers_.on_wake();
    }
    const uint64_t now_ns = MonotonicNowNs();
    for (size_t i = 0; i < connections_.size(); ++i) {
      Connection& connection = connections_[i];
      if (slots[i + 2].revents != 0) {
        Serve(connection);
      } else if (now_ns >= connection.deadline_ns) {
        connection.over = true;
      }
    }
    std::erase_if(connections_, [](const Connection& connection) { return connection.over; });
    if (slots[1].revents != 0) Accept();
  }
}

void HttpServer::Accept() {
  Result<FileDescriptor> socket = listener_.socket.Accept();
  if (!socket) {
    Log(LogLevel::kError, "explore: cannot accept a browser: {}", socket.error().message);
    return;
  }
  if (!socket->valid()) return;
  Connection& connection = connections_.emplace_back();
  connection.socket = *std::move(socket);
  connection.deadline_ns = MonotonicNowNs() + kPatienceNs;
}

void HttpServer::Serve(Connection& connection) {
  if (connection.head.empty()) Receive(connection);
  if (!connection.head.empty() && !connection.over) Send(connection);
}

void HttpServer::Receive(Connection& connection) {
  std::array<char, kMaxRequestBytes> buffer;
  const ssize_t count =
      ::read(connection.socket.get(), buffer.data(), kMaxRequestBytes - connection.received.size());
  if (count < 0 && WouldBlock(errno)) return;
  if (count <= 0) {
    connection.over = true;
    return;
  }
  connection.received.append(buffer.data(), static_cast<size_t>(count));
  const bool whole = connection.received.contains(kEndOfHead);
  if (whole || connection.received.size() == kMaxRequestBytes) Answer(connection);
}

void HttpServer::Answer(Connection& connection) {
  const std::string_view received = connection.received;
  const size_t end = received.find(kEndOfHead);
  HttpAnswer answer{.status = HttpStatus::kTooLarge};
  bool head_only = false;
  if (end != std::string_view::npos) {
    const auto request = ParseHttpRequest(received.substr(0, end + kEndOfHead.size()), authority());
    answer.status = request ? HttpStatus::kNotFound : request.error();
    if (request) {
      answer = handlers_.answer(request->path);
      head_only = request->head_only;
    }
  }
  if (answer.contents == nullptr) {
    answer.contents =
        std::make_shared<const std::string>(std::string(ReasonOf(answer.status)) + '\n');
  }
  connection.head = HeadOf(answer);
  if (!head_only) connection.contents = answer.contents;
  connection.deadline_ns = MonotonicNowNs() + kPatienceNs;
}

void HttpServer::Send(Connection& connection) {
  const std::string_view contents =
      connection.contents == nullptr ? std::string_view() : *connection.contents;
  while (true) {
    const bool in_head = connection.sent < connection.head.size();
    const std::string_view rest = in_head
                                      ? std::string_view(connection.head).substr(connection.sent)
                                      : contents.substr(connection.sent - connection.head.size());
    if (rest.empty()) break;
    const ssize_t count = ::write(connection.socket.get(), rest.data(), rest.size());
    if (count < 0 && WouldBlock(errno)) return;
    if (count <= 0) break;
    connection.sent += static_cast<size_t>(count);
    connection.deadline_ns = MonotonicNowNs() + kPatienceNs;
  }
  connection.over = true;
}

}  // namespace verbatim
