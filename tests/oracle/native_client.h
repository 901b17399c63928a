// SPDX-License-Identifier: Apache-2.0
// The native process, from the side of who has cases to run: starts it, hands it batches, takes
// back outcomes. A process that dies of a case is replaced, and the case is named.
#ifndef VERBATIM_TESTS_ORACLE_NATIVE_CLIENT_H_
#define VERBATIM_TESTS_ORACLE_NATIVE_CLIENT_H_

#include <sys/types.h>

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "tests/oracle/native_protocol.h"

namespace verbatim::test {

class NativeClient {
 public:
  // Starts `oracle_native`, which stands next to the running program.
  [[nodiscard]] static Result<std::unique_ptr<NativeClient>> Create();
  ~NativeClient();
  NativeClient(const NativeClient&) = delete;
  NativeClient& operator=(const NativeClient&) = delete;

  // Batches are run in the order of turns 0, 1, 0, ... Each must be collected before its turn comes
  // again. `table_id` is not 0, and another for another table.
  void Submit(uint32_t turn, std::span<const Case> cases, const LdtTable& table, uint64_t table_id);
  // Waits for the batch.
  [[nodiscard]] Status Collect(uint32_t turn);

  [[nodiscard]] const NativeOutcome& outcome(uint32_t turn, uint32_t i) const {
    return exchange_->batches[turn].outcomes[i];
  }
  [[nodiscard]] std::span<const ChangedLine> lines(uint32_t turn, uint32_t i) const {
    const NativeOutcome& end = outcome(turn, i);
    return {&exchange_->batches[turn].lines[end.first_line], end.line_count};
  }
  // The process did not survive this one.
  [[nodiscard]] bool died(uint32_t turn, uint32_t i) const { return died_[turn].test(i); }

 private:
  NativeClient() = default;
  [[nodiscard]] Status Start();
  [[nodiscard]] Status Replace(uint32_t turn, int wait_status);

  FileDescriptor memory_;
  NativeExchange* exchange_ = nullptr;
  pid_t process_ = -1;
  std::array<std::bitset<kBatchCases>, 2> died_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_NATIVE_CLIENT_H_
