// SPDX-License-Identifier: Apache-2.0
#include "gdb/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gdb/monitor.h"
#include "gdb/registers.h"
#include "gdb/target_description.h"

namespace verbatim::gdb {
namespace {

// Signals as the protocol numbers them.
constexpr unsigned kSigint = 2;
constexpr unsigned kSigtrap = 5;
constexpr unsigned kSigabrt = 6;

constexpr unsigned kMaxRepeats = 8;
constexpr size_t kMaxBreakpoints = 1024;
constexpr size_t kMaxWatchpoints = 64;
constexpr uint64_t kMaxWatchedBytes = kPageBytes;
constexpr uint64_t kLinearEnd = uint64_t{1} << 32;
// Of console output in one packet, each character of which takes two digits.
constexpr size_t kConsolePiece = 1024;

// Two numbers with a separator between them, as in ADDRESS,LENGTH; the rest stays in `text`.
std::optional<std::pair<uint64_t, uint64_t>> TakePair(std::string_view& text,
                                                      std::string_view separator = ",") {
  const std::optional<uint64_t> first = TakeNumber(text);
  if (!first || !TakePrefix(text, separator)) return std::nullopt;
  const std::optional<uint64_t> second = TakeNumber(text);
  if (!second) return std::nullopt;
  return std::pair{*first, *second};
}

std::string_view NameOf(WatchKind kind) {
  switch (kind) {
    case WatchKind::kWrite:
      return "watch";
    case WatchKind::kRead:
      return "rwatch";
    case WatchKind::kAccess:
      break;
  }
  return "awatch";
}

}  // namespace

void Session::Receive(std::span<const uint8_t>& bytes, DebugTarget& target) {
  const std::optional<PacketReader::Item> item = reader_.Take(bytes);
  if (!item) return;
  switch (item->kind) {
    case PacketReader::Kind::kPacket:
      if (acknowledges_) output_ += '+';
      HandlePacket(item->payload, target);
      break;
    case PacketReader::Kind::kBadChecksum:
      if (acknowledges_) output_ += '-';
      break;
    case PacketReader::Kind::kTooLong:
      ended_ = true;
      break;
    case PacketReader::Kind::kInterrupt:
      Interrupt(target);
      break;
    case PacketReader::Kind::kAck:
      repeats_ = 0;
      break;
    case PacketReader::Kind::kNak:
      SendAgain();
      break;
  }
}

void Session::Reply(std::string_view payload) {
  last_frame_ = Frame(payload);
  repeats_ = 0;
  output_ += last_frame_;
}

void Session::SendAgain() {
  if (!acknowledges_) return;
  if (++repeats_ > kMaxRepeats) {
    ended_ = true;
    return;
  }
  output_ += last_frame_;
}

void Session::HandlePacket(std::string_view packet, DebugTarget& target) {
  if (packet.empty()) return Reply("");
  const char command = packet.front();
  const std::string_view arguments = packet.substr(1);
  switch (command) {
    case '?':
      return Reply(last_stop_);
    case 'g':
      return Reply(ToHex(ReadAllRegisters(target)));
    case 'G': {
      const auto values = FromHex(arguments);
      return ReplyIf(values && WriteAllRegisters(target, *values));
    }
    case 'p':
      return HandleReadRegister(arguments, target);
    case 'P':
      return HandleWriteRegister(arguments, target);
    case 'm':
      return HandleReadMemory(arguments, target);
    case 'M':
      return HandleWriteMemory(arguments, false, target);
    case 'X':
      return HandleWriteMemory(arguments, true, target);
    case 'c':
      return HandleResume(arguments, DebugAction::kRun, target);
    case 's':
      return HandleResume(arguments, DebugAction::kStep, target);
    case 'Z':
      return HandlePoint(arguments, true, target);
    case 'z':
      return HandlePoint(arguments, false, target);
    case 'H':  // there is one thread, whichever is meant
    case 'T':
      return ReplyOk();
    case 'D':
      Release(target);
      ReplyOk();
      ended_ = true;
      return;
    case 'k':
      return Resume(DebugAction::kQuit);
    case 'q':
      return HandleQuery(arguments, target);
    case 'Q':
      return HandleSet(arguments);
    case 'v':
      return HandleVerb(arguments);
    default:
      return Reply("");
  }
}

// ---- Going on and stopping.

void Session::Resume(DebugAction action) {
  action_ = action;
  held_ = false;
  awaits_stop_ = action == DebugAction::kRun || action == DebugAction::kStep;
  stepped_range_.reset();
}

void Session::HandleResume(std::string_view arguments, DebugAction action, DebugTarget& target) {
  if (!arguments.empty()) {
    const std::optional<uint64_t> address = TakeNumber(arguments);
    if (!address || *address >= kLinearEnd || !arguments.empty()) return ReplyError();
    target.state().eip = static_cast<uint32_t>(*address);
  }
  Resume(action);
}

// One thread: the first action is its own. A signal to be delivered means nothing to a processor.
void Session::HandleVcont(std::string_view actions) {
  if (!TakePrefix(actions, ";") || actions.empty()) return ReplyError();
  const char kind = actions.front();
  actions.remove_prefix(1);
  switch (kind) {
    case 'c':
    case 'C':
      return Resume(DebugAction::kRun);
    case 's':
    case 'S':
      return Resume(DebugAction::kStep);
    case 'r': {
      const auto range = TakePair(actions);
      if (!range || range->first >= kLinearEnd || range->second > kLinearEnd) return ReplyError();
      Resume(DebugAction::kStep);
      stepped_range_ =
          Range{static_cast<uint32_t>(range->first), static_cast<uint32_t>(range->second)};
      return;
    }
    default:
      return ReplyError();
  }
}

void Session::Interrupt(DebugTarget& target) {
  if (held_) return;
  ReplyStop({.stop = DebugStop::kPause}, target);
}

void Session::ReplyStop(const DebugEvent& event, DebugTarget& target) {
  const CpuState& cpu = target.state();
  const LinearAddress here{cpu.segments[kCs].base + cpu.eip};
  unsigned signal = kSigtrap;
  std::string reason;
  switch (event.stop) {
    case DebugStop::kPause:
      signal = kSigint;
      break;
    case DebugStop::kDied:
      signal = kSigabrt;
      break;
    case DebugStop::kBreakpoint:
      if (software_breakpoints_.contains(here)) {
        if (tells_swbreak_) reason = "swbreak:;";
      } else if (tells_hwbreak_) {
        reason = "hwbreak:;";
      }
      break;
    case DebugStop::kWatchpoint:
      if (event.watchpoint) {
        reason = fmt::format("{}:{:x};", NameOf(event.watchpoint->kind),
                             event.watchpoint->address.value);
      }
      break;
    case DebugStop::kPowerOn:
    case DebugStop::kReset:
    case DebugStop::kStep:
      break;
  }
  std::string reply = fmt::format("T{:02x}", signal);
  for (const size_t number : {kEspNumber, kEbpNumber, kEipNumber}) {
    fmt::format_to(std::back_inserter(reply), "{:02x}:{};", number,
                   ToHex(ReadRegister(target, number)));
  }
  last_stop_ = fmt::format("T{:02x}thread:01;", signal);
  held_ = true;
  awaits_stop_ = false;
  stepped_range_.reset();
  Reply(reply + reason + "thread:01;");
}

void Session::OnStop(const DebugEvent& event, DebugTarget& target) {
  // Of a pause the debugger's own bytes, which come next, tell the reason.
  if (event.stop == DebugStop::kPause) return;
  if (event.stop == DebugStop::kStep && stepped_range_) {
    const CpuState& cpu = target.state();
    const LinearAddress here{cpu.segments[kCs].base + cpu.eip};
    if (cpu.eip - stepped_range_->start < stepped_range_->end - stepped_range_->start &&
        !target.HasBreakpoint(here)) {
      return;
    }
  }
  if (awaits_stop_) {
    ReplyStop(event, target);
  } else {
    held_ = true;
  }
}

void Session::OnExit(uint8_t status) {
  if (awaits_stop_) Reply(fmt::format("W{:02x}", status));
  ended_ = true;
}

// ---- Registers and memory.

void Session::HandleReadRegister(std::string_view arguments, DebugTarget& target) {
  const std::optional<uint64_t> number = TakeNumber(arguments);
  if (!number || !arguments.empty() || *number >= Registers(target).size()) return ReplyError();
  Reply(ToHex(ReadRegister(target, *number)));
}

void Session::HandleWriteRegister(std::string_view arguments, DebugTarget& target) {
  const std::optional<uint64_t> number = TakeNumber(arguments);
  if (!number || *number >= Registers(target).size() || !TakePrefix(arguments, "=")) {
    return ReplyError();
  }
  const auto value = FromHex(arguments);
  ReplyIf(value && WriteRegister(target, *number, *value));
}

void Session::HandleReadMemory(std::string_view arguments, DebugTarget& target) {
  const auto range = TakePair(arguments);
  if (!range || !arguments.empty()) return ReplyError();
  const auto [address, count] = *range;
  if (!physical_ && address >= kLinearEnd) return ReplyError();
  std::vector<uint8_t> bytes(std::min<uint64_t>(count, kMaxPayload / 2));
  const size_t read = physical_
                          ? target.ReadPhysical(PhysicalAddress{address}, bytes)
                          : target.ReadMemory(LinearAddress{static_cast<uint32_t>(address)}, bytes);
  if (read == 0 && count != 0) return ReplyError();
  Reply(ToHex(std::span(bytes).first(read)));
}

void Session::HandleWriteMemory(std::string_view arguments, bool binary, DebugTarget& target) {
  const auto range = TakePair(arguments);
  if (!range || !TakePrefix(arguments, ":")) return ReplyError();
  const auto [address, count] = *range;
  std::vector<uint8_t> bytes;
  if (binary) {
    bytes.assign(arguments.begin(), arguments.end());
  } else if (auto decoded = FromHex(arguments)) {
    bytes = *std::move(decoded);
  } else {
    return ReplyError();
  }
  if (bytes.size() != count || (!physical_ && address >= kLinearEnd)) return ReplyError();
  ReplyIf(physical_ ? target.WritePhysical(PhysicalAddress{address}, bytes)
                    : target.WriteMemory(LinearAddress{static_cast<uint32_t>(address)}, bytes));
}

// ---- Breakpoints.

void Session::HandlePoint(std::string_view arguments, bool insert, DebugTarget& target) {
  constexpr WatchKind kWatchKinds[] = {WatchKind::kWrite, WatchKind::kRead, WatchKind::kAccess};
  const std::optional<uint64_t> type = TakeNumber(arguments);
  if (!type || !TakePrefix(arguments, ",")) return ReplyError();
  const auto place = TakePair(arguments);
  if (!place || place->first >= kLinearEnd) return ReplyError();
  // Conditions and commands were not announced.
  if (!arguments.empty()) return ReplyError();
  const LinearAddress address{static_cast<uint32_t>(place->first)};
  if (*type <= 1) return ReplyIf(ChangeBreakpoint(*type == 1, address, insert, target));
  if (*type > 4) return Reply("");
  if (place->second == 0 || place->second > kMaxWatchedBytes) return ReplyError();
  ReplyIf(ChangeWatchpoint({.address = address,
                            .bytes = static_cast<uint32_t>(place->second),
                            .kind = kWatchKinds[*type - 2]},
                           insert, target));
}

// The engine has one kind: what either list has is in its set.
bool Session::ChangeBreakpoint(bool hardware, LinearAddress address, bool insert,
                               DebugTarget& target) {
  std::set<LinearAddress>& mine = hardware ? hardware_breakpoints_ : software_breakpoints_;
  const std::set<LinearAddress>& other = hardware ? software_breakpoints_ : hardware_breakpoints_;
  if (insert) {
    if (mine.size() >= kMaxBreakpoints && !mine.contains(address)) return false;
    mine.insert(address);
    target.AddBreakpoint(address);
  } else {
    mine.erase(address);
    if (!other.contains(address)) target.RemoveBreakpoint(address);
  }
  return true;
}

bool Session::ChangeWatchpoint(const Watchpoint& watchpoint, bool insert, DebugTarget& target) {
  const auto at = std::ranges::find(watchpoints_, watchpoint);
  if (insert) {
    if (at != watchpoints_.end()) return true;
    if (watchpoints_.size() >= kMaxWatchpoints) return false;
    watchpoints_.push_back(watchpoint);
    target.AddWatchpoint(watchpoint);
  } else if (at != watchpoints_.end()) {
    watchpoints_.erase(at);
    target.RemoveWatchpoint(watchpoint);
  }
  return true;
}

void Session::Release(DebugTarget& target) {
  for (const auto* list : {&software_breakpoints_, &hardware_breakpoints_}) {
    for (const LinearAddress address : *list) target.RemoveBreakpoint(address);
  }
  for (const Watchpoint& watchpoint : watchpoints_) target.RemoveWatchpoint(watchpoint);
  software_breakpoints_.clear();
  hardware_breakpoints_.clear();
  watchpoints_.clear();
  Resume(DebugAction::kRun);
  awaits_stop_ = false;
}

// ---- Queries.

void Session::HandleQuery(std::string_view query, DebugTarget& target) {
  if (query == "C") return Reply("QC01");
  if (query == "fThreadInfo") return Reply("m01");
  if (query == "sThreadInfo") return Reply("l");
  if (query.starts_with("Attached")) return Reply("1");
  if (query == "qemu.PhyMemMode") return Reply(physical_ ? "1" : "0");
  if (TakePrefix(query, "ThreadExtraInfo,")) {
    return Reply(ToHex(fmt::format("CPL {}", target.state().cpl)));
  }
  if (query == "Supported" || query.starts_with("Supported:")) return HandleSupported(query);
  if (TakePrefix(query, "Xfer:features:read:target.xml:")) return HandleTransfer(query, target);
  if (TakePrefix(query, "Rcmd,")) return HandleMonitor(query, target);
  Reply("");
}

void Session::HandleSupported(std::string_view features) {
  tells_swbreak_ = features.contains("swbreak+");
  tells_hwbreak_ = features.contains("hwbreak+");
  Reply(
      fmt::format("PacketSize={:x};QStartNoAckMode+;qXfer:features:read+;vContSupported+;"
                  "swbreak+;hwbreak+",
                  kMaxPayload));
}

void Session::HandleTransfer(std::string_view arguments, DebugTarget& target) {
  const auto part = TakePair(arguments);
  if (!part || !arguments.empty()) return ReplyError();
  const std::string document = TargetDescription(target);
  const auto [offset, count] = *part;
  if (offset > document.size()) return ReplyError();
  // Half of it: every character may need an escape.
  const std::string_view piece =
      std::string_view(document).substr(offset, std::min<uint64_t>(count, kMaxPayload / 2 - 1));
  const bool last = offset + piece.size() == document.size();
  Reply((last ? "l" : "m") + std::string(piece));
}

void Session::HandleMonitor(std::string_view hex, DebugTarget& target) {
  const auto bytes = FromHex(hex);
  if (!bytes) return ReplyError();
  const MonitorAnswer answer = RunMonitorCommand(std::string(bytes->begin(), bytes->end()), target);
  for (size_t at = 0; at < answer.text.size(); at += kConsolePiece) {
    Reply("O" + ToHex(std::string_view(answer.text).substr(at, kConsolePiece)));
  }
  ReplyOk();
  if (!answer.action) return;
  Resume(*answer.action);
}

void Session::HandleSet(std::string_view setting) {
  if (setting == "StartNoAckMode") {
    ReplyOk();
    acknowledges_ = false;
    return;
  }
  if (TakePrefix(setting, "qemu.PhyMemMode:")) {
    if (setting != "0" && setting != "1") return ReplyError();
    physical_ = setting == "1";
    return ReplyOk();
  }
  Reply("");
}

void Session::HandleVerb(std::string_view verb) {
  if (verb == "Cont?") return Reply("vCont;c;C;s;S;r");
  if (TakePrefix(verb, "Cont")) return HandleVcont(verb);
  if (verb.starts_with("Kill")) {
    ReplyOk();
    return Resume(DebugAction::kQuit);
  }
  // vMustReplyEmpty among others.
  Reply("");
}

}  // namespace verbatim::gdb
