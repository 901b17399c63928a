// SPDX-License-Identifier: Apache-2.0
// Which guest code was executed, from entries into blocks and what interrupted them; written as
// drcov (version 2 of the file and of its module table, as DynamoRIO's drcov wrote it), which
// Lighthouse, drcov2lcov and others read.
//
// An entry is followed up to where the next entry shows that the block was left. Where blocks end
// at branches (MachineConfig::end_at_branches) this is exact: but for an instruction that faulted
// and was repeated, executed is what is listed. In a trace of ordinary blocks a conditional branch
// that leads to the next entry may be met twice; then the first counts.
#ifndef VERBATIM_PROFILE_COVERAGE_H_
#define VERBATIM_PROFILE_COVERAGE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "trace/binary_reader.h"
#include "trace/block_listing.h"
#include "trace/known_blocks.h"

namespace verbatim {

// An image that the user knows by its file: linear addresses [base, end).
struct CoveredImage {
  std::string path;
  uint32_t base = 0;
  uint32_t end = 0;
};

// Of an ELF file the addresses that it is loaded at, of a System.map those from _text to _end;
// nullopt if the file tells of neither.
[[nodiscard]] std::optional<CoveredImage> ImageOf(const std::string& path,
                                                  std::span<const uint8_t> file);

class Coverage final : public TraceVisitor {
 public:
  void OnBlock(const BlockDefinition& block) override;
  void OnEntries(std::span<const uint32_t> entries) override;
  void OnNames(const HostNames& /*names*/) override {}
  // Interrupts, exceptions and instructions that left the cache end what is executed of the last
  // entry.
  void OnEvent(const TraceEvent& event) override;
  void OnLeft(uint32_t linear);

  // What was executed so far, as a file. Modules are the image, if there is one, and all other
  // linear addresses, "guest-kernel" (CPL 0 to 2) and "guest-user".
  [[nodiscard]] std::string Drcov(const std::optional<CoveredImage>& image);

 private:
  struct Piece {
    uint32_t linear = 0;
    uint16_t bytes = 0;
    bool user = false;

    friend auto operator<=>(const Piece&, const Piece&) = default;
  };

  static constexpr size_t kRecent = 1u << 16;

  void Follow(uint32_t number, uint32_t next);
  void Add(const KnownBlocks::Entry& entry, size_t end);
  void TakeLast();

  KnownBlocks blocks_;
  BlockLister lister_;
  // Pairs of entries, one behind the other, that were dealt with; and some of them by a hash.
  std::unordered_set<uint64_t> known_;
  std::vector<uint64_t> recent_ = std::vector<uint64_t>(kRecent);
  std::set<Piece> pieces_;
  uint32_t last_ = 0;  // the entry that nothing has followed yet; 0: none
};

}  // namespace verbatim

#endif  // VERBATIM_PROFILE_COVERAGE_H_
