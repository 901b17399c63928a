// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdlib>
#include <utility>

#include "base/log.h"

namespace verbatim {
namespace {

struct Hook {
  DumpHook run = nullptr;
  void* context = nullptr;
};
thread_local Hook dump_hook;

}  // namespace

void SetDumpHook(DumpHook hook, void* context) { dump_hook = {hook, context}; }

void CheckFailed(std::string_view condition, std::string_view file, int line) {
  Log(LogLevel::kError, "internal error: {}:{}: {}", file, line, condition);
  const Hook hook = std::exchange(dump_hook, {});
  if (hook.run != nullptr) hook.run(hook.context);
  std::abort();
}

}  // namespace verbatim
