// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/translated_runner.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "tests/oracle/avoided.h"
#include "tests/oracle/host_segments.h"

namespace verbatim::test {
namespace {

// Of processor time. A run that two ticks have seen will not come back by itself: what takes
// longest of the others is to empty a full code cache.
constexpr suseconds_t kTickUs = 500'000;

// The handler has no other way to find the run.
GuestSnippet* volatile running = nullptr;
volatile uint64_t runs = 0;
volatile uint64_t run_of_last_tick = 0;

void OnTick(int) {
  GuestSnippet* guest = running;
  const bool first = run_of_last_tick != runs;
  run_of_last_tick = runs;
  if (guest == nullptr || first) return;
  guest->board().stopped = true;
  guest->engine().Kick();
}

bool IsCasePage(uint32_t page) {
  return std::ranges::any_of(kCaseAreas,
                             [&](const CaseArea& area) { return page - area.start < area.bytes; });
}

}  // namespace

uint64_t DescriptorOf(const LdtSegment& segment) {
  constexpr uint64_t kAccessed = 1u << 8;
  constexpr uint64_t kWritableOrReadable = 1u << 9;
  constexpr uint64_t kDownOrConforming = 1u << 10;
  constexpr uint64_t kCodeSegment = 1u << 11;
  constexpr uint64_t kSegmentDpl3 = 0x7000;
  constexpr uint64_t kPresent = 1u << 15;
  constexpr uint64_t kBig = 1u << 22;
  constexpr uint64_t kInPages = 1u << 23;
  uint64_t high = kAccessed | kSegmentDpl3;
  if (segment.accessible) high |= kWritableOrReadable;
  if (segment.expand_down || segment.conforming) high |= kDownOrConforming;
  if (segment.code) high |= kCodeSegment;
  if (segment.present) high |= kPresent;
  if (segment.big) high |= kBig;
  if (segment.in_pages) high |= kInPages;
  high |= ((segment.base >> 16) & 0xFFu) | (segment.base & 0xFF000000u);
  high |= segment.limit & 0xF0000u;
  const uint64_t low = (segment.limit & 0xFFFFu) | (uint64_t{segment.base & 0xFFFFu} << 16);
  return low | (high << 32);
}

Result<std::unique_ptr<TranslatedRunner>> TranslatedRunner::Create(EngineObserver* observer) {
  std::unique_ptr<TranslatedRunner> runner(new TranslatedRunner(observer));
  if (Status started = runner->StartClock(); !started) return std::unexpected(started.error());
  // Engines install the handlers of their signals when they first run: before any timer sends one.
  runner->MakeGuest(Variant::kNormal);
  (void)runner->Run(Case{}, Variant::kNormal);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = KickSignal();
  event._sigev_un._tid = ::gettid();
  if (::timer_create(CLOCK_MONOTONIC, &event, &runner->kicks_) != 0) {
    return Fail("oracle: timer_create: {}", std::strerror(errno));
  }
  runner->has_kicks_ = true;
  return runner;
}

TranslatedRunner::~TranslatedRunner() {
  if (has_kicks_) ::timer_delete(kicks_);
  const itimerval none{};
  ::setitimer(ITIMER_VIRTUAL, &none, nullptr);
}

Status TranslatedRunner::StartClock() {
  struct sigaction action {};
  action.sa_handler = OnTick;
  action.sa_flags = SA_ONSTACK;
  // The engine's kick, sent to this very thread, has to wait until the handler is through: it looks
  // at what it interrupts.
  ::sigfillset(&action.sa_mask);
  const itimerval tick{.it_interval = {0, kTickUs}, .it_value = {0, kTickUs}};
  if (::sigaction(SIGVTALRM, &action, nullptr) != 0 ||
      ::setitimer(ITIMER_VIRTUAL, &tick, nullptr) != 0) {
    return Fail("oracle: cannot start the clock: {}", std::strerror(errno));
  }
  return {};
}

void TranslatedRunner::MakeGuest(Variant variant) {
  EngineOptions options = OptionsOf(variant);
  options.observer = variant == Variant::kSingle ? &finder_ : observer_;
  Result<std::unique_ptr<GuestSnippet>> made = GuestSnippet::Create(options);
  CHECK(made.has_value());
  guests_[Index(variant)] = std::move(*made);
  GuestSnippet& guest = *guests_[Index(variant)];
  for (uint32_t page = kCode; page < kArenaEnd; page += kPageBytes) {
    if (!IsCasePage(page)) guest.Map(page, page, 0);
  }
  if (const auto host = ReadHostSegment(kHostProcessorNumber)) {
    guest.SetDescriptor(kHostProcessorNumber, host->Descriptor());
  }
  guest.SetLdt(descriptors_);
}

void TranslatedRunner::SetTable(const LdtTable& table) {
  std::ranges::transform(table, descriptors_.begin(), DescriptorOf);
  for (const std::unique_ptr<GuestSnippet>& guest : guests_) {
    if (guest != nullptr) guest->SetLdt(descriptors_);
  }
}

// Writes no more than differs: the blocks of what stays the same stay.
void TranslatedRunner::LoadMemory(GuestSnippet& guest, const Case& one) {
  image_.Set(one.memory_seed % kMemoryFillings, one.code_at, one.code);
  image_.ForEachDifference(guest.Memory(0, 0).data(),
                           [&](uint32_t address, const uint8_t* wanted, const uint8_t*) {
                             guest.Write(address, {wanted, kLineBytes});
                           });
}

void TranslatedRunner::StartKicks() {
  // One run in three is kicked, anywhere. Not much less: to be kicked costs some ten microseconds,
  // and runs have to get on in between.
  constexpr int64_t kPeriodNs = 50'000;
  const itimerspec when{.it_interval = {0, kPeriodNs}, .it_value = {0, kPeriodNs}};
  ::timer_settime(kicks_, 0, &when, nullptr);
}

void TranslatedRunner::StopKicks() {
  const itimerspec never{};
  ::timer_settime(kicks_, 0, &never, nullptr);
}

void TranslatedRunner::AvoidedFinder::OnBlockTranslated(const TranslatedBlock& translated) {
  const bool code32 = BlockMode(translated.block.key.mode).code32();
  const GuestInstruction in = translated.decoder.Decode(translated.guest_bytes, code32);
  found = found || !WhyAvoided(in).empty();
  if (next_ != nullptr) next_->OnBlockTranslated(translated);
}

bool TranslatedRunner::MeetsAvoided(const Case& one) {
  constexpr Variant kStepped = Variant::kSingle;
  if (guests_[Index(kStepped)] == nullptr) MakeGuest(kStepped);
  // What is executed is translated then, and seen.
  guests_[Index(kStepped)]->engine().DropTranslations();
  finder_.found = false;
  (void)Run(one, kStepped);
  return finder_.found;
}

void TranslatedRunner::RunElsewhere(GuestSnippet& guest, const Case& one, const CpuImage& start) {
  if (one.selectors[kCs] != kFlatCode) return;
  CpuImage elsewhere = start;
  elsewhere.eip += kElsewhere;
  guest.MapElsewhere(kCaseCode.start, kCaseCode.bytes);
  guest.RunBriefly(elsewhere, one.selectors);
  guest.MapHome(kCaseCode.start, kCaseCode.bytes);
  LoadMemory(guest, one);
}

const TranslatedOutcome& TranslatedRunner::Run(const Case& one, Variant variant) {
  if (guests_[Index(variant)] == nullptr) MakeGuest(variant);
  GuestSnippet& guest = *guests_[Index(variant)];
  LoadMemory(guest, one);
  CpuImage start = one.start;
  start.eflags &= kStartFlags;
  runs = runs + 1;
  running = &guest;
  if (variant == Variant::kMoved) RunElsewhere(guest, one, start);
  const uint64_t signals_before = guest.engine().statistics().exits_host_fault;
  result_.outcome = guest.Run(start, one.selectors);
  running = nullptr;
  result_.host_signals = guest.engine().statistics().exits_host_fault - signals_before;
  result_.lines.clear();
  image_.ForEachDifference(guest.Memory(0, 0).data(),
                           [this](uint32_t address, const uint8_t*, const uint8_t* memory) {
                             ChangedLine& line = result_.lines.emplace_back();
                             line.address = address;
                             std::memcpy(line.bytes.data(), memory, kLineBytes);
                           });
  return result_;
}

}  // namespace verbatim::test
