// SPDX-License-Identifier: Apache-2.0
#include "cli/program_initrd.h"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>
#include <string_view>

namespace verbatim {
namespace {

constexpr unsigned kDirectory = 0040755;
constexpr unsigned kCharacterDevice = 0020600;
constexpr unsigned kExecutable = 0100755;
constexpr size_t kAlignment = 4;

struct Node {
  std::string_view name;
  unsigned mode = 0;
  unsigned major = 0;
  unsigned minor = 0;
};

void Align(std::string& archive) {
  archive.resize((archive.size() + kAlignment - 1) / kAlignment * kAlignment);
}

void Append(std::string& archive, const Node& node, std::span<const uint8_t> contents) {
  // The magic, then: inode, mode, user, group, links, time, size, device, device of the node, the
  // name's length with its zero, checksum.
  archive += fmt::format(
      "070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}"
      "{:08X}{:08X}",
      archive.size(), node.mode, 0, 0, 1, 0, contents.size(), 0, 0, node.major, node.minor,
      node.name.size() + 1, 0);
  archive += node.name;
  archive += '\0';
  Align(archive);
  archive.append(reinterpret_cast<const char*>(contents.data()), contents.size());
  Align(archive);
}

}  // namespace

Status CheckStaticProgram(std::span<const uint8_t> file, const std::string& name) {
  Elf32_Ehdr header{};
  if (file.size() < sizeof header) return Fail("{}: not an ELF file", name);
  std::memcpy(&header, file.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return Fail("{}: not an ELF file", name);
  if (header.e_ident[EI_CLASS] != ELFCLASS32 || header.e_machine != EM_386) {
    return Fail("{}: not a program for i386", name);
  }
  for (uint64_t i = 0; i < header.e_phnum; ++i) {
    const uint64_t at = header.e_phoff + i * sizeof(Elf32_Phdr);
    Elf32_Phdr part{};
    if (at + sizeof part > file.size()) return Fail("{}: is cut off", name);
    std::memcpy(&part, &file[at], sizeof part);
    if (part.p_type == PT_INTERP) {
      return Fail("{}: is linked dynamically: expected a static program", name);
    }
  }
  return {};
}

std::string ProgramInitrd(std::span<const uint8_t> program) {
  std::string archive;
  Append(archive, {.name = "dev", .mode = kDirectory}, {});
  Append(archive, {.name = "dev/console", .mode = kCharacterDevice, .major = 5, .minor = 1}, {});
  Append(archive, {.name = "init", .mode = kExecutable}, program);
  Append(archive, {.name = "TRAILER!!!"}, {});
  return archive;
}

}  // namespace verbatim
