// SPDX-License-Identifier: Apache-2.0
// What firmware writes to the debug consoles on its way to a file.
// Whole lines leave at once, so that the file shows all of them whatever becomes of the run.
#ifndef VERBATIM_CLI_FIRMWARE_LOG_H_
#define VERBATIM_CLI_FIRMWARE_LOG_H_

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/result.h"
#include "devices/device.h"

namespace verbatim {

class FirmwareLog final : public ByteSink {
 public:
  // Creates the file, or empties it.
  [[nodiscard]] static Result<std::unique_ptr<FirmwareLog>> Create(const std::string& path);

  void Write(std::span<const uint8_t> bytes) override;
  // Writes what is on hand of a line too. The first failure there was, if any.
  [[nodiscard]] Status Finish();

 private:
  explicit FirmwareLog(FileDescriptor file) : file_(std::move(file)) {}
  void Flush();

  static constexpr size_t kLongestLine = 4096;

  const FileDescriptor file_;
  std::string line_;
  Status status_;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_FIRMWARE_LOG_H_
