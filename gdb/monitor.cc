// SPDX-License-Identifier: Apache-2.0
#include "gdb/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "gdb/packet.h"

namespace verbatim::gdb {
namespace {

constexpr uint32_t kBytesPerLine = 16;
constexpr uint64_t kUsualDump = 64;
constexpr uint64_t kMaxDump = 4096;
constexpr size_t kMaxTlbLines = 2000;
constexpr uint64_t kPhysicalEnd = uint64_t{1} << 36;

using Words = std::span<const std::string_view>;

struct Command {
  std::string_view name;  // one or two words
  std::string_view arguments;
  std::string_view help;
  MonitorAnswer (*run)(Words arguments, DebugTarget& target);
};

MonitorAnswer Help(Words arguments, DebugTarget& target);

// A hexadecimal number, with or without 0x.
std::optional<uint64_t> Number(std::string_view text) {
  (void)TakePrefix(text, "0x");
  const std::optional<uint64_t> number = TakeNumber(text);
  return text.empty() ? number : std::nullopt;
}

MonitorAnswer InfoRegisters(Words /*arguments*/, DebugTarget& target) {
  return {target.Registers()};
}

// Runs of pages that go on in both address spaces with the same rights become one line.
class MappingList {
 public:
  void Add(uint64_t linear, const Translation& page, uint64_t bytes) {
    const bool goes_on = bytes_ != 0 && linear_ + bytes_ == linear &&
                         page_.address.value + bytes_ == page.address.value &&
                         page_.writable == page.writable && page_.user == page.user &&
                         page_.executable == page.executable;
    if (!goes_on) {
      Finish();
      linear_ = linear;
      page_ = page;
    }
    bytes_ += bytes;
  }
  void Finish() {
    if (bytes_ == 0) return;
    if (++lines_ <= kMaxTlbLines) {
      fmt::format_to(std::back_inserter(text_), "{:08x}-{:08x} -> {:09x} {}{}{}\n", linear_,
                     linear_ + bytes_ - 1, page_.address.value, page_.user ? 'u' : '-',
                     page_.writable ? 'w' : '-', page_.executable ? 'x' : '-');
    }
    bytes_ = 0;
  }
  [[nodiscard]] std::string Text() {
    Finish();
    if (lines_ > kMaxTlbLines) {
      fmt::format_to(std::back_inserter(text_), "and {} more\n", lines_ - kMaxTlbLines);
    }
    return std::move(text_);
  }

