// SPDX-License-Identifier: Apache-2.0
#include "firmware/multiboot.h"

#include <algorithm>

#include "base/bits.h"
#include "firmware/boot_block.h"
#include "firmware/guest_layout.h"
#include "firmware/multiboot_image.h"

namespace verbatim {
namespace {

constexpr uint32_t kBootMagic = 0x2BADB002;

// Boot information (3.3). The module list and the memory map follow it in the same page.
constexpr uint32_t kFlags = 0;
constexpr uint32_t kMemLower = 4;
constexpr uint32_t kMemUpper = 8;
constexpr uint32_t kCommandLine = 16;
constexpr uint32_t kModuleCount = 20;
constexpr uint32_t kModules = 24;
constexpr uint32_t kMapLength = 44;
constexpr uint32_t kMapAddress = 48;
constexpr uint32_t kLoaderName = 64;
constexpr uint32_t kModuleList = 0x80;
constexpr uint32_t kMap = 0x100;
constexpr uint32_t kMapEntryBytes = 24;  // its size field, which does not count itself, included

constexpr uint32_t kHasMemory = 1 << 0;
constexpr uint32_t kHasCommandLine = 1 << 2;
constexpr uint32_t kHasModules = 1 << 3;
constexpr uint32_t kHasMap = 1 << 6;
constexpr uint32_t kHasLoaderName = 1 << 9;

class BootInformation {
 public:
  explicit BootInformation(std::span<uint8_t> page) : page_(page) {}

  template <typename T>
  void Set(uint32_t offset, T value) {
    StoreLittle(page_.subspan(offset, sizeof(T)).data(), value);
  }
  void SetAddress(uint32_t offset, PhysicalAddress address) {
    Set(offset, static_cast<uint32_t>(address.value));
  }
  [[nodiscard]] static PhysicalAddress AddressOf(uint32_t offset) {
    return BootBlock::kInfo + offset;
  }
  [[nodiscard]] uint64_t MapEntriesThatFit() const {
    return (page_.size() - kMap) / kMapEntryBytes;
  }

 private:
  std::span<uint8_t> page_;
};

Status DescribeMemory(BootInformation& info, std::span<const MemoryMapEntry> map) {
  if (map.size() > info.MapEntriesThatFit()) {
    return Fail("memory map: has {} entries, expected at most {}", map.size(),
                info.MapEntriesThatFit());
  }
  uint32_t offset = kMap;
  for (const MemoryMapEntry& entry : map) {
    info.Set<uint32_t>(offset, kMapEntryBytes - 4);
    info.Set<uint64_t>(offset + 4, entry.range.begin.value);
    info.Set<uint64_t>(offset + 12, entry.range.bytes);
    info.Set<uint32_t>(offset + 20, static_cast<uint32_t>(entry.kind));
    offset += kMapEntryBytes;
  }
  info.Set<uint32_t>(kMapLength, offset - kMap);
  info.SetAddress(kMapAddress, BootInformation::AddressOf(kMap));
  info.Set<uint32_t>(kMemLower, static_cast<uint32_t>(UsableBytesFrom(map, {0}) >> 10));
  info.Set<uint32_t>(kMemUpper, static_cast<uint32_t>(UsableBytesFrom(map, kHighMemory) >> 10));
  return {};
}

Status LoadSegments(GuestLayout& layout, const InputFile& file, const MultibootImage& image) {
  for (const MultibootSegment& segment : image.segments) {
    const auto bytes = layout.Claim(file.name, "kernel segment", segment.memory);
    if (!bytes) return std::unexpected(bytes.error());
    const auto end = std::ranges::copy(segment.content, bytes->begin()).out;
    std::fill(end, bytes->end(), uint8_t{0});
  }
  return {};
}

Status LoadModule(GuestLayout& layout, BootBlock& block, const InputFile& module,
                  BootInformation& info) {
  if (module.bytes.empty()) return Fail("{}: module: the file is empty", module.name);
  const auto range = layout.FindHighest(module.bytes.size(), {UINT32_MAX});
  if (!range || range->begin < kHighMemory) {
    return Fail("{}: module: {:X}h bytes do not fit guest RAM above 1 MiB next to the kernel",
                module.name, module.bytes.size());
  }
  const auto bytes = layout.Claim(module.name, "module", *range);
  if (!bytes) return std::unexpected(bytes.error());
  std::ranges::copy(module.bytes, bytes->begin());
  const auto name = block.AddString(module.name + ": module name", module.name);
  if (!name) return std::unexpected(name.error());
  info.SetAddress(kModuleList, range->begin);
  info.SetAddress(kModuleList + 4, range->end());
  info.SetAddress(kModuleList + 8, *name);
  info.Set<uint32_t>(kModuleCount, 1);
  info.SetAddress(kModules, BootInformation::AddressOf(kModuleList));
  return {};
}

}  // namespace

Result<BootState> LoadMultiboot(std::span<uint8_t> ram, const BootFiles& files,
                                const BootEnvironment& environment) {
  const auto image = ParseMultibootImage(files.kernel);
  if (!image) return std::unexpected(image.error());
  GuestLayout layout(ram, environment.memory_map);
  auto block = BootBlock::Create(layout, files.kernel.name);
  if (!block) return std::unexpected(block.error());
  if (Status loaded = LoadSegments(layout, files.kernel, *image); !loaded) {
    return std::unexpected(loaded.error());
  }

  BootInformation info(block->info());
  uint32_t flags = kHasMemory | kHasMap | kHasCommandLine | kHasLoaderName;
  const auto command_line =
      block->AddString(files.kernel.name + ": command line", files.command_line);
  if (!command_line) return std::unexpected(command_line.error());
  const auto loader_name = block->AddString(files.kernel.name + ": boot loader name", "Verbatim");
  if (!loader_name) return std::unexpected(loader_name.error());
  info.SetAddress(kCommandLine, *command_line);
  info.SetAddress(kLoaderName, *loader_name);
  if (Status described = DescribeMemory(info, environment.memory_map); !described) {
    return std::unexpected(described.error());
  }
  if (files.initrd) {
    if (Status loaded = LoadModule(layout, *block, *files.initrd, info); !loaded) {
      return std::unexpected(loaded.error());
    }
    flags |= kHasModules;
  }
  info.Set<uint32_t>(kFlags, flags);

  BootState state = BootBlock::EntryState(image->entry);
  state.eax = kBootMagic;
  state.ebx = static_cast<uint32_t>(BootBlock::kInfo.value);
  return state;
}

}  // namespace verbatim
