// SPDX-License-Identifier: Apache-2.0
// Writes the binary trace (binary_format.h).
#ifndef VERBATIM_TRACE_BINARY_WRITER_H_
#define VERBATIM_TRACE_BINARY_WRITER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trace/binary_format.h"
#include "trace/block_code.h"
#include "trace/host_names.h"
#include "trace/trace_event.h"
#include "trace/trace_output.h"

namespace verbatim {

class BinaryWriter {
 public:
  // `output` outlives the writer. Nothing is written before the first Begin.
  explicit BinaryWriter(TraceOutput& output) : output_(output) {}

  void Begin();
  // Before the first event with a block's code, which they are about.
  void Names(const HostNames& names);
  void Block(const BlockDefinition& block);
  void Entries(std::span<const uint32_t> entries);
  void Event(const TraceEvent& event);
  void End();

 private:
  void Put(uint64_t number);
  void Put(std::string_view text);
  void Put(const std::vector<uint8_t>& bytes);
  void Put(const BlockCode& code);
  void Frame(Chunk type);

  TraceOutput& output_;
  EntryPredictor predictor_;
  std::string contents_;
  uint64_t entries_ = 0;
  uint64_t events_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_BINARY_WRITER_H_
