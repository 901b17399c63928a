// SPDX-License-Identifier: Apache-2.0
// What is made of a trace's events: phases, exits and their cost, blocks and what becomes of them.
#include "explore/run_model.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "explore/encoding.h"

namespace verbatim {
namespace {

using testing::HasSubstr;

// nop ; jmp self
BlockDefinition Definition(uint32_t number, uint32_t linear) {
  return {.number = number,
          .eip = linear,
          .linear = linear,
          .physical = linear,
          .bytes = {0x90, 0xEB, 0xFE},
          .instructions = {{1, Outcome::kIdent}, {2, Outcome::kRewritten}},
          .return_eips = {}};
}

TraceEvent Translated(uint32_t number, uint32_t linear, uint64_t time_ns) {
  const BlockCode code{.number = number,
                       .eip = linear,
                       .linear = linear,
                       .mode = "CPL 0",
                       .second_page = std::nullopt,
                       .guest = {0x90, 0xEB, 0xFE},
                       .instructions = {{1, Outcome::kIdent, 1}, {2, Outcome::kRewritten, 3}},
                       .host_start = 0x40000000,
                       .host = {0x90, 0xEB, 0xFE},
                       .body_offset = 0,
                       .stubs_offset = 3,
                       .links = {},
                       .return_sites = {}};
  return {.category = TraceCategory::kBlocks,
          .name = "translated",
          .time_ns = time_ns,
          .linear = linear,
          .code = std::make_shared<const BlockCode>(code)};
}

struct Told {
  RunModel model;

