// SPDX-License-Identifier: Apache-2.0
#include "firmware/bzimage.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include "base/bits.h"
#include "firmware/bzimage_header.h"
#include "firmware/guest_layout.h"

namespace verbatim {
namespace {

// Where the real-mode part goes, with its heap and stack behind it, and the command line.
constexpr PhysicalRange kSetupArea{.begin = {0x10000}, .bytes = 0x10000};
constexpr PhysicalRange kTextArea{.begin = {0x20000}, .bytes = 0x10000};
constexpr uint16_t kSetupSegment = 0x1000;
constexpr uint16_t kEntrySegment = kSetupSegment + 0x20;
constexpr uint16_t kStackTop = 0xE000;
constexpr uint16_t kHeapEnd = kStackTop - 0x200;  // as heap_end_ptr counts

constexpr uint8_t kUndefinedLoader = 0xFF;
constexpr uint8_t kCanUseHeap = 1 << 7;

// vid_mode for `vga=`, which is the boot loader's to interpret ("Special Command Line Options").
constexpr uint16_t kVideoModeNormal = 0xFFFF;
constexpr uint16_t kVideoModeExtended = 0xFFFE;
constexpr uint16_t kVideoModeAsk = 0xFFFD;

// The setup header in guest RAM.
class SetupHeader {
 public:
  explicit SetupHeader(std::span<uint8_t> area) : area_(area) {}

  template <typename T>
  void Set(uint32_t offset, T value) {
    StoreLittle(area_.subspan(offset, sizeof(T)).data(), value);
  }

 private:
  std::span<uint8_t> area_;
};

Result<uint16_t> VideoMode(const InputFile& kernel, std::string_view command_line) {
  constexpr std::string_view kOption = "vga=";
  uint16_t mode = kVideoModeNormal;
  while (!command_line.empty()) {
    const size_t end = std::min(command_line.find(' '), command_line.size());
    std::string_view word = command_line.substr(0, end);
    command_line.remove_prefix(std::min(end + 1, command_line.size()));
    if (!word.starts_with(kOption)) continue;
    word.remove_prefix(kOption.size());
    if (word == "normal" || word == "ext" || word == "ask") {
      mode = word == "normal" ? kVideoModeNormal
                              : (word == "ext" ? kVideoModeExtended : kVideoModeAsk);
      continue;
    }
    const int base = word.starts_with("0x") ? 16 : 10;
    if (base == 16) word.remove_prefix(2);
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), mode, base);
    if (error != std::errc{} || stop != word.data() + word.size()) {
      return Fail("{}: command line: vga={}: expected normal, ext, ask or a number", kernel.name,
                  word);
    }
  }
  return mode;
}

Status LoadCommandLine(GuestLayout& layout, const BootFiles& files, const BzImageHeader& header) {
  const std::string_view text = files.command_line;
  const std::string& kernel = files.kernel.name;
  if (text.find('\0') != std::string_view::npos) {
    return Fail("{}: command line: contains a NUL character, expected text", kernel);
  }
  const uint64_t limit = std::min<uint64_t>(header.command_line_limit, kTextArea.bytes - 1);
  if (text.size() > limit) {
    return Fail("{}: command line: is {} bytes long, expected at most {}", kernel, text.size(),
                limit);
  }
  const auto area = layout.Claim(kernel, "command line", kTextArea);
  if (!area) return std::unexpected(area.error());
  std::ranges::copy(text, area->begin());
  (*area)[text.size()] = 0;
  return {};
}

