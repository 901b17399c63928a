// SPDX-License-Identifier: Apache-2.0
// Whatever the guest's bytes are, the block that comes of them passes the validator: random guest
// bytes with a fixed seed, in the modes that make different code.
#include <fmt/format.h>

#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "tests/translator/translation.h"
#include "translator/validator/validator.h"

namespace verbatim {
namespace {

struct Mode {
  const char* name;
  BlockMode mode;
};

void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }

std::vector<Mode> Modes() {
  CpuState based = FlatCpu();
  based.segments[kDs].base = 0x10000;
  based.segments[kSs].base = 0x20000;
  CpuState small_data = FlatCpu();
  small_data.segments[kDs].limit = 0xFFFF;
  small_data.segments[kSs].limit = 0xFFFF;
  CpuState limited = based;
  limited.segments[kDs].limit = 0x12345;
  limited.segments[kSs].limit = 0x23FFF;
  limited.segments[kFs].limit = 0x3;
  CpuState checked = FlatCpu();
  checked.segments[kDs].attributes = 0xC097;  // expand-down
  checked.segments[kSs].attributes = 0xC097;
  CpuState small = FlatCpu();
  for (const uint8_t segment : {kEs, kCs, kSs, kDs}) {
    small.segments[segment].attributes &= 0xBFFF;  // D and B clear
  }
  CpuState user = FlatCpu();
  user.cpl = 3;
  return {{"Flat", FlatMode()},
          {"User", BlockMode::Of(user, 0)},
          {"Based", BlockMode::Of(based, 0)},
          {"SmallData", BlockMode::Of(small_data, 0)},
          {"Limited", BlockMode::Of(limited, 0)},
          {"Checked", BlockMode::Of(checked, 0)},
          {"Code16", BlockMode::Of(small, 0)},
          {"Software", FlatMode().InSoftware()},
          {"Single", FlatMode().Single()},
          {"SingleInSoftware", FlatMode().SingleInSoftware()}};
}

class Confinement : public Translation, public testing::WithParamInterface<Mode> {
 protected:
  static constexpr size_t kCodeBytes = 48;

  // Random bytes, with prefixes, two-byte opcodes and what is rewritten most of all more often than
  // chance has them.
  void WriteRandom(std::mt19937& random) {
    static const std::vector<std::vector<uint8_t>> kOften{
        {0x0F},       {0x0F},
        {0x66},       {0x67},
        {0xF0},       {0xF2},
        {0xF3},       {0x64},
        {0xA4},       {0xF3, 0xA7},
        {0xAB},       {0x0F, 0xF7, 0xCA},
        {0x66, 0x0F}, {0x66, 0x0F, 0xF7, 0xCA},
        {0x0F, 0x31}, {0x9C},
        {0x9D},       {0xFB},
        {0xD7},       {0x8F, 0x44, 0x24},
    };
    std::vector<uint8_t> code;
    while (code.size() < kCodeBytes) {
      const auto value = random();
      if ((value >> 8) % 4 == 0) {
        const std::vector<uint8_t>& bytes = kOften[(value >> 16) % kOften.size()];
        code.insert(code.end(), bytes.begin(), bytes.end());
      } else {
        code.push_back(static_cast<uint8_t>(value));
      }
    }
    Write(std::span(code).first(kCodeBytes));
  }
};

TEST_P(Confinement, HoldsForRandomCode) {
  const BlockMode mode = GetParam().mode;
  std::mt19937 random(20260101);
  Validator validator(stubs_, sites_);
  ExecutionCounts counts;
  for (int i = 0; i < 2000; ++i) {
    Reset();
    WriteRandom(random);
    TranslationRequest request = RequestAt(kStart, mode);
    if (i % 4 == 0) request.executions = &counts;
    if (i % 3 == 0) request.cs_limit = kEip + kCodeBytes / 2;
    const Block block = Translate(request);
    const std::string guest =
        fmt::format("guest code {:02x}, round {}",
                    fmt::join(std::span(page_).subspan(kStart, kCodeBytes), " "), i);
    const Validation valid = validator.Check(block, HostBytes(block));
    ASSERT_TRUE(valid) << fmt::format("{} at {:#x}: {:02x}\n", valid.error().reason,
                                      valid.error().offset, fmt::join(valid.error().bytes, " "))
                       << guest << "\n"
                       << TextOf(HostCode(block));
    ExpectRecoveryOf(block, std::span(page_).subspan(kStart), mode.code32());
    ASSERT_FALSE(HasFailure()) << guest << "\n" << TextOf(HostCode(block));
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Confinement, testing::ValuesIn(Modes()),
                         [](const auto& mode) { return std::string(mode.param.name); });

}  // namespace
}  // namespace verbatim