 private:
  std::string text_;
  size_t lines_ = 0;
  uint64_t linear_ = 0;
  uint64_t bytes_ = 0;
  Translation page_{};
};

MonitorAnswer InfoTlb(Words /*arguments*/, DebugTarget& target) {
  if ((target.state().cr0 & cr0::kPg) == 0) return {"paging is off\n"};
  MappingList list;
  for (uint64_t linear = 0; linear < uint64_t{1} << 32; linear += kPageBytes) {
    if (const auto page = target.Translate(LinearAddress{static_cast<uint32_t>(linear)})) {
      list.Add(linear, *page, kPageBytes);
    }
  }
  return {list.Text()};
}

MonitorAnswer InfoBlocks(Words /*arguments*/, DebugTarget& target) {
  constexpr std::array<std::string_view, 4> kGroups = {"translation", "cache", "engine", "windows"};
  std::string text;
  for (const Statistic& figure : target.Statistics()) {
    if (std::ranges::find(kGroups, figure.group) == kGroups.end()) continue;
    fmt::format_to(std::back_inserter(text), "{:<28} {:>16.10g}  {}\n", figure.name, figure.value,
                   figure.description);
  }
  return {text};
}

void AddDump(std::string& text, uint64_t address, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto line = bytes.first(std::min<size_t>(bytes.size(), kBytesPerLine));
    fmt::format_to(std::back_inserter(text), "{:09x} ", address);
    for (const uint8_t byte : line) fmt::format_to(std::back_inserter(text), " {:02x}", byte);
    text += "  ";
    for (const uint8_t byte : line)
      text += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.';
    text += '\n';
    bytes = bytes.subspan(line.size());
    address += line.size();
  }
}

MonitorAnswer DumpPhysical(Words arguments, DebugTarget& target) {
  const auto address = arguments.empty() ? std::nullopt : Number(arguments[0]);
  const auto count = arguments.size() > 1 ? Number(arguments[1]) : kUsualDump;
  if (!address || !count || *address >= kPhysicalEnd || *count > kMaxDump || arguments.size() > 2) {
    return {fmt::format("expected an address and at most {:x} bytes, hexadecimal\n", kMaxDump)};
  }
  std::vector<uint8_t> bytes(*count);
  bytes.resize(target.ReadPhysical(PhysicalAddress{*address}, bytes));
  std::string text;
  AddDump(text, *address, bytes);
  if (bytes.size() < *count) {
    fmt::format_to(std::back_inserter(text), "{:09x}  no memory\n", *address + bytes.size());
  }
  return {text};
}

MonitorAnswer TranslateAddress(Words arguments, DebugTarget& target) {
  const auto address = arguments.size() == 1 ? Number(arguments[0]) : std::nullopt;
  if (!address || *address >= uint64_t{1} << 32) {
    return {"expected a linear address, hexadecimal\n"};
  }
  const auto page = target.Translate(LinearAddress{static_cast<uint32_t>(*address)});
  if (!page) return {"not mapped\n"};
  return {fmt::format("{:09x} {}{}{}\n", page->address.value, page->user ? 'u' : '-',
                      page->writable ? 'w' : '-', page->executable ? 'x' : '-')};
}

MonitorAnswer Reset(Words /*arguments*/, DebugTarget& /*target*/) {
  return {"reset; 'flushregs' makes gdb read the registers again\n", DebugAction::kReset};
}

MonitorAnswer Quit(Words /*arguments*/, DebugTarget& /*target*/) {
  return {"", DebugAction::kQuit};
}

constexpr Command kCommands[] = {
    {"help", "", "this list", Help},
    {"info registers", "", "registers, segments, and the last blocks that were looked up",
     InfoRegisters},
    {"info tlb", "", "what the page tables map: linear -> physical, user writable executable",
     InfoTlb},
    {"info blocks", "", "figures of translation, code cache, run loop and windows", InfoBlocks},
    {"xp", "ADDRESS [COUNT]", "bytes of physical memory", DumpPhysical},
    {"gva2gpa", "ADDRESS", "the physical address of a linear one", TranslateAddress},
    {"reset", "", "the reset button; the guest stays stopped", Reset},
    {"quit", "", "end the run", Quit},
};

MonitorAnswer Help(Words /*arguments*/, DebugTarget& /*target*/) {
  std::string text;
  for (const Command& command : kCommands) {
    const std::string usage = fmt::format("{} {}", command.name, command.arguments);
    fmt::format_to(std::back_inserter(text), "{:<20} {}\n", usage, command.help);
  }
  return {text};
}

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return words;
    text.remove_prefix(start);
    const size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// What a human typed, fit to be shown.
std::string Shown(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string shown(text.substr(0, kMost));
  std::ranges::replace_if(
      shown, [](char c) { return c < 0x20 || c == 0x7F; }, '?');
  return shown;
}

}  // namespace

MonitorAnswer RunMonitorCommand(std::string_view text, DebugTarget& target) {
  const std::vector<std::string_view> words = Split(text);
  for (const Command& command : kCommands) {
    const std::vector<std::string_view> name = Split(command.name);
    if (words.size() < name.size() || !std::equal(name.begin(), name.end(), words.begin())) {
      continue;
    }
    return command.run(std::span(words).subspan(name.size()), target);
  }
  return {fmt::format("no such command: '{}'; 'monitor help' lists them\n", Shown(text))};
}

}  // namespace verbatim::gdb
