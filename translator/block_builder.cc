// SPDX-License-Identifier: Apache-2.0
#include "translator/block_builder.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint32_t kJumpBytes = 5;
constexpr uint8_t kVectorUndefined = 6;
constexpr uint8_t kVectorNoDevice = 7;
constexpr uint8_t kVectorProtection = 13;

// Sensitive instructions after which it does not pay to translate on.
bool NeverFallsThrough(const GuestInstruction& in) {
  switch (in.mnemonic) {
    case Mnemonic::kInt:
    case Mnemonic::kInt3:
    case Mnemonic::kInt1:
    case Mnemonic::kIret:
    case Mnemonic::kIretd:
    case Mnemonic::kHlt:
    case Mnemonic::kSysenter:
    case Mnemonic::kSysexit:
    case Mnemonic::kJmp:   // far
    case Mnemonic::kCall:  // far
    case Mnemonic::kRet:   // far
      return true;
    default:
      return false;
  }
}

// An instruction that the segment's limit cuts off after `bytes`, or after as many of them as one
// can have.
GuestInstruction BeyondLimit(std::span<const uint8_t> bytes) {
  GuestInstruction in;
  in.handling = Handling::kUndefined;
  in.error = DecodeError::kTooLong;
  in.length = 1;
  in.examined = static_cast<uint8_t>(std::min<size_t>(bytes.size(), kMaxInstructionBytes));
  std::copy_n(bytes.begin(), in.examined, in.bytes.begin());
  return in;
}

}  // namespace

BlockBuilder::BlockBuilder(const TranslationRequest& request, const Decoder& decoder,
                           CodeMemory& memory, const StubTable& stubs, DirectCells& cells,
                           SiteTable& sites, const SitePolicy& policy,
                           OptimisationSet optimisations, BlockScratch& scratch)
    : request_(request),
      decoder_(decoder),
      memory_(memory),
      stubs_(stubs),
      cells_(cells),
      sites_(sites),
      policy_(policy),
      optimisations_(optimisations),
      mode_(request.key.mode),
      out_(memory.free_writable(), memory.next_exec()),
      decoded_(scratch.instructions),
      pending_(scratch.pending),
      place_(scratch.place),
      checked_(scratch.checked),
      stale_jumps_(scratch.stale_jumps),
      doubts_(scratch.doubts),
      guesses_(scratch.guesses),
      points_(scratch.points),
      links_(scratch.links),
      return_sites_(scratch.return_sites),
      page_has_sites_(policy.HasAnyIn(request.key.physical)) {
  scratch.Clear();
  block_.key = request.key;
  block_.eip = request.eip;
  block_.executions = request.executions;
  block_.host_start = memory.next_exec();
  block_.first_site = sites.size();
  // The code of programs and libraries is mapped at one place by this process, at another by the
  // next. Whatever else an eip of it may be mixed with makes it unmovable: limits, a segment's
  // base, checks of its own bytes.
  movable_ = mode_.cpl() == 3 && mode_.code32() && mode_.cs_id() == 0 && !mode_.single() &&
             !IsChecked() && request.cs_limit == 0xFFFFFFFFu;
  links_pages_ = optimisations.Has(Optimisation::kChain) &&
                 optimisations.Has(Optimisation::kChainPages) &&
                 optimisations.Has(Optimisation::kCells);
  // The exits that limits need know nothing of it.
  folds_stack_ = optimisations.Has(Optimisation::kFoldStack) && !mode_.single() &&
                 !mode_.software() && mode_.stack32() &&
                 mode_.segment_class(kSs) == SegmentClass::kFlat && request.cs_limit == 0xFFFFFFFFu;
}

// What a block does when it is entered, beyond its instructions, it must not be entered without.
bool BlockBuilder::MayBeEnteredInside() const {
  return optimisations_.Has(Optimisation::kChainInside) && !mode_.single() && !IsChecked() &&
         !request_.end_at_branches && request_.executions == nullptr && request_.record_number == 0;
}

void BlockBuilder::NotePlace(PlaceKind kind, uint32_t end) {
  const uint32_t offset = end - static_cast<uint32_t>(sizeof(uint32_t));
  if (offset > UINT16_MAX) movable_ = false;
  if (!movable_ && kind != PlaceKind::kTableJump) return;
  place_.push_back({static_cast<uint16_t>(offset), kind});
}

void BlockBuilder::MoveEip(uint8_t to, uint32_t eip) {
  out_.MoveImmediate(to, eip);
  NotePlace(PlaceKind::kEip, out_.offset());
}

PhysicalAddress BlockBuilder::PhysicalOf(uint32_t eip) const {
  return request_.key.physical + (eip - request_.eip);
}

