// SPDX-License-Identifier: Apache-2.0
// Events and returns that went the same way before: whatever has changed since, they end as on a
// machine that has seen none.
#include <array>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

constexpr unsigned kSystemCall = 0x80;
constexpr uint32_t kFaultAddress = 0x1234;
constexpr uint32_t kFlags = 0x3200;  // IOPL 3, IF

// One that handles system calls of a program, whose frames lie at kKernelStack.
class Machine : public CpuFixture {
 public:
  Machine() {
    PutIdt(kSystemCall, kKernelCs, HandlerOf(kSystemCall), 0xEE);
    EnterUser();
    state_.eflags = flag::kReservedOne | kFlags;
    state_.cr2 = kFaultAddress;
    // Data segments that a return to it leaves alone.
    for (const Segment data : {kEs, kDs, kFs, kGs}) state_.segments[data] = state_.segments[kSs];
  }
  void TestBody() override {}

  void Call() { Run({0xCD, kSystemCall}); }
  void Return() { Run({0xCF}); }
  void CallAndReturn() {
    Call();
    Return();
    state_.eip = kCode;
  }
  // Each kind of event, nested: from user level, then at level 0.
  void TakeEvents() {
    Call();
    Run({0xCD, kSystemCall});
    cpu_.DeliverInterrupt(0x20);
    cpu_.RaiseException({Vector::kPageFault, 6, {kFaultAddress}});
  }
  void ReturnFromEvents() {
    state_.gpr[kEsp] += 4;  // the error code
    for (int i = 0; i < 4; ++i) Return();
    state_.eip = kCode;
  }

  using CpuFixture::Put16;
  using CpuFixture::Put32;
  using CpuFixture::PutGdt;
  using CpuFixture::PutIdt;
  using CpuFixture::state_;

  // Everything that an event may change, and what it has pushed.
  [[nodiscard]] std::string Seen() {
    std::string text = testing::PrintToString(state_.gpr);
    const auto add = [&](uint32_t value) { text += " " + std::to_string(value); };
    for (const uint32_t value : {state_.eip, state_.eflags, state_.cpl, state_.cr2}) add(value);
    for (const SegmentRegister& s : state_.segments) {
      for (const uint32_t value : {uint32_t{s.selector}, uint32_t{s.attributes}, s.base, s.limit}) {
        add(value);
      }
    }
    add(state_.shutdown);
    for (uint32_t i = 0; i < 8; ++i) {
      add(Get32(state_.segments[kSs].base + state_.gpr[kEsp] + 4 * i));
    }
    return text;
  }
};

struct Change {
  const char* name;
  std::function<void(Machine&)> make;
  friend void PrintTo(const Change& change, std::ostream* out) { *out << change.name; }
};

class RepeatedEvents : public testing::TestWithParam<Change> {};

TEST_P(RepeatedEvents, GoAsOnAMachineThatHasSeenNone) {
  for (const auto& act : std::array<void (*)(Machine&), 3>{
           [](Machine& machine) { machine.Call(); },
           [](Machine& machine) { machine.TakeEvents(); },
           [](Machine& machine) {
             machine.TakeEvents();
             machine.ReturnFromEvents();
           },
       }) {
    Machine fresh;
    Machine used;
    for (int i = 0; i < 3; ++i) {
      used.TakeEvents();
      used.ReturnFromEvents();
    }
    GetParam().make(fresh);
    GetParam().make(used);
    act(fresh);
    act(used);
    EXPECT_EQ(used.Seen(), fresh.Seen());
  }
}

// The same within the handler, for the way back.
TEST_P(RepeatedEvents, ReturnAsOnAMachineThatHasSeenNone) {
  Machine fresh;
  Machine used;
  for (int i = 0; i < 3; ++i) used.CallAndReturn();
  for (Machine* machine : {&fresh, &used}) {
    machine->Call();
    GetParam().make(*machine);
    machine->Return();
  }
  EXPECT_EQ(used.Seen(), fresh.Seen());
}

