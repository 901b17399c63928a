// SPDX-License-Identifier: Apache-2.0
// What the page gets of a run, as JSON in pieces of bounded size (explore/README.md, "Data").
// page/source.js reads it; a file and a running guest give the same pieces.
#ifndef VERBATIM_EXPLORE_ENCODING_H_
#define VERBATIM_EXPLORE_ENCODING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "explore/run_model.h"
#include "trace/block_listing.h"
#include "trace/symbol_table.h"

namespace verbatim {

class Encoder {
 public:
  // Blocks of one piece.
  static constexpr uint32_t kBlocksOfPiece = 1024;

  // Both outlive the encoder.
  Encoder(const RunModel& model, const SymbolTable& symbols) : model_(model), symbols_(symbols) {}

  // Names of outcomes and phases, and what the run is.
  [[nodiscard]] std::string About(std::string_view title, bool live);
  // The guest's side of at most kBlocksOfPiece blocks from index `from` on, which is at most the
  // number of blocks. Texts are numbered over all pieces: each comes with the first block that has
  // it, so pieces are asked for in order, though any of them again.
  [[nodiscard]] std::string Blocks(uint32_t from);
  // Both sides of one block.
  [[nodiscard]] std::string Code(uint32_t index);
  // What changes while a guest runs: executions, exits, the timeline.
  [[nodiscard]] std::string Figures();
  // Who leads to whom: of one block, or all.
  [[nodiscard]] std::string Steps(uint32_t index) const;
  [[nodiscard]] std::string AllSteps() const;

 private:
  [[nodiscard]] uint32_t TextId(std::string text);
  // Gives ids to the texts of blocks up to this one.
  void Prepare(uint32_t end);

  struct Prepared {
    std::vector<uint32_t> texts;  // of the instructions
    uint32_t symbol = 0;
    uint32_t mode = 0;
    uint32_t texts_end = 0;  // ids below are known when this block is
  };

  const RunModel& model_;
  const SymbolTable& symbols_;
  BlockLister lister_;
  std::vector<Prepared> prepared_;
  std::vector<std::string> texts_{""};
  std::unordered_map<std::string, uint32_t> text_ids_{{"", 0}};
};

}  // namespace verbatim

#endif  // VERBATIM_EXPLORE_ENCODING_H_