// A block of two pages is entered by the jump tables alone, and leaves by them.
bool BlockBuilder::MayLink(uint32_t eip) const {
  const LinearAddress target = request_.key.linear + (eip - request_.eip);
  return !block_.crosses_page && (links_pages_ || target.Page() == request_.key.linear.Page());
}

bool BlockBuilder::EndsBlock(const GuestInstruction& in) const {
  switch (in.handling) {
    case Handling::kUndefined:
      return true;
    case Handling::kControlFlow:
      return in.mnemonic == Mnemonic::kJmp || in.mnemonic == Mnemonic::kRet;
    case Handling::kSensitive:
      return NeverFallsThrough(in);
    default:
      return false;
  }
}

bool BlockBuilder::IsBreakpoint(LinearAddress address) const {
  return !request_.breakpoints.empty() && std::ranges::binary_search(request_.breakpoints, address);
}

bool BlockBuilder::Decode() {
  const size_t limit = mode_.single() ? 1 : decoded_.size();
  uint32_t offset = 0;
  std::array<uint8_t, kMaxInstructionBytes> joined;
  while (instructions_.size() < limit && offset < request_.first_page.size()) {
    const uint32_t eip = request_.eip + offset;
    if (offset != 0 && IsBreakpoint(request_.key.linear + offset)) break;
    // What the segment holds from there on. An instruction that needs more raises #GP(0), be it
    // defined or not (SDM vol. 3, 5.3); the run loop finds out about one behind the end.
    const uint64_t held = eip > request_.cs_limit ? 0 : uint64_t{request_.cs_limit} + 1 - eip;
    std::span<const uint8_t> bytes = request_.first_page.subspan(offset);
    if (bytes.size() > held) bytes = bytes.first(held);
    Decoded& decoded = decoded_[instructions_.size()];
    decoded.eip = eip;
    GuestInstruction& in = decoded.instruction;
    decoder_.DecodeInto(bytes, mode_.code32(), in);
    if (in.length == 0 && !instructions_.empty()) break;
    if (in.length == 0 && bytes.size() < held) {
      // It runs over the page's end. Such an instruction gets a block of its own.
      if (request_.second_page.empty()) return false;
      std::copy(bytes.begin(), bytes.end(), joined.begin());
      const size_t more = std::min({joined.size() - bytes.size(), request_.second_page.size(),
                                    static_cast<size_t>(held) - bytes.size()});
      std::copy_n(request_.second_page.begin(), more, joined.begin() + bytes.size());
      bytes = std::span(joined).first(bytes.size() + more);
      decoder_.DecodeInto(bytes, mode_.code32(), in);
      block_.crosses_page = true;
      block_.second_page = request_.second_page_address;
    }
    if (in.length == 0) in = BeyondLimit(bytes);
    if (in.error == DecodeError::kUndefined && in.mnemonic == Mnemonic::kInvalid) {
      ++unknown_instructions_;
    }
    instructions_ = std::span(decoded_).first(instructions_.size() + 1);
    offset += in.length;
    if (block_.crosses_page || EndsBlock(in)) break;
    if (request_.end_at_branches && in.handling == Handling::kControlFlow) break;
    if (IsChecked() && MayWriteMemory(in)) break;
  }
  block_.guest_bytes = offset;
  const GuestInstruction& last = instructions_.back().instruction;
  block_.examined_bytes = offset - last.length + last.examined;
  block_.instruction_count = static_cast<uint32_t>(instructions_.size());
  end_eip_ = request_.eip + offset;
  ended_by_transfer_ = EndsBlock(instructions_.back().instruction);
  return true;
}

void BlockBuilder::Point(RecoveryKind kind, uint32_t eip) {
  // A single instruction is left in front of it or behind its end, where the run loop learns that
  // it was executed: not in between, however complete the state is.
  if (mode_.single() && begun_ && IsGuestBoundary(kind)) kind = RecoveryKind::kCritical;
  const uint32_t offset = out_.offset();
  bool start = false;
  if (!points_.empty() && points_.back().host_offset == offset) {
    start = points_.back().start && points_.back().eip == eip;
    points_.pop_back();
  }
  start = start && kind == RecoveryKind::kInstruction && stack_lag_ == 0;
  points_.push_back({offset, kind, start, static_cast<int16_t>(stack_lag_), eip});
}

// The instruction of the last point begins here: all before it is done.
void BlockBuilder::MarkStart() {
  RecoveryPoint& point = points_.back();
  if (!entered_inside_ || point.kind != RecoveryKind::kInstruction || stack_lag_ != 0) return;
  point.start = point.host_offset >= block_.body_offset + kJumpBytes;
}

uint32_t BlockBuilder::AddSite(const Decoded& decoded, AccessShape shape, uint32_t bytes, bool read,
                               bool write) {
  ++block_.site_count;
  return sites_.Add({decoded.instruction, decoded.eip, PhysicalOf(decoded.eip), shape,
                     static_cast<uint8_t>(bytes), read, write});
}

