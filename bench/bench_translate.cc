// SPDX-License-Identifier: Apache-2.0
// What translation costs: decoding, translating, finding, chaining and invalidating, each over the
// whole code of busybox, or of the ELF file that --program=PATH names. Translation is as a
// user-mode program gets it: flat segments, CPL 3; with --cpl=0 as a kernel does.
#include <benchmark/benchmark.h>
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "bench/program_text.h"
#include "codecache/block_store.h"
#include "codecache/code_memory.h"
#include "codecache/direct_cells.h"
#include "decoder/decoder.h"
#include "translator/translator.h"
#include "translator/validator/validator.h"

namespace verbatim {
namespace {

constexpr uint64_t kCodeCacheBytes = 256 << 20;

// What the command line chose, before any benchmark runs.
struct Subject {
  std::string path = std::string(VERBATIM_GUESTS) + "/busybox";
  uint8_t cpl = 3;
};

Subject& ChosenSubject() {
  static Subject subject;
  return subject;
}

const ProgramText& Text() {
  static const ProgramText text = [] {
    Result<ProgramText> loaded = LoadProgramText(ChosenSubject().path);
    if (!loaded) {
      std::fprintf(stderr, "bench_translate: %s; scripts/fetch-guests fetches busybox\n",
                   loaded.error().message.c_str());
      std::exit(2);
    }
    return *std::move(loaded);
  }();
  return text;
}

class NoSoftware final : public SitePolicy {
 public:
  [[nodiscard]] AccessForm FormOf(PhysicalAddress) const override { return AccessForm::kDirect; }
  [[nodiscard]] bool HasAnyIn(PhysicalAddress) const override { return false; }
};

uint64_t Mode() {
  const uint8_t cpl = ChosenSubject().cpl;
  const auto dpl = static_cast<uint16_t>(cpl << 5);
  CpuState cpu;
  cpu.cpl = cpl;
  cpu.cr0 = cr0::kPe | cr0::kPg;
  cpu.cr4 = cr4::kOsfxsr | cr4::kOsxmmexcpt;
  for (SegmentRegister& segment : cpu.segments) {
    segment.limit = 0xFFFFFFFFu;
    segment.attributes = 0xC093 | dpl;  // present, data, writable, 32 bits
  }
  cpu.segments[kCs].attributes = 0xC09B | dpl;
  return BlockMode::Of(cpu, 0).bits();
}

// A translator with a code cache of its own and stubs that are never reached.
class Bench {
 public:
  Bench() {
    Result<std::unique_ptr<CodeMemory>> memory = CodeMemory::Create(kCodeCacheBytes);
    CHECK(memory);
    memory_ = *std::move(memory);
    for (const NamedStub& stub : kStubs) {
      stubs_.*stub.address = memory_->Commit(16);
    }
    memory_->SealPrologue();
    store_ = std::make_unique<BlockStore>(*memory_, cells_, stubs_.return_miss);
    translator_ =
        std::make_unique<Translator>(CpuFeatures{}, *memory_, stubs_, cells_, sites_, policy_);
  }

  // Returns the number of guest instructions.
  uint64_t TranslateAll() {
    const ProgramText& text = Text();
    uint64_t instructions = 0;
    for (uint32_t at = 0; at < text.bytes.size();) {
      const LinearAddress address{text.address + at};
      const std::span<const uint8_t> rest = std::span(text.bytes).subspan(at);
      const size_t in_page = std::min<size_t>(kPageBytes - address.PageOffset(), rest.size());
      TranslationRequest request;
      request.key = {{address.value}, address, mode_};
      request.eip = address.value;
      request.first_page = rest.first(in_page);
      auto made = translator_->Translate(request);
      if (made.index() == 1 && std::get<1>(made) == TranslationFailure::kNeedsSecondPage) {
        if (rest.size() == in_page) break;
        request.second_page = rest.subspan(in_page);
        request.second_page_address = {(address + static_cast<uint32_t>(in_page)).value};
        made = translator_->Translate(request);
      }
      CHECK(std::holds_alternative<Block>(made));
      const Block& block = store_->Insert(std::move(std::get<Block>(made)));
      instructions += block.instruction_count;
      at += block.guest_bytes;
    }
    return instructions;
  }

