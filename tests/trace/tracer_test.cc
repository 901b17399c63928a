// SPDX-License-Identifier: Apache-2.0
// What traces of real guests hold, and what becomes of traces that cannot be written.
#include "trace/tracer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "tests/trace/run_guest.h"

namespace verbatim {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class TracerTest : public testing::Test {
 protected:
  ~TracerTest() override { std::filesystem::remove(path_); }

  // The trace of a guest's run, `words` being what stands before =FILE.
  std::string Trace(const std::string& guest, const std::string& words, SymbolTable symbols = {}) {
    {
      TraceSet set(std::move(symbols));
      const auto spec = ParseTraceSpec(words + "=" + path_);
      EXPECT_TRUE(spec) << spec.error().message;
      if (!spec) return {};
      const Status added = set.Add(*spec);
      EXPECT_TRUE(added) << added.error().message;
      RunGuest(guest, set);
      EXPECT_TRUE(set.Finish());
    }
    const auto bytes = ReadFile(path_, 256 << 20);
    EXPECT_TRUE(bytes) << bytes.error().message;
    return bytes ? std::string(bytes->begin(), bytes->end()) : std::string();
  }

  std::vector<nlohmann::json> Events(const std::string& guest, const std::string& words) {
    std::vector<nlohmann::json> events;
    std::istringstream lines(Trace(guest, words + ",format=json"));
    for (std::string line; std::getline(lines, line);) {
      events.push_back(nlohmann::json::parse(line));
    }
    return events;
  }

  // What became of each instruction that is not in software form; of one for which that differs,
  // all of it.
  std::map<std::string, std::set<std::string>> Outcomes(const std::string& guest,
                                                        const std::string& words) {
    std::map<std::string, std::set<std::string>> outcomes;
    for (const auto& event : Events(guest, words)) {
      if (event["event"] != "translated") continue;
      for (const auto& in : event["code"]["instructions"]) {
        if (in["outcome"] == "software") continue;
        const std::string what =
            fmt::format("{:x} {}", in["eip"].get<uint32_t>(), in["text"].get<std::string>());
        outcomes[what].insert(in["outcome"].get<std::string>());
      }
    }
    return outcomes;
  }

