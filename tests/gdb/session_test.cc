// SPDX-License-Identifier: Apache-2.0
// What the session answers, and what it wants of the guest, where that shows no better with a real
// guest (protocol_test.py).
#include "gdb/session.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "gdb/packet.h"
#include "gdb/registers.h"
#include "gdb/target_description.h"
#include "tests/gdb/fake_target.h"

namespace verbatim::gdb {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class GdbSession : public testing::Test {
 protected:
  GdbSession() { Send("QStartNoAckMode"); }

  std::string Taken() { return std::exchange(session_.output(), {}); }
  std::string SendRaw(std::string_view text) {
    std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    while (!bytes.empty()) session_.Receive(bytes, target_);
    return Taken();
  }
  std::string Send(std::string_view payload) { return SendRaw(Frame(payload)); }
  std::string Stop(const DebugEvent& event) {
    session_.OnStop(event, target_);
    return Taken();
  }

  FakeTarget target_;
  Session session_;
};

TEST_F(GdbSession, HoldsTheGuestUntilItIsLetGo) {
  EXPECT_TRUE(session_.held());
  EXPECT_EQ(Send("c"), "");
  EXPECT_FALSE(session_.held());
  EXPECT_EQ(session_.action(), DebugAction::kRun);
  EXPECT_THAT(Stop({.stop = DebugStop::kDied}), StartsWith("$T06"));
  EXPECT_TRUE(session_.held());
  EXPECT_EQ(Send("vCont;s:1;c"), "");
  EXPECT_EQ(session_.action(), DebugAction::kStep);
}

TEST_F(GdbSession, TellsWhichKindOfBreakpointItWasToThoseWhoAsked) {
  target_.cpu.eip = 0x100;
  Send("Z1,100,1");
  Send("c");
  EXPECT_THAT(Stop({.stop = DebugStop::kBreakpoint}), Not(HasSubstr("break")));
  Send("qSupported:swbreak+;hwbreak+;xmlRegisters=i386");
  Send("c");
  EXPECT_THAT(Stop({.stop = DebugStop::kBreakpoint}), HasSubstr("hwbreak:;"));
  Send("Z0,100,1");
  Send("c");
  EXPECT_THAT(Stop({.stop = DebugStop::kBreakpoint}), HasSubstr("swbreak:;"));
}

TEST_F(GdbSession, AnInterruptThatComesWithTheResumptionStopsAtOnce) {
  EXPECT_THAT(SendRaw(Frame("c") + "\x03"), StartsWith("$T02"));
  EXPECT_TRUE(session_.held());
  // None is due to one who finds the guest held.
  EXPECT_EQ(SendRaw("\x03"), "");
}

TEST_F(GdbSession, APauseThatNobodyAskedForIsNotTold) {
  Send("c");
  EXPECT_EQ(Stop({.stop = DebugStop::kPause}), "");
  EXPECT_FALSE(session_.held());
  EXPECT_EQ(session_.action(), DebugAction::kRun);
}

TEST_F(GdbSession, ReleaseTakesEveryPointBack) {
  for (const char* point : {"Z0,100,1", "Z1,100,1", "Z1,200,1", "Z2,300,4", "Z4,300,4"}) {
    EXPECT_EQ(Send(point), Frame("OK"));
  }
  EXPECT_EQ(target_.breakpoints.size(), 2u);
  EXPECT_EQ(target_.watchpoints.size(), 2u);
  session_.Release(target_);
  EXPECT_TRUE(target_.breakpoints.empty());
  EXPECT_TRUE(target_.watchpoints.empty());
  EXPECT_FALSE(session_.held());
}

TEST_F(GdbSession, AnExitIsToldToWhoWaitsForAStop) {
  Send("c");
  session_.OnExit(0x2A);
  EXPECT_EQ(Taken(), Frame("W2a"));
  EXPECT_TRUE(session_.ended());
}

TEST_F(GdbSession, CR3CanBeAnotherAddressSpace) {
  size_t number = 0;
  while (Registers(target_)[number].name != "cr3") ++number;
  EXPECT_EQ(Send(fmt::format("P{:x}=00400100", number)), Frame("OK"));
  EXPECT_EQ(target_.cpu.cr3, 0x14000u);
  EXPECT_EQ(target_.synchronized, 1u);
}

TEST_F(GdbSession, SegmentRegistersAreLoadedWhereThatTakesNoDescriptor) {
  EXPECT_EQ(Send("Pc=00200000"), Frame("E01"));
  EXPECT_EQ(target_.cpu.segments[kDs].selector, 0x10);
  target_.cpu.cr0 &= ~cr0::kPe;
  EXPECT_EQ(Send("Pc=00200000"), Frame("OK"));
  EXPECT_EQ(target_.cpu.segments[kDs].selector, 0x2000);
  EXPECT_EQ(target_.cpu.segments[kDs].base, 0x20000u);
  target_.cpu.cr0 |= cr0::kPe;
  target_.cpu.eflags |= flag::kVm;
  EXPECT_EQ(Send("Pc=00300000"), Frame("OK"));
  EXPECT_EQ(target_.cpu.segments[kDs].base, 0x30000u);
  EXPECT_EQ(target_.cpu.segments[kDs].limit, 0xFFFFu);
}

// SDM vol. 1, 8.1.7: two bits for each physical register; the stack's top is register 6 here.
TEST_F(GdbSession, TagsAreThoseOfFnstenv) {
  target_.fpu[3] = 6 << 3;  // FSW.TOP
  target_.fpu[4] = 0xC0;    // registers 6 and 7
  const uint8_t one[] = {0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0x3F};
  std::ranges::copy(one, &target_.fpu[32]);  // st0; st1 is zero
  EXPECT_EQ(Send("p1a"), Frame("ff4f0000"));
  EXPECT_EQ(Send("P1a=ffff0000"), Frame("OK"));
  EXPECT_EQ(target_.fpu[4], 0);
}

TEST_F(GdbSession, TheDescriptionNamesEachRegisterByItsNumber) {
  const std::string xml = TargetDescription(target_);
  for (size_t i = 0; i < Registers(target_).size(); ++i) {
    const RegisterDescription& description = Registers(target_)[i];
    EXPECT_THAT(
        xml, HasSubstr(fmt::format("<reg name=\"{}\" bitsize=\"{}\" type=\"{}\" regnum=\"{}\"",
                                   description.name, description.bytes * 8, description.type, i)));
  }
  EXPECT_THAT(xml, HasSubstr("<architecture>i386</architecture>"));
  EXPECT_THAT(xml, HasSubstr("efer"));
  target_.efer = false;
  target_.cpu.segments[kCs].attributes = 0x009B;
  EXPECT_THAT(TargetDescription(target_), HasSubstr("<architecture>i8086</architecture>"));
  EXPECT_THAT(TargetDescription(target_), Not(HasSubstr("efer")));
}

TEST_F(GdbSession, TheDescriptionComesInPieces) {
  const std::string whole = TargetDescription(target_);
  std::string all;
  while (true) {
    PacketReader reader;
    const std::string sent =
        Send(fmt::format("qXfer:features:read:target.xml:{:x},100", all.size()));
    std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(sent.data()), sent.size());
    const auto item = reader.Take(bytes);
    ASSERT_TRUE(item);
    all += item->payload.substr(1);
    if (item->payload.starts_with('l')) break;
    ASSERT_EQ(item->payload.size(), 0x101u);
  }
  EXPECT_EQ(all, whole);
}

}  // namespace
}  // namespace verbatim::gdb
