// SPDX-License-Identifier: Apache-2.0
// The binary trace: docs/trace-format.md describes it for readers in other languages. What the
// writer and the reader share: the frame, the numbers, and the prediction of the next entry.
#ifndef VERBATIM_TRACE_BINARY_FORMAT_H_
#define VERBATIM_TRACE_BINARY_FORMAT_H_

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "trace/outcome.h"

namespace verbatim {

inline constexpr std::string_view kTraceMagic = "VBTRACE\n";
inline constexpr uint32_t kTraceVersion = 2;
inline constexpr uint32_t kTraceHeaderBytes = 16;  // magic, version, four bytes that are zero
// No chunk is longer: what claims to be is no trace.
inline constexpr uint32_t kMaxChunkBytes = 16u << 20;
// Nor does a block hold more, by far: what readers make of one is bounded too.
inline constexpr uint32_t kMaxBlockInstructions = 1024;
inline constexpr uint32_t kMaxBlockHostBytes = 1u << 20;
inline constexpr uint32_t kMaxBlockPlaces = 4096;  // links, or return sites
inline constexpr uint32_t kMaxModeBytes = 1024;

// A chunk is its type, the length of its contents in four bytes, and the contents.
enum class Chunk : uint8_t {
  kBlock = 'B',
  kEntries = 'X',
  kEvent = 'E',
  kNames = 'N',
  kEnd = 'Z',  // a trace without it was cut off
};

// What an entry into a block refers to.
struct BlockDefinition {
  struct Instruction {
    uint8_t length = 0;
    Outcome outcome = Outcome::kIdent;
  };
  uint32_t number = 0;
  uint32_t eip = 0;
  uint32_t linear = 0;
  uint64_t physical = 0;
  uint8_t cpl = 0;
  bool code32 = true;
  std::vector<uint8_t> bytes;
  std::vector<Instruction> instructions;
  // Where the entries number + 1, number + 2 ... begin: behind its calls.
  std::vector<uint32_t> return_eips;
};

// Which entry follows two others: as it was the last time that these two were met, by a hash. The
// writer and the reader keep the same table, so that only surprises are written down.
class EntryPredictor {
 public:
  [[nodiscard]] uint32_t Predicted() const { return table_[index_]; }
  // `entry` is the one that really came.
  void Follow(uint32_t entry) {
    table_[index_] = entry;
    index_ = ((entry * kFirst) ^ before_) >> kShift;
    before_ = entry * kSecond;
  }

 private:
  static constexpr uint32_t kFirst = 0x9E3779B1;
  static constexpr uint32_t kSecond = 0x85EBCA6B;
  static constexpr unsigned kShift = 16;

  uint32_t index_ = 0;
  uint32_t before_ = 0;
  std::vector<uint32_t> table_ = std::vector<uint32_t>(1u << (32 - kShift));
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_BINARY_FORMAT_H_
