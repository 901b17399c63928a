// SPDX-License-Identifier: Apache-2.0
// ELF32 (System V ABI, chapter 4, "Object Files").
#include "bench/program_text.h"

#include <elf.h>

#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"

namespace verbatim {
namespace {

constexpr uint64_t kMaxFileBytes = 64 << 20;

// A copy of the structure at `offset`, if the file holds it.
template <typename T>
std::optional<T> At(std::span<const uint8_t> file, uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

std::optional<Elf32_Shdr> FindSection(std::span<const uint8_t> file, std::string_view wanted) {
  const auto header = At<Elf32_Ehdr>(file, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  const auto section = [&](uint32_t index) {
    return At<Elf32_Shdr>(file, header->e_shoff + uint64_t{index} * header->e_shentsize);
  };
  const auto names = section(header->e_shstrndx);
  if (!names) return std::nullopt;
  for (uint32_t i = 0; i < header->e_shnum; ++i) {
    const auto found = section(i);
    if (!found) return std::nullopt;
    const uint64_t name = uint64_t{names->sh_offset} + found->sh_name;
    // With its terminating zero.
    if (name + wanted.size() + 1 <= file.size() &&
        std::memcmp(file.data() + name, std::string(wanted).c_str(), wanted.size() + 1) == 0) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<ProgramText> LoadProgramText(const std::string& path) {
  Result<std::vector<uint8_t>> file = ReadFile(path, kMaxFileBytes);
  if (!file) return std::unexpected(file.error());
  const auto text = FindSection(*file, ".text");
  if (!text || uint64_t{text->sh_offset} + text->sh_size > file->size()) {
    return Fail("{}: expected an ELF32 file with a section .text", path);
  }
  const auto begin = file->begin() + text->sh_offset;
  return ProgramText{text->sh_addr, {begin, begin + text->sh_size}};
}

}  // namespace verbatim
