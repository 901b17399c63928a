// SPDX-License-Identifier: Apache-2.0
// The page of a run that is over: one file that holds everything.
#ifndef VERBATIM_EXPLORE_PAGE_FILE_H_
#define VERBATIM_EXPLORE_PAGE_FILE_H_

#include <functional>
#include <string_view>

#include "base/result.h"
#include "explore/run_model.h"
#include "trace/symbol_table.h"

namespace verbatim {

// `write` gets the file in pieces; an error of it ends this and is passed on.
[[nodiscard]] Status WritePage(const RunModel& model, const SymbolTable& symbols,
                               std::string_view title,
                               const std::function<Status(std::string_view)>& write);

}  // namespace verbatim

#endif  // VERBATIM_EXPLORE_PAGE_FILE_H_
