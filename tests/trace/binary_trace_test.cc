// SPDX-License-Identifier: Apache-2.0
// The binary format: what was written is read, and files that are no traces are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/file.h"
#include "trace/binary_reader.h"
#include "trace/binary_writer.h"
#include "trace/block_listing.h"

namespace verbatim {
namespace {

using testing::HasSubstr;

struct Contents final : TraceVisitor {
  void OnBlock(const BlockDefinition& block) override { blocks.push_back(block); }
  void OnEntries(std::span<const uint32_t> more) override {
    entries.insert(entries.end(), more.begin(), more.end());
  }
  void OnNames(const HostNames& all) override { names = all; }
  void OnEvent(const TraceEvent& event) override {
    events.push_back(event);
    // Nothing of a damaged file may lead out of it here either.
    if (event.code != nullptr) listings.push_back(lister.List(*event.code, names));
  }
  std::vector<BlockDefinition> blocks;
  std::vector<uint32_t> entries;
  BlockLister lister;
  HostNames names;
  std::vector<BlockListing> listings;
  std::vector<TraceEvent> events;
};

// Loops of several lengths with surprises, as guests make them.
std::vector<uint32_t> Entries() {
  std::mt19937 numbers(1);
  const auto random = [&numbers] { return static_cast<uint32_t>(numbers()); };
  std::vector<uint32_t> entries;
  while (entries.size() < 600'000) {
    const uint32_t base = random() % 5000;
    const uint32_t length = 1 + random() % 7;
    const uint32_t times = random() % 300;
    for (uint32_t i = 0; i < times * length; ++i) entries.push_back(base + i % length);
    if (random() % 10 == 0) entries.push_back(random());
  }
  return entries;
}

// nop ; mov eax, cr0, whose host code is a load.
BlockCode Code() {
  return {.number = 9,
          .eip = 0x100,
          .linear = 0xC0000100,
          .physical = 0x4FFF,
          .mode = "CPL 0",
          .second_page = 0x5000,
          .ident_count = 1,
          .guest = {0x90, 0x0F, 0x20, 0xC0},
          .instructions = {{1, Outcome::kIdent, 2}, {3, Outcome::kInCache, 6}},
          .host_start = 0x400000,
          .host = {0x90, 0x90, 0x41, 0x8B, 0x47, 0x10, 0xC3},
          .body_offset = 1,
          .stubs_offset = 6,
          .links = {{.target_eip = 0x104, .field = 3, .stub = 6}},
          .return_sites = {4}};
}

class BinaryTrace : public testing::Test {
 protected:
  ~BinaryTrace() override { std::filesystem::remove(path_); }

  void WriteTrace(std::span<const uint32_t> entries) {
    auto output = TraceOutput::Create(path_);
    ASSERT_TRUE(output);
    BinaryWriter writer(*output);
    writer.Begin();
    writer.Block({.number = 7,
                  .eip = 0x100,
                  .linear = 0xC0000100,
                  .physical = 0xFFFFFFFFF,
                  .cpl = 3,
                  .code32 = false,
                  .bytes = {0x90, 0xEB, 0xFE},
                  .instructions = {{1, Outcome::kIdent}, {2, Outcome::kRewritten}},
                  .return_eips = {0x103}});
    writer.Entries(entries);
    writer.Names({.stubs = {{0x7FFFFFFF0, "callout"}}, .fields = {{16, "cr0"}}});
    writer.Event({.category = TraceCategory::kBlocks,
                  .name = "translated",
                  .code = std::make_shared<BlockCode>(Code())});
    writer.Event({.category = TraceCategory::kIo,
                  .name = "out",
                  .time_ns = 5'000'000'000'000,
                  .linear = 0xFFFFFFFF,
                  .cr3 = 0x1000,
                  .cpl = 3,
                  .fields = {TraceField::Hex("port", 0x3F8), TraceField::Text("name", "x\ny")}});
    writer.End();
  }
  std::vector<uint8_t> Bytes() const { return ReadFile(path_, 64 << 20).value(); }
  void Replace(std::span<const uint8_t> bytes) const {
    const auto file = OpenForWriting(path_);
    ASSERT_TRUE(file && WriteAll(file->get(), bytes));
  }
  std::string Complaint() const {
    Contents contents;
    auto reader = BinaryReader::Open(path_);
    if (!reader) return reader.error().message;
    const Status visited = reader->Visit(contents);
    return visited ? std::string() : visited.error().message;
  }

