// SPDX-License-Identifier: Apache-2.0
// Names of a guest's addresses, from a file of the user's: text as in System.map or /proc/kallsyms
// ("c0100000 T name [module]"), or the symbol table of a 32- or 64-bit little-endian ELF file (ELF
// specification, "Symbol Table"). The file is not trusted; what makes no sense is an error that
// names the line or the field.
#ifndef VERBATIM_TRACE_SYMBOL_TABLE_H_
#define VERBATIM_TRACE_SYMBOL_TABLE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace verbatim {

class SymbolTable {
 public:
  static constexpr uint64_t kMaxFileBytes = 256ull << 20;

  SymbolTable() = default;  // empty
  // `name` is that of the file, for messages.
  [[nodiscard]] static Result<SymbolTable> Parse(std::span<const uint8_t> file,
                                                 const std::string& name);
  [[nodiscard]] static Result<SymbolTable> Load(const std::string& path);

  [[nodiscard]] size_t size() const { return symbols_.size(); }
  // The nearest symbol at or below the address, and how far below; none within 1 MiB is nullopt.
  [[nodiscard]] std::optional<std::pair<std::string_view, uint32_t>> Nearest(
      uint32_t address) const;
  // The same as "name+12" (hexadecimal); empty if there is none.
  [[nodiscard]] std::string Describe(uint32_t address) const;
  // [first, last] of the symbol: up to the next one, or its size in an ELF file.
  [[nodiscard]] std::optional<std::pair<uint32_t, uint32_t>> Find(std::string_view name) const;

 private:
  struct Symbol {
    uint32_t address = 0;
    uint32_t bytes = 0;  // 0: up to the next
    std::string name;
    size_t place = 0;  // in the file
  };
  [[nodiscard]] static Result<SymbolTable> ParseText(std::string_view text,
                                                     const std::string& name);
  template <typename Elf>
  [[nodiscard]] static Result<SymbolTable> ParseElf(std::span<const uint8_t> file,
                                                    const std::string& name);
  void Sort();

  std::vector<Symbol> symbols_;  // ascending addresses
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_SYMBOL_TABLE_H_
