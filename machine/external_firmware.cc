// SPDX-License-Identifier: Apache-2.0
#include "machine/external_firmware.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/bits.h"
#include "base/file.h"
#include "firmware/acpi_loader.h"
#include "firmware/memory_map.h"
#include "machine/boot_order.h"

namespace verbatim {
namespace {

constexpr uint64_t kFourGib = uint64_t{1} << 32;
constexpr uint64_t kMaxAliasBytes = 128 << 10;

// One processor, and none can be added.
constexpr unsigned kProcessors = 1;

// The E820 entries of RAM; firmware itself knows what it reserves of them.
FwCfg::Bytes RamEntries(uint64_t ram_bytes) {
  FwCfg::Bytes entries(20);
  StoreLittle<uint64_t>(&entries[8], ram_bytes);
  StoreLittle<uint32_t>(&entries[16], static_cast<uint32_t>(MemoryKind::kUsable));
  return entries;
}

}  // namespace

ExternalFirmware::ExternalFirmware(const MachineConfig& config, DmaMemory& dma) : fw_cfg_(dma) {
  if (config.firmware_log != nullptr) {
    log_port_ = std::make_unique<DebugConsolePort>(*config.firmware_log);
  }
}

Result<std::unique_ptr<ExternalFirmware>> ExternalFirmware::Open(const MachineConfig& config,
                                                                 PhysicalMemory& memory,
                                                                 DmaMemory& dma,
                                                                 const Chipset& chipset,
                                                                 Display& display) {
  const Result<std::vector<uint8_t>> rom = ReadFile(config.firmware->path, kMaxRomBytes);
  if (!rom) return std::unexpected(rom.error());
  if (rom->size() < kMinRomBytes || rom->size() % kPageBytes != 0) {
    return Fail("{}: not a firmware image: its {} bytes are not a multiple of 4096 from {} to {}",
                config.firmware->path, rom->size(), kMinRomBytes, kMaxRomBytes);
  }
  std::unique_ptr<ExternalFirmware> firmware(new ExternalFirmware(config, dma));
  firmware->FillItems(config, chipset);
  if (config.firmware->vgabios_path) {
    const Result<std::vector<uint8_t>> bios =
        ReadFile(*config.firmware->vgabios_path, kMaxVgaBiosBytes);
    if (!bios) return std::unexpected(bios.error());
    display.AddRom(*bios);
  }
  MapRom(*rom, memory);
  return firmware;
}

void ExternalFirmware::MapRom(std::span<const uint8_t> rom, PhysicalMemory& memory) {
  const std::span<const uint8_t> end = rom.last(std::min<size_t>(rom.size(), kMaxAliasBytes));
  memory.Place(memory.MakeRom(end), {kHighMemory.value - end.size()});
  memory.Place(memory.MakeRom(rom), {kFourGib - rom.size()});
}

void ExternalFirmware::FillItems(const MachineConfig& config, const Chipset& chipset) {
  fw_cfg_.AddInteger(FwCfgItem::kRamBytes, 8, config.memory_bytes);
  fw_cfg_.AddInteger(FwCfgItem::kNoGraphic, 2, 0);
  fw_cfg_.AddInteger(FwCfgItem::kProcessors, 2, kProcessors);
  fw_cfg_.AddInteger(FwCfgItem::kMaxProcessors, 2, kProcessors);
  fw_cfg_.AddInteger(FwCfgItem::kBootMenu, 2, 0);
  fw_cfg_.AddFile("etc/e820", RamEntries(config.memory_bytes));
  // The tables name registers that the firmware places before it asks for them.
  fw_cfg_.AddFile(kAcpiTablesFile, [&chipset] { return BuildAcpiImage(chipset.Acpi()).tables; });
  fw_cfg_.AddFile(kAcpiRsdpFile, AcpiRsdpFile(BuildAcpiImage(chipset.Acpi())));
  fw_cfg_.AddFile(kAcpiLoaderFile, AcpiLoaderScript(BuildAcpiImage(chipset.Acpi())));
}

void ExternalFirmware::SetBootOrder(std::span<BiosDrive* const> drives) {
  const std::string file = BootOrderFile(drives);
  fw_cfg_.AddFile("bootorder", FwCfg::Bytes(file.begin(), file.end()));
}

void ExternalFirmware::Attach(PortBus& bus) {
  fw_cfg_.Attach(bus);
  if (log_port_ != nullptr) log_port_->Attach(bus);
}

}  // namespace verbatim
