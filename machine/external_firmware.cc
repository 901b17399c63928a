// SPDX-License-Identifier: Apache-2.0
#include "machine/external_firmware.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "base/bits.h"
#include "base/file.h"
#include "firmware/acpi_loader.h"
#include "firmware/linux_boot_items.h"
#include "firmware/memory_map.h"
#include "firmware/smbios.h"
#include "machine/boot_order.h"
#include "vcpu/cpu_model.h"

namespace verbatim {
namespace {

constexpr uint64_t kFourGib = uint64_t{1} << 32;
constexpr uint64_t kMaxAliasBytes = 128 << 10;

// Firmware runs the option ROMs of this folder.
constexpr std::string_view kLinuxBootFile = "genroms/linuxboot.bin";

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

// The firmware puts the structures where it likes and says so in the entry point.
void ExternalFirmware::AddSmbios(const MachineConfig& config) {
  SmbiosConfig smbios{.memory_bytes = config.memory_bytes};
  if (const auto model = FindCpuModel(config.cpu_model, config.apic)) {
    const CpuidResult processor = model->Query(1, 0, config.apic);
    smbios.processor_signature = processor.eax;
    smbios.processor_features = processor.edx;
  }
  const std::vector<uint8_t> tables = BuildSmbios({0}, smbios);
  const std::span<const uint8_t> all(tables);
  const auto entry = all.first(kSmbiosEntryBytes);
  const auto structures = all.subspan(kSmbiosStructures);
  fw_cfg_.AddFile("etc/smbios/smbios-anchor", FwCfg::Bytes(entry.begin(), entry.end()));
  fw_cfg_.AddFile("etc/smbios/smbios-tables", FwCfg::Bytes(structures.begin(), structures.end()));
}

void ExternalFirmware::FillItems(const MachineConfig& config, const Chipset& chipset) {
  fw_cfg_.AddInteger(FwCfgItem::kRamBytes, 8, config.memory_bytes);
  fw_cfg_.AddInteger(FwCfgItem::kNoGraphic, 2, 0);
  fw_cfg_.AddInteger(FwCfgItem::kProcessors, 2, kProcessors);
  fw_cfg_.AddInteger(FwCfgItem::kMaxProcessors, 2, kProcessors);
  fw_cfg_.AddInteger(FwCfgItem::kBootMenu, 2, 0);
  fw_cfg_.AddFile("etc/e820", RamEntries(config.memory_bytes));
  AddSmbios(config);
  // The tables name registers that the firmware places before it asks for them.
  fw_cfg_.AddFile(kAcpiTablesFile, [&chipset] { return BuildAcpiImage(chipset.Acpi()).tables; });
  fw_cfg_.AddFile(kAcpiRsdpFile, AcpiRsdpFile(BuildAcpiImage(chipset.Acpi())));
  fw_cfg_.AddFile(kAcpiLoaderFile, AcpiLoaderScript(BuildAcpiImage(chipset.Acpi())));
}

Status ExternalFirmware::AddKernel(const FirmwareConfig& config, const BootFiles& files,
                                   uint64_t ram_bytes) {
  constexpr uint16_t kOptionRomSignature = 0xAA55;
  const std::string& path = config.linuxboot_path.value();
  Result<std::vector<uint8_t>> rom = ReadFile(path, kMaxOptionRomBytes);
  if (!rom) return std::unexpected(rom.error());
  if (rom->size() < 3 || LoadLittle<uint16_t>(rom->data()) != kOptionRomSignature) {
    return Fail("{}: not an option ROM: it does not begin with 55h AAh", path);
  }
  Result<LinuxBootItems> items = MakeLinuxBootItems(files, ram_bytes);
  if (!items) return std::unexpected(items.error());
  using enum FwCfgItem;
  const auto add = [this](LinuxBootItems::Piece& piece, FwCfgItem address, FwCfgItem bytes,
                          FwCfgItem data) {
    fw_cfg_.AddInteger(address, 4, piece.address.value);
    fw_cfg_.AddInteger(bytes, 4, piece.bytes.size());
    fw_cfg_.AddItem(data, std::move(piece.bytes));
  };
  add(items->setup, kSetupAddress, kSetupBytes, kSetupData);
  add(items->kernel, kKernelAddress, kKernelBytes, kKernelData);
  add(items->command_line, kCommandLineAddress, kCommandLineBytes, kCommandLineData);
  add(items->initrd, kInitrdAddress, kInitrdBytes, kInitrdData);
  fw_cfg_.AddFile(std::string(kLinuxBootFile), *std::move(rom));
  has_kernel_ = true;
  return {};
}

void ExternalFirmware::SetBootOrder(std::span<BiosDrive* const> drives) {
  std::string file = BootOrderFile(drives);
  if (has_kernel_) file.insert(0, fmt::format("/rom@{}\n", kLinuxBootFile));
  fw_cfg_.AddFile("bootorder", FwCfg::Bytes(file.begin(), file.end()));
}

void ExternalFirmware::Attach(PortBus& bus) {
  fw_cfg_.Attach(bus);
  if (log_port_ != nullptr) log_port_->Attach(bus);
}

}  // namespace verbatim
