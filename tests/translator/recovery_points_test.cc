// SPDX-License-Identifier: Apache-2.0
// Where an instruction may be rolled back to its start for an interrupt, the guest's stack pointer
// is what it was there: the interrupt's frame goes below it, over whatever lies there.
#include <gtest/gtest.h>

#include <vector>

#include "tests/translator/host_code.h"
#include "tests/translator/translation.h"

namespace verbatim {
namespace {

bool WritesStackPointer(const HostInstruction& in) {
  if (in.detail.op_count == 0) return false;
  const cs_x86_op& target = in.detail.operands[0];
  if (target.type != X86_OP_REG || (target.access & CS_AC_WRITE) == 0) return false;
  return target.reg == X86_REG_R12 || target.reg == X86_REG_R12D || target.reg == X86_REG_R12W;
}

class RecoveryPoints : public Translation {
 protected:
  // In each block of one instruction that changes the stack pointer.
  void ExpectNoRollbackBehindTheChange(const std::vector<uint8_t>& instruction, BlockMode mode) {
    Reset();
    page_.fill(0x90);
    Write(instruction);
    const Block block = Translate(RequestAt(kStart, mode));
    unsigned changes = 0;
    const std::vector<HostInstruction> code =
        Disassemble(HostBytes(block), reinterpret_cast<uint64_t>(block.host_start));
    for (const HostInstruction& in : code) {
      if (in.offset < block.body_offset || !WritesStackPointer(in)) continue;
      const RecoveryPoint& before = block.RecoveryAt(block.host_start + in.offset);
      if (before.eip != block.eip) continue;
      ++changes;
      const RecoveryPoint& after = block.RecoveryAt(block.host_start + in.offset + in.length);
      EXPECT_FALSE(after.kind == RecoveryKind::kInstruction && after.eip == block.eip)
          << "behind " << in.text << " in\n"
          << TextOf(code);
    }
    EXPECT_NE(changes, 0u) << TextOf(code);
  }
};

TEST_F(RecoveryPoints, NoInstructionIsRepeatedOnceTheStackPointerHasMoved) {
  CpuState small = FlatCpu();
  for (const uint8_t segment : {kEs, kCs, kSs, kDs}) {
    small.segments[segment].attributes &= 0xBFFF;  // D and B clear
    small.segments[segment].limit = 0xFFFF;
  }
  const std::vector<std::vector<uint8_t>> instructions{
      {0x50},              // push eax
      {0x06},              // push es
      {0x6A, 0x01},        // push 1
      {0xFF, 0x33},        // push [...]
      {0x58},              // pop eax
      {0x8F, 0x03},        // pop [...]
      {0x9C},              // pushf
      {0x9D},              // popf
      {0xC9},              // leave
      {0x66, 0xC9},        // leave of the other size
      {0xC3},              // ret
      {0xC2, 0x08, 0x00},  // ret 8
      {0xFF, 0xD0},        // call eax
  };
  for (const std::vector<uint8_t>& instruction : instructions) {
    ExpectNoRollbackBehindTheChange(instruction, FlatMode());
    ExpectNoRollbackBehindTheChange(instruction, BlockMode::Of(small, 0));
  }
}

}  // namespace
}  // namespace verbatim
