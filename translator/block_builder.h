// SPDX-License-Identifier: Apache-2.0
// The translation of one block. The methods are spread over files by topic:
//   block_builder.cc    decode, shape of the block, recovery points, exits
//   byte_check.cc       blocks that look at their own bytes
//   ident.cc            copied instructions
//   memory_operand.cc   how a guest address becomes a host operand
//   probe.cc            memory accesses that look first whether the window shows their page
//   string.cc           string instructions
//   stack.cc            push, pop, leave
//   stack_folding.cc    when they leave the stack pointer behind
//   segment_registers.cc  stores of selectors, and loads where they need no descriptor
//   in_cache.cc         sensitive instructions that stay in the cache
//   far_transfer.cc     far jumps, calls and returns without descriptors
//   control_flow.cc     jumps, calls, returns, loops
//   target_check.cc     whether a return or a table led to the right code
//   target_guess.cc     indirect jumps that try their last target first
//
// Scratch registers: r8 holds addresses and branch targets, r9 and r10 are free within an
// expansion, r11 carries a value across a callout (the stubs preserve it).
#ifndef VERBATIM_TRANSLATOR_BLOCK_BUILDER_H_
#define VERBATIM_TRANSLATOR_BLOCK_BUILDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codecache/block.h"
#include "codecache/code_memory.h"
#include "codecache/direct_cells.h"
#include "decoder/decoder.h"
#include "translator/block_mode.h"
#include "translator/block_scratch.h"
#include "translator/execution_context.h"
#include "translator/host_emitter.h"
#include "translator/optimisations.h"
#include "translator/site.h"
#include "translator/stub_table.h"
#include "translator/translator.h"

namespace verbatim {

// Guest general register to host register: esp lives in r12.
[[nodiscard]] constexpr uint8_t HostGpr(uint8_t gpr) { return gpr == kEsp ? uint8_t{kR12} : gpr; }

// `field` (an offset in SegmentRegister) of a segment register in the execution context.
[[nodiscard]] inline HostMemory SegmentField(uint8_t segment, size_t field) {
  return HostMemory::Context(offsetof(ExecutionContext, cpu.segments) +
                             segment * sizeof(SegmentRegister) + field);
}

class BlockBuilder {
 public:
  BlockBuilder(const TranslationRequest& request, const Decoder& decoder, CodeMemory& memory,
               const StubTable& stubs, DirectCells& cells, SiteTable& sites,
               const SitePolicy& policy, OptimisationSet optimisations, BlockScratch& scratch);

  // Decodes the block; false if its first instruction needs the second page.
  [[nodiscard]] bool Decode();
  // Emits it; false if code memory ran out.
  [[nodiscard]] bool Emit();
  [[nodiscard]] Block&& TakeBlock() { return std::move(block_); }
  // To the eip in r8d, through the jump table.
  static void EmitHashedJump(HostEmitter& out, bool call);
  [[nodiscard]] uint32_t software_sites() const { return software_sites_; }
  [[nodiscard]] uint32_t unknown_instructions() const { return unknown_instructions_; }

 private:
  using Decoded = DecodedInstruction;
  using Undo = UndoJump;

  // A guest memory operand made ready: the host operand, and whether EndAccess must follow a write.
  struct Access {
    HostMemory memory;
    bool software = false;
    uint32_t site = 0;
  };

  // block_builder.cc
  [[nodiscard]] bool EndsBlock(const GuestInstruction& instruction) const;
  [[nodiscard]] bool IsBreakpoint(LinearAddress address) const;
  void EmitEntryCheck();
  void EmitCount(const uint64_t& counter);
  void EmitRecord(uint32_t entry, uint32_t eip);
  void EmitInstruction(const Decoded& decoded);
  void MarkStart();
  [[nodiscard]] bool MayBeEnteredInside() const;
  void EmitCallout(const Decoded& decoded);
  // Likewise, with the selector in r8d.
  void EmitSegmentCallout(const Decoded& decoded);
  void EmitException(uint32_t eip, uint8_t vector);
  void EmitLimitViolation(const PendingJump& jump);
  [[nodiscard]] std::optional<uint8_t> FpuException(FpuUse use) const;
  void EmitFallThrough(uint32_t next_eip);
  void EmitStubs();
  void Point(RecoveryKind kind, uint32_t eip);
  // mov to, eip
  void MoveEip(uint8_t to, uint32_t eip);
  // The four bytes before `end` are such a field.
  void NotePlace(PlaceKind kind, uint32_t end);
  uint32_t AddSite(const Decoded& decoded, AccessShape shape, uint32_t bytes, bool read,
                   bool write);
  [[nodiscard]] PhysicalAddress PhysicalOf(uint32_t eip) const;
  [[nodiscard]] bool MayLink(uint32_t eip) const;
  [[nodiscard]] bool Optimises(Optimisation one) const { return optimisations_.Has(one); }