bool BlockBuilder::Emit() {
  EmitEntryCheck();
  block_.body_offset = out_.offset();
  entered_inside_ = MayBeEnteredInside();
  EmitByteCheck();
  if (request_.executions != nullptr) {
    Point(RecoveryKind::kInstruction, request_.eip);
    EmitCount(request_.executions->body);
  }
  EmitRecord(0, request_.eip);
  for (const Decoded& decoded : instructions_) {
    if (out_.overflowed()) return false;
    EmitInstruction(decoded);
  }
  if (!ended_by_transfer_) EmitFallThrough(end_eip_);
  // The body's first bytes become a jump when the block dies.
  while (out_.offset() < block_.body_offset + kJumpBytes) out_.Byte(0x90);
  EmitStubs();
  if (out_.overflowed()) return false;
  block_.host_bytes = out_.offset();
  TableArena& tables = memory_.tables();
  block_.recovery = tables.Keep<RecoveryPoint>(points_);
  block_.links = tables.Keep<Link>(links_);
  block_.return_sites = tables.Keep<uint32_t>(return_sites_);
  block_.movable = movable_;
  if (!movable_) {
    std::erase_if(place_, [](PlaceField field) { return field.kind != PlaceKind::kTableJump; });
  }
  block_.place = tables.Keep<PlaceField>(place_);
  return true;
}

void BlockBuilder::EmitEntryCheck() {
  Point(RecoveryKind::kEipInR8, 0);
  if (mode_.single()) return;
  EmitTargetCheck(request_.eip, Arrival::kEntry);
  if (request_.executions != nullptr) EmitCount(request_.executions->arrivals);
}

//   mov r9, counter ; mov r10, [r9] ; lea r10, [r10 + 1] ; mov [r9], r10
void BlockBuilder::EmitCount(const uint64_t& counter) {
  out_.MoveImmediate64(kR9, reinterpret_cast<uint64_t>(&counter));
  out_.Load64(kR10, HostMemory::Pointer(kR9));
  out_.Lea64(kR10, {.base = kR10, .displacement = 1});
  out_.Store64(HostMemory::Pointer(kR9), kR10);
}

// Entry 0 is the body, the others are return sites.
//   mov r9, [r15 + record_next] ; mov dword [r9], number ; lea r9, [r9 + 4]
//   mov [r15 + record_next], r9
// The last move commits: who comes again from the start writes to the same place. Behind the buffer
// is a page that faults.
void BlockBuilder::EmitRecord(uint32_t entry, uint32_t eip) {
  if (request_.record_number == 0) return;
  Point(RecoveryKind::kInstruction, eip);
  const HostMemory next = HostMemory::Context(offsetof(ExecutionContext, record_next));
  out_.Load64(kR9, next);
  out_.StoreImmediate32(HostMemory::Pointer(kR9), request_.record_number + entry);
  out_.Lea64(kR9, {.base = kR9, .displacement = sizeof(uint32_t)});
  out_.Store64(next, kR9);
}

void BlockBuilder::EmitInstruction(const Decoded& decoded) {
  const GuestInstruction& in = decoded.instruction;
  // In the shadow of STI interrupts wait for one instruction.
  Point(std::exchange(in_shadow_, false) ? RecoveryKind::kCritical : RecoveryKind::kInstruction,
        decoded.eip);
  begun_ = true;
  const bool keeps = KeepsStackFolded(decoded);
  stack_folded_ = keeps && in.handling == Handling::kStack;
  if (!keeps || (!stack_folded_ && PrecedesJump(decoded))) UpdateStackPointer(decoded.eip);
  MarkStart();
  if (const auto vector = FpuException(in.fpu); vector && in.handling == Handling::kIdent) {
    EmitException(decoded.eip, *vector);
    return;
  }
  switch (in.handling) {
    case Handling::kIdent:
      if (IsProbed(decoded)) {
        EmitProbed(decoded);
      } else {
        EmitIdent(decoded);
      }
      break;
    case Handling::kString:
      EmitString(decoded);
      break;
    case Handling::kStack:
      EmitStack(decoded);
      break;
    case Handling::kControlFlow:
      EmitControlFlow(decoded);
      break;
    case Handling::kNoOperation:
      break;
    case Handling::kSensitive:
      if (!EmitInCache(decoded)) EmitCallout(decoded);
      break;
    case Handling::kUndefined:
      EmitException(decoded.eip,
                    in.error == DecodeError::kTooLong ? kVectorProtection : kVectorUndefined);
      break;
  }
}

