// SPDX-License-Identifier: Apache-2.0
// Where a trace goes: a file, or standard error. Buffered. What cannot be written is said once; the
// guest runs on, and nothing more is written.
#ifndef VERBATIM_TRACE_TRACE_OUTPUT_H_
#define VERBATIM_TRACE_TRACE_OUTPUT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace verbatim {

class TraceOutput {
 public:
  // Creates the file, or empties it. An empty path is standard error.
  [[nodiscard]] static Result<TraceOutput> Create(const std::string& path);
  TraceOutput(TraceOutput&&) = default;
  TraceOutput& operator=(TraceOutput&&) = delete;
  ~TraceOutput() { Flush(); }

  void Write(std::string_view bytes);
  void Flush();
  // False: writing has failed.
  [[nodiscard]] bool good() const { return file_.valid(); }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  TraceOutput(std::string name, FileDescriptor file, bool buffered)
      : name_(std::move(name)), file_(std::move(file)), buffered_(buffered) {}

  std::string name_;
  FileDescriptor file_;
  bool buffered_;
  bool failed_ = false;
  std::string pending_;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_TRACE_OUTPUT_H_