  // byte_check.cc
  [[nodiscard]] static bool MayWriteMemory(const GuestInstruction& instruction);
  [[nodiscard]] bool IsChecked() const { return request_.check_first || request_.check_second; }
  void EmitByteCheck();
  void EmitStaleStub();
  void AddCheckedPieces(LinearAddress address, std::span<const uint8_t> bytes);

  // ident.cc
  void EmitIdent(const Decoded& decoded);
  void EmitCopy(const GuestInstruction& in, const HostMemory* memory, uint32_t eip);
  void EmitMaskedMove(const Decoded& decoded);
  void EmitSoftwareMove(const Decoded& decoded);

  // memory_operand.cc
  [[nodiscard]] AccessForm FormOf(const Decoded& decoded) const;
  [[nodiscard]] bool IsSoftware(const Decoded& decoded, uint8_t segment, bool write) const;
  [[nodiscard]] Access BeginOperand(const Decoded& decoded, AccessShape shape, bool read,
                                    bool write, uint32_t bytes);
  // Window operand for the address; may use r8, r9 and r10.
  [[nodiscard]] HostMemory WindowOperand(const GuestInstruction& in, int32_t esp_adjustment,
                                         uint32_t bytes);
  void EmitOffset(const GuestInstruction& in, int32_t esp_adjustment, uint8_t to);
  void EmitLimitCheck(uint8_t segment, uint32_t bytes, bool offset_is_16_bits);
  void AddSegmentBase(uint8_t segment);
  [[nodiscard]] HostMemory SegmentOperand(uint8_t segment, uint32_t bytes, bool offset_is_16_bits);
  void EndAccess(const Access& access);

  // probe.cc
  [[nodiscard]] bool IsProbed(const Decoded& decoded) const;
  void EmitProbed(const Decoded& decoded);

  // string.cc
  void EmitString(const Decoded& decoded);
  void EmitStringInWindow(const Decoded& decoded);
  void EmitStringThroughSegments(const Decoded& decoded, uint8_t source);
  void EmitStringOpcode(const GuestInstruction& in);
  void LocateString(uint8_t segment, uint8_t index, uint32_t bytes, bool narrow);
  void AdvanceIndex(uint8_t index, uint8_t before, bool narrow);

  // stack.cc
  void EmitStack(const Decoded& decoded);
  void EmitPush(const Decoded& decoded);
  void EmitPop(const Decoded& decoded);
  void EmitLeave(const Decoded& decoded);
  // ENTER of 32 bits without levels, on a flat stack.
  void EmitEnter(const Decoded& decoded);
  // PUSHA and POPA of 32 bits, on a flat stack.
  void EmitPushAll(const Decoded& decoded);
  void EmitPopAll();
  // Shows that this can be written, and leaves it and the flags as they are.
  void ProbeWrite(const Decoded& decoded, const HostMemory& memory, uint8_t opcode);
  // Stores a register or an immediate below the stack pointer and moves the pointer.
  void PushValue(const Decoded& decoded, uint32_t bytes, uint8_t from_reg,
                 std::optional<uint32_t> immediate);
  void PushReturnEip(const Decoded& decoded, uint32_t eip);
  void FinishPush(const Decoded& decoded, const Access& access, uint32_t bytes);
  // Loads the top of the stack into `to`; does not move the pointer.
  void LoadTop(const Decoded& decoded, uint32_t bytes, uint8_t to);
  void AdjustStackPointer(int32_t bytes);
  void EmitPopStackPointer(uint32_t bytes);
  [[nodiscard]] Access BeginStackAccess(const Decoded& decoded, AccessShape shape, uint32_t bytes);

  // stack_folding.cc
  [[nodiscard]] static bool CopiesStackPointer(const GuestInstruction& in);
  [[nodiscard]] bool KeepsStackFolded(const Decoded& decoded) const;
  [[nodiscard]] bool PrecedesJump(const Decoded& decoded) const;
  void UpdateStackPointer(uint32_t eip);

  // in_cache.cc
  // False: not one of those, or not plain.
  [[nodiscard]] bool EmitInCache(const Decoded& decoded);
  void EmitSetVirtualFlags(size_t value_field);
  void EmitSetInterruptFlag(const Decoded& decoded);
  void EmitPushFlags(const Decoded& decoded);
  void EmitPopFlags(const Decoded& decoded);
  void FinishPopFlags(uint32_t bytes);
  [[nodiscard]] bool EmitReadControl(const GuestInstruction& in);
  void EmitReadTimeStamp();

  // far_transfer.cc
  // Likewise.
  [[nodiscard]] bool EmitFarTransfer(const Decoded& decoded);
  void LoadMovedStackPointer(uint8_t to, int32_t bytes);

