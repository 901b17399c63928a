// SPDX-License-Identifier: Apache-2.0
#include "profile/sampler.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/monotonic_clock.h"
#include "engine/host_signals.h"
#include "profile/code_name.h"
#include "profile/stack_walk.h"

namespace verbatim {

Sampler::Sampler(std::string path, FileDescriptor file, unsigned hz, const SymbolTable& symbols)
    : path_(std::move(path)),
      file_(std::move(file)),
      period_ns_(kNsPerHostSecond / hz),
      symbols_(symbols),
      processes_(symbols) {}

Result<std::unique_ptr<Sampler>> Sampler::Create(const std::string& path, unsigned hz,
                                                 const SymbolTable& symbols) {
  Result<FileDescriptor> file = OpenForWriting(path);
  if (!file) return std::unexpected(file.error());
  std::unique_ptr<Sampler> sampler(new Sampler(path, *std::move(file), hz, symbols));
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = KickSignal();
  event._sigev_un._tid = ::gettid();
  if (::timer_create(CLOCK_MONOTONIC, &event, &sampler->timer_) != 0) {
    return Fail("cannot create a timer: {}", std::strerror(errno));
  }
  sampler->has_timer_ = true;
  return sampler;
}

Sampler::~Sampler() {
  if (has_timer_) ::timer_delete(timer_);
}

// The timer starts with the first kick, which begins every run: before, nobody handles its signal.
void Sampler::OnKicked(const CpuState& cpu, Mmu& mmu) {
  const uint64_t now = MonotonicNowNs();
  if (due_ns_ == 0) {
    due_ns_ = now + period_ns_;
    itimerspec when{};
    when.it_value = ToTimespec(due_ns_);
    when.it_interval = ToTimespec(period_ns_);
    ::timer_settime(timer_, TIMER_ABSTIME, &when, nullptr);
    return;
  }
  if (now < due_ns_) return;  // somebody else's kick
  const uint64_t periods = (now - due_ns_) / period_ns_ + 1;
  due_ns_ += periods * period_ns_;
  const bool halted = cpu.halted;
  processes_.Look(cpu, mmu);
  Stack stack{.frames = {},
              .cr3 = cpu.cpl == 3 ? cpu.cr3 : 0,
              .process = cpu.cpl == 3 ? processes_.Running(mmu) : "",
              .cpl = static_cast<uint8_t>(cpu.cpl),
              .code32 = cpu.segments[kCs].Big(),
              .halted = halted};
  stack.frames = WalkStack(cpu, mmu);
  const auto known = counts_.find(stack);
  if (known != counts_.end()) {
    known->second += periods;
  } else if (counts_.size() < kMaxStacks) {
    counts_.emplace(std::move(stack), periods);
  } else {
    others_ += periods;
  }
}

std::string Sampler::Fold(const Stack& stack) const {
  std::string text = "kernel";
  if (!stack.code32) text = "16-bit";
  if (stack.cpl == 3) {
    text = fmt::format("user {}{}cr3={:08x}", stack.process, stack.process.empty() ? "" : " ",
                       stack.cr3);
    std::ranges::replace(text, ';', ':');
  }
  for (size_t i = stack.frames.size(); i-- > 0;) {
    // A call that never comes back is the last of its function.
    const uint32_t linear = stack.frames[i] - (i == 0 ? 0 : 1);
    std::string name = FunctionName(symbols_, {linear, stack.cpl, stack.code32});
    std::ranges::replace(name, ';', ':');
    text += ';' + name;
  }
  if (stack.halted) text += ";halted";
  return text;
}

std::string Sampler::Folded() const {
  std::map<std::string, uint64_t> lines;
  for (const auto& [stack, count] : counts_) lines[Fold(stack)] += count;
  if (others_ != 0) lines["other stacks"] = others_;
  std::string text;
  for (const auto& [line, count] : lines) text += fmt::format("{} {}\n", line, count);
  return text;
}

Status Sampler::Finish() {
  const itimerspec never{};
  ::timer_settime(timer_, 0, &never, nullptr);
  const std::string text = Folded();
  const Status written =
      WriteAll(file_.get(), {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  if (!written) return Fail("{}: cannot be written: {}", path_, written.error().message);
  return {};
}

}  // namespace verbatim
