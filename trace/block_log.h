// SPDX-License-Identifier: Apache-2.0
// A file with each block as it was translated, in order. A block that is translated again appears
// again, under a new number; chaining and invalidation come later and do not show.
//
// Written through a buffer; what is left goes out with Flush or in the destructor. If the file
// cannot be written any more, that is said once and the guest runs on.
#ifndef VERBATIM_TRACE_BLOCK_LOG_H_
#define VERBATIM_TRACE_BLOCK_LOG_H_

#include <cstdint>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "engine/block_observer.h"
#include "trace/block_text.h"

namespace verbatim {

class BlockLog final : public BlockObserver {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BlockLog>> Create(const std::string& path);
  ~BlockLog() override;
  BlockLog(const BlockLog&) = delete;
  BlockLog& operator=(const BlockLog&) = delete;

  void OnBlockTranslated(const TranslatedBlock& translated) override;
  void Flush();

 private:
  BlockLog(std::string path, FileDescriptor file);

  const std::string path_;
  FileDescriptor file_;  // not valid once writing failed
  BlockTextWriter writer_;
  std::string pending_;
  uint64_t blocks_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_BLOCK_LOG_H_