  // segment_registers.cc
  // Likewise.
  [[nodiscard]] bool EmitSegmentRegister(const Decoded& decoded);
  void EmitStoreSelector(const Decoded& decoded);
  void EmitLoadSegment(const Decoded& decoded);
  void EmitPopSegment(const Decoded& decoded, Segment segment);
  void EmitLoadFarPointer(const Decoded& decoded, Segment segment);
  [[nodiscard]] bool LoadsPlainly(uint8_t segment) const;
  [[nodiscard]] bool LoadsDescriptor(uint8_t segment) const;
  // The operand of MOV, or the top of the stack, zero-extended.
  void LoadSelector(const Decoded& decoded, uint8_t to);
  void LoadTopSelector(const Decoded& decoded, uint8_t to);
  [[nodiscard]] bool EmitLoadDescriptor(const Decoded& decoded);
  [[nodiscard]] bool EmitPopDescriptor(const Decoded& decoded);
  void CommitRealSegment(uint8_t segment, uint8_t selector);

  // control_flow.cc
  void EmitControlFlow(const Decoded& decoded);
  void EmitDirectJump(uint32_t target, uint32_t from);
  void EmitConditional(const Decoded& decoded, uint8_t condition);
  void EmitCall(const Decoded& decoded);
  void EmitIndirectJump(const Decoded& decoded);
  void EmitReturn(const Decoded& decoded);
  void EmitLoop(const Decoded& decoded);
  void EmitTableJump(uint32_t target);
  void EmitTableJumpR8(bool call);
  // To the eip in r8d, where the instruction leads.
  void EmitIndirectTransfer(const Decoded& decoded, bool call);
  void EmitReturnSite(uint32_t return_eip);

  // Checks of where the guest went (target_check.cc). Use r9, and r10 and r11 out of line.
  enum class Arrival : uint8_t { kEntry, kReturn };
  void EmitTargetCheck(uint32_t eip, Arrival by);
  void EmitDistance(uint8_t to, uint32_t eip);
  void EmitSumCheck(uint32_t eip, Arrival by);
  void EmitDoubtfulSum(uint32_t eip, const uint8_t* stub, bool guessed);
  void EmitDoubts();
  void EmitZeroCheck(uint32_t eip, const uint8_t* otherwise);

  // target_guess.cc
  [[nodiscard]] bool MayGuess(const GuestInstruction& in) const;
  // To the eip in r8d.
  void EmitGuess(const Decoded& decoded, bool call);
  void EmitGuessStubs();

  void EmitTargetLimitCheck(const Decoded& decoded, uint8_t target);
  [[nodiscard]] bool ViolatesLimit(uint32_t target) const { return target > request_.cs_limit; }
  void LoadIndirectTarget(const Decoded& decoded, uint8_t to);
  [[nodiscard]] uint32_t Target(const Decoded& decoded) const;
  // Records that the rel32 field at `field` leads to `target`: linked in page, by table across, to
  // #GP(0) if the segment ends before it.
  void LeadTo(uint32_t field, uint32_t target, uint32_t from, Undo undo = Undo::kNothing);

  void LoadPiece(uint8_t to, const CheckedPiece& piece);

  const TranslationRequest& request_;
  const Decoder& decoder_;
  CodeMemory& memory_;
  const StubTable& stubs_;
  DirectCells& cells_;
  SiteTable& sites_;
  const SitePolicy& policy_;
  const OptimisationSet optimisations_;
  BlockMode mode_;
  HostEmitter out_;
  Block block_;
  std::array<Decoded, BlockScratch::kMaxInstructions>& decoded_;
  std::span<const Decoded> instructions_;  // of them, those of the block
  std::vector<PendingJump>& pending_;
  std::vector<PlaceField>& place_;
  bool movable_ = false;
  std::vector<CheckedPiece>& checked_;
  std::vector<uint32_t>& stale_jumps_;
  std::vector<DoubtfulTarget>& doubts_;
  std::vector<PendingGuess>& guesses_;
  std::vector<RecoveryPoint>& points_;
  std::vector<Link>& links_;
  std::vector<uint32_t>& return_sites_;
  const bool page_has_sites_;
  uint32_t end_eip_ = 0;  // of the byte behind the last instruction
  bool ended_by_transfer_ = false;
  bool begun_ = false;           // the first instruction's point is set
  bool in_software_ = false;     // the other half of a probed access
  bool in_shadow_ = false;       // the next instruction is in the shadow of STI
  bool entered_inside_ = false;  // jumps may lead behind the block's start
  bool links_pages_ = false;
  bool folds_stack_ = false;
  bool stack_folded_ = false;  // the instruction being emitted need not move r12
  int32_t stack_lag_ = 0;      // the guest's esp is r12 plus this
  uint32_t software_sites_ = 0;
  uint32_t unknown_instructions_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_BLOCK_BUILDER_H_
