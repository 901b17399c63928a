// SPDX-License-Identifier: Apache-2.0
// One debugger's connection: gdb's remote serial protocol ("Debugging with GDB", appendix E),
// without the socket. Bytes go in, bytes come out; what the guest shall do is asked for afterwards.
//
// The protocol's all-stop mode: while the guest is held, each packet is answered; a packet that
// lets it go on is answered by the next stop. The peer is not trusted: a packet that is malformed
// gets an error, one that nobody announced an empty answer, and what is no protocol at all ends the
// session.
#ifndef VERBATIM_GDB_SESSION_H_
#define VERBATIM_GDB_SESSION_H_

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gdb/packet.h"
#include "machine/debugger.h"

namespace verbatim::gdb {

class Session {
 public:
  // The guest is held from the start: who attaches finds it stopped.
  Session() = default;

  // Takes bytes off the front, up to the end of the first packet among them, and does what that
  // says; all of them if none ends. One packet's answer is at most some 500 KiB.
  void Receive(std::span<const uint8_t>& bytes, DebugTarget& target);
  // The guest has stopped. It is held from then on unless nobody needs to know.
  void OnStop(const DebugEvent& event, DebugTarget& target);
  // The guest ended with this exit status; nothing is received any more.
  void OnExit(uint8_t status);

  [[nodiscard]] bool held() const { return held_; }
  // What to do while not held.
  [[nodiscard]] DebugAction action() const { return action_; }
  // The peer has taken its leave, or speaks another language: to be closed once all is sent.
  [[nodiscard]] bool ended() const { return ended_; }
  // To be sent; the caller takes off what it has sent.
  [[nodiscard]] std::string& output() { return output_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] bool HasOutput() const { return !output_.empty(); }

  // Takes back all breakpoints: the peer is gone.
  void Release(DebugTarget& target);

 private:
  struct Range {
    uint32_t start = 0;
    uint32_t end = 0;  // behind it
  };

  // packets
  void HandlePacket(std::string_view packet, DebugTarget& target);
  void Reply(std::string_view payload);
  void ReplyError() { Reply("E01"); }
  void ReplyOk() { Reply("OK"); }
  void ReplyIf(bool good) { good ? ReplyOk() : ReplyError(); }
  void SendAgain();
  void ReplyStop(const DebugEvent& event, DebugTarget& target);

  // resuming
  void Resume(DebugAction action);
  void HandleResume(std::string_view arguments, DebugAction action, DebugTarget& target);
  void HandleVcont(std::string_view actions);
  void Interrupt(DebugTarget& target);

  // registers and memory
  void HandleReadRegister(std::string_view arguments, DebugTarget& target);
  void HandleWriteRegister(std::string_view arguments, DebugTarget& target);
  void HandleReadMemory(std::string_view arguments, DebugTarget& target);
  void HandleWriteMemory(std::string_view arguments, bool binary, DebugTarget& target);

  // breakpoints
  void HandlePoint(std::string_view arguments, bool insert, DebugTarget& target);
  [[nodiscard]] bool ChangeBreakpoint(bool hardware, LinearAddress address, bool insert,
                                      DebugTarget& target);
  [[nodiscard]] bool ChangeWatchpoint(const Watchpoint& watchpoint, bool insert,
                                      DebugTarget& target);

  // q, Q and v
  void HandleQuery(std::string_view query, DebugTarget& target);
  void HandleSet(std::string_view setting);
  void HandleVerb(std::string_view verb);
  void HandleSupported(std::string_view features);
  void HandleTransfer(std::string_view arguments, DebugTarget& target);
  void HandleMonitor(std::string_view hex, DebugTarget& target);

  PacketReader reader_;
  std::string output_;
  std::string last_frame_;
  unsigned repeats_ = 0;  // of last_frame_, in a row
  bool acknowledges_ = true;
  bool tells_swbreak_ = false;
  bool tells_hwbreak_ = false;
  bool physical_ = false;  // m, M and X take physical addresses
  bool held_ = true;
  bool ended_ = false;
  bool awaits_stop_ = false;  // a stop is to be replied
  DebugAction action_ = DebugAction::kRun;
  std::optional<Range> stepped_range_;
  std::string last_stop_ = "T05thread:01;";
  std::set<LinearAddress> software_breakpoints_;
  std::set<LinearAddress> hardware_breakpoints_;
  std::vector<Watchpoint> watchpoints_;
};

}  // namespace verbatim::gdb

#endif  // VERBATIM_GDB_SESSION_H_
