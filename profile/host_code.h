// SPDX-License-Identifier: Apache-2.0
// Tells profilers of the host what generated code stands for. A block that is made for another
// address of its guest code, or another block in the place of old ones after a flush, is told of
// anew; one that is dropped keeps its name, for nothing else comes to its place before a flush.
#ifndef VERBATIM_PROFILE_HOST_CODE_H_
#define VERBATIM_PROFILE_HOST_CODE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine_observer.h"
#include "trace/symbol_table.h"

namespace verbatim {

// All valid during the call only.
struct HostCode {
  std::span<const uint8_t> bytes;  // where they run
  std::string name;
};

class HostCodeSink {
 public:
  virtual ~HostCodeSink() = default;
  virtual void Add(const HostCode& code) = 0;
  // After the last. The message names the file.
  [[nodiscard]] virtual Status Finish() = 0;
};

class HostCodeNames final : public EngineObserver {
 public:
  // `symbols` outlives it.
  explicit HostCodeNames(const SymbolTable& symbols) : symbols_(symbols) {}
  void AddSink(std::unique_ptr<HostCodeSink> sink) { sinks_.push_back(std::move(sink)); }
  // The first failure; the others are tried all the same.
  [[nodiscard]] Status Finish();

  void OnBlockTranslated(const TranslatedBlock& translated) override;

 private:
  void NameStubs(const TranslatedBlock& first);
  void Add(const HostCode& code) const;

  const SymbolTable& symbols_;
  std::vector<std::unique_ptr<HostCodeSink>> sinks_;
  bool stubs_named_ = false;
};

}  // namespace verbatim

#endif  // VERBATIM_PROFILE_HOST_CODE_H_
