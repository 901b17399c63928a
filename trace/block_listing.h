// SPDX-License-Identifier: Apache-2.0
// One translated block, taken apart for reading: guest instructions, what became of each, the host
// code of each. Text and JSON are made of it.
#ifndef VERBATIM_TRACE_BLOCK_LISTING_H_
#define VERBATIM_TRACE_BLOCK_LISTING_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decoder/decoder.h"
#include "trace/binary_format.h"
#include "trace/block_code.h"
#include "trace/disassembler.h"
#include "trace/host_names.h"
#include "trace/outcome.h"

namespace verbatim {

struct HostLine {
  uint64_t address = 0;
  std::vector<uint8_t> bytes;
  std::string text;
  std::string name;  // of the stub that it leads to or the field that it accesses; or empty
};

struct GuestLine {
  uint32_t eip = 0;
  std::vector<uint8_t> bytes;
  std::string text;
  GuestInstruction instruction;
  Outcome outcome = Outcome::kIdent;
  std::vector<HostLine> host;
};

struct LinkLine {
  uint32_t target_eip = 0;
  uint64_t field = 0;
  uint64_t stub = 0;
};

struct BlockListing {
  uint32_t number = 0;
  uint32_t eip = 0;
  uint32_t linear = 0;
  uint64_t physical = 0;
  unsigned cpl = 0;
  std::string mode;  // "CPL 0, 32-bit code, 32-bit stack"
  std::optional<uint64_t> second_page;
  uint32_t ident_count = 0;
  uint32_t guest_bytes = 0;
  uint64_t host_start = 0;
  uint32_t host_bytes = 0;
  std::vector<HostLine> entry;
  std::vector<GuestLine> instructions;
  std::vector<HostLine> out_of_line;
  std::vector<LinkLine> links;
  std::vector<uint64_t> return_sites;
};

class BlockLister {
 public:
  BlockLister();
  [[nodiscard]] BlockListing List(const TranslatedBlock& translated);
  // `code` holds together (its lengths and offsets lie in it), as CodeOf and BinaryReader give it.
  [[nodiscard]] BlockListing List(const BlockCode& code, const HostNames& names);
  // Its guest code; there is no host code.
  [[nodiscard]] BlockListing List(const BlockDefinition& block);
  // Guest code alone.
  [[nodiscard]] DisassembledInstruction At(std::span<const uint8_t> bytes, uint32_t eip,
                                           bool code32) {
    return (code32 ? guest32_ : guest16_).At(bytes, eip);
  }
  [[nodiscard]] std::string Disassemble(std::span<const uint8_t> bytes, uint32_t eip, bool code32) {
    return At(bytes, eip, code32).text;
  }

 private:
  [[nodiscard]] BlockListing List(const BlockCode& code, const HostNames& names,
                                  const Decoder& decoder);
  // `begin` and `end` are offsets from the block's start.
  [[nodiscard]] std::vector<HostLine> ListHost(const BlockCode& code, const HostNames& names,
                                               uint32_t begin, uint32_t end);

  const Decoder decoder_;  // of a processor that has every extension
  Disassembler guest16_{Disassembler::Mode::kGuest16};
  Disassembler guest32_{Disassembler::Mode::kGuest32};
  Disassembler host_{Disassembler::Mode::kHost};
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_BLOCK_LISTING_H_
