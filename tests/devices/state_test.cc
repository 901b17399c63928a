// SPDX-License-Identifier: Apache-2.0
#include "devices/state.h"

#include <gtest/gtest.h>

namespace verbatim {
namespace {

enum class Colour : uint8_t { kRed, kGreen, kBlue };

struct Sample {
  uint8_t byte = 0;
  uint64_t wide = 0;
  bool flag = false;
  Colour colour = Colour::kRed;
  std::array<uint8_t, 3> bytes{};
};

template <typename Archive, typename S>
void Visit(Archive& archive, S& sample) {
  archive.Field("byte", sample.byte, uint8_t{100});
  archive.Field("wide", sample.wide);
  archive.Field("flag", sample.flag);
  archive.Field("colour", sample.colour, Colour::kBlue);
  archive.Field("bytes", sample.bytes);
}

std::vector<uint8_t> Write(const Sample& sample, uint16_t version = 3) {
  StateWriter writer;
  writer.Begin("sample", version);
  Visit(writer, sample);
  return writer.bytes();
}

std::string Refusal(std::span<const uint8_t> bytes) {
  Sample sample;
  StateReader reader(bytes);
  reader.Begin("sample", 3);
  Visit(reader, sample);
  const Status status = reader.status();
  return status ? "" : status.error().message;
}

TEST(State, ReadsBackWhatWasWritten) {
  const std::vector<uint8_t> bytes =
      Write({7, 0x0123456789ABCDEF, true, Colour::kGreen, {1, 2, 3}});
  Sample sample;
  StateReader reader(bytes);
  reader.Begin("sample", 3);
  Visit(reader, sample);
  ASSERT_TRUE(reader.status());
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_EQ(sample.byte, 7);
  EXPECT_EQ(sample.wide, 0x0123456789ABCDEFu);
  EXPECT_TRUE(sample.flag);
  EXPECT_EQ(sample.colour, Colour::kGreen);
  EXPECT_EQ(sample.bytes, (std::array<uint8_t, 3>{1, 2, 3}));
}

TEST(State, ErrorsNameSectionAndField) {
  EXPECT_EQ(Refusal(Write({101, 0, false, Colour::kRed, {}})),
            "sample: field 'byte': is 101, expected at most 100");
  EXPECT_EQ(Refusal(Write({0, 0, false, static_cast<Colour>(9), {}})),
            "sample: field 'colour': is 9, expected at most 2");
  EXPECT_EQ(Refusal(Write({}, 4)), "sample: field 'version': is 4, expected 3");
  EXPECT_EQ(Refusal({}), "sample: field 'sample': the saved state ends here");
}

TEST(State, NothingIsAssignedAfterTheFirstError) {
  const std::vector<uint8_t> bytes = Write({101, 5, true, Colour::kGreen, {1, 2, 3}});
  Sample sample;
  StateReader reader(bytes);
  reader.Begin("sample", 3);
  Visit(reader, sample);
  EXPECT_EQ(sample.byte, 0);
  EXPECT_EQ(sample.wide, 0u);
  EXPECT_FALSE(sample.flag);
}

TEST(State, EveryTruncationIsRefused) {
  const std::vector<uint8_t> bytes = Write({});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(Refusal(std::span(bytes).first(size)), "") << size;
  }
  EXPECT_EQ(Refusal(bytes), "");
}

TEST(State, BytesOfAnyNumberComeBackUpToTheirLimit) {
  const std::vector<uint8_t> saved = {1, 2, 3, 4, 5};
  StateWriter writer;
  writer.Begin("sample", 3);
  writer.Field("data", saved, 5);
  for (const uint64_t limit : {uint64_t{5}, uint64_t{4}}) {
    StateReader reader(writer.bytes());
    std::vector<uint8_t> loaded = {9};
    reader.Begin("sample", 3);
    reader.Field("data", loaded, limit);
    EXPECT_EQ(reader.status().has_value(), limit == 5);
    EXPECT_EQ(loaded, limit == 5 ? saved : std::vector<uint8_t>{9});
  }
  const std::vector<uint8_t> cut(writer.bytes().begin(), writer.bytes().end() - 1);
  StateReader reader(cut);
  std::vector<uint8_t> loaded;
  reader.Begin("sample", 3);
  reader.Field("data", loaded, 5);
  EXPECT_FALSE(reader.status());
}

TEST(State, AFieldOfAnotherSizeOrNameIsRefused) {
  StateWriter writer;
  writer.Begin("sample", 3);
  writer.Field("byte", uint16_t{1});
  EXPECT_EQ(Refusal(writer.bytes()), "sample: field 'byte': has 2 bytes, expected 1");
  StateWriter other;
  other.Begin("sample", 3);
  other.Field("bite", uint8_t{1});
  EXPECT_EQ(Refusal(other.bytes()), "sample: field 'byte': something else is stored in its place");
}

}  // namespace
}  // namespace verbatim
