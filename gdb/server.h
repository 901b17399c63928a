// SPDX-License-Identifier: Apache-2.0
// A debugger over a socket: waits for one gdb at a time and lets it hold the guest.
//
// Everything happens on the thread that runs the machine, inside OnStop; while the guest runs, the
// watcher's thread has it paused for whatever comes over the socket. A guest whose debugger goes
// away, in whatever way, runs on without its breakpoints, and another may connect.
#ifndef VERBATIM_GDB_SERVER_H_
#define VERBATIM_GDB_SERVER_H_

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "gdb/address.h"
#include "gdb/session.h"
#include "gdb/watcher.h"
#include "machine/debugger.h"

namespace verbatim::gdb {

class Server final : public Debugger {
 public:
  // With `waits` the guest does not begin before a debugger lets it.
  [[nodiscard]] static Result<std::unique_ptr<Server>> Create(const Address& address, bool waits);

  // `pause` has the machine call OnStop soon; any thread. Before the machine runs.
  [[nodiscard]] Status Start(std::function<void()> pause);

  [[nodiscard]] const std::string& address() const { return listener_.name; }
  [[nodiscard]] int listening_socket() const { return listener_.socket.get(); }

  DebugAction OnStop(const DebugEvent& event, DebugTarget& target) override;
  void Wake() override;
  // The run is over with this status of the command: tells the debugger. `pause` is not called any
  // more.
  void OnExit(int status);

 private:
  enum class Poll : uint8_t { kAgain, kWoken };

  Server(Listener listener, FileDescriptor wake, bool waits)
      : listener_(std::move(listener)), wake_(std::move(wake)), waits_(waits) {}

  // Waits until the socket has something to say, or room for what is to be sent.
  [[nodiscard]] Poll WaitForPeer();
  [[nodiscard]] bool MustWait() const;
  void Accept();
  void Receive(DebugTarget& target);
  void Send();
  void Disconnect(DebugTarget& target);
  [[nodiscard]] bool Holds() const;
  [[nodiscard]] DebugAction GoOn();

  Listener listener_;
  FileDescriptor wake_;
  bool waits_;  // for the first debugger
  std::atomic<bool> woken_ = false;
  FileDescriptor peer_;
  std::array<uint8_t, 4096> buffer_;
  std::span<const uint8_t> received_;  // of it, what the session has not taken yet
  bool peer_gone_ = false;             // it closed, or nothing can be sent any more
  std::optional<Session> session_;
  std::unique_ptr<Watcher> watcher_;
};

}  // namespace verbatim::gdb

#endif  // VERBATIM_GDB_SERVER_H_