  const std::string path_ = testing::TempDir() + "verbatim-binary-" +
                            testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(BinaryTrace, GivesBackWhatWasWritten) {
  const std::vector<uint32_t> entries = Entries();
  WriteTrace(entries);
  Contents contents;
  auto reader = BinaryReader::Open(path_);
  ASSERT_TRUE(reader) << reader.error().message;
  const Status visited = reader->Visit(contents);
  ASSERT_TRUE(visited) << visited.error().message;
  EXPECT_EQ(contents.entries, entries);
  ASSERT_EQ(contents.blocks.size(), 1u);
  EXPECT_EQ(contents.blocks[0].physical, 0xFFFFFFFFFu);
  EXPECT_FALSE(contents.blocks[0].code32);
  EXPECT_EQ(contents.blocks[0].instructions[1].outcome, Outcome::kRewritten);
  EXPECT_EQ(contents.blocks[0].return_eips, std::vector<uint32_t>{0x103});
  EXPECT_EQ(contents.names.StubAt(0x7FFFFFFF0), "callout");
  EXPECT_EQ(contents.names.FieldAt(16), "cr0");
  ASSERT_EQ(contents.events.size(), 2u);
  EXPECT_EQ(contents.events[1].time_ns, 5'000'000'000'000u);
  EXPECT_EQ(contents.events[1].fields[1].text, "x\ny");
  EXPECT_EQ(contents.events[1].code, nullptr);
  ASSERT_NE(contents.events[0].code, nullptr);
  const BlockCode& code = *contents.events[0].code;
  EXPECT_EQ(code.second_page, 0x5000u);
  EXPECT_EQ(code.host, Code().host);
  EXPECT_EQ(code.stubs_offset, 6u);
  // From there text is made.
  const BlockListing& listing = contents.listings.at(0);
  ASSERT_EQ(listing.instructions.size(), 2u);
  EXPECT_EQ(listing.instructions[1].text, "mov eax, cr0");
  ASSERT_EQ(listing.instructions[1].host.size(), 1u);
  EXPECT_EQ(listing.instructions[1].host[0].name, "cr0");
  EXPECT_EQ(listing.instructions[1].host[0].address, 0x400002u);
  EXPECT_EQ(listing.out_of_line.size(), 1u);
  EXPECT_LT(Bytes().size(), entries.size() / 4) << "loops are foreseen";
}

TEST_F(BinaryTrace, RefusesForeignNewerAndEmptyFiles) {
  WriteTrace({});
  std::vector<uint8_t> bytes = Bytes();
  bytes[8] = 9;
  Replace(bytes);
  EXPECT_THAT(Complaint(), HasSubstr("version 9 of the trace format"));
  bytes[0] = 'x';
  Replace(bytes);
  EXPECT_THAT(Complaint(), HasSubstr("not a binary trace"));
  Replace({});
  EXPECT_THAT(Complaint(), HasSubstr("not a binary trace"));
  std::filesystem::remove(path_);
  EXPECT_THAT(Complaint(), HasSubstr("cannot be opened"));
}

TEST_F(BinaryTrace, SaysWhereItWasCutOff) {
  const std::vector<uint32_t> entries{7, 7, 8, 7};
  WriteTrace(entries);
  const std::vector<uint8_t> whole = Bytes();
  ASSERT_EQ(Complaint(), "");
  for (size_t size = 8; size < whole.size(); ++size) {
    Replace(std::span(whole).first(size));
    EXPECT_THAT(Complaint(), HasSubstr("cut off")) << size << " of " << whole.size();
  }
}

// Damage is refused or read as another trace, and never reaches beyond the file.
TEST_F(BinaryTrace, SurvivesDamage) {
  const std::vector<uint32_t> entries{7, 7, 8, 7, 100, 7, 8, 7, 100};
  WriteTrace(entries);
  const std::vector<uint8_t> whole = Bytes();
  std::mt19937 random(2);
  unsigned refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::vector<uint8_t> damaged = whole;
    for (unsigned k = 0; k < 1 + random() % 3; ++k) {
      damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
    }
    Replace(damaged);
    if (!Complaint().empty()) ++refused;
  }
  EXPECT_GT(refused, 500u);
}

}  // namespace
}  // namespace verbatim
