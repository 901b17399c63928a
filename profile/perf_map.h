// SPDX-License-Identifier: Apache-2.0
// /tmp/perf-PID.map, in which Linux' perf looks up the names of generated code: a line "START SIZE
// NAME" for each piece, numbers in hexadecimal (tools/perf/Documentation/jit-interface.txt of
// Linux). Perf reads it when it reports, and takes no account of time: so it is written at the end,
// with the last name of each place.
#ifndef VERBATIM_PROFILE_PERF_MAP_H_
#define VERBATIM_PROFILE_PERF_MAP_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "profile/host_code.h"

namespace verbatim {

class PerfMap final : public HostCodeSink {
 public:
  // Takes the file that perf will look for in `folder`, which is /tmp but for tests. One that is
  // there already is removed, not written to: it may be anybody's.
  [[nodiscard]] static Result<std::unique_ptr<PerfMap>> Create(const std::string& folder = "/tmp");

  // What was known of the same bytes is forgotten.
  void Add(const HostCode& code) override;
  [[nodiscard]] Status Finish() override;

 private:
  PerfMap(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  struct Piece {
    uint64_t end = 0;
    std::string name;
  };

  const std::string path_;
  const FileDescriptor file_;
  std::map<uint64_t, Piece> pieces_;  // by where they start; none meets another
};

}  // namespace verbatim

#endif  // VERBATIM_PROFILE_PERF_MAP_H_