Status LoadKernel(GuestLayout& layout, const InputFile& file, const BzImageHeader& header) {
  PhysicalRange loaded{.begin = header.load_address, .bytes = header.kernel.size()};
  const uint64_t kernel_bytes = loaded.bytes;
  uint64_t kernel_offset = 0;
  if (header.runtime && header.runtime->bytes > 0) {
    const PhysicalRange& runtime = *header.runtime;
    if (loaded.Overlaps(runtime)) {
      const PhysicalAddress begin = std::min(loaded.begin, runtime.begin);
      const PhysicalAddress end = std::max(loaded.end(), runtime.end());
      kernel_offset = loaded.begin.value - begin.value;
      loaded = {.begin = begin, .bytes = end.value - begin.value};
    } else if (const auto own = layout.Claim(file.name, "kernel's init_size area", runtime); !own) {
      return std::unexpected(own.error());
    }
  }
  const auto bytes = layout.Claim(file.name, "kernel", loaded);
  if (!bytes) return std::unexpected(bytes.error());
  std::ranges::copy(header.kernel, bytes->subspan(kernel_offset, kernel_bytes).begin());
  return {};
}

Status LoadInitrd(GuestLayout& layout, const InputFile& initrd, const BzImageHeader& header,
                  SetupHeader& setup) {
  if (initrd.bytes.empty()) return Fail("{}: initrd: the file is empty", initrd.name);
  const auto range = layout.FindHighest(initrd.bytes.size(), header.initrd_limit);
  if (!range || range->begin < kHighMemory) {
    return Fail(
        "{}: initrd: {:X}h bytes do not fit guest RAM between 1 MiB and the kernel's limit {:X}h "
        "next to the kernel",
        initrd.name, initrd.bytes.size(), header.initrd_limit.value);
  }
  const auto bytes = layout.Claim(initrd.name, "initrd", *range);
  if (!bytes) return std::unexpected(bytes.error());
  std::ranges::copy(initrd.bytes, bytes->begin());
  setup.Set<uint32_t>(setup_header::kRamdiskImage, static_cast<uint32_t>(range->begin.value));
  setup.Set<uint32_t>(setup_header::kRamdiskSize, static_cast<uint32_t>(range->bytes));
  return {};
}

}  // namespace

Result<BootState> LoadBzImage(std::span<uint8_t> ram, const BootFiles& files,
                              const BootEnvironment& environment) {
  const auto header = ParseBzImageHeader(files.kernel);
  if (!header) return std::unexpected(header.error());
  const auto video_mode = VideoMode(files.kernel, files.command_line);
  if (!video_mode) return std::unexpected(video_mode.error());
  GuestLayout layout(ram, environment.memory_map);
  const auto area = layout.Claim(files.kernel.name, "setup code", kSetupArea);
  if (!area) return std::unexpected(area.error());
  std::ranges::fill(*area, uint8_t{0});
  std::ranges::copy(header->setup, area->begin());
  if (Status loaded = LoadCommandLine(layout, files, *header); !loaded) {
    return std::unexpected(loaded.error());
  }
  if (Status loaded = LoadKernel(layout, files.kernel, *header); !loaded) {
    return std::unexpected(loaded.error());
  }

  SetupHeader setup(*area);
  const uint8_t flags = header->setup[setup_header::kLoadFlags];
  setup.Set<uint16_t>(setup_header::kVidMode, *video_mode);
  setup.Set<uint8_t>(setup_header::kTypeOfLoader, kUndefinedLoader);
  setup.Set<uint8_t>(setup_header::kLoadFlags, static_cast<uint8_t>(flags | kCanUseHeap));
  setup.Set<uint16_t>(setup_header::kHeapEndPtr, kHeapEnd);
  setup.Set<uint32_t>(setup_header::kCmdLinePtr, static_cast<uint32_t>(kTextArea.begin.value));
  setup.Set<uint32_t>(setup_header::kRamdiskImage, 0);
  setup.Set<uint32_t>(setup_header::kRamdiskSize, 0);
  if (header->relocatable) {
    setup.Set<uint32_t>(setup_header::kCode32Start,
                        static_cast<uint32_t>(header->load_address.value));
  }
  if (files.initrd) {
    if (Status loaded = LoadInitrd(layout, *files.initrd, *header, setup); !loaded) {
      return std::unexpected(loaded.error());
    }
  }
  BootState state;
  state.mode = BootMode::kReal;
  state.cr0 = 0x10;
  state.code_selector = kEntrySegment;
  state.data_selector = kSetupSegment;
  state.esp = kStackTop;
  return state;
}

}  // namespace verbatim
