// SPDX-License-Identifier: Apache-2.0
// What a run writes for profilers.
#ifndef VERBATIM_CLI_PROFILE_FILES_H_
#define VERBATIM_CLI_PROFILE_FILES_H_

#include <memory>

#include "base/result.h"
#include "cli/profile_options.h"
#include "profile/coverage_recorder.h"
#include "profile/host_code.h"
#include "profile/sampler.h"
#include "trace/symbol_table.h"
#include "trace/tracer.h"

namespace verbatim {

class ProfileFiles {
 public:
  // On the thread that will run the machine. `symbols` outlives it; `image_path` is the file that
  // coverage has as a module, if it is such a file.
  [[nodiscard]] static Result<std::unique_ptr<ProfileFiles>> Open(const ProfileOptions& options,
                                                                  const SymbolTable& symbols,
                                                                  const std::string& image_path);

  void AddObservers(TraceSet& set);
  // After the run: what there is to write. The first failure.
  [[nodiscard]] Status Finish();

 private:
  std::unique_ptr<HostCodeNames> host_code_;  // nullptr: not wanted
  std::unique_ptr<Sampler> sampler_;          // likewise
  std::unique_ptr<CoverageRecorder> coverage_;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_PROFILE_FILES_H_
