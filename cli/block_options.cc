// SPDX-License-Identifier: Apache-2.0
#include "cli/block_options.h"

#include <optional>

#include "base/parse.h"

namespace verbatim {
namespace {

constexpr uint32_t kDefaultAddress16 = 0x7C00;
constexpr uint32_t kMaxBlocks = 10000;
constexpr uint32_t kBlocksOfBytes = 16;

// "55 89 e5", "5589e5", in any number of words.
Result<std::vector<uint8_t>> ReadBytes(const std::vector<std::string>& words) {
  std::string digits;
  for (const std::string& word : words) {
    for (const char c : word) {
      if (c != ' ' && c != ',') digits += c;
    }
  }
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const auto byte = ParseNumber<uint8_t>(std::string_view(digits).substr(i, 2), 16);
    if (!byte || i + 1 == digits.size()) {
      return Fail(
          "block '{}': expected bytes of two hexadecimal digits, such as 55 89 e5; an "
          "address needs --file",
          words.front());
    }
    bytes.push_back(*byte);
  }
  return bytes;
}

}  // namespace

const std::string_view kBlockFooter = R"(
Examples:
  verbatim block 55 89 e5 fa 8b 45 08 0f 22 d8 c9 c3
  verbatim block --asm 'push ebp; mov ebp, esp; cli; rep movsd; iret'
  verbatim block --bits 16 cd 10 f4
  verbatim block --file kernel.elf start_kernel
  verbatim block --file boot.bin --at 7c00 --bits 16 --blocks 3
)";

void DeclareBlock(CLI::App& block, BlockText& text) {
  block
      .add_option("HEXBYTES", text.words,
                  "the code; with --file, where in the file to begin: an address or a symbol")
      ->type_name("");
  block.add_option("--asm", text.assembly, "code for nasm, with ; between instructions")
      ->type_name("TEXT");
  block.add_option("--file", text.file, "code from a 32-bit ELF file, or from any other as it is")
      ->type_name("FILE");
  block.add_option("--at", text.address, "address of the first byte, in hexadecimal digits")
      ->type_name("ADDR");
  block.add_option("--bits", text.bits, "32, with flat segments, or 16: real mode")
      ->type_name("16|32")
      ->capture_default_str();
  block.add_option("--cpl", text.cpl, "privilege level of 32-bit code")
      ->type_name("0..3")
      ->capture_default_str();
  block.add_option("--cpu", text.cpu, "core2 or pentium3")
      ->type_name("MODEL")
      ->capture_default_str();
  block
      .add_option("--blocks", text.blocks,
                  "how many blocks at most, one behind the other (of a file 1, else 16)")
      ->type_name("N");
}

Result<BlockOptions> ReadBlock(const CLI::App& block, const BlockText& text) {
  BlockOptions options;
  options.assembly = text.assembly;
  options.file = text.file;
  options.cpu_model = text.cpu;
  const bool from_file = block.count("--file") != 0;
  const bool from_text = block.count("--asm") != 0;
  if (from_file && from_text) return Fail("block: expected --file or --asm, not both");
  if (from_text && !text.words.empty()) return Fail("block: expected bytes or --asm, not both");
  if (!from_file && !from_text && text.words.empty()) {
    return Fail("block: no code: expected bytes in hexadecimal digits, --asm or --file");
  }
  if (from_file) {
    if (text.words.size() > 1) return Fail("block: expected one address behind --file");
    if (!text.words.empty()) options.start = text.words.front();
  } else if (!from_text) {
    Result<std::vector<uint8_t>> bytes = ReadBytes(text.words);
    if (!bytes) return std::unexpected(bytes.error());
    options.bytes = *std::move(bytes);
  }
  if (text.bits != "16" && text.bits != "32") {
    return Fail("--bits '{}': expected 16 or 32", text.bits);
  }
  options.code32 = text.bits == "32";
  const auto cpl = ParseNumber<unsigned>(text.cpl, 10);
  if (!cpl || *cpl > 3) return Fail("--cpl '{}': expected 0 to 3", text.cpl);
  if (*cpl != 0 && !options.code32) return Fail("--cpl: real mode has no privilege levels");
  options.cpl = *cpl;
  if (text.cpu != "core2" && text.cpu != "pentium3") {
    return Fail("--cpu '{}': expected core2 or pentium3", text.cpu);
  }
  if (!options.code32) options.address = kDefaultAddress16;
  options.address_given = block.count("--at") != 0;
  if (options.address_given) {
    std::string_view digits = text.address;
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    const auto address = ParseNumber<uint32_t>(digits, 16);
    if (!address) return Fail("--at '{}': expected a hexadecimal number of 32 bits", text.address);
    options.address = *address;
  }
  options.max_blocks = from_file ? 1 : kBlocksOfBytes;
  if (block.count("--blocks") != 0) {
    const auto blocks = ParseNumber<uint32_t>(text.blocks, 10);
    if (!blocks || *blocks == 0 || *blocks > kMaxBlocks) {
      return Fail("--blocks '{}': expected 1 to {}", text.blocks, kMaxBlocks);
    }
    options.max_blocks = *blocks;
  }
  return options;
}

}  // namespace verbatim
