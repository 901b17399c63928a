// SPDX-License-Identifier: Apache-2.0
// Reads the binary trace (binary_format.h). The file is not trusted: every number is checked before
// it is used, and the errors say at which byte what was expected.
#ifndef VERBATIM_TRACE_BINARY_READER_H_
#define VERBATIM_TRACE_BINARY_READER_H_

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "trace/binary_format.h"
#include "trace/block_code.h"
#include "trace/host_names.h"
#include "trace/trace_event.h"

namespace verbatim {

// What a trace holds, in the order of the file.
class TraceVisitor {
 public:
  virtual ~TraceVisitor() = default;
  virtual void OnBlock(const BlockDefinition& block) = 0;
  virtual void OnEntries(std::span<const uint32_t> entries) = 0;
  // Before the first event with a block's code.
  virtual void OnNames(const HostNames& names) = 0;
  virtual void OnEvent(const TraceEvent& event) = 0;
};

class BinaryReader {
 public:
  // Fails, naming the file, if it is no trace or of another version.
  [[nodiscard]] static Result<BinaryReader> Open(const std::string& path);
  // All of it. Whatever came before an error was visited.
  [[nodiscard]] Status Visit(TraceVisitor& visitor);

 private:
  BinaryReader(std::string name, FileDescriptor file)
      : name_(std::move(name)), file_(std::move(file)) {}
  [[nodiscard]] Status VisitChunk(Chunk type, TraceVisitor& visitor);
  [[nodiscard]] bool ReadBlock(TraceVisitor& visitor);
  [[nodiscard]] bool ReadEntries(TraceVisitor& visitor);
  [[nodiscard]] bool ReadNames(TraceVisitor& visitor);
  [[nodiscard]] bool ReadCode(BlockCode& code);
  [[nodiscard]] bool ReadEvent(TraceVisitor& visitor);
  // Of the chunk's contents.
  [[nodiscard]] bool Take(uint64_t& number, uint64_t highest);
  [[nodiscard]] bool Take(std::string_view& text);
  [[nodiscard]] bool Take(std::vector<uint8_t>& bytes);
  template <typename Number>
  [[nodiscard]] bool TakeNumber(Number& number);
  // As many bytes as wanted or, at the file's end, fewer.
  [[nodiscard]] Result<size_t> Fill(std::span<uint8_t> to);

  std::string name_;
  FileDescriptor file_;
  std::vector<uint8_t> buffer_;
  size_t buffered_ = 0;  // bytes of the buffer not consumed begin here
  uint64_t offset_ = 0;  // in the file
  std::vector<uint8_t> contents_;
  size_t at_ = 0;
  EntryPredictor predictor_;
  std::vector<uint32_t> entries_;
  uint64_t entry_count_ = 0;
  uint64_t event_count_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_BINARY_READER_H_
