// SPDX-License-Identifier: Apache-2.0
// Whatever a peer at the socket of --gdb sends, in pieces of any size, with stops of the guest in
// between: the session's memory stays bounded, what it answers is packets, nothing that a processor
// cannot hold gets into its state, and when it is released no breakpoint is left.
#include <algorithm>
#include <string_view>
#include <vector>

#include "gdb/packet.h"
#include "gdb/session.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"
#include "tests/gdb/fake_target.h"

namespace verbatim {
namespace {

using gdb::Session;

constexpr size_t kMaxBreakpoints = 2048;
constexpr size_t kMaxWatchpoints = 64;
constexpr size_t kMaxAnswer = 512 << 10;
constexpr uint32_t kFixedFlags = flag::kReservedOne | flag::kVm | ~0x3FFFFFu | 0x8028u;

// The answers, as another reader of packets has them.
void DemandPackets(std::string_view sent) {
  gdb::PacketReader reader;
  std::span<const uint8_t> rest(reinterpret_cast<const uint8_t*>(sent.data()), sent.size());
  while (const auto item = reader.Take(rest)) {
    Demand(item->kind == gdb::PacketReader::Kind::kPacket ||
               item->kind == gdb::PacketReader::Kind::kAck ||
               item->kind == gdb::PacketReader::Kind::kNak,
           "an answer that is no packet");
  }
}

void DemandSoundState(const FakeTarget& target, const FakeTarget& before) {
  const CpuState& now = target.cpu;
  const CpuState& then = before.cpu;
  Demand(((now.eflags ^ then.eflags) & kFixedFlags) == 0, "eflags {:x}", now.eflags);
  Demand(now.cr0 == then.cr0 && now.cr4 == then.cr4 && now.efer == then.efer && now.cpl == then.cpl,
         "control registers changed");
  Demand(now.dr == then.dr, "debug registers changed");
  for (unsigned i = 0; i < kSegmentCount; ++i) {
    Demand(now.segments[i].selector == then.segments[i].selector, "a segment register changed");
  }
  Demand(target.breakpoints.size() <= kMaxBreakpoints, "too many breakpoints");
  Demand(target.watchpoints.size() <= kMaxWatchpoints, "too many watchpoints");
}

DebugEvent AnyEvent(FuzzInput& input) {
  constexpr DebugStop kStops[] = {DebugStop::kPause,      DebugStop::kStep, DebugStop::kBreakpoint,
                                  DebugStop::kWatchpoint, DebugStop::kDied, DebugStop::kReset};
  DebugEvent event{.stop = kStops[input.Below(std::size(kStops))]};
  if (event.stop == DebugStop::kWatchpoint) event.watchpoint = Watchpoint{{0x100}, 4};
  return event;
}

// Bytes as they are, or the payload of a packet with the checksum that it should have.
std::vector<uint8_t> AnyBytes(FuzzInput& input) {
  const bool framed = (input.Byte() & 3) != 0;
  const auto bytes = input.Bytes(input.Byte());
  if (!framed) return {bytes.begin(), bytes.end()};
  const std::string frame = gdb::Frame({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return {frame.begin(), frame.end()};
}

}  // namespace
}  // namespace verbatim

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace verbatim;
  FuzzInput input(data, size);
  FakeTarget target;
  target.efer = (input.Byte() & 1) != 0;
  FakeTarget before = target;
  Session session;
  while (!input.AtEnd() && !session.ended()) {
    if (!session.held() && (input.Byte() & 1) != 0) {
      const DebugEvent event = AnyEvent(input);
      session.OnStop(event, target);
    }
    const std::vector<uint8_t> bytes = AnyBytes(input);
    std::span<const uint8_t> rest = bytes;
    while (!rest.empty() && !session.ended()) {
      session.Receive(rest, target);
      DemandSoundState(target, before);
      Demand(session.output().size() < kMaxAnswer, "{} bytes to send", session.output().size());
      DemandPackets(session.output());
      session.output().clear();
    }
  }
  session.Release(target);
  Demand(target.breakpoints.empty() && target.watchpoints.empty(), "points are left");
  Demand(!session.held(), "held after the release");
  session.OnExit(1);
  return 0;
}
