// SPDX-License-Identifier: Apache-2.0
#include "explore/live_explorer.h"

#include <utility>

#include "base/monotonic_clock.h"
#include "base/parse.h"
#include "explore/page.h"
#include "trace/block_definition.h"
#include "trace/trace_spec.h"

namespace verbatim {
namespace {

// About what an event takes.
constexpr size_t kEventBytes = 256;

size_t BytesOf(const TraceEvent& event) {
  size_t bytes = kEventBytes;
  if (event.code != nullptr) bytes += event.code->host.size() + event.code->guest.size();
  return bytes;
}

template <typename... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};

}  // namespace

Result<std::unique_ptr<LiveExplorer>> LiveExplorer::Create(const LoopbackAddress& address,
                                                           SymbolTable symbols, std::string title) {
  Result<LoopbackListener> listener = ListenOn(address);
  if (!listener) return std::unexpected(listener.error());
  Result<std::unique_ptr<HttpServer>> server = HttpServer::Create(*std::move(listener));
  if (!server) return std::unexpected(server.error());
  return std::unique_ptr<LiveExplorer>(
      new LiveExplorer(*std::move(server), std::move(symbols), std::move(title)));
}

LiveExplorer::LiveExplorer(std::unique_ptr<HttpServer> server, SymbolTable symbols,
                           std::string title)
    : start_ns_(MonotonicNowNs()),
      symbols_(std::move(symbols)),
      title_(std::move(title)),
      encoder_(model_, symbols_),
      server_(std::move(server)) {
  PageFrame frame = MakePageFrame();
  page_ = std::make_shared<const std::string>(std::move(frame.head) + frame.tail);
}

void LiveExplorer::Start() {
  server_->Start({.answer = [this](std::string_view path) { return Answer(path); },
                  .on_wake = [this] { TakeOver(); }});
}

Observations LiveExplorer::Wants() const { return ObservationsFor(kExploreCategories); }

template <typename... Items>
void LiveExplorer::HandOver(size_t bytes, Items&&... items) {
  size_t before = 0;
  {
    std::unique_lock lock(mutex_);
    // What alone is too much is taken when there is nothing else. The server knows: it was woken.
    taken_.wait(lock, [this, bytes] {
      return pending_bytes_ == 0 || pending_bytes_ + bytes <= kMaxPending;
    });
    before = pending_bytes_;
    pending_bytes_ += bytes;
    (pending_.emplace_back(std::forward<Items>(items)), ...);
  }
  if (before < kWakeBytes && before + bytes >= kWakeBytes) server_->Wake();
}

void LiveExplorer::OnBlockTranslated(const TranslatedBlock& translated) {
  BlockDefinition definition = DefinitionOf(translated);
  TraceEvent event = describer_.DescribeBlock(translated);
  event.cr3 = translated.cr3;
  event.time_ns = MonotonicNowNs() - start_ns_;
  const size_t bytes = BytesOf(event);
  if (!std::exchange(named_, true)) HandOver(0, NamesFor(translated.stubs));
  HandOver(bytes, std::move(definition), std::move(event));
}

void LiveExplorer::OnExecuted(std::span<const uint32_t> entries) {
  HandOver(entries.size_bytes(), std::vector(entries.begin(), entries.end()));
}

void LiveExplorer::OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& what) {
  // Others may observe more.
  if ((kExploreCategories & BitOf(CategoryOf(what))) == 0) return;
  TraceEvent event = describer_.Describe(cpu, what);
  event.linear = cpu.segments[kCs].base + eip;
  event.cpl = static_cast<uint8_t>(cpu.cpl);
  event.cr3 = cpu.cr3;
  event.time_ns = MonotonicNowNs() - start_ns_;
  HandOver(kEventBytes, std::move(event));
}

void LiveExplorer::TakeOver() {
  std::vector<Item> items;
  {
    const std::lock_guard lock(mutex_);
    items.swap(pending_);
    pending_bytes_ = 0;
  }
  taken_.notify_one();
  for (const Item& item : items) {
    std::visit(
        Overload{[this](const BlockDefinition& block) { model_.OnBlock(block); },
                 [this](const HostNames& names) { model_.OnNames(names); },
                 [this](const TraceEvent& event) { model_.OnEvent(event); },
                 [this](const std::vector<uint32_t>& entries) { model_.OnEntries(entries); }},
        item);
  }
}

HttpAnswer LiveExplorer::Answer(std::string_view path) {
  TakeOver();
  const auto json = [](std::string text) {
    return HttpAnswer{.status = HttpStatus::kOk,
                      .type = "application/json",
                      .contents = std::make_shared<const std::string>(std::move(text))};
  };
  if (path == "/") return {.status = HttpStatus::kOk, .type = "text/html", .contents = page_};
  if (path == "/about") return json(encoder_.About(title_, true));
  if (path == "/figures") {
    const uint64_t now_ns = MonotonicNowNs();
    if (figures_ == nullptr || now_ns - figures_ns_ >= kFiguresPeriodNs) {
      figures_ = std::make_shared<const std::string>(encoder_.Figures());
      figures_ns_ = now_ns;
    }
    return {.status = HttpStatus::kOk, .type = "application/json", .contents = figures_};
  }
  // "/code/12"
  const size_t slash = path.rfind('/');
  const auto number = ParseNumber<uint32_t>(path.substr(slash + 1), 10);
  if (!number) return {};
  const std::string_view kind = path.substr(0, slash);
  const size_t blocks = model_.blocks().size();
  if (kind == "/blocks" && *number <= blocks) return json(encoder_.Blocks(*number));
  if (kind == "/code" && *number < blocks) return json(encoder_.Code(*number));
  if (kind == "/steps" && *number < blocks) return json(encoder_.Steps(*number));
  return {};
}

}  // namespace verbatim
