// SPDX-License-Identifier: Apache-2.0
// From eip to a block.

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/monotonic_clock.h"
#include "engine/engine.h"

namespace verbatim {
// 0 for a flat code segment, else a number that stands for its base and limit.
uint32_t Engine::CodeSegmentId() {
  const SegmentRegister& cs = context_->cpu.segments[kCs];
  if (cs.base == 0 && cs.limit == 0xFFFFFFFFu) return 0;
  const std::pair<uint32_t, uint32_t> wanted{cs.base, cs.limit};
  const auto found = std::ranges::find(code_segments_, wanted);
  if (found != code_segments_.end()) {
    return static_cast<uint32_t>(found - code_segments_.begin()) + 1;
  }
  // A guest can make as many as it likes: start over with the code that was keyed by them.
  constexpr size_t kMaxCodeSegments = 4096;
  if (code_segments_.size() == kMaxCodeSegments) {
    FlushCodeCache();
    code_segments_.clear();
  }
  code_segments_.push_back(wanted);
  return static_cast<uint32_t>(code_segments_.size());
}

BlockMode Engine::PresentMode() {
  BlockMode mode = BlockMode::Of(context_->cpu, CodeSegmentId());
  if (options_.force_single) mode = mode.Single();
  if (options_.force_software || cpu_->ChecksAlignment()) mode = mode.InSoftware();
  return mode;
}

Status Engine::SelectWindow(BlockMode mode) {
  window_ = windows_.Select(PrivilegeOf(context_->cpu.cpl));
  Result<WindowCode*> code =
      window_code_->Get(window_, mode.Linked().bits(), context_->cpu.segments[kCs].base);
  if (!code) return std::unexpected(code.error());
  code_ = *code;
  context_->window_base = windows_.HostBase(window_);
  context_->page_rights = windows_.RightsOf(window_);
  context_->tables = code_;
  context_->jump_table = code_->jump_table;
  context_->shadow_base = code_->shadow_base;
  return {};
}

Faultable<PhysicalAddress> Engine::FetchPage(LinearAddress address) {
  const auto translation = windows_.NoteExecution(window_, address);
  if (!translation) {
    return std::unexpected(ToException(translation.error()));
  }
  return mmu_.memory().ApplyA20(translation->address);
}

bool Engine::MustCheck(PhysicalAddress page) const {
  return code_pages_.IsChecked(page) || mmu_.memory().IsShared(page);
}

void Engine::MarkCode(PhysicalAddress page) {
  PhysicalMemory& memory = mmu_.memory();
  if (memory.KindOf(page) != PageKind::kRam || memory.IsCodePage(page)) return;
  if (MustCheck(page)) return;
  memory.MarkCodePage(page, true);
  windows_.WriteProtect(page);
}

void Engine::FlushCodeCache() {
  CaptureFpuPointers(context_->cpu, *this);
  for (const Block& block : store_->blocks()) {
    mmu_.memory().MarkCodePage(block.key.physical, false);
    if (block.crosses_page) mmu_.memory().MarkCodePage(block.second_page, false);
  }
  if (Observes(Observation::kCodeChanges)) Tell(CacheFlushed{store_->blocks().size()});
  executed_before_ = Executed();
  store_->Flush();
  execution_counts_.clear();
  sites_.Clear();
  window_code_->ResetAll();
  pending_link_.reset();
  ++invalidations_;
}

void Engine::DropTranslations() {
  FlushCodeCache();
  adaptation_.Clear();
  code_pages_.Clear();
  windows_.ResetAll();
  mmu_.Flush(true);
}

std::optional<BlockEntry> Engine::FindOrTranslate(BlockMode mode) {
  CpuState& cpu = context_->cpu;
  ++statistics_.lookups;
  const SegmentRegister& cs = cpu.segments[kCs];
  if (cpu.eip > cs.limit) {
    Raise({Vector::kGeneralProtection, 0, {}});
    return std::nullopt;
  }
  const LinearAddress linear{cs.base + cpu.eip};
  const Faultable<PhysicalAddress> physical = FetchPage(linear);
  if (!physical) {
    Raise(physical.error());
    return std::nullopt;
  }
  const BlockKey key{*physical, linear, mode.bits()};
  Block* block = store_->Find(key);
  if (block == nullptr && MoveCodeTo(key)) block = store_->Find(key);
  if (block != nullptr && block->crosses_page) {
    const Faultable<PhysicalAddress> second = FetchPage(linear.PageStart() + kPageBytes);
    if (!second) {
      Raise(second.error());
      return std::nullopt;
    }
    if (*second != block->second_page) {
      drop_cause_ = DropCause::kRemapped;
      store_->Invalidate(*block);
      block = nullptr;
    }
  }
  if (block == nullptr) {
    if (const std::optional<BlockEntry> inside = FindInside(key)) return inside;
    block = TranslateAt(key);
  }
  return block != nullptr ? std::optional(BlockEntry::BodyOf(*block)) : std::nullopt;
}

// A jump need not start at a block's entry: see docs/decisions/inside-links.md.
std::optional<BlockEntry> Engine::FindInside(const BlockKey& key) const {
  if (!pending_link_ || !Optimises(Optimisation::kChain) || !LeadsTo(*pending_link_, key)) {
    return std::nullopt;
  }
  return store_->FindInside(key, context_->cpu.eip);
}

// The same code may have been translated where a process that is gone had it mapped.
bool Engine::MoveCodeTo(const BlockKey& key) {
  const std::span<const uint32_t> pages = store_->LinearPagesOf(key.physical);
  if (pages.empty() || !Optimises(Optimisation::kMoveCode) || BlockMode(key.mode).cpl() != 3) {
    return false;
  }
  // There are some here: what lies elsewhere would be a copy of them, and waits for a process that
  // has none.
  if (std::ranges::find(pages, key.linear.Page()) != pages.end()) return false;
  // What was translated without these must not come there.
  if (breakpoints_.AnyInPageOf(key.linear)) return false;
  RecycleCells();
  for (const uint32_t page : std::vector(pages.begin(), pages.end())) {
    const LinearAddress from{page << kPageShift};
    if (!windows_.ForgetExecution(from, key.physical)) continue;
    // While they are still known by the old place.
    CaptureFpuPointers(context_->cpu, *this);
    drop_cause_ = DropCause::kMoved;
    const uint32_t distance = key.linear.PageStart().value - from.value;
    const auto moved = [&](Block& block) {
      sites_.Move(block.first_site, block.site_count, distance);
      DrainRecorder();  // of entries where it was
      if (guard_ != nullptr || Observes(Observation::kBlocks)) ShowMoved(block);
    };
    if (store_->MovePage(key.physical, page, key.linear.Page(), moved)) return true;
  }
  return false;
}

void Engine::RecycleCells() {
  if (!cells_.WantsClearedTables()) return;
  window_code_->ResetAll();
  cells_.OnTablesCleared();
}

// nullptr: the guest is elsewhere now, or is to be looked at again where it is.
Block* Engine::TranslateAt(const BlockKey& key) {
  const TimeSpan span(time_, Activity::kTranslation);
  if (store_->IsLittered()) {
    ++statistics_.flushes_of_dead;
    FlushCodeCache();
    return nullptr;
  }
  const uint64_t before = MonotonicNowNs();
  code_pages_.Review(before, [this](PhysicalAddress page) {
    ++statistics_.pages_unchecked;
    DropPage(page, DropCause::kCheckMode);
  });
  PhysicalMemory& memory = mmu_.memory();
  const SegmentRegister& cs = context_->cpu.segments[kCs];
  TranslationRequest request;
  request.key = key;
  request.eip = context_->cpu.eip;
  request.cs_limit = cs.limit;
  if (recorder_ != nullptr) request.record_number = block_number_ + 1;
  if (options_.count_executions) request.executions = &execution_counts_.emplace_back();
  request.end_at_branches = options_.end_at_branches;

  // Code in device or unassigned memory is read as far as one instruction can reach.
  std::array<uint8_t, kMaxInstructionBytes> first_copy;
  std::array<uint8_t, kMaxInstructionBytes> second_copy;
  const auto bytes_at = [&memory](PhysicalAddress address, auto& copy) -> std::span<const uint8_t> {
    const uint32_t left = kPageBytes - address.PageOffset();
    if (const uint8_t* host = memory.HostPointerTo(address)) return {host, left};
    const uint32_t count = std::min<uint32_t>(left, static_cast<uint32_t>(copy.size()));
    memory.Read(address, copy.data(), count);
    return {copy.data(), count};
  };
  RecycleCells();
  request.first_page = bytes_at(key.physical, first_copy);
  request.check_first = MustCheck(key.physical);
  request.breakpoints = breakpoints_.addresses();

  auto made = translator_->Translate(request);
  if (std::holds_alternative<TranslationFailure>(made) &&
      std::get<TranslationFailure>(made) == TranslationFailure::kNeedsSecondPage) {
    const Faultable<PhysicalAddress> second = FetchPage(key.linear.PageStart() + kPageBytes);
    if (!second) {
      Raise(second.error());
      return nullptr;
    }
    request.second_page_address = *second;
    request.second_page = bytes_at(*second, second_copy);
    request.check_second = MustCheck(*second);
    made = translator_->Translate(request);
  }
  if (std::holds_alternative<TranslationFailure>(made)) {
    CHECK(std::get<TranslationFailure>(made) == TranslationFailure::kCacheFull);
    FlushCodeCache();
    return nullptr;
  }
  Block& numbered = std::get<Block>(made);
  numbered.number = block_number_ + 1;
  // Return sites have numbers of their own where executions are recorded.
  block_number_ +=
      recorder_ != nullptr ? 1 + static_cast<uint32_t>(numbered.return_sites.size()) : 1;
  const uint64_t translated = MonotonicNowNs();
  if (guard_ != nullptr || Observes(Observation::kBlocks)) {
    ShowTranslated(std::get<Block>(made), request);
  }
  const uint64_t shown = MonotonicNowNs();
  Block& block = store_->Insert(std::move(std::get<Block>(made)));
  MarkCode(block.key.physical);
  if (block.crosses_page) MarkCode(block.second_page);
  statistics_.translation_ns += MonotonicNowNs() - before - (shown - translated);
  return &block;
}

// To those who want to see it before it can run.
void Engine::ShowTranslated(const Block& block, const TranslationRequest& request) {
  std::vector<uint8_t> joined;
  std::span<const uint8_t> bytes = request.first_page;
  if (block.crosses_page) {
    joined.assign(request.first_page.begin(), request.first_page.end());
    joined.insert(joined.end(), request.second_page.begin(), request.second_page.end());
    bytes = joined;
  }
  bytes = bytes.first(std::min<size_t>(block.guest_bytes, bytes.size()));
  const TranslatedBlock shown{block,  bytes,        translator_->decoder(),
                              sites_, stubs_.table, context_->cpu.cr3};
  if (guard_ != nullptr) guard_->Check(shown);
  if (Observes(Observation::kBlocks)) options_.observer->OnBlockTranslated(shown);
}

void Engine::ShowMoved(const Block& block) {
  PhysicalMemory& memory = mmu_.memory();
  std::vector<uint8_t> bytes(block.guest_bytes);
  const uint32_t first = std::min(block.guest_bytes, kPageBytes - block.key.physical.PageOffset());
  memory.Read(block.key.physical, bytes.data(), first);
  if (block.crosses_page) {
    memory.Read(block.second_page, bytes.data() + first, block.guest_bytes - first);
  }
  const TranslatedBlock shown{block,  bytes,        translator_->decoder(),
                              sites_, stubs_.table, context_->cpu.cr3};
  if (guard_ != nullptr) guard_->CheckMoved(shown);
  if (Observes(Observation::kBlocks)) options_.observer->OnBlockTranslated(shown);
}

// Whether the link leads to where the guest is now, which is in a block of this key.
bool Engine::LeadsTo(const PendingLink& pending, const BlockKey& key) const {
  const Block& source = *pending.block;
  const uint32_t target = source.links[pending.index].target_eip;
  return source.valid && target == context_->cpu.eip && source.key.mode == key.mode &&
         source.LinearOf(target).Page() == key.linear.Page() &&
         (source.key.linear.Page() != key.linear.Page() ||
          source.key.physical.Page() == key.physical.Page());
}

// Everybody who comes by the link would go to the target, which must be what is mapped there.
bool Engine::MayChain(const Block& source, const Link& link, const Block& target) {
  constexpr uint32_t kMostPageChains = 8;
  if (target.crosses_page) return false;  // its second half may be mapped differently elsewhere
  if (source.page() == target.page()) return true;
  return link.page_chains < kMostPageChains && linked_pages_->MayLead(source.page(), target.page());
}

// An indirect jump went elsewhere than its guess, or the guess led nowhere yet.
void Engine::LearnTarget() {
  // One with lazily bound functions has another target at first.
  constexpr uint32_t kMostGuesses = 3;
  const auto* at =
      reinterpret_cast<const uint8_t*>(static_cast<uintptr_t>(context_->exit_argument));
  Block* const block = store_->FindByHost(at);
  CHECK(block != nullptr);
  const auto offset = static_cast<uint32_t>(at - block->host_start);
  const auto link = std::ranges::find_if(block->links, [offset](const Link& each) {
    return each.IsGuess() && (each.guess_branch() == offset || each.guess_end() == offset);
  });
  CHECK(link != block->links.end());
  if (link->guess_branch() == offset && block->IsReturnSite(link->guess_end())) {
    ShadowStack::Push(context_->shadow_base, context_->shadow_rsp,
                      block->host_start + link->guess_end());
  }
  if (!block->valid) return;
  if (link->guesses == 0 || link->target_eip != context_->cpu.eip) {
    if (link->guesses == kMostGuesses) {
      GiveUpGuess(*block, *link);
      return;
    }
    store_->Guess(*block, *link, context_->cpu.eip);
  }
  pending_link_ = {block, static_cast<size_t>(link - block->links.begin())};
}

void Engine::GiveUpGuess(Block& block, Link& link) {
  const bool call = block.IsReturnSite(link.guess_end());
  store_->GiveUpGuess(block, link, Translator::JumpThroughTable(call));
}

void Engine::ChainPending(const BlockEntry& target) {
  if (!pending_link_) return;
  const PendingLink pending = *pending_link_;
  pending_link_.reset();
  if (!Optimises(Optimisation::kChain) || !LeadsTo(pending, target.block.key)) return;
  Link& link = pending.block->links[pending.index];
  if (!MayChain(*pending.block, link, target.block)) {
    if (link.IsGuess()) {
      GiveUpGuess(*pending.block, link);
      return;
    }
    // It goes by this window's cell.
    const std::vector<uint8_t> code = translator_->LinkThroughCell(link.target_eip);
    if (!code.empty()) store_->ReplaceLinkStub(*pending.block, link, code);
    return;
  }
  store_->Chain(*pending.block, link, target);
}

void Engine::DropPage(PhysicalAddress page, DropCause cause) {
  if (Drop(page, kPageBytes, cause) != 0) ++invalidations_;
  mmu_.memory().MarkCodePage(page, false);
}

void Engine::OnCodeWrite(PhysicalAddress address, uint32_t bytes) {
  ++statistics_.code_writes;
  if (Observes(Observation::kCodeChanges)) Tell(CodeWriteSeen{address, bytes, servicing_});
  if (Drop(address, bytes, DropCause::kWritten) != 0) ++invalidations_;
  const uint32_t last = (address + (bytes - 1)).Page();
  for (uint32_t page = address.Page(); page <= last; ++page) {
    const PhysicalAddress start{uint64_t{page} << kPageShift};
    if (Optimises(Optimisation::kCheckedPages) && code_pages_.NoteWrite(start)) {
      ++statistics_.pages_checked;
      DropPage(start, DropCause::kCheckMode);
    } else if (!store_->HasBlocks(start)) {
      mmu_.memory().MarkCodePage(start, false);
      adaptation_.ForgetPage(start);
    }
  }
}

// Windows and TLB rely on where the bytes of these pages lie, blocks on the bytes themselves.
void Engine::OnMapChange(PhysicalAddress start, uint64_t bytes) {
  for (uint64_t at = 0; at < bytes; at += kPageBytes) {
    const PhysicalAddress page = start + at;
    if (store_->HasBlocks(page)) DropPage(page, DropCause::kRemapped);
    adaptation_.ForgetPage(page);
  }
  // Even without a block in it: what runs was entered through a window that is emptied now.
  ++invalidations_;
  windows_.ResetAll();
  mmu_.Flush(true);
}

bool Engine::HasCode(PhysicalAddress start, uint64_t bytes) const {
  for (uint64_t at = 0; at < bytes; at += kPageBytes) {
    if (store_->HasBlocks(start + at)) return true;
  }
  return false;
}

// Nothing relies on the place of these bytes but the TLB, what shows them and the descriptors that
// segment loads compare, unless there is code in them.
void Engine::OnViewShown(PhysicalAddress start, uint64_t bytes) {
  ForgetTables();
  if (HasCode(start, bytes)) {
    OnMapChange(start, bytes);
  } else {
    mmu_.Flush(true);
  }
}

void Engine::OnViewHiding(PhysicalAddress start, uint64_t bytes, uint64_t memfd_page) {
  ForgetTables();
  if (HasCode(start, bytes)) {
    OnMapChange(start, bytes);
  } else {
    windows_.Withdraw(memfd_page, bytes >> kPageShift);
    mmu_.Flush(true);
  }
}

}  // namespace verbatim
