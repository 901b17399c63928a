// SPDX-License-Identifier: Apache-2.0
// Guest instructions to host code, a block at a time.
#ifndef VERBATIM_TRANSLATOR_TRANSLATOR_H_
#define VERBATIM_TRANSLATOR_TRANSLATOR_H_

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "codecache/block.h"
#include "codecache/code_memory.h"
#include "codecache/direct_cells.h"
#include "decoder/decoder.h"
#include "translator/block_mode.h"
#include "translator/block_scratch.h"
#include "translator/optimisations.h"
#include "translator/site.h"
#include "translator/stub_table.h"

namespace verbatim {

// How an instruction's memory operand is reached.
enum class AccessForm : uint8_t {
  kDirect,    // through the window
  kProbed,    // through the window if that shows the page, else in software; those that cannot look
              // first stay direct
  kSoftware,  // by the engine
};

// Which instructions have shown that they are better off in another form.
class SitePolicy {
 public:
  virtual ~SitePolicy() = default;
  [[nodiscard]] virtual AccessForm FormOf(PhysicalAddress instruction) const = 0;
  // Whether any of the page has: most pages have none.
  [[nodiscard]] virtual bool HasAnyIn(PhysicalAddress page) const = 0;
};

struct TranslationRequest {
  BlockKey key;  // key.mode holds BlockMode bits
  uint32_t eip = 0;
  uint32_t cs_limit = 0xFFFFFFFFu;
  std::span<const uint8_t> first_page;  // from the block's first byte to its page's end
  // The next page's bytes, given when the first instruction turned out to need them.
  std::span<const uint8_t> second_page;
  PhysicalAddress second_page_address;
  // The bytes in the first, the second page may change without notice: the block looks at them each
  // time it is entered, and ends behind whatever may write memory.
  bool check_first = false;
  bool check_second = false;
  // Linear addresses, ascending: the block ends in front of an instruction that begins at one.
  std::span<const LinearAddress> breakpoints{};
  // Written to ExecutionContext::record_next when the block is entered, and for its n-th return
  // site the number n + 1 above, if not 0.
  uint32_t record_number = 0;
  ExecutionCounts* executions = nullptr;  // counted there, if given
  bool end_at_branches = false;           // whoever enters the block executes all of it
};

// No block came of it.
enum class TranslationFailure : uint8_t {
  kNeedsSecondPage,  // the first instruction runs over the page's end: ask again with second_page
  kCacheFull,        // flush the cache and ask again
};

struct TranslatorStatistics {
  uint64_t instructions = 0;
  uint64_t ident = 0;
  uint64_t guest_bytes = 0;
  uint64_t host_bytes = 0;
  uint64_t unknown_instructions = 0;  // #UD because the decoder knows no such instruction
  uint64_t software_sites = 0;
};

class Translator {
 public:
  Translator(const CpuFeatures& features, CodeMemory& memory, const StubTable& stubs,
             DirectCells& cells, SiteTable& sites, const SitePolicy& policy,
             OptimisationSet optimisations = {})
      : decoder_(features),
        memory_(memory),
        stubs_(stubs),
        cells_(cells),
        sites_(sites),
        policy_(policy),
        optimisations_(optimisations) {}

  [[nodiscard]] std::variant<Block, TranslationFailure> Translate(
      const TranslationRequest& request);

  // For a link that cannot be chained to its target: what its stub becomes. Through a hashed entry
  // if no cell is left; empty if it asks each time.
  [[nodiscard]] std::vector<uint8_t> LinkThroughCell(uint32_t target);

  // What takes the place of a guess of where an indirect jump or call leads.
  [[nodiscard]] static std::vector<uint8_t> JumpThroughTable(bool call);

  [[nodiscard]] const Decoder& decoder() const { return decoder_; }
  [[nodiscard]] const TranslatorStatistics& statistics() const { return statistics_; }

 private:
  Decoder decoder_;
  CodeMemory& memory_;
  const StubTable& stubs_;
  DirectCells& cells_;
  SiteTable& sites_;
  const SitePolicy& policy_;
  const OptimisationSet optimisations_;
  BlockScratch scratch_;
  TranslatorStatistics statistics_;
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_TRANSLATOR_H_
