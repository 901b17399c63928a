// SPDX-License-Identifier: Apache-2.0
// Where an instruction may be rolled back to its start for an interrupt, the guest's stack pointer
// is what it was there: the interrupt's frame goes below it, over whatever lies there. It is r12
// and what the recovery point says that r12 is behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/translator/host_code.h"
#include "tests/translator/translation.h"

namespace verbatim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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
  // How far host code moves r12 from its value at the body's start on, by LEA alone.
  static int64_t MoveOf(const HostInstruction& in) {
    if (!WritesStackPointer(in)) return 0;
    const cs_x86_op* source = in.Memory(1);
    EXPECT_TRUE(in.id == X86_INS_LEA && source != nullptr) << in.text;
    EXPECT_TRUE(source != nullptr && source->mem.base == X86_REG_R12) << in.text;
    return source == nullptr ? 0 : source->mem.disp;
  }
};

TEST_F(RecoveryPoints, NoInstructionIsRepeatedOnceTheStackPointerHasMoved) {
  OptimisationSet optimisations;
  optimisations.Disable(Optimisation::kFoldStack);
  translator_ = std::make_unique<Translator>(CpuFeatures{}, *memory_, stubs_, cells_, sites_,
                                             policy_, optimisations);
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

// The stack pointer that each instruction of a sequence finds, however its moves were put together.
TEST_F(RecoveryPoints, FoldedMovesOfTheStackPointerAreKnownAtEachInstruction) {
  struct Step {
    std::vector<uint8_t> code;
    int32_t move;
  };
  const std::vector<Step> steps{
      {{0x55}, -4},                    // push ebp
      {{0x89, 0xE5}, 0},               // mov ebp, esp
      {{0x57}, -4},                    // push edi
      {{0xFF, 0x74, 0x24, 0x08}, -4},  // push [esp + 8]
      {{0x6A, 0x07}, -4},              // push 7
      {{0x8B, 0x44, 0x24, 0x04}, 0},   // mov eax, [esp + 4]
      {{0x8D, 0x54, 0x24, 0x10}, 0},   // lea edx, [esp + 16]
      {{0x66, 0x50}, -2},              // push ax
      {{0xF3, 0xA4}, 0},               // rep movsb
      {{0x66, 0x58}, 2},               // pop ax
      {{0x8F, 0x44, 0x24, 0x04}, 4},   // pop [esp + 4]
      {{0x86, 0x64, 0x24, 0x08}, 0},   // xchg [esp + 8], ah
      {{0x39, 0xD8}, 0},               // cmp eax, ebx
      {{0x74, 0x02}, 0},               // je
      {{0x5F}, 4},                     // pop edi
      {{0x54}, -4},                    // push esp
      {{0x58}, 4},                     // pop eax
      {{0x5F}, 4},                     // pop edi
      {{0x5D}, 4},                     // pop ebp
      {{0xC2, 0x08, 0x00}, 0},         // ret 8
  };
  std::vector<uint8_t> code;
  std::map<uint32_t, int32_t> esp_at;
  int32_t esp = 0;
  for (const Step& step : steps) {
    esp_at[kEip + static_cast<uint32_t>(code.size())] = esp;
    code.insert(code.end(), step.code.begin(), step.code.end());
    esp += step.move;
  }
  Write(code);
  const Block block = Translate(RequestAt(kStart));
  int64_t r12 = 0;
  unsigned moves = 0;
  for (const HostInstruction& in :
       Disassemble(HostBytes(block), reinterpret_cast<uint64_t>(block.host_start))) {
    if (in.offset < block.body_offset || in.offset >= block.stubs_offset) continue;
    const RecoveryPoint& point = block.RecoveryAt(block.host_start + in.offset);
    if (point.kind == RecoveryKind::kInstruction) {
      ASSERT_TRUE(esp_at.contains(point.eip)) << in.text;
      EXPECT_EQ(r12 + point.stack_lag, esp_at[point.eip]) << in.text << " at " << point.eip;
    } else {
      EXPECT_TRUE(point.kind != RecoveryKind::kEipInR8 || point.stack_lag == 0) << in.text;
    }
    const int64_t move = MoveOf(in);
    r12 += move;
    if (move != 0) ++moves;
  }
  EXPECT_EQ(r12, esp_at[kEip + static_cast<uint32_t>(code.size()) - 3] + 12) << "behind ret 8";
  EXPECT_LE(moves, 6u) << "not folded";
}

TEST_F(RecoveryPoints, APrologueMovesTheStackPointerOnce) {
  const Block block = Translate({0x55,                // push ebp
                                 0x89, 0xE5,          // mov ebp, esp
                                 0x57, 0x56,          // push edi ; push esi
                                 0x83, 0xEC, 0x1C});  // sub esp, 28
  EXPECT_THAT(Body(block), testing::StartsWith("mov dword ptr gs:[r12d - 4], ebp\n"
                                               "lea ebp, [r12 - 4]\n"
                                               "mov dword ptr gs:[r12d - 8], edi\n"
                                               "mov dword ptr gs:[r12d - 0xc], esi\n"
                                               "lea r12d, [r12 - 0xc]\n"
                                               "sub r12d, 0x1c\n"));
}

// Where jumps may enter a block: in front of whole instructions, with nothing pending.
class Starts : public Translation {
 protected:
  // Relative to the block's eip.
  [[nodiscard]] static std::vector<uint32_t> Of(const Block& block) {
    std::vector<uint32_t> starts;
    for (const RecoveryPoint& point : block.recovery) {
      if (!point.start) continue;
      EXPECT_EQ(point.kind, RecoveryKind::kInstruction);
      EXPECT_EQ(point.stack_lag, 0);
      EXPECT_GE(point.host_offset, block.body_offset + 5);
      EXPECT_LT(point.host_offset, block.stubs_offset);
      starts.push_back(point.eip - block.eip);
    }
    return starts;
  }
};

TEST_F(Starts, AreAtEachInstructionButTheFirst) {
  // mov eax, 1 ; add eax, [ebx] ; cmp eax, ecx ; jz ; cmovb ; ret
  EXPECT_THAT(
      Of(Translate({0xB8, 1, 0, 0, 0, 0x03, 0x03, 0x39, 0xC8, 0x74, 0x10, 0x0F, 0x42, 0xC1, 0xC3})),
      ElementsAre(5, 7, 9, 11, 14));
}

// These become a jump when the block dies.
TEST_F(Starts, AreNotInTheFirstBytesOfTheBody) {
  EXPECT_THAT(Of(Translate({0x89, 0xC8, 0x89, 0xC8, 0x89, 0xC8, 0x89, 0xC8, 0xC3})),
              ElementsAre(6, 8));
}

// Several guest instructions may have become one lea.
TEST_F(Starts, AreNotWhereTheStackPointerIsBehind) {
  // push eax ; push ebx ; pop ecx ; mov edx, esp ; push edx ; sub esp, 8 ; inc eax ; ret
  EXPECT_THAT(Of(Translate({0x50, 0x53, 0x59, 0x89, 0xE2, 0x52, 0x83, 0xEC, 0x08, 0x40, 0xC3})),
              ElementsAre(6, 9, 10));
}

// What PUSHA tries, and the end of a string, are boundaries, but of an instruction that has begun.
TEST_F(Starts, AreNotAmidExpansions) {
  EXPECT_THAT(
      Of(Translate({0xB8, 1, 0, 0, 0, 0x60, 0xF3, 0xA4, 0x86, 0x64, 0x24, 0x08, 0x40, 0xC3})),
      ElementsAre(5, 6, 8, 12, 13));
}

// Nor is STI itself, which cannot be interrupted where it begins.
TEST_F(Starts, AreNotInTheShadowOfSti) {
  // mov eax, 1 ; sti ; inc eax ; inc eax ; ret
  EXPECT_THAT(Of(Translate({0xB8, 1, 0, 0, 0, 0xFB, 0x40, 0x40, 0xC3})), ElementsAre(7, 8));
}

TEST_F(Starts, AreNotInBlocksThatDoSomethingWhenTheyAreEntered) {
  Write({0xB8, 1, 0, 0, 0, 0x40, 0x40, 0xC3});
  TranslationRequest checked = RequestAt(kStart);
  checked.check_first = true;
  EXPECT_THAT(Of(Translate(checked)), IsEmpty());
  TranslationRequest counted = RequestAt(kStart);
  ExecutionCounts counts;
  counted.executions = &counts;
  EXPECT_THAT(Of(Translate(counted)), IsEmpty());
  TranslationRequest recorded = RequestAt(kStart);
  recorded.record_number = 1;
  EXPECT_THAT(Of(Translate(recorded)), IsEmpty());
  TranslationRequest whole = RequestAt(kStart);
  whole.end_at_branches = true;
  EXPECT_THAT(Of(Translate(whole)), IsEmpty());
  EXPECT_THAT(Of(Translate(RequestAt(kStart, FlatMode().Single()))), IsEmpty());
}

TEST_F(Starts, AreNotIfNoJumpMayLeadThere) {
  translator_ =
      std::make_unique<Translator>(CpuFeatures{}, *memory_, stubs_, cells_, sites_, policy_,
                                   OptimisationSet::AllBut(Optimisation::kChainInside));
  EXPECT_THAT(Of(Translate({0xB8, 1, 0, 0, 0, 0x40, 0x40, 0xC3})), IsEmpty());
}

// While a probe holds what it saw in ecx, the instruction is neither undone nor done; nothing is
// repeated that is done.
TEST_F(RecoveryPoints, AProbedAccessIsRolledBackOnlyWhereNothingIsDone) {
  policy_.all_probed = true;
  for (const uint8_t opcode : {uint8_t{0x8B}, uint8_t{0x01}}) {  // mov eax, [ebx] ; add [ebx], eax
    Reset();
    page_.fill(0x90);
    Write({opcode, 0x03});
    const Block block = Translate(RequestAt(kStart));
    const auto point_at = [&](uint32_t offset) {
      return block.RecoveryAt(block.host_start + offset);
    };
    unsigned looks = 0;
    unsigned restores = 0;
    unsigned accesses = 0;
    for (const HostInstruction& in :
         Disassemble(HostBytes(block), reinterpret_cast<uint64_t>(block.host_start))) {
      if (in.offset < block.body_offset || in.offset >= block.stubs_offset) continue;
      const uint32_t end = in.offset + in.length;
      if (in.text == "mov ecx, r9d" || in.text == "shrx ecx, r9d, r9d") {
        ++looks;
        EXPECT_EQ(point_at(end).kind, RecoveryKind::kCritical);
      } else if (in.text == "mov rcx, r10") {
        ++restores;
        EXPECT_EQ(point_at(in.offset).kind, RecoveryKind::kCritical);
        EXPECT_EQ(point_at(end).kind, RecoveryKind::kInstruction);
        EXPECT_EQ(point_at(end).eip, kEip);
      } else if (in.text.find("gs:[ebx]") != std::string::npos) {
        ++accesses;
        EXPECT_EQ(point_at(end).kind, RecoveryKind::kCritical);
      }
    }
    EXPECT_EQ(looks, 1u);
    EXPECT_EQ(restores, 2u);
    EXPECT_EQ(accesses, 1u);
  }
}

}  // namespace
}  // namespace verbatim
