// SPDX-License-Identifier: Apache-2.0
#include "machine/debug_control.h"

#include <algorithm>

#include "machine/inspection.h"

namespace verbatim {
namespace {

// Physical addresses have 36 bits.
constexpr uint64_t kPhysicalEnd = uint64_t{1} << 36;

}  // namespace

DebugControl::Place DebugControl::Here() {
  const CpuState& cpu = state();
  return {cpu.eip, cpu.segments[kCs].base};
}

void DebugControl::Stop(const DebugEvent& event) {
  to_.hold_clocks(true);
  // Of a pause the debugger need not have told anybody.
  const bool told = event.stop == DebugStop::kStep || event.stop == DebugStop::kBreakpoint ||
                    event.stop == DebugStop::kWatchpoint;
  if (told) reported_ = Here();
  action_ = to_.debugger.OnStop(event, *this);
  to_.hold_clocks(false);
  if (action_ == DebugAction::kReset) wish_ = Wish::kReset;
  if (action_ == DebugAction::kQuit) wish_ = Wish::kQuit;
}

std::optional<DebugEvent> DebugControl::EventOf(RunResult result) {
  switch (result) {
    case RunResult::kBreakpoint:
      return DebugEvent{.stop = DebugStop::kBreakpoint};
    case RunResult::kWatchpoint:
      return DebugEvent{.stop = DebugStop::kWatchpoint, .watchpoint = to_.engine.watch().TakeHit()};
    case RunResult::kStepped:
      return DebugEvent{.stop = DebugStop::kStep};
    case RunResult::kStopped:
      if (!to_.ends() && pause_requested_.exchange(false)) {
        return DebugEvent{.stop = DebugStop::kPause};
      }
      return std::nullopt;
    case RunResult::kShutdown:
      return std::nullopt;
  }
  return std::nullopt;
}

Result<RunResult> DebugControl::Run() {
  if (first_) Stop({.stop = *std::exchange(first_, std::nullopt)});
  while (wish_ == Wish::kNone && !to_.ends()) {
    const bool steps = action_ == DebugAction::kStep;
    // A breakpoint that was reported is stepped over. No interrupt comes first: its handler would
    // lead back to the breakpoint, which would be reported again.
    const bool over =
        !steps && reported_ == Here() && HasBreakpoint({reported_->cs_base + reported_->eip});
    reported_.reset();
    Result<RunResult> result =
        to_.engine.Run(steps || over ? RunFor::kOneInstruction : RunFor::kEver);
    if (!result) return result;
    if (over && *result == RunResult::kStepped) continue;
    const std::optional<DebugEvent> event = EventOf(*result);
    if (!event) return result;
    Stop(*event);
  }
  return RunResult::kStopped;
}

void DebugControl::SaveFpu(std::span<uint8_t, kFxsaveWrittenBytes> image) {
  to_.engine.cpu().SaveFpuImage(image);
}

bool DebugControl::LoadFpu(std::span<const uint8_t, kFxsaveWrittenBytes> image) {
  return to_.engine.cpu().LoadFpuImage(image);
}

std::expected<Translation, PageFault> DebugControl::Translate(LinearAddress address) {
  return to_.mmu.Peek(address, AccessKind::kRead, Privilege::kSupervisor);
}

size_t DebugControl::ReadPhysical(PhysicalAddress address, std::span<uint8_t> bytes) {
  return ReadPhysicalMemory(to_.mmu, address, bytes);
}

size_t DebugControl::ReadMemory(LinearAddress address, std::span<uint8_t> bytes) {
  return ReadLinearMemory(to_.mmu, address, bytes);
}

bool DebugControl::WritePhysical(PhysicalAddress address, std::span<const uint8_t> bytes) {
  PhysicalMemory& memory = to_.mmu.memory();
  if (address.value >= kPhysicalEnd || bytes.size() > kPhysicalEnd - address.value) return false;
  for (uint64_t at = 0; at < bytes.size();) {
    if (memory.KindOf(address + at) != PageKind::kRam) return false;
    at += kPageBytes - (address + at).PageOffset();
  }
  memory.Write(address, bytes.data(), bytes.size());
  return true;
}

bool DebugControl::WriteMemory(LinearAddress address, std::span<const uint8_t> bytes) {
  PhysicalMemory& memory = to_.mmu.memory();
  struct Piece {
    PhysicalAddress address;
    std::span<const uint8_t> bytes;
  };
  std::vector<Piece> pieces;
  while (!bytes.empty()) {
    const auto page = Translate(address);
    if (!page || memory.KindOf(page->address) != PageKind::kRam) return false;
    const size_t count = std::min<size_t>(bytes.size(), kPageBytes - address.PageOffset());
    pieces.push_back({page->address, bytes.first(count)});
    bytes = bytes.subspan(count);
    address = address + static_cast<uint32_t>(count);
  }
  for (const Piece& piece : pieces) {
    memory.Write(piece.address, piece.bytes.data(), piece.bytes.size());
  }
  return true;
}

}  // namespace verbatim
