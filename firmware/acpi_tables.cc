// SPDX-License-Identifier: Apache-2.0
#include "firmware/acpi_tables.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bits.h"
#include "base/check.h"
#include "firmware/dsdt.h"
#include "firmware/memory_map.h"

namespace verbatim {
namespace {

constexpr uint32_t kTableHeaderBytes = 36;
constexpr uint32_t kTableAlignment = 16;

// The value that makes all bytes add up to 0.
uint8_t ChecksumOf(std::span<const uint8_t> bytes) {
  return static_cast<uint8_t>(-std::accumulate(bytes.begin(), bytes.end(), 0));
}

// The bytes of one table while it is being put together.
class TableBytes {
 public:
  template <typename T>
  void Append(T value) {
    bytes_.resize(bytes_.size() + sizeof(T));
    StoreLittle(&bytes_[bytes_.size() - sizeof(T)], value);
  }
  void AppendText(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void AppendZeros(uint32_t count) { bytes_.resize(bytes_.size() + count); }

  template <typename T>
  void Set(uint32_t offset, T value) {
    StoreLittle(std::span(bytes_).subspan(offset, sizeof(T)).data(), value);
  }
  [[nodiscard]] std::span<const uint8_t> bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

// A table with the common header (5.2.5).
class Table : public TableBytes {
 public:
  Table(std::string_view signature, uint8_t revision) {
    AppendText(signature);
    Append<uint32_t>(0);  // length
    Append<uint8_t>(revision);
    Append<uint8_t>(0);  // checksum
    AppendText("VRBTIM");
    AppendText("VERBATIM");
    Append<uint32_t>(1);
    AppendText("VRBT");
    Append<uint32_t>(1);
  }
  [[nodiscard]] std::span<const uint8_t> Finish() {
    Set<uint32_t>(4, static_cast<uint32_t>(bytes().size()));
    Set<uint8_t>(kTableChecksum, 0);
    Set<uint8_t>(kTableChecksum, ChecksumOf(bytes()));
    return bytes();
  }
};

// Puts tables one after the other.
class ImageBuilder {
 public:
  // The result is the table's offset.
  uint32_t Place(std::span<const uint8_t> table, uint32_t alignment) {
    const auto offset = static_cast<uint32_t>(AlignUp(image_.tables.size(), alignment));
    image_.tables.resize(offset);
    image_.tables.insert(image_.tables.end(), table.begin(), table.end());
    return offset;
  }
  // Of a table with pointers at `pointers`, each of `bytes` bytes.
  uint32_t PlaceLinked(Table& table, std::initializer_list<AcpiImage::Pointer> pointers) {
    const std::span<const uint8_t> bytes = table.Finish();
    const uint32_t start = Place(bytes, kTableAlignment);
    for (const AcpiImage::Pointer& pointer : pointers) {
      image_.pointers.push_back({start + pointer.offset, pointer.bytes});
    }
    image_.checked.push_back({start, static_cast<uint32_t>(bytes.size())});
    return start;
  }
  void AddPointer(AcpiImage::Pointer pointer) { image_.pointers.push_back(pointer); }
  AcpiImage Finish(uint32_t rsdt) {
    image_.rsdt = rsdt;
    return std::move(image_);
  }

 private:
  AcpiImage image_;
};

// 5.2.8, revision 3: the 32-bit fields and, from 116 on, those of ACPI 2.0.
namespace fadt {
constexpr uint32_t kBytes = 244;
constexpr uint32_t kFacs = 36;
constexpr uint32_t kDsdt = 40;
constexpr uint32_t kPreferredProfile = 45;
constexpr uint32_t kSciInt = 46;
constexpr uint32_t kSmiCmd = 48;
constexpr uint32_t kAcpiEnable = 52;
constexpr uint32_t kAcpiDisable = 53;
constexpr uint32_t kPm1aEvent = 56;
constexpr uint32_t kPm1aControl = 64;
constexpr uint32_t kPmTimer = 76;
constexpr uint32_t kPm1EventLength = 88;
constexpr uint32_t kPm1ControlLength = 89;
constexpr uint32_t kPmTimerLength = 91;
constexpr uint32_t kC2Latency = 96;
constexpr uint32_t kC3Latency = 98;
constexpr uint32_t kCentury = 108;
constexpr uint32_t kBootArchitecture = 109;
constexpr uint32_t kFlags = 112;
constexpr uint32_t kResetRegister = 116;
constexpr uint32_t kResetValue = 128;
constexpr uint32_t kXFacs = 132;
constexpr uint32_t kXDsdt = 140;
constexpr uint32_t kXPm1aEvent = 148;
constexpr uint32_t kXPm1aControl = 172;
constexpr uint32_t kXPmTimer = 208;

constexpr uint8_t kProfileDesktop = 1;
constexpr uint16_t kNoCState = 0xFFFF;
constexpr uint8_t kRtcCentury = 0x32;
constexpr uint16_t kLegacyDevices = 1 << 0;
constexpr uint16_t k8042 = 1 << 1;
constexpr uint32_t kWbinvd = 1 << 0;
constexpr uint32_t kProcC1 = 1 << 2;
constexpr uint32_t kNoFixedSleepButton = 1 << 5;
constexpr uint32_t kNoFixedRtcWake = 1 << 6;
constexpr uint32_t kTimerIs32Bit = 1 << 8;
constexpr uint32_t kResetSupported = 1 << 10;
}  // namespace fadt

void SetIoAddress(Table& table, uint32_t offset, uint16_t port, uint8_t bits) {
  constexpr uint8_t kSystemIo = 1;
  table.Set<uint8_t>(offset, kSystemIo);
  table.Set<uint8_t>(offset + 1, bits);
  table.Set<uint64_t>(offset + 4, port);
}

Table BuildFadt(const AcpiConfig& config, uint32_t facs, uint32_t dsdt) {
  using namespace fadt;
  Table table("FACP", 3);
  table.AppendZeros(kBytes - kTableHeaderBytes);
  table.Set<uint32_t>(kFacs, facs);
  table.Set<uint32_t>(kDsdt, dsdt);
  table.Set<uint8_t>(kPreferredProfile, kProfileDesktop);
  table.Set<uint16_t>(kSciInt, config.sci_irq);
  table.Set<uint32_t>(kSmiCmd, config.smi_command_port);
  table.Set<uint8_t>(kAcpiEnable, config.acpi_enable_value);
  table.Set<uint8_t>(kAcpiDisable, config.acpi_disable_value);
  table.Set<uint32_t>(kPm1aEvent, config.pm1a_event_port);
  table.Set<uint32_t>(kPm1aControl, config.pm1a_control_port);
  table.Set<uint32_t>(kPmTimer, config.pm_timer_port);
  table.Set<uint8_t>(kPm1EventLength, 4);
  table.Set<uint8_t>(kPm1ControlLength, 2);
  table.Set<uint8_t>(kPmTimerLength, 4);
  table.Set<uint16_t>(kC2Latency, kNoCState);
  table.Set<uint16_t>(kC3Latency, kNoCState);
  table.Set<uint8_t>(kCentury, kRtcCentury);
  table.Set<uint16_t>(kBootArchitecture, kLegacyDevices | k8042);
  table.Set<uint32_t>(kFlags, kWbinvd | kProcC1 | kNoFixedSleepButton | kNoFixedRtcWake |
                                  kResetSupported |
                                  (config.pm_timer_is_32_bit ? kTimerIs32Bit : 0));
  SetIoAddress(table, kResetRegister, config.reset_port, 8);
  table.Set<uint8_t>(kResetValue, config.reset_value);
  table.Set<uint64_t>(kXFacs, facs);
  table.Set<uint64_t>(kXDsdt, dsdt);
  SetIoAddress(table, kXPm1aEvent, config.pm1a_event_port, 32);
  SetIoAddress(table, kXPm1aControl, config.pm1a_control_port, 16);
  SetIoAddress(table, kXPmTimer, config.pm_timer_port, 32);
  return table;
}

// 5.2.9: firmware and system share it, and it alone has no common header.
std::array<uint8_t, AcpiImage::kFacsBytes> BuildFacs() {
  std::array<uint8_t, AcpiImage::kFacsBytes> facs{};
  std::ranges::copy(std::string_view("FACS"), facs.begin());
  StoreLittle<uint32_t>(&facs[4], AcpiImage::kFacsBytes);
  facs[32] = 1;  // version
  return facs;
}

// 5.2.10.8 to 5.2.10.10: ISA IRQ `irq` arrives at `input` of the I/O APIC.
void AppendInterruptOverride(Table& table, uint8_t irq, uint32_t input, uint16_t flags) {
  table.Append<uint8_t>(2);
  table.Append<uint8_t>(10);
  table.Append<uint8_t>(0);  // ISA
  table.Append<uint8_t>(irq);
  table.Append<uint32_t>(input);
  table.Append<uint16_t>(flags);
}

Table BuildMadt(const ApicConfig& apic, uint8_t sci_irq) {
  constexpr uint32_t kHasPics = 1;
  constexpr uint32_t kProcessorEnabled = 1;
  constexpr uint16_t kAsOnBus = 0;
  constexpr uint16_t kActiveHighLevel = 0xD;
  Table table("APIC", 1);
  table.Append<uint32_t>(apic.local_apic_address);
  table.Append<uint32_t>(kHasPics);
  table.Append<uint8_t>(0);  // processor local APIC
  table.Append<uint8_t>(8);
  table.Append<uint8_t>(0);
  table.Append<uint8_t>(apic.local_apic_id);
  table.Append<uint32_t>(kProcessorEnabled);
  table.Append<uint8_t>(1);  // I/O APIC
  table.Append<uint8_t>(12);
  table.Append<uint8_t>(apic.io_apic_id);
  table.Append<uint8_t>(0);
  table.Append<uint32_t>(apic.io_apic_address);
  table.Append<uint32_t>(0);                       // its first interrupt
  AppendInterruptOverride(table, 0, 2, kAsOnBus);  // the PIT; input 0 is the PICs'
  AppendInterruptOverride(table, sci_irq, sci_irq, kActiveHighLevel);
  table.Append<uint8_t>(4);  // local APIC NMI: LINT1 of every processor
  table.Append<uint8_t>(6);
  table.Append<uint8_t>(0xFF);
  table.Append<uint16_t>(kAsOnBus);
  table.Append<uint8_t>(1);
  return table;
}

Table BuildHpet(const HpetConfig& hpet) {
  // A guest that asks for a period has to have served one before the next comes.
  constexpr uint16_t kMinimumTicks = 0x80;
  constexpr uint8_t kOwnPage = 1;  // nothing else lies in its 4 KiB
  Table table("HPET", 1);
  table.Append<uint32_t>(hpet.id);
  table.Append<uint8_t>(0);  // system memory
  table.Append<uint8_t>(64);
  table.Append<uint16_t>(0);
  table.Append<uint64_t>(hpet.address);
  table.Append<uint8_t>(0);  // the first
  table.Append<uint16_t>(kMinimumTicks);
  table.Append<uint8_t>(kOwnPage);
  return table;
}

// Makes addresses of the offsets, for an image that lies at `base` but for its FACS.
void Relocate(AcpiImage& image, uint64_t base, uint64_t facs) {
  const std::span<uint8_t> tables = image.tables;
  for (const AcpiImage::Pointer& pointer : image.pointers) {
    const std::span<uint8_t> field = tables.subspan(pointer.offset, pointer.bytes);
    const auto offset = LoadLittle<uint32_t>(field.data());
    const uint64_t address = offset == AcpiImage::kFacs ? facs : base + offset;
    if (pointer.bytes == 4) {
      StoreLittle(field.data(), static_cast<uint32_t>(address));
    } else {
      StoreLittle(field.data(), address);
    }
  }
  for (const AcpiImage::Table& checked : image.checked) {
    const std::span<uint8_t> table = tables.subspan(checked.start, checked.bytes);
    table[kTableChecksum] = 0;
    table[kTableChecksum] = ChecksumOf(table);
  }
}

}  // namespace

// 5.2.4.3, the 20 bytes of ACPI 1.0.
std::array<uint8_t, kRsdpBytes> BuildRsdp(uint32_t rsdt) {
  std::array<uint8_t, kRsdpBytes> rsdp{};
  std::ranges::copy(std::string_view("RSD PTR "), rsdp.begin());
  std::ranges::copy(std::string_view("VRBTIM"), rsdp.begin() + kRsdpChecksum + 1);
  StoreLittle<uint32_t>(&rsdp[kRsdpPointer], rsdt);
  rsdp[kRsdpChecksum] = ChecksumOf(rsdp);
  return rsdp;
}

AcpiImage BuildAcpiImage(const AcpiConfig& config) {
  ImageBuilder image;
  const uint32_t facs = image.Place(BuildFacs(), kAcpiImageAlignment);
  CHECK(facs == AcpiImage::kFacs);
  const uint32_t dsdt = image.Place(DsdtAml(), kTableAlignment);
  std::vector<uint32_t> listed;
  Table fadt = BuildFadt(config, facs, dsdt);
  listed.push_back(image.PlaceLinked(
      fadt, {{fadt::kFacs, 4}, {fadt::kDsdt, 4}, {fadt::kXFacs, 8}, {fadt::kXDsdt, 8}}));
  if (config.apic) {
    Table madt = BuildMadt(*config.apic, config.sci_irq);
    listed.push_back(image.PlaceLinked(madt, {}));
  }
  if (config.hpet) {
    Table hpet = BuildHpet(*config.hpet);
    listed.push_back(image.PlaceLinked(hpet, {}));
  }
  Table table("RSDT", 1);
  for (const uint32_t offset : listed) table.Append(offset);
  const uint32_t rsdt = image.PlaceLinked(table, {});
  for (uint32_t i = 0; i < listed.size(); ++i) {
    image.AddPointer({rsdt + kTableHeaderBytes + 4 * i, 4});
  }
  return image.Finish(rsdt);
}

Result<PhysicalAddress> WriteAcpiTables(std::span<uint8_t> ram, const AcpiConfig& config) {
  if (ram.size() < kHighMemory.value) {
    return Fail("ACPI tables: guest RAM ends at {:X}h, expected at least {:X}h", ram.size(),
                kHighMemory.value);
  }
  static_assert(kBiosArea.value % kAcpiImageAlignment == 0);
  AcpiImage image = BuildAcpiImage(config);
  const uint64_t rsdp = AlignUp(image.tables.size(), kRsdpAlignment);
  const std::span<uint8_t> area = ram.subspan(kBiosArea.value, kHighMemory.value - kBiosArea.value);
  if (rsdp + kRsdpBytes > area.size()) {
    return Fail("ACPI tables: {} bytes, expected at most {}", rsdp + kRsdpBytes, area.size());
  }
  static_assert(kFacsAddress.value % kAcpiImageAlignment == 0 &&
                kFacsAddress >= kExtendedBiosDataArea &&
                kFacsAddress.value + AcpiImage::kFacsBytes <= kAdapterArea.value);
  Relocate(image, kBiosArea.value, kFacsAddress.value);
  const std::span<const uint8_t> tables = image.tables;
  std::ranges::copy(tables.first(AcpiImage::kFacsBytes), ram.subspan(kFacsAddress.value).begin());
  std::ranges::copy(tables.subspan(AcpiImage::kFacsBytes),
                    area.subspan(AcpiImage::kFacsBytes).begin());
  std::ranges::copy(BuildRsdp(static_cast<uint32_t>(kBiosArea.value + image.rsdt)),
                    area.subspan(rsdp).begin());
  return kBiosArea + rsdp;
}

}  // namespace verbatim
