// SPDX-License-Identifier: Apache-2.0
// How often each entry of each block was executed, what came behind it, and how long it took.
//
// Entries have no time of their own: the time between two events is shared out among the entries
// between them, by the number of instructions that each begins. That is an estimate, as good as the
// events are dense.
#ifndef VERBATIM_EXPLORE_EXECUTIONS_H_
#define VERBATIM_EXPLORE_EXECUTIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace verbatim {

class Executions {
 public:
  // A file that claims higher entry numbers than a run comes to does not get memory for them.
  static constexpr uint32_t kMaxNumber = 1u << 26;
  // What comes behind so many is counted as of nothing known, or its order is not kept.
  static constexpr size_t kMaxEntries = 1u << 23;
  static constexpr size_t kMaxOthers = 1u << 22;
  static constexpr uint32_t kUnknown = 0;  // the place of entries that nothing defines

  struct Entry {
    uint32_t block = 0;         // index
    uint32_t first = 0;         // which of its instructions comes first
    uint32_t instructions = 0;  // from that one to the block's end
    uint64_t count = 0;
    double ns = 0;
  };
  struct Step {
    uint32_t from = 0;  // indices of blocks
    uint32_t to = 0;
    uint64_t count = 0;
  };

  Executions() : entries_(1), flows_(1) {}

  // The entry with this number is this one from now on.
  void Define(uint32_t number, const Entry& entry);
  void Add(std::span<const uint32_t> numbers);
  // What was added since the last call took so long.
  void Share(uint64_t ns);

  // By place, in no particular order; [kUnknown] has the count of what nothing defines.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  // The last that was added.
  [[nodiscard]] const Entry* last() const { return last_ == kUnknown ? nullptr : &entries_[last_]; }
  [[nodiscard]] uint64_t total() const { return total_; }
  // From block to block, several for the same two perhaps.
  [[nodiscard]] std::vector<Step> Steps() const;
  // Of these only the ones from or to the block.
  [[nodiscard]] std::vector<Step> StepsAt(uint32_t block) const;

 private:
  // What comes behind an entry: nearly always one of two.
  struct Flow {
    uint32_t interval = 0;  // times since the last Share
    std::array<uint32_t, 2> next{};
    std::array<uint64_t, 2> times{};
  };
  void Follow(uint32_t place);
  template <typename Visit>
  void VisitSteps(Visit visit) const;

  std::vector<uint32_t> places_;  // by number; 0: not defined
  std::vector<Entry> entries_;
  std::vector<Flow> flows_;                        // parallel
  std::unordered_map<uint64_t, uint64_t> others_;  // times, by two places
  std::vector<uint32_t> touched_;                  // places since the last Share
  uint32_t last_ = kUnknown;
  uint64_t total_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_EXPLORE_EXECUTIONS_H_
