// SPDX-License-Identifier: Apache-2.0
#include "firmware/linux_boot_items.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <span>

#include "firmware/bzimage.h"
#include "firmware/bzimage_header.h"
#include "firmware/memory_map.h"

namespace verbatim {
namespace {

// Firmware keeps tables and heap at the end of RAM.
constexpr uint64_t kOfFirmware = 1 << 20;

struct Freed {
  void operator()(uint8_t* memory) const { std::free(memory); }
};

LinuxBootItems::Piece PieceOf(std::span<const uint8_t> ram, PhysicalAddress begin, uint64_t bytes) {
  const std::span<const uint8_t> piece = ram.subspan(begin.value, bytes);
  return {begin, {piece.begin(), piece.end()}};
}

}  // namespace

// Loaded into RAM of its own, of which the host gives only what is touched.
Result<LinuxBootItems> MakeLinuxBootItems(const BootFiles& files, uint64_t ram_bytes) {
  const Result<BzImageHeader> header = ParseBzImageHeader(files.kernel);
  if (!header) return std::unexpected(header.error());
  const uint64_t bytes = ram_bytes - std::min(ram_bytes, kOfFirmware);
  const Result<std::vector<MemoryMapEntry>> map = BuildMemoryMap(bytes);
  if (!map) return std::unexpected(map.error());
  const std::unique_ptr<uint8_t, Freed> scratch(static_cast<uint8_t*>(std::calloc(bytes, 1)));
  if (scratch == nullptr) {
    return Fail("{}: no memory to lay out a guest of {} MiB", files.kernel.name, ram_bytes >> 20);
  }
  const std::span<uint8_t> ram(scratch.get(), bytes);
  const Result<BootState> loaded = LoadBzImage(ram, files, {.memory_map = *map});
  if (!loaded) return std::unexpected(loaded.error());

  LinuxBootItems items;
  const PhysicalAddress setup{uint64_t{loaded->data_selector} << 4};
  items.setup = PieceOf(ram, setup, header->setup.size());
  const InputFile filled{files.kernel.name, items.setup.bytes};
  const auto field = [&filled](uint32_t offset) { return filled.Load<uint32_t>(offset).value(); };
  items.kernel = PieceOf(ram, header->load_address, header->kernel.size());
  items.command_line =
      PieceOf(ram, {field(setup_header::kCmdLinePtr)}, files.command_line.size() + 1);
  items.initrd =
      PieceOf(ram, {field(setup_header::kRamdiskImage)}, field(setup_header::kRamdiskSize));
  return items;
}

}  // namespace verbatim
