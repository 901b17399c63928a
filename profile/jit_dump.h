// SPDX-License-Identifier: Apache-2.0
// jit-PID.dump: names, bytes and times of generated code for Linux' `perf inject --jit`, which
// makes an ELF file of each piece (tools/perf/Documentation/jitdump-specification.txt of Linux,
// version 1). Times are those of CLOCK_MONOTONIC, so perf must record by that clock (-k mono).
//
// Bytes are as they were when the block was made: jumps that are chained later are shown unchained.
#ifndef VERBATIM_PROFILE_JIT_DUMP_H_
#define VERBATIM_PROFILE_JIT_DUMP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/result.h"
#include "profile/host_code.h"

namespace verbatim {

class JitDump final : public HostCodeSink {
 public:
  // The file is mapped too, executable though nobody executes it: by that perf learns where it is.
  [[nodiscard]] static Result<std::unique_ptr<JitDump>> Create(const std::string& folder);
  ~JitDump() override;

  void Add(const HostCode& code) override;
  [[nodiscard]] Status Finish() override;

 private:
  enum class Record : uint32_t { kLoad = 0, kClose = 3 };

  JitDump(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  template <typename Number>
  void Put(Number number);
  void PutPrefix(Record type, size_t bytes);

  // What is in record_. A failure is kept for the end; nothing is written behind it.
  void Write();
  void Flush();

  const std::string path_;
  const FileDescriptor file_;
  Status written_;
  std::string pending_;
  std::string record_;
  void* marker_ = nullptr;
  uint64_t next_index_ = 1;
};

}  // namespace verbatim

#endif  // VERBATIM_PROFILE_JIT_DUMP_H_
