// SPDX-License-Identifier: Apache-2.0
#include "cli/block_command.h"

#include <elf.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "cli/exit_status.h"
#include "cli/run.h"
#include "trace/study.h"
#include "trace/symbol_table.h"
#include "trace/trace_spec.h"

extern char** environ;

namespace verbatim {
namespace {

constexpr uint64_t kMaxCodeBytes = 256ull << 20;
constexpr uint64_t kMaxAssembledBytes = 1ull << 20;

struct Code {
  std::vector<uint8_t> bytes;
  uint32_t address = 0;  // of the first
};

// A folder of its own for what nasm reads and writes, gone with its owner.
class ScratchFolder {
 public:
  ScratchFolder() {
    const char* parent = std::getenv("TMPDIR");
    path_ = std::string(parent != nullptr && *parent != '\0' ? parent : "/tmp") + "/verbatimXXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~ScratchFolder() {
    if (path_.empty()) return;
    ::unlink(Source().c_str());
    ::unlink(Binary().c_str());
    ::rmdir(path_.c_str());
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] bool exists() const { return !path_.empty(); }
  [[nodiscard]] std::string Source() const { return path_ + "/code.asm"; }
  [[nodiscard]] std::string Binary() const { return path_ + "/code.bin"; }

 private:
  std::string path_;
};

Result<std::vector<uint8_t>> Assemble(const BlockOptions& options) {
  const ScratchFolder folder;
  if (!folder.exists()) return Fail("no temporary folder: {}", std::strerror(errno));
  std::string source =
      fmt::format("bits {}\norg 0x{:x}\n", options.code32 ? 32 : 16, options.address);
  for (const char c : options.assembly) source += c == ';' ? '\n' : c;
  source += '\n';
  Result<FileDescriptor> file = OpenForWriting(folder.Source());
  if (!file) return std::unexpected(file.error());
  const Status written =
      WriteAll(file->get(), {reinterpret_cast<const uint8_t*>(source.data()), source.size()});
  if (!written) return Fail("{}: {}", folder.Source(), written.error().message);
  std::string words[] = {"nasm", "-f", "bin", "-o", folder.Binary(), folder.Source()};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (const int error = ::posix_spawnp(&child, "nasm", nullptr, nullptr, arguments.data(), environ);
      error != 0) {
    return Fail("--asm: nasm: {} (Debian's package nasm has it; bytes need none)",
                std::strerror(error));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Fail("--asm: nasm refused the code");
  return ReadFile(folder.Binary(), kMaxAssembledBytes);
}

// What an ELF file loads at `address`, up to the end of its segment.
Result<Code> FromElf(const BlockOptions& options, const std::vector<uint8_t>& file) {
  Elf32_Ehdr header;
  if (file.size() < sizeof(header) || file[EI_CLASS] != ELFCLASS32) {
    return Fail("{}: expected a 32-bit ELF file, or one that is no ELF file", options.file);
  }
  std::memcpy(&header, file.data(), sizeof(header));
  uint32_t start = header.e_entry;
  if (options.start) {
    // A file without symbols can still be asked for a number.
    const Result<SymbolTable> symbols = SymbolTable::Parse(file, options.file);
    const Result<uint32_t> address =
        ResolveAddress(*options.start, symbols ? *symbols : SymbolTable());
    if (!address) return Fail("{}: {}", options.file, address.error().message);
    start = *address;
  }
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const uint64_t offset = uint64_t{header.e_phoff} + uint64_t{i} * sizeof(Elf32_Phdr);
    if (offset + sizeof(Elf32_Phdr) > file.size()) {
      return Fail("{}: the program headers lie beyond the file", options.file);
    }
    Elf32_Phdr segment;
    std::memcpy(&segment, file.data() + offset, sizeof(segment));
    if (segment.p_type != PT_LOAD || start < segment.p_vaddr ||
        start - segment.p_vaddr >= segment.p_filesz) {
      continue;
    }
    const uint64_t first = uint64_t{segment.p_offset} + (start - segment.p_vaddr);
    const uint64_t end = uint64_t{segment.p_offset} + segment.p_filesz;
    if (end > file.size()) return Fail("{}: a segment lies beyond the file", options.file);
    return Code{
        {file.begin() + static_cast<ptrdiff_t>(first), file.begin() + static_cast<ptrdiff_t>(end)},
        start};
  }
  return Fail("{}: nothing is loaded at {:x}", options.file, start);
}

Result<Code> FromFile(const BlockOptions& options) {
  Result<std::vector<uint8_t>> file = ReadFile(options.file, kMaxCodeBytes);
  if (!file) return Fail("--file {}", file.error().message);
  if (file->size() >= SELFMAG && std::memcmp(file->data(), ELFMAG, SELFMAG) == 0) {
    return FromElf(options, *file);
  }
  const uint32_t base = options.address_given ? options.address : 0;
  uint32_t start = base;
  if (options.start) {
    const Result<uint32_t> address = ResolveAddress(*options.start, SymbolTable());
    if (!address) return std::unexpected(address.error());
    start = *address;
  }
  if (start < base || start - base >= file->size()) {
    return Fail("{}: {:x} is not in the file, which lies at {:x} to {:x}", options.file, start,
                base, base + file->size());
  }
  file->erase(file->begin(), file->begin() + (start - base));
  return Code{*std::move(file), start};
}

Result<Code> CodeOf(const BlockOptions& options) {
  if (!options.file.empty()) return FromFile(options);
  if (options.assembly.empty()) return Code{options.bytes, options.address};
  Result<std::vector<uint8_t>> assembled = Assemble(options);
  if (!assembled) return std::unexpected(assembled.error());
  return Code{*std::move(assembled), options.address};
}

}  // namespace

int ShowBlock(const BlockOptions& options) {
  const Result<Code> code = CodeOf(options);
  if (!code) {
    PrintError(fmt::format("block: {}", code.error().message));
    return kExitUsage;
  }
  // Of a file one block, unless more are asked for: it goes on and on.
  const Result<std::vector<BlockListing>> blocks = StudyCode({.code = code->bytes,
                                                              .address = code->address,
                                                              .code32 = options.code32,
                                                              .cpl = options.cpl,
                                                              .paging = options.paging,
                                                              .cpu_model = options.cpu_model,
                                                              .max_blocks = options.max_blocks});
  if (!blocks) {
    PrintError(fmt::format("block: {}", blocks.error().message));
    return kExitUsage;
  }
  for (const BlockListing& block : *blocks) {
    if (&block != &blocks->front()) std::fputs("\n", stdout);
    const std::string text = StudyText(block);
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  return kExitGood;
}

}  // namespace verbatim