  // Returns the number of bytes of host code.
  uint64_t ValidateAll() {
    Validator validator(stubs_, sites_);
    uint64_t bytes = 0;
    for (const Block& block : store_->blocks()) {
      const Validation valid =
          validator.Check(block, {memory_->Writable(block.host_start), block.host_bytes});
      CHECK(valid.has_value());
      bytes += block.host_bytes;
    }
    return bytes;
  }

  // What is kept of each block beside its code.
  [[nodiscard]] uint64_t TableBytes() const {
    return store_->blocks().size() * sizeof(Block) + memory_->tables().used_bytes();
  }

  void Forget() {
    store_->Flush();
    sites_.Clear();
  }

  // Keys of all blocks, shuffled.
  [[nodiscard]] std::vector<BlockKey> Keys() const {
    std::vector<BlockKey> keys;
    for (const Block& block : store_->blocks()) keys.push_back(block.key);
    std::ranges::shuffle(keys, std::mt19937(1));
    return keys;
  }

  BlockStore& store() { return *store_; }
  [[nodiscard]] const Translator& translator() const { return *translator_; }

 private:
  const uint64_t mode_ = Mode();
  std::unique_ptr<CodeMemory> memory_;
  StubTable stubs_;
  DirectCells cells_;
  SiteTable sites_;
  NoSoftware policy_;
  std::unique_ptr<BlockStore> store_;
  std::unique_ptr<Translator> translator_;
};

// Cycles of the time-stamp counter per second.
double TimeStampRate() {
  static const double rate = [] {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    const uint64_t first = __rdtsc();
    std::chrono::duration<double> elapsed{};
    while (elapsed < std::chrono::milliseconds(100)) elapsed = Clock::now() - begin;
    return static_cast<double>(__rdtsc() - first) / elapsed.count();
  }();
  return rate;
}

// Time per item, in seconds with an SI prefix and in cycles, beside items per second.
void Report(benchmark::State& state, const char* unit, uint64_t items) {
  state.SetItemsProcessed(static_cast<int64_t>(items));
  state.counters["cycles/item"] =
      benchmark::Counter(static_cast<double>(items) / TimeStampRate(),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters[std::string("s/") + unit] = benchmark::Counter(
      static_cast<double>(items), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void Decode(benchmark::State& state) {
  const Decoder decoder{CpuFeatures{}};
  const std::span<const uint8_t> text = Text().bytes;
  uint64_t instructions = 0;
  for (auto _ : state) {
    for (size_t at = 0; at < text.size(); ++instructions) {
      const GuestInstruction in = decoder.Decode(text.subspan(at), true);
      benchmark::DoNotOptimize(in);
      at += std::max<uint8_t>(in.length, 1);
    }
  }
  Report(state, "instruction", instructions);
}
BENCHMARK(Decode)->Unit(benchmark::kMillisecond);

void Translate(benchmark::State& state) {
  Bench bench;
  uint64_t instructions = 0;
  uint64_t table_bytes = 0;
  for (auto _ : state) {
    instructions += bench.TranslateAll();
    state.PauseTiming();
    table_bytes += bench.TableBytes();
    bench.Forget();
    state.ResumeTiming();
  }
  Report(state, "instruction", instructions);
  const TranslatorStatistics& statistics = bench.translator().statistics();
  const auto share = [](uint64_t part, uint64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  state.counters["copied"] = share(statistics.ident, statistics.instructions);
  state.counters["table bytes"] =
      static_cast<double>(table_bytes) / static_cast<double>(instructions);
  state.counters["host/guest bytes"] = share(statistics.host_bytes, statistics.guest_bytes);
}
BENCHMARK(Translate)->Unit(benchmark::kMillisecond);

// To be compared with Translate: what --validate adds to each pass over the same code.
void Validate(benchmark::State& state) {
  Bench bench;
  bench.TranslateAll();
  uint64_t bytes = 0;
  for (auto _ : state) bytes += bench.ValidateAll();
  Report(state, "host_byte", bytes);
}
BENCHMARK(Validate)->Unit(benchmark::kMillisecond);

void FindByKey(benchmark::State& state) {
  Bench bench;
  bench.TranslateAll();
  const std::vector<BlockKey> keys = bench.Keys();
  uint64_t found = 0;
  for (auto _ : state) {
    for (const BlockKey& key : keys) benchmark::DoNotOptimize(bench.store().Find(key));
    found += keys.size();
  }
  Report(state, "block", found);
}
BENCHMARK(FindByKey)->Unit(benchmark::kMillisecond);

void FindByHostAddress(benchmark::State& state) {
  Bench bench;
  bench.TranslateAll();
  std::vector<const uint8_t*> addresses;
  for (const BlockKey& key : bench.Keys()) {
    addresses.push_back(bench.store().Find(key)->body() + 3);
  }
  uint64_t found = 0;
  for (auto _ : state) {
    for (const uint8_t* pc : addresses) {
      const Block* block = bench.store().FindByHost(pc);
      benchmark::DoNotOptimize(block->RecoveryAt(pc));
    }
    found += addresses.size();
  }
  Report(state, "block", found);
}
BENCHMARK(FindByHostAddress)->Unit(benchmark::kMillisecond);

// All links whose target begins a block.
void Chain(benchmark::State& state) {
  Bench bench;
  bench.TranslateAll();
  struct Pair {
    Block* source;
    Link* link;
    Block* target;
  };
  std::vector<Pair> pairs;
  for (const BlockKey& key : bench.Keys()) {
    Block* source = bench.store().Find(key);
    for (Link& link : source->links) {
      const BlockKey target_key{{link.target_eip}, {link.target_eip}, key.mode};
      Block* target = bench.store().Find(target_key);
      if (target != nullptr && !target->crosses_page) pairs.push_back({source, &link, target});
    }
  }
  uint64_t chained = 0;
  for (auto _ : state) {
    for (const Pair& pair : pairs) {
      bench.store().Chain(*pair.source, *pair.link, BlockEntry::BodyOf(*pair.target));
    }
    chained += pairs.size();
  }
  Report(state, "link", chained);
}
BENCHMARK(Chain)->Unit(benchmark::kMillisecond);

// Every page is written to.
void Invalidate(benchmark::State& state) {
  Bench bench;
  uint64_t invalidated = 0;
  for (auto _ : state) {
    state.PauseTiming();
    bench.Forget();
    bench.TranslateAll();
    state.ResumeTiming();
    const ProgramText& text = Text();
    for (uint32_t at = 0; at < text.bytes.size(); at += kPageBytes) {
      invalidated += bench.store().InvalidateRange({text.address + at}, kPageBytes);
    }
  }
  Report(state, "block", invalidated);
}
BENCHMARK(Invalidate)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace verbatim

int main(int argc, char** argv) {
  constexpr std::string_view kProgram = "--program=";
  constexpr std::string_view kCpl = "--cpl=";
  std::vector<char*> left;
  for (int i = 0; i < argc; ++i) {
    const std::string_view word = argv[i];
    verbatim::Subject& subject = verbatim::ChosenSubject();
    if (word.starts_with(kProgram)) {
      subject.path = word.substr(kProgram.size());
    } else if (word == "--cpl=0" || word == "--cpl=3") {
      subject.cpl = static_cast<uint8_t>(word[kCpl.size()] - '0');
    } else {
      left.push_back(argv[i]);
    }
  }
  int count = static_cast<int>(left.size());
  benchmark::Initialize(&count, left.data());
  if (benchmark::ReportUnrecognizedArguments(count, left.data())) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
