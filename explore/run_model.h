// SPDX-License-Identifier: Apache-2.0
// All that the explorer knows of a run: its blocks with their code, how often they were executed,
// why they were left and what that cost, and what the time went into. Made of what a trace tells,
// whether that comes from a file or from a guest that runs.
//
// Not thread-safe. What a trace says is not trusted: whatever it claims, no index leads astray and
// no more memory is taken than in proportion to its length.
#ifndef VERBATIM_EXPLORE_RUN_MODEL_H_
#define VERBATIM_EXPLORE_RUN_MODEL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "explore/executions.h"
#include "explore/timeline.h"
#include "trace/binary_reader.h"
#include "trace/block_code.h"

namespace verbatim {

class RunModel final : public TraceVisitor {
 public:
  // What comes behind so many is counted and left out: a run may be long. Browsers show no element
  // higher than 2^25 pixels, which are 880,000 rows of the list.
  static constexpr size_t kMaxBlocks = 800'000;
  static constexpr size_t kMaxExits = 1u << 20;
  static constexpr uint32_t kNoBlock = 0xFFFFFFFF;

  struct Block {
    std::shared_ptr<const BlockCode> code;  // without host code if the trace has none
    uint64_t time_ns = 0;                   // of the translation
    uint32_t cr3 = 0;
    std::string dropped{};  // why; empty: it was not
  };
  // Where translated code was left, and why.
  struct ExitPlace {
    uint32_t block = kNoBlock;  // index of the one that was executed last
    uint32_t linear = 0;        // of the instruction; of one that is not translated, the target
    uint32_t cause = 0;         // index into causes()
    auto operator<=>(const ExitPlace&) const = default;
  };
  struct ExitFigures {
    uint64_t count = 0;
    uint64_t ns = 0;  // until translated code went on; without sleep
  };
  struct Chain {
    uint32_t from = 0;  // indices of blocks
    uint32_t to = 0;
    auto operator<=>(const Chain&) const = default;
  };

  void OnBlock(const BlockDefinition& block) override;
  void OnEntries(std::span<const uint32_t> entries) override;
  void OnNames(const HostNames& names) override { names_ = names; }
  void OnEvent(const TraceEvent& event) override;

  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
  [[nodiscard]] const HostNames& names() const { return names_; }
  [[nodiscard]] const Executions& executions() const { return executions_; }
  [[nodiscard]] const Timeline& timeline() const { return timeline_; }
  [[nodiscard]] const std::map<ExitPlace, ExitFigures>& exits() const { return exits_; }
  [[nodiscard]] const std::vector<std::string>& causes() const { return causes_; }
  [[nodiscard]] const std::set<Chain>& chains() const { return chains_; }
  [[nodiscard]] uint64_t end_ns() const { return now_ns_; }
  // The trace says when translated code goes on, so what exits cost is known.
  [[nodiscard]] bool knows_costs() const { return resumes_; }
  [[nodiscard]] bool has_host_code() const { return host_code_; }
  // Blocks and places of exits that there was no room for.
  [[nodiscard]] uint64_t left_out() const { return left_out_; }

 private:
  // The index; kNoBlock if there is no room.
  [[nodiscard]] uint32_t Append(Block block, uint32_t number);
  void OnTranslated(const TraceEvent& event);
  void OnLink(const TraceEvent& event);
  void OnDrop(const TraceEvent& event);
  void OnExit(const TraceEvent& event);
  void EndExit();
  // Time since the last event goes to what was going on; `translated`: to translation.
  void Advance(uint64_t time_ns, bool translated);
  [[nodiscard]] uint32_t CauseOf(std::string name);
  [[nodiscard]] uint32_t IndexOf(uint64_t number) const;

  std::vector<Block> blocks_;
  std::unordered_map<uint32_t, uint32_t> indices_;  // by the block's number, the last one
  HostNames names_;
  Executions executions_;
  Timeline timeline_;
  std::map<ExitPlace, ExitFigures> exits_;
  std::set<Chain> chains_;
  std::vector<std::string> causes_;
  std::unordered_map<std::string, uint32_t> cause_indices_;
  // Since the last event: the phase, the exit that is being served.
  Phase phase_ = Phase::kServing;
  std::optional<ExitPlace> exit_;
  uint64_t exit_ns_ = 0;
  bool executed_ = false;  // entries came since the last event
  uint64_t now_ns_ = 0;
  bool resumes_ = false;
  bool faults_ = false;  // the trace tells of them
  bool host_code_ = false;
  uint64_t left_out_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_EXPLORE_RUN_MODEL_H_
