// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/call_trace.h"

#include <gtest/gtest.h>

namespace verbatim {
namespace {

TEST(CallTraceTest, ChangedRegistersShowBothValues) {
  CpuState before;
  before.gpr[kEax] = 0x0201;
  before.gpr[kEbx] = 0x7E00;
  before.segments[kEs].selector = 0x1234;
  BiosRegisters after(before.gpr);
  after.set_ax(1);
  EXPECT_EQ(DescribeBiosCall(0x13, before, after),
            "13 eax=00000201>00000001 ebx=00007e00 ecx=00000000 edx=00000000 esi=00000000 "
            "edi=00000000 ebp=00000000 ds=0000 es=1234\n");
}

}  // namespace
}  // namespace verbatim