const Change kChanges[] = {
    {"Nothing", [](Machine&) {}},
    {"Handler", [](Machine& m) { m.PutIdt(kSystemCall, kKernelCs, 0x11110, 0xEE); }},
    {"TrapGate", [](Machine& m) { m.PutIdt(kSystemCall, kKernelCs, 0x11110, 0xEF); }},
    {"NarrowGate", [](Machine& m) { m.PutIdt(kSystemCall, kKernelCs, 0x1110, 0xE6); }},
    {"GateForLevel0", [](Machine& m) { m.PutIdt(kSystemCall, kKernelCs, 0x11110, 0x8E); }},
    {"GateAbsent", [](Machine& m) { m.PutIdt(kSystemCall, kKernelCs, 0x11110, 0x6E); }},
    {"GateToUserCode", [](Machine& m) { m.PutIdt(kSystemCall, kUserCs, 0x11110, 0xEE); }},
    {"ShortIdt", [](Machine& m) { m.state_.idtr.limit = kSystemCall * 8 + 6; }},
    {"OtherIdt", [](Machine& m) { m.state_.idtr.base += 16; }},
    {"ShortGdt", [](Machine& m) { m.state_.gdtr.limit = kKernelDs + 6; }},
    {"OtherGdt", [](Machine& m) { m.state_.gdtr.base += 8; }},
    {"CodeAbsent", [](Machine& m) { m.PutGdt(kKernelCs, 0, 0xFFFFF, 0x1B); }},
    {"CodeWithBase", [](Machine& m) { m.PutGdt(kKernelCs, 0x1000, 0xFFFFF, kCode0); }},
    {"CodeWithLimit", [](Machine& m) { m.PutGdt(kKernelCs, 0, 0xFF, kCode0, 4); }},
    {"ConformingCode", [](Machine& m) { m.PutGdt(kKernelCs, 0, 0xFFFFF, 0x9F); }},
    {"CodeNotAccessed", [](Machine& m) { m.PutGdt(kKernelCs, 0, 0xFFFFF, 0x9A); }},
    {"UserCodeAbsent", [](Machine& m) { m.PutGdt(kUserCs, 0, 0xFFFFF, 0x7B); }},
    {"UserCodeWithLimit", [](Machine& m) { m.PutGdt(kUserCs, 0, 0xFF, kCode3, 4); }},
    {"StackPointer", [](Machine& m) { m.Put32(kTss + 4, kKernelStack - 0x1234); }},
    {"StackOverTwoPages", [](Machine& m) { m.Put32(kTss + 4, kKernelStack + 8); }},
    {"StackSelector", [](Machine& m) { m.Put16(kTss + 8, kUserDs); }},
    {"NullStack", [](Machine& m) { m.Put16(kTss + 8, 0); }},
    {"ShortTss", [](Machine& m) { m.state_.tr.limit = 8; }},
    {"NarrowTss", [](Machine& m) { m.state_.tr.attributes = 0x83; }},
    {"StackWithBase", [](Machine& m) { m.PutGdt(kKernelDs, 0x100, 0xFFFFF, kData0); }},
    {"StackWithLimit", [](Machine& m) { m.PutGdt(kKernelDs, 0, 0xFFF, kData0, 4); }},
    {"StackReadOnly", [](Machine& m) { m.PutGdt(kKernelDs, 0, 0xFFFFF, 0x91); }},
    {"NarrowStack", [](Machine& m) { m.PutGdt(kKernelDs, 0, 0xFFFFF, kData0, 8); }},
    {"UserStackAbsent", [](Machine& m) { m.PutGdt(kUserDs, 0, 0xFFFFF, 0x73); }},
    {"NarrowUserStack", [](Machine& m) { m.PutGdt(kUserDs, 0, 0xFFFFF, kData3, 8); }},
    {"NestedTask", [](Machine& m) { m.state_.eflags |= flag::kNt; }},
    {"Flags", [](Machine& m) { m.state_.eflags ^= 0x243ED5; }},
    {"NoInterrupts", [](Machine& m) { m.state_.eflags &= ~(flag::kIf | flag::kIopl); }},
    {"DataOfLevel0",
     [](Machine& m) {
       m.state_.segments[kFs] = {kKernelDs, 0xC093, 0, 0xFFFFFFFF};
     }},
    {"FrameWithFlags", [](Machine& m) { m.Put32(kKernelStack - 12, 0x00254AD7); }},
    {"FrameOfVirtual8086", [](Machine& m) { m.Put32(kKernelStack - 12, 0x00023202); }},
    {"FrameOfLevel0", [](Machine& m) { m.Put32(kKernelStack - 16, kKernelCs); }},
    {"FrameOfLevel1", [](Machine& m) { m.Put32(kKernelStack - 16, 0x19); }},
    {"FrameWithOtherStack", [](Machine& m) { m.Put32(kKernelStack - 4, kKernelDs); }},
    {"FrameWithPointer", [](Machine& m) { m.Put32(kKernelStack - 8, 0xFFFFFFF0); }},
    {"FrameInLocalTable", [](Machine& m) { m.Put32(kKernelStack - 16, kUserCs | 4); }},
};

INSTANTIATE_TEST_SUITE_P(All, RepeatedEvents, testing::ValuesIn(kChanges),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace verbatim::test
