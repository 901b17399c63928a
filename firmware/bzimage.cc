// SPDX-License-Identifier: Apache-2.0
#include "firmware/bzimage.h"

#include <algorithm>

#include "base/bits.h"
#include "firmware/boot_block.h"
#include "firmware/bzimage_header.h"
#include "firmware/guest_layout.h"

namespace verbatim {
namespace {

// Zero page offsets outside the setup header.
constexpr uint32_t kScreenExtMemK = 0x02;
constexpr uint32_t kScreenMode = 0x06;
constexpr uint32_t kScreenColumns = 0x07;
constexpr uint32_t kScreenEgaBx = 0x0A;
constexpr uint32_t kScreenLines = 0x0E;
constexpr uint32_t kScreenIsVga = 0x0F;
constexpr uint32_t kScreenPoints = 0x10;
constexpr uint32_t kAcpiRsdpAddr = 0x70;
constexpr uint32_t kAltMemK = 0x1E0;
constexpr uint32_t kE820Entries = 0x1E8;
constexpr uint32_t kE820Table = 0x2D0;
constexpr uint32_t kE820EntryBytes = 20;
constexpr uint32_t kE820MaxEntries = 128;

constexpr uint8_t kUndefinedLoader = 0xFF;
constexpr uint16_t kVideoModeNormal = 0xFFFF;

// The zero page has no field to which this writes beyond its one page.
class ZeroPage {
 public:
  explicit ZeroPage(std::span<uint8_t> page) : page_(page) {}

  template <typename T>
  void Set(uint32_t offset, T value) {
    StoreLittle(page_.subspan(offset, sizeof(T)).data(), value);
  }

  void CopyHeader(const InputFile& kernel, const BzImageHeader& header) {
    const auto from = kernel.bytes.subspan(setup_header::kBegin, header.end - setup_header::kBegin);
    std::ranges::copy(from, page_.begin() + setup_header::kBegin);
  }

 private:
  std::span<uint8_t> page_;
};

void DescribeScreen(ZeroPage& page) {
  page.Set<uint8_t>(kScreenMode, 3);
  page.Set<uint8_t>(kScreenColumns, 80);
  page.Set<uint16_t>(kScreenEgaBx, 3);  // colour, 256 KiB: what INT 10h/12h reports of a VGA
  page.Set<uint8_t>(kScreenLines, 25);
  page.Set<uint8_t>(kScreenIsVga, 1);
  page.Set<uint16_t>(kScreenPoints, 16);
}

Status DescribeMemory(ZeroPage& page, std::span<const MemoryMapEntry> map) {
  if (map.size() > kE820MaxEntries) {
    return Fail("memory map: has {} entries, expected at most {}", map.size(), kE820MaxEntries);
  }
  uint32_t offset = kE820Table;
  for (const MemoryMapEntry& entry : map) {
    page.Set<uint64_t>(offset, entry.range.begin.value);
    page.Set<uint64_t>(offset + 8, entry.range.bytes);
    page.Set<uint32_t>(offset + 16, static_cast<uint32_t>(entry.kind));
    offset += kE820EntryBytes;
  }
  page.Set<uint8_t>(kE820Entries, static_cast<uint8_t>(map.size()));
  const uint64_t high_kib = UsableBytesFrom(map, kHighMemory) >> 10;
  page.Set<uint16_t>(kScreenExtMemK, static_cast<uint16_t>(std::min<uint64_t>(high_kib, 0xFFFF)));
  page.Set<uint32_t>(kAltMemK, static_cast<uint32_t>(high_kib));
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
                  ZeroPage& page) {
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
  page.Set<uint32_t>(setup_header::kRamdiskImage, static_cast<uint32_t>(range->begin.value));
  page.Set<uint32_t>(setup_header::kRamdiskSize, static_cast<uint32_t>(range->bytes));
  return {};
}

}  // namespace

Result<BootState> LoadBzImage(std::span<uint8_t> ram, const BootFiles& files,
                              const BootEnvironment& environment) {
  const auto header = ParseBzImageHeader(files.kernel);
  if (!header) return std::unexpected(header.error());
  GuestLayout layout(ram, environment.memory_map);
  auto block = BootBlock::Create(layout, files.kernel.name);
  if (!block) return std::unexpected(block.error());

  if (files.command_line.size() > header->command_line_limit) {
    return Fail("{}: command line: is {} bytes long, expected at most the kernel's cmdline_size {}",
                files.kernel.name, files.command_line.size(), header->command_line_limit);
  }
  const auto command_line =
      block->AddString(files.kernel.name + ": command line", files.command_line);
  if (!command_line) return std::unexpected(command_line.error());
  if (Status loaded = LoadKernel(layout, files.kernel, *header); !loaded) {
    return std::unexpected(loaded.error());
  }

  ZeroPage page(block->info());
  page.CopyHeader(files.kernel, *header);
  page.Set<uint16_t>(setup_header::kVidMode, kVideoModeNormal);
  page.Set<uint8_t>(setup_header::kTypeOfLoader, kUndefinedLoader);
  page.Set<uint32_t>(setup_header::kCode32Start, static_cast<uint32_t>(header->load_address.value));
  page.Set<uint32_t>(setup_header::kCmdLinePtr, static_cast<uint32_t>(command_line->value));
  page.Set<uint32_t>(setup_header::kRamdiskImage, 0);
  page.Set<uint32_t>(setup_header::kRamdiskSize, 0);
  if (header->version >= 0x207) page.Set<uint32_t>(setup_header::kHardwareSubarch, 0);
  if (header->version >= 0x209) page.Set<uint64_t>(setup_header::kSetupData, 0);
  if (environment.acpi_rsdp) page.Set<uint64_t>(kAcpiRsdpAddr, environment.acpi_rsdp->value);
  if (environment.vga_text) DescribeScreen(page);
  if (Status described = DescribeMemory(page, environment.memory_map); !described) {
    return std::unexpected(described.error());
  }
  if (files.initrd) {
    if (Status loaded = LoadInitrd(layout, *files.initrd, *header, page); !loaded) {
      return std::unexpected(loaded.error());
    }
  }
  BootState state = BootBlock::EntryState(header->load_address);
  state.esi = static_cast<uint32_t>(BootBlock::kInfo.value);
  return state;
}

}  // namespace verbatim