// SDM vol. 3, table 13-1 (SSE) and 2.5 (x87, MMX).
std::optional<uint8_t> BlockBuilder::FpuException(FpuUse use) const {
  switch (use) {
    case FpuUse::kNone:
      return std::nullopt;
    case FpuUse::kX87:
      if (mode_.emulate_fpu() || mode_.task_switched()) return kVectorNoDevice;
      return std::nullopt;
    case FpuUse::kWait:
      if (mode_.monitor_fpu() && mode_.task_switched()) return kVectorNoDevice;
      return std::nullopt;
    case FpuUse::kMmx:
      if (mode_.emulate_fpu()) return kVectorUndefined;
      if (mode_.task_switched()) return kVectorNoDevice;
      return std::nullopt;
    case FpuUse::kSse:
      if (mode_.emulate_fpu() || !mode_.osfxsr()) return kVectorUndefined;
      if (mode_.task_switched()) return kVectorNoDevice;
      return std::nullopt;
  }
  return std::nullopt;
}

//   mov r9d, site ; call callout
void BlockBuilder::EmitCallout(const Decoded& decoded) {
  const uint32_t site = AddSite(decoded, AccessShape::kMemoryOperand, 0, false, false);
  out_.MoveImmediate(kR9, site);
  out_.Call(stubs_.callout);
  // Its target may be the next instruction all the same.
  if (NeverFallsThrough(decoded.instruction)) {
    EmitFallThrough(decoded.eip + decoded.instruction.length);
  }
}

void BlockBuilder::EmitSegmentCallout(const Decoded& decoded) {
  const uint32_t site = AddSite(decoded, AccessShape::kMemoryOperand, 0, false, false);
  sites_.MarkSegmentLoad(site);
  out_.MoveImmediate(kR9, site);
  out_.Call(stubs_.load_segment);
}

//   mov r8d, eip ; mov r9d, vector ; jmp exception
void BlockBuilder::EmitException(uint32_t eip, uint8_t vector) {
  MoveEip(kR8, eip);
  out_.MoveImmediate(kR9, vector);
  out_.Jump(stubs_.exception);
}

void BlockBuilder::EmitFallThrough(uint32_t next_eip) {
  Point(RecoveryKind::kInstruction, next_eip);
  UpdateStackPointer(next_eip);
  // Running over the segment's end is the fault of the next instruction, which the run loop finds.
  if (ViolatesLimit(next_eip)) {
    EmitTableJump(next_eip);
  } else {
    EmitDirectJump(next_eip, next_eip);
  }
}

// Where a jump beyond the segment's limit leads: #GP(0) at the jump, of which nothing is done (SDM
// vol. 2, "JMP", "LOOP").
void BlockBuilder::EmitLimitViolation(const PendingJump& jump) {
  Point(RecoveryKind::kCritical, jump.from);
  if (jump.undo == Undo::kCount32) {
    out_.Lea32(kRcx, {.base = kRcx, .displacement = 1});
  } else if (jump.undo == Undo::kCount16) {
    out_.Lea32(kR8, {.base = kRcx, .displacement = 1});
    out_.Move16(kRcx, kR8);
  }
  Point(RecoveryKind::kInstruction, jump.from);
  EmitException(jump.from, kVectorProtection);
}

// Link stubs:   mov r8d, target ; mov r9d, (this stub) ; jmp link
// Table stubs:  mov r8d, target ; mov r9d, [r14 + cell] ; jmp r9
// Stale stub:   in byte_check.cc
// Dead stub:    mov r8d, eip ; jmp dead
void BlockBuilder::EmitStubs() {
  block_.stubs_offset = out_.offset();
  // First: what is before them must not fall through to them, as the filling of a link's stub does.
  EmitDoubts();
  EmitGuessStubs();
  for (const PendingJump& jump : pending_) {
    const uint32_t stub = out_.offset();
    out_.BindTo32(jump.field, stub);
    if (ViolatesLimit(jump.target)) {
      EmitLimitViolation(jump);
      continue;
    }
    Point(RecoveryKind::kInstruction, jump.target);
    if (mode_.single()) {
      MoveEip(kR8, jump.target);
      out_.Jump(stubs_.block_end);
    } else if (MayLink(jump.target)) {
      links_.push_back(
          {.source_offset = jump.field, .stub_offset = stub, .target_eip = jump.target});
      MoveEip(kR8, jump.target);
      out_.MoveImmediate(kR9,
                         static_cast<uint32_t>(reinterpret_cast<uintptr_t>(out_.exec_at(stub))));
      out_.Jump(stubs_.link);
      CHECK(out_.overflowed() || out_.offset() - stub == Link::kStubBytes);
    } else {
      EmitTableJump(jump.target);
    }
  }
  EmitStaleStub();
  block_.dead_offset = out_.offset();
  Point(RecoveryKind::kInstruction, request_.eip);
  MoveEip(kR8, request_.eip);
  out_.Jump(stubs_.dead);
}

}  // namespace verbatim