  const std::string path_ = testing::TempDir() + "verbatim-trace-" +
                            testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(TracerTest, ListsBlocksAndTheirLinks) {
  const std::string text = Trace("hello", "blocks");
  EXPECT_THAT(text, ContainsRegex("\nblock 1  eip 0010"));
  EXPECT_THAT(text, ContainsRegex("\n\n[ 0-9.]+ 001[0-9a-f]+  0  blocks +link block:1"));
  EXPECT_THAT(text, HasSubstr("out dx, al"));
}

TEST_F(TracerTest, GivesBlocksAsInstructionsWithTheirHostCode) {
  unsigned blocks = 0;
  unsigned renamed = 0;
  for (const auto& event : Events("hello", "blocks")) {
    if (event["event"] != "translated") continue;
    ++blocks;
    const auto& code = event["code"];
    uint32_t eip = code["eip"];
    uint64_t host = code["host_address"];
    const auto follow = [&host](const nlohmann::json& lines) {
      for (const auto& line : lines) {
        EXPECT_EQ(line["address"], host) << "without a gap";
        host += line["bytes"].get<std::string>().size() / 2;
        EXPECT_FALSE(line["text"].get<std::string>().empty());
      }
    };
    follow(code["entry"]);
    for (const auto& in : code["instructions"]) {
      EXPECT_EQ(in["eip"], eip);
      eip += static_cast<uint32_t>(in["bytes"].get<std::string>().size() / 2);
      follow(in["host"]);
      if (in["text"] != "out dx, al") continue;
      EXPECT_EQ(in["outcome"], "simulated");
      EXPECT_EQ(in["host"].back().value("name", ""), "callout");
      ++renamed;
    }
    follow(code["out_of_line"]);
    EXPECT_EQ(host - code["host_address"].get<uint64_t>(), event["host_bytes"]);
    EXPECT_EQ(eip - code["eip"].get<uint32_t>(), event["guest_bytes"]);
  }
  EXPECT_GT(blocks, 5u);
  EXPECT_GT(renamed, 0u);
}

// Where executions are recorded, code for that stands in front of an instruction's own.
TEST_F(TracerTest, CallsAnInstructionTheSameWhetherItsExecutionIsRecordedOrNot) {
  const auto plain = Outcomes("ports", "blocks");
  const auto recorded = Outcomes("ports", "blocks,to=ffffffff");
  unsigned simulated = 0;
  for (const auto& [instruction, outcomes] : recorded) {
    const auto same = plain.find(instruction);
    if (same == plain.end()) continue;
    EXPECT_EQ(outcomes, same->second) << instruction;
    if (outcomes.contains("simulated")) ++simulated;
  }
  EXPECT_GT(simulated, 5u);
}

TEST_F(TracerTest, TellsPortAccessesInOrderWithTheirValues) {
  std::string sent;
  for (const auto& event : Events("hello", "io")) {
    if (event["event"] == "out" && event["port"] == 0x3F8) {
      sent += static_cast<char>(event["value"].get<unsigned>());
    }
  }
  EXPECT_THAT(sent, HasSubstr("hello from ring 0"));
}

TEST_F(TracerTest, TellsInterruptsExceptionsAndPrivilege) {
  const auto events = Events("ring3", "irq,exceptions");
  const auto count = [&](std::string_view name, unsigned vector, unsigned cpl) {
    return std::ranges::count_if(events, [&](const auto& event) {
      return event["event"] == name && event["vector"] == vector && event["cpl"] == cpl;
    });
  };
  EXPECT_GT(count("interrupt", 0x20, 3), 0) << "the timer in user code";
  EXPECT_EQ(count("exception", 0, 3), 1) << "the division by zero";
  EXPECT_EQ(count("exception", 14, 3), 1) << "the page that is mapped on demand";
  EXPECT_GT(count("software interrupt", 0x80, 3), 0) << "system calls";
}

TEST_F(TracerTest, TellsModesAndControlRegisters) {
  const std::string text = Trace("modes", "modes,cr");
  EXPECT_THAT(text, ContainsRegex("modes +virtual-8086 \\(was protected\\)"));
  EXPECT_THAT(text, ContainsRegex("modes +protected \\(was real\\)"));
  EXPECT_THAT(text, ContainsRegex("cr +cr0 from="));
}

TEST_F(TracerTest, TellsWhichStoreDroppedWhichBlock) {
  const std::string text = Trace("v86", "smc");
  EXPECT_THAT(text, ContainsRegex("smc +write by this instruction physical=[0-9a-f]+ bytes:[0-9]+\n"
                                  "[^\n]+ smc +drop block:[0-9]+ at=[0-9a-f]{8} written"));
}

TEST_F(TracerTest, TellsWhyTranslatedCodeIsLeft) {
  const std::string text = Trace("ring3", "exits,faults");
  EXPECT_THAT(text, ContainsRegex("exits +link\n"));
  EXPECT_THAT(text, ContainsRegex("exits +callout out dx, al\n"));
  EXPECT_THAT(text, ContainsRegex("exits +host fault\n"));
  EXPECT_THAT(text, ContainsRegex("faults +mapped (read|write) at=[0-9a-f]+\n"));
  EXPECT_THAT(text, ContainsRegex("faults +page fault of the guest"));
  EXPECT_THAT(text, ContainsRegex("faults +exception of the guest vector=0\n"));
}

// So what lies between the two is what an exit cost.
TEST_F(TracerTest, TellsWhenTranslatedCodeGoesOnBehindEachExit) {
  bool inside = false;
  unsigned resumes = 0;
  for (const auto& event : Events("ring3", "exits,resumes")) {
    if (event["category"] == "resumes") {
      EXPECT_FALSE(inside) << "twice, and no exit between";
      inside = true;
      ++resumes;
    } else if (event["event"] != "left by callout") {
      EXPECT_TRUE(inside) << event << ": left, and it had not gone on";
      inside = false;
    }
  }
  EXPECT_GT(resumes, 100u);
}

TEST_F(TracerTest, FiltersByPrivilegeAddressAndCount) {
  for (const auto& event : Events("ring3", "exceptions,exits,cpl=3")) EXPECT_EQ(event["cpl"], 3);
  const auto all = Events("hello", "io");
  ASSERT_GT(all.size(), 4u);
  const uint32_t address = all[2]["address"];
  const auto at = Events("hello", fmt::format("io,addr={:x}-{:x}", address, address));
  EXPECT_FALSE(at.empty());
  for (const auto& event : at) EXPECT_EQ(event["address"], address);
  EXPECT_EQ(Events("hello", "io,count=3").size(), 3u);
}

TEST_F(TracerTest, NamesAddressesBySymbols) {
  const std::string elf = std::string(VERBATIM_TEST_GUESTS) + "/hello.elf";
  auto symbols = SymbolTable::Load(elf);
  ASSERT_TRUE(symbols) << symbols.error().message;
  const std::string text = Trace("hello", "io,addr=PrintCharacter-PrintHex", *symbols);
  EXPECT_THAT(text, ContainsRegex("<PrintCharacter[^>]*>  0  io +out port=3f8 value=68 bytes:1\n"));
  EXPECT_THAT(text, Not(HasSubstr("<InitSerial")));
}

TEST_F(TracerTest, NamesAFileThatCannotBeMade) {
  TraceSet set({});
  const auto spec = ParseTraceSpec("io=/no/such/directory/trace");
  ASSERT_TRUE(spec);
  const Status added = set.Add(*spec);
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("/no/such/directory/trace"));
}

TEST_F(TracerTest, AFullDiskIsSaidOnceAndTheGuestRunsOn) {
  testing::internal::CaptureStderr();
  {
    TraceSet set({});
    const auto spec = ParseTraceSpec("all,format=text=/dev/full");
    ASSERT_TRUE(spec) << spec.error().message;
    ASSERT_TRUE(set.Add(*spec));
    RunGuest("ring3", set);
    EXPECT_FALSE(set.Finish());
  }
  std::fflush(stderr);
  const std::string output = testing::internal::GetCapturedStderr();
  EXPECT_THAT(output, HasSubstr("/dev/full: cannot be written: No space left on device"));
  EXPECT_EQ(std::ranges::count(output, '\n'), 1) << output;
}

}  // namespace
}  // namespace verbatim
