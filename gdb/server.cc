// SPDX-License-Identifier: Apache-2.0
#include "gdb/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace verbatim::gdb {
namespace {

// Nothing more is read from a peer that does not read this much of what it asked for.
constexpr size_t kMaxUnsent = 256 << 10;
// What a debugger gets to take the last packet.
constexpr int kLastWordsMilliseconds = 500;

}  // namespace

Result<std::unique_ptr<Server>> Server::Create(const Address& address, bool waits) {
  Result<Listener> listener = Listen(address);
  if (!listener) return std::unexpected(listener.error());
  FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return Fail("cannot create a descriptor: {}", std::strerror(errno));
  return std::unique_ptr<Server>(new Server(*std::move(listener), std::move(wake), waits));
}

Status Server::Start(std::function<void()> pause) {
  Result<std::unique_ptr<Watcher>> watcher = Watcher::Start(std::move(pause));
  if (!watcher) return std::unexpected(watcher.error());
  watcher_ = *std::move(watcher);
  return {};
}

void Server::Wake() {
  woken_ = true;
  ::eventfd_write(wake_.get(), 1);
}

bool Server::Holds() const {
  if (!session_) return waits_;
  return session_->held() || session_->HasOutput() || !received_.empty() || session_->ended() ||
         peer_gone_;
}

DebugAction Server::OnStop(const DebugEvent& event, DebugTarget& target) {
  watcher_->Rest();
  if (session_) session_->OnStop(event, target);
  // Whoever called for the pause has something to say.
  bool look = event.stop == DebugStop::kPause;
  while (!woken_ && (look || Holds())) {
    if (session_ && (peer_gone_ || (session_->ended() && !session_->HasOutput()))) {
      Disconnect(target);
      continue;
    }
    if (!std::exchange(look, false) && MustWait() && WaitForPeer() == Poll::kWoken) break;
    if (!session_) {
      Accept();
    } else {
      Receive(target);
      Send();
    }
  }
  return GoOn();
}

bool Server::MustWait() const {
  return received_.empty() || session_->output().size() >= kMaxUnsent;
}

DebugAction Server::GoOn() {
  if (woken_) return DebugAction::kRun;
  watcher_->Watch(session_ ? peer_.get() : listener_.socket.get());
  return session_ ? session_->action() : DebugAction::kRun;
}

Server::Poll Server::WaitForPeer() {
  const bool sends = session_ && session_->HasOutput();
  const bool reads = !session_ || session_->output().size() < kMaxUnsent;
  std::array<pollfd, 2> slots{
      pollfd{wake_.get(), POLLIN, 0},
      pollfd{session_ ? peer_.get() : listener_.socket.get(),
             static_cast<decltype(pollfd::events)>((reads ? POLLIN : 0) | (sends ? POLLOUT : 0)),
             0}};
  while (::poll(slots.data(), slots.size(), -1) < 0 && errno == EINTR) {
  }
  return slots[0].revents != 0 ? Poll::kWoken : Poll::kAgain;
}

void Server::Accept() {
  Result<FileDescriptor> peer = listener_.socket.Accept();
  if (!peer) {
    Log(LogLevel::kError, "gdb: cannot accept a debugger: {}", peer.error().message);
    waits_ = false;
    return;
  }
  if (!peer->valid()) return;
  peer_ = *std::move(peer);
  peer_gone_ = false;
  waits_ = false;
  session_.emplace();
  Log(LogLevel::kInfo, "gdb: a debugger has connected; the guest is stopped");
}

void Server::Receive(DebugTarget& target) {
  if (session_->output().size() >= kMaxUnsent) return;
  if (received_.empty()) {
    const ssize_t count = ::read(peer_.get(), buffer_.data(), buffer_.size());
    if (count == 0 || (count < 0 && !WouldBlock(errno))) peer_gone_ = true;
    if (count <= 0) return;
    received_ = std::span(buffer_).first(static_cast<size_t>(count));
  }
  session_->Receive(received_, target);
}

void Server::Send() {
  std::string& output = session_->output();
  while (!output.empty() && !peer_gone_) {
    const ssize_t count = ::write(peer_.get(), output.data(), output.size());
    if (count >= 0) {
      output.erase(0, static_cast<size_t>(count));
    } else if (WouldBlock(errno)) {
      return;
    } else {
      peer_gone_ = true;
    }
  }
}

void Server::Disconnect(DebugTarget& target) {
  session_->Release(target);
  session_.reset();
  peer_.Close();
  received_ = {};
  peer_gone_ = false;
  Log(LogLevel::kInfo, "gdb: the debugger is gone; the guest runs on");
}

void Server::OnExit(int status) {
  watcher_.reset();
  if (!session_) return;
  session_->OnExit(static_cast<uint8_t>(status));
  Send();
  pollfd slot{peer_.get(), POLLOUT, 0};
  while (session_->HasOutput() && !peer_gone_ && ::poll(&slot, 1, kLastWordsMilliseconds) > 0) {
    Send();
  }
  session_.reset();
  peer_.Close();
}

}  // namespace verbatim::gdb
