// SPDX-License-Identifier: Apache-2.0
// The page as HTML: style and scripts in it, nothing of it from elsewhere.
#ifndef VERBATIM_EXPLORE_PAGE_H_
#define VERBATIM_EXPLORE_PAGE_H_

#include <string>
#include <string_view>

namespace verbatim {

// Two halves; between them stand elements with data (PageData), or nothing: then the page asks the
// server that it came from.
struct PageFrame {
  std::string head;
  std::string tail;
};
[[nodiscard]] PageFrame MakePageFrame();

// An element of the page that holds `json`, compressed; the scripts find it by `id`.
[[nodiscard]] std::string PageData(std::string_view id, std::string_view json);

}  // namespace verbatim

#endif  // VERBATIM_EXPLORE_PAGE_H_