  void Block(uint32_t number, uint32_t linear, uint64_t time_ns) {
    model.OnBlock(Definition(number, linear));
    model.OnEvent(Translated(number, linear, time_ns));
  }
  void Event(TraceCategory category, std::string name, uint64_t time_ns, uint32_t linear = 0,
             std::vector<TraceField> fields = {}) {
    model.OnEvent({.category = category,
                   .name = std::move(name),
                   .time_ns = time_ns,
                   .linear = linear,
                   .fields = std::move(fields)});
  }
  void Callout(const std::string& instruction, uint64_t time_ns, uint32_t linear) {
    Event(TraceCategory::kExits, "callout", time_ns, linear,
          {TraceField::Text("instruction", instruction)});
  }
  void Resume(uint64_t time_ns) { Event(TraceCategory::kResumes, "goes on", time_ns); }
  uint64_t Spent(Phase phase) const {
    uint64_t ns = 0;
    for (const Timeline::Slot& slot : model.timeline().slots()) {
      ns += slot.ns[static_cast<unsigned>(phase)];
    }
    return ns;
  }
  // Of the only exit with this cause.
  RunModel::ExitFigures Exit(const std::string& cause) const {
    for (const auto& [place, figures] : model.exits()) {
      if (model.causes()[place.cause] == cause) return figures;
    }
    return {};
  }
};

TEST(RunModel, TimeGoesToPhasesAndExitsHaveACost) {
  Told run;
  run.Event(TraceCategory::kExits, "lookup", 100, 0x1000);
  run.Block(1, 0x1000, 150);  // 50 ns of translation
  run.Resume(160);            // 10 ns behind it
  run.model.OnEntries(std::vector<uint32_t>{1, 1});
  run.Callout("out dx, al", 1160, 0x1001);            // 1000 ns of execution
  run.Resume(1460);                                   // 300 ns of service
  run.Callout("hlt", 1500, 0x1001);                   // 40 ns of execution
  run.Event(TraceCategory::kIrq, "interrupt", 9500);  // 8000 ns of sleep
  run.Resume(9560);                                   // 60 ns of service
  EXPECT_EQ(run.Spent(Phase::kTranslating), 50u);
  EXPECT_EQ(run.Spent(Phase::kExecuting), 1040u);
  EXPECT_EQ(run.Spent(Phase::kIdle), 8000u);
  EXPECT_EQ(run.Spent(Phase::kServing), 100u + 10 + 300 + 60);
  EXPECT_TRUE(run.model.knows_costs());
  EXPECT_EQ(run.Exit("lookup").ns, 60u);
  EXPECT_EQ(run.Exit("callout: out").ns, 300u);
  EXPECT_EQ(run.Exit("callout: hlt").ns, 60u) << "sleep costs nothing";
  // Executed 2 times for 1000 ns, and left there.
  EXPECT_DOUBLE_EQ(run.model.executions().entries()[1].ns, 1000);
  EXPECT_EQ(run.model.exits().rbegin()->first.linear, 0x1000u);
}

TEST(RunModel, AHostFaultIsNamedByItsMeaning) {
  Told run;
  run.Block(1, 0x1000, 0);
  run.Resume(10);
  run.Event(TraceCategory::kExits, "host fault", 20, 0x1000);
  run.Event(TraceCategory::kFaults, "mapped", 30, 0x1000);
  run.Resume(50);
  EXPECT_EQ(run.Exit("host fault: mapped").count, 1u);
  EXPECT_EQ(run.Exit("host fault: mapped").ns, 30u);
  EXPECT_EQ(run.Spent(Phase::kFaulting), 30u);
  // Of one that nothing is told of the recorder is the cause.
  run.Event(TraceCategory::kExits, "host fault", 60, 0x1000);
  run.Resume(70);
  EXPECT_EQ(run.Exit("host fault: the buffer of this trace was full").count, 1u);
}

TEST(RunModel, ATraceWithoutResumesShowsExecutionByEntries) {
  Told run;
  run.Block(1, 0x1000, 0);
  run.Callout("in al, dx", 100, 0x1000);
  run.model.OnEntries(std::vector<uint32_t>{1});
  run.Callout("in al, dx", 400, 0x1000);
  EXPECT_EQ(run.Spent(Phase::kExecuting), 300u);
  EXPECT_FALSE(run.model.knows_costs());
}

TEST(RunModel, KeepsLinksAndDropsOfTheBlocksThatAre) {
  Told run;
  run.Block(1, 0x1000, 0);
  run.Block(2, 0x1003, 10);
  const auto link = [&run](uint64_t from, uint64_t to) {
    run.Event(TraceCategory::kBlocks, "link", 20, 0,
              {TraceField::Decimal("block", from), TraceField::Decimal("to_block", to)});
  };
  link(1, 2);
  link(1, 99);
  link(99, 2);
  run.Event(TraceCategory::kSmc, "drop", 30, 0,
            {TraceField::Decimal("block", 2), TraceField::Text("cause", "written")});
  run.Event(TraceCategory::kSmc, "drop", 30, 0, {TraceField::Decimal("block", 99)});
  EXPECT_EQ(run.model.chains(), (std::set<RunModel::Chain>{{0, 1}}));
  EXPECT_EQ(run.model.blocks()[1].dropped, "written");
  // Moved: the same number, another place.
  run.Block(2, 0x5003, 40);
  EXPECT_EQ(run.model.blocks().size(), 3u);
  EXPECT_EQ(run.model.blocks()[2].code->linear, 0x5003u);
}

TEST(RunModel, TextsOfATraceAreBounded) {
  Told run;
  for (unsigned i = 0; i < 3000; ++i) {
    run.Event(TraceCategory::kExits, fmt::format("{:0>5000}", i), i);
    run.Event(TraceCategory::kExits, std::string(5000, 'x') + fmt::format("{}", i), i);
    run.Event(TraceCategory::kExits, fmt::format("cause {}", i), i);
  }
  EXPECT_LE(run.model.causes().size(), 1025u);
  for (const std::string& cause : run.model.causes()) EXPECT_LE(cause.size(), 80u);
}

TEST(RunModel, TimeThatGoesBackwardsIsNoTime) {
  Told run;
  run.Resume(1000);
  run.Callout("cli", 10, 0);
  run.Resume(1010);
  EXPECT_EQ(run.model.end_ns(), 1010u);
  EXPECT_EQ(run.Exit("callout: cli").ns, 10u);
}

TEST(Encoder, GivesPiecesThatFitTogether) {
  Told run;
  for (uint32_t i = 0; i < Encoder::kBlocksOfPiece + 5; ++i) run.Block(1 + i, 0x1000 + i, i);
  const SymbolTable symbols;
  Encoder encoder(run.model, symbols);
  const auto first = nlohmann::json::parse(encoder.Blocks(0));
  const auto second = nlohmann::json::parse(encoder.Blocks(Encoder::kBlocksOfPiece));
  EXPECT_EQ(first["blocks"].size(), Encoder::kBlocksOfPiece);
  EXPECT_EQ(second["blocks"].size(), 5u);
  EXPECT_EQ(second["firstText"], first["texts"].size());
  // Any piece again, in the middle too, and nothing behind the end.
  const auto middle = nlohmann::json::parse(encoder.Blocks(Encoder::kBlocksOfPiece + 2));
  EXPECT_EQ(middle["blocks"][0], second["blocks"][2]);
  EXPECT_TRUE(nlohmann::json::parse(encoder.Blocks(Encoder::kBlocksOfPiece + 5))["blocks"].empty());
  // The nop of a block is a copy of one byte, and its text the same in all.
  const auto& block = first["blocks"][7];
  EXPECT_EQ(first["texts"][block[11][0].get<size_t>()], "nop");
  EXPECT_EQ(block[11][1], 1);
  const auto code = nlohmann::json::parse(encoder.Code(3));
  EXPECT_EQ(code["instructions"][0][1], "nop");
  EXPECT_EQ(code["instructions"][0][3][0][0], "90");
  EXPECT_EQ(nlohmann::json::parse(encoder.Figures())["blocks"], Encoder::kBlocksOfPiece + 5);
}

}  // namespace
}  // namespace verbatim
