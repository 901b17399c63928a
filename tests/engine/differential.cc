// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/differential.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/check.h"

namespace verbatim::test {
namespace {

constexpr auto kKickPeriod = std::chrono::microseconds(40);

struct Area {
  uint32_t start;
  uint32_t bytes;
};

std::array<Area, 3> AreasOf(const Program& program) {
  return {{{kCode, program.code_bytes},
           {kData, kDataBytes},
           {kArenaEnd - program.stack_bytes, program.stack_bytes}}};
}

// What an area holds before the program runs.
std::vector<uint8_t> Fresh(const Program& program, const Area& area) {
  std::vector<uint8_t> bytes(area.bytes);
  if (area.start == kCode) {
    CHECK(program.start.eip >= kCode);
    const uint32_t offset = program.start.eip - kCode;
    CHECK(offset + program.code.size() <= area.bytes);
    std::ranges::copy(program.code, bytes.begin() + offset);
    return bytes;
  }
  for (uint32_t i = 0; i < area.bytes; ++i) {
    bytes[i] = static_cast<uint8_t>((i * 0x9E3779B1u) >> 21);
  }
  return bytes;
}

}  // namespace

Differential::Differential(unsigned variants) : variants_(variants) {
  Result<std::unique_ptr<NativeCpu>> native = NativeCpu::Create();
  CHECK(native.has_value());
  native_ = std::move(*native);
  for (unsigned i = 0; i < kVariantCount; ++i) {
    if ((variants & (1u << i)) == 0) continue;
    Result<std::unique_ptr<GuestSnippet>> guest =
        GuestSnippet::Create(OptionsOf(static_cast<Variant>(i)));
    CHECK(guest.has_value());
    guests_[i] = std::move(*guest);
  }
  kicker_ = std::thread([this] {
    while (!done_.load(std::memory_order_relaxed)) {
      if (Engine* engine = kicked_.load()) {
        engine->Kick();
        for (const auto until = std::chrono::steady_clock::now() + kKickPeriod;
             std::chrono::steady_clock::now() < until;) {
        }
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    }
  });
}

Differential::~Differential() {
  done_ = true;
  if (kicker_.joinable()) kicker_.join();
}

std::string Differential::Check(const Program& program) {
  for (const Area& area : AreasOf(program)) {
    std::ranges::copy(Fresh(program, area), NativeCpu::Memory(area.start, area.bytes).begin());
  }
  native_outcome_ = native_->Run(program.start);
  std::string text;
  for (unsigned i = 0; i < kVariantCount; ++i) {
    if (guests_[i] == nullptr) continue;
    const auto variant = static_cast<Variant>(i);
    const unsigned runs = variant == Variant::kInterrupted ? program.interrupted_runs : 1;
    for (unsigned run = 0; run < runs && text.empty(); ++run) {
      text = CheckVariant(program, variant);
    }
    if (!text.empty()) break;
  }
  if (text.empty()) return text;
  std::string code;
  for (size_t i = 0; i < std::min<size_t>(program.code.size(), 512); ++i) {
    code += fmt::format("{:02x} ", program.code[i]);
  }
  return fmt::format("{}\n{}  code at {:x}: {}\n", program.name, text, program.start.eip, code);
}

void Differential::RunElsewhere(GuestSnippet& guest, const Program& program) {
  constexpr std::array<uint16_t, kSegmentCount> kSelectors{kUserDs, kUserCs, kUserDs,
                                                           kUserDs, 0,       0};
  CpuImage start = program.start;
  start.eip += kElsewhere;
  guest.MapElsewhere(kCode, kCodeBytes);
  guest.RunBriefly(start, kSelectors);
  guest.MapHome(kCode, kCodeBytes);
  for (const Area& area : AreasOf(program)) guest.Write(area.start, Fresh(program, area));
}

std::string Differential::CheckVariant(const Program& program, Variant variant) {
  GuestSnippet& guest = *guests_[static_cast<unsigned>(variant)];
  for (const Area& area : AreasOf(program)) guest.Write(area.start, Fresh(program, area));
  if (IsKicked(variant)) kicked_ = &guest.engine();
  if (variant == Variant::kMoved) RunElsewhere(guest, program);
  const Outcome outcome = guest.Run(program.start);
  kicked_ = nullptr;
  std::string text = Differences(native_outcome_, outcome, program.flags);
  for (const Area& area : AreasOf(program)) {
    const std::span<const uint8_t> expected = NativeCpu::Memory(area.start, area.bytes);
    const std::span<const uint8_t> actual = guest.Memory(area.start, area.bytes);
    const auto difference = std::ranges::mismatch(expected, actual);
    if (difference.in1 != expected.end()) {
      text += fmt::format("  memory at {:x}: natively {:02x}, here {:02x}\n",
                          area.start + (difference.in1 - expected.begin()), *difference.in1,
                          *difference.in2);
    }
  }
  if (!text.empty()) {
    text = fmt::format(" variant {}:\n{}", kVariantNames[static_cast<unsigned>(variant)], text);
  }
  return text;
}

}  // namespace verbatim::test
