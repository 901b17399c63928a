// SPDX-License-Identifier: Apache-2.0
#include "explore/page_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "explore/encoding.h"
#include "explore/page.h"

namespace verbatim {
namespace {

// The code of so many blocks is one element: the page unpacks it when one of them is looked at.
constexpr uint32_t kCodesOfPiece = 64;

}  // namespace

Status WritePage(const RunModel& model, const SymbolTable& symbols, std::string_view title,
                 const std::function<Status(std::string_view)>& write) {
  Encoder encoder(model, symbols);
  const auto blocks = static_cast<uint32_t>(model.blocks().size());
  const PageFrame frame = MakePageFrame();
  Status written = write(frame.head);
  const auto put = [&](std::string_view id, std::string_view json) {
    if (written) written = write(PageData(id, json));
  };
  put("about", encoder.About(title, false));
  put("figures", encoder.Figures());
  for (uint32_t from = 0; from < blocks && written; from += Encoder::kBlocksOfPiece) {
    put(fmt::format("blocks-{}", from), encoder.Blocks(from));
  }
  put("steps", encoder.AllSteps());
  for (uint32_t from = 0; from < blocks && written; from += kCodesOfPiece) {
    std::string codes = "[";
    for (uint32_t i = from; i < std::min(from + kCodesOfPiece, blocks); ++i) {
      if (i != from) codes += ',';
      codes += encoder.Code(i);
    }
    codes += ']';
    put(fmt::format("code-{}", from), codes);
  }
  if (written) written = write(frame.tail);
  return written;
}

}  // namespace verbatim
