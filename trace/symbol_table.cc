// SPDX-License-Identifier: Apache-2.0
#include "trace/symbol_table.h"

#include <elf.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "base/file.h"

namespace verbatim {
namespace {

constexpr uint32_t kFarthest = 1u << 20;
constexpr size_t kLongestName = 512;

struct Elf32 {
  using Header = Elf32_Ehdr;
  using Section = Elf32_Shdr;
  using Symbol = Elf32_Sym;
};
struct Elf64 {
  using Header = Elf64_Ehdr;
  using Section = Elf64_Shdr;
  using Symbol = Elf64_Sym;
};

// `count` records of type T at `offset`, if the file holds them all.
template <typename T>
std::optional<std::vector<T>> Records(std::span<const uint8_t> file, uint64_t offset,
                                      uint64_t count) {
  if (offset > file.size() || count > (file.size() - offset) / sizeof(T)) return std::nullopt;
  std::vector<T> records(count);
  if (count != 0) std::memcpy(records.data(), file.data() + offset, count * sizeof(T));
  return records;
}

bool IsNameCharacter(char c) { return c > ' ' && c < 0x7F; }

// The next word of `line`, which loses it.
std::string_view TakeWord(std::string_view& line) {
  const size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  const size_t end = std::min(line.find_first_of(" \t", begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

}  // namespace

Result<SymbolTable> SymbolTable::Load(const std::string& path) {
  const Result<std::vector<uint8_t>> file = ReadFile(path, kMaxFileBytes);
  if (!file) return std::unexpected(file.error());
  return Parse(*file, path);
}

Result<SymbolTable> SymbolTable::Parse(std::span<const uint8_t> file, const std::string& name) {
  if (file.size() < EI_NIDENT || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) {
    return ParseText({reinterpret_cast<const char*>(file.data()), file.size()}, name);
  }
  if (file[EI_DATA] != ELFDATA2LSB) return Fail("{}: not a little-endian ELF file", name);
  if (file[EI_CLASS] == ELFCLASS32) return ParseElf<Elf32>(file, name);
  if (file[EI_CLASS] == ELFCLASS64) return ParseElf<Elf64>(file, name);
  return Fail("{}: ELF class {}: expected 1 or 2", name, file[EI_CLASS]);
}

Result<SymbolTable> SymbolTable::ParseText(std::string_view text, const std::string& name) {
  SymbolTable table;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view address = TakeWord(line);
    if (address.empty()) continue;
    const std::string_view type = TakeWord(line);
    const std::string_view symbol = TakeWord(line);
    uint64_t value = 0;
    const auto [stop, error] =
        std::from_chars(address.data(), address.data() + address.size(), value, 16);
    if (error != std::errc() || stop != address.data() + address.size() || type.size() != 1 ||
        symbol.empty() || symbol.size() > kLongestName ||
        !std::ranges::all_of(symbol, IsNameCharacter)) {
      return Fail("{}: line {}: expected an address, a letter and a name, as in System.map", name,
                  number);
    }
    // Symbols of a module follow in brackets; constants of the linker are beyond 4 GiB.
    if (value > std::numeric_limits<uint32_t>::max()) continue;
    table.symbols_.push_back(
        {static_cast<uint32_t>(value), 0, std::string(symbol), table.symbols_.size()});
  }
  if (table.symbols_.empty()) return Fail("{}: holds no symbols", name);
  table.Sort();
  return table;
}

template <typename Elf>
Result<SymbolTable> SymbolTable::ParseElf(std::span<const uint8_t> file, const std::string& name) {
  const auto headers = Records<typename Elf::Header>(file, 0, 1);
  if (!headers) return Fail("{}: ELF header is cut off", name);
  const typename Elf::Header& header = headers->front();
  if (header.e_shentsize != sizeof(typename Elf::Section) && header.e_shnum != 0) {
    return Fail("{}: e_shentsize is {}: expected {}", name, header.e_shentsize,
                sizeof(typename Elf::Section));
  }
  const auto sections = Records<typename Elf::Section>(file, header.e_shoff, header.e_shnum);
  if (!sections) return Fail("{}: the section headers lie beyond the file", name);
  SymbolTable table;
  for (const typename Elf::Section& section : *sections) {
    if (section.sh_type != SHT_SYMTAB) continue;
    const auto symbols = Records<typename Elf::Symbol>(
        file, section.sh_offset, section.sh_size / sizeof(typename Elf::Symbol));
    if (!symbols) return Fail("{}: the symbol table lies beyond the file", name);
    if (section.sh_link >= sections->size()) {
      return Fail("{}: the symbol table's sh_link is {}: expected a section", name,
                  section.sh_link);
    }
    const typename Elf::Section& names = (*sections)[section.sh_link];
    const auto strings = Records<char>(file, names.sh_offset, names.sh_size);
    if (!strings) return Fail("{}: the string table lies beyond the file", name);
    const std::string_view all(strings->data(), strings->size());
    for (const typename Elf::Symbol& symbol : *symbols) {
      const unsigned type = ELF32_ST_TYPE(symbol.st_info);
      if (symbol.st_shndx == SHN_UNDEF || type == STT_FILE || type == STT_SECTION) continue;
      if (symbol.st_name >= all.size() || symbol.st_value > std::numeric_limits<uint32_t>::max()) {
        continue;
      }
      std::string_view text = all.substr(symbol.st_name);
      text = text.substr(0, std::min(text.find('\0'), kLongestName));
      if (text.empty() || !std::ranges::all_of(text, IsNameCharacter)) continue;
      const uint64_t room = std::numeric_limits<uint32_t>::max() - symbol.st_value;
      table.symbols_.push_back({static_cast<uint32_t>(symbol.st_value),
                                static_cast<uint32_t>(std::min<uint64_t>(symbol.st_size, room)),
                                std::string(text), table.symbols_.size()});
    }
  }
  if (table.symbols_.empty()) return Fail("{}: holds no symbols (stripped?)", name);
  table.Sort();
  return table;
}

void SymbolTable::Sort() {
  std::ranges::sort(symbols_, [](const Symbol& a, const Symbol& b) {
    return a.address != b.address ? a.address < b.address : a.place < b.place;
  });
}

std::optional<std::pair<std::string_view, uint32_t>> SymbolTable::Nearest(uint32_t address) const {
  const auto next = std::ranges::upper_bound(symbols_, address, {}, &Symbol::address);
  if (next == symbols_.begin()) return std::nullopt;
  // Of several at one address the first of the file, which is the one that people use.
  const uint32_t at = std::prev(next)->address;
  const auto symbol = std::ranges::lower_bound(symbols_, at, {}, &Symbol::address);
  const uint32_t offset = address - at;
  if (offset >= kFarthest) return std::nullopt;
  return std::pair{std::string_view(symbol->name), offset};
}

std::string SymbolTable::Describe(uint32_t address) const {
  const auto nearest = Nearest(address);
  if (!nearest) return {};
  const auto [name, offset] = *nearest;
  return offset == 0 ? std::string(name) : fmt::format("{}+{:x}", name, offset);
}

std::optional<std::pair<uint32_t, uint32_t>> SymbolTable::Find(std::string_view name) const {
  const auto found = std::ranges::find(symbols_, name, &Symbol::name);
  if (found == symbols_.end()) return std::nullopt;
  const uint32_t first = found->address;
  if (found->bytes != 0) return std::pair{first, first + found->bytes - 1};
  const auto next = std::ranges::upper_bound(symbols_, first, {}, &Symbol::address);
  const uint32_t last =
      next == symbols_.end() ? std::numeric_limits<uint32_t>::max() : next->address - 1;
  return std::pair{first, last};
}

}  // namespace verbatim
