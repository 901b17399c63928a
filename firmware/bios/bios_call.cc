// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/bios_call.h"

#include <algorithm>

namespace verbatim {
namespace {

constexpr uint32_t kFrameFlagsOffset = 4;  // IP and CS lie below
constexpr unsigned kSegmentShift = 4;

template <typename Operation>
void ForEachPage(LinearAddress address, size_t bytes, Operation operation) {
  size_t done = 0;
  while (done < bytes) {
    const LinearAddress at = address + static_cast<uint32_t>(done);
    const auto piece =
        static_cast<uint32_t>(std::min<size_t>(bytes - done, kPageBytes - at.PageOffset()));
    if (!operation(at, done, piece)) return;
    done += piece;
  }
}

}  // namespace

BiosCall::BiosCall(CpuState& state, Mmu& mmu) : regs(state.gpr), state_(state), mmu_(mmu) {}

void BiosCall::SetSegment(Segment segment, uint16_t selector) { selectors_[segment] = selector; }

void BiosCall::ReadBytes(LinearAddress address, std::span<uint8_t> to) {
  ForEachPage(address, to.size(), [&](LinearAddress at, size_t done, uint32_t piece) {
    if (!fault_) {
      const auto read = mmu_.Read(at, &to[done], piece, privilege());
      if (read) return true;
      fault_ = ToException(read.error());
    }
    std::ranges::fill(to.subspan(done), uint8_t{0});
    return false;
  });
}

void BiosCall::WriteBytes(LinearAddress address, std::span<const uint8_t> from) {
  ForEachPage(address, from.size(), [&](LinearAddress at, size_t done, uint32_t piece) {
    if (fault_) return false;
    const auto written = mmu_.Write(at, &from[done], piece, privilege());
    if (!written) fault_ = ToException(written.error());
    return written.has_value();
  });
}

Faultable<void> BiosCall::Commit(uint32_t bytes) {
  if (frame_changes_ != 0 && !waiting_) {
    const uint32_t stack =
        state_.segments[kSs].Big() ? state_.gpr[kEsp] : state_.gpr[kEsp] & 0xFFFF;
    const LinearAddress at = At(kSs, stack + kFrameFlagsOffset);
    const auto flags = Read<uint16_t>(at);
    Write(at, static_cast<uint16_t>((flags & ~frame_changes_) | frame_flags_));
  }
  if (fault_) return std::unexpected(*fault_);
  state_.eip += bytes;
  const bool carry = waiting_ || live_carry_.value_or(false);
  state_.eflags = (state_.eflags & ~flag::kCf) | (carry ? flag::kCf : 0);
  if (waiting_) return {};
  state_.gpr = regs.all();
  for (unsigned i = 0; i < kSegmentCount; ++i) {
    if (!selectors_[i]) continue;
    state_.segments[i].selector = *selectors_[i];
    state_.segments[i].base = static_cast<uint32_t>(*selectors_[i]) << kSegmentShift;
  }
  if (target_) {
    state_.segments[kCs].selector = target_->segment;
    state_.segments[kCs].base = static_cast<uint32_t>(target_->segment) << kSegmentShift;
    state_.eip = target_->offset;
  }
  return {};
}

}  // namespace verbatim
