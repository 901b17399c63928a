// SPDX-License-Identifier: Apache-2.0
#include "firmware/smbios.h"

#include <algorithm>
#include <initializer_list>
#include <numeric>
#include <span>
#include <string_view>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr size_t kIntermediate = 16;  // where the part '_DMI_' begins
constexpr uint8_t kMajor = 2;
constexpr uint8_t kMinor = 4;

constexpr uint16_t kFirmwareHandle = 0x0000;
constexpr uint16_t kSystemHandle = 0x0100;
constexpr uint16_t kChassisHandle = 0x0300;
constexpr uint16_t kProcessorHandle = 0x0400;
constexpr uint16_t kArrayHandle = 0x1000;
constexpr uint16_t kModuleHandle = 0x1100;
constexpr uint16_t kMappedHandle = 0x1300;
constexpr uint16_t kBootHandle = 0x2000;
constexpr uint16_t kEndHandle = 0x7F00;
constexpr uint16_t kNoHandle = 0xFFFE;

constexpr uint8_t kUnknown = 0x02;
constexpr uint8_t kOther = 0x01;
constexpr uint8_t kSafe = 0x03;

uint8_t ChecksumOf(std::span<const uint8_t> bytes) {
  return static_cast<uint8_t>(-std::accumulate(bytes.begin(), bytes.end(), 0));
}

// One structure: header, formatted area, strings.
class Structure {
 public:
  Structure(uint8_t type, uint16_t handle) {
    Append(type);
    Append(uint8_t{0});  // length, set by Finish
    Append(handle);
  }
  template <typename T>
  Structure& Append(T value) {
    bytes_.resize(bytes_.size() + sizeof(T));
    StoreLittle(&bytes_[bytes_.size() - sizeof(T)], value);
    return *this;
  }
  [[nodiscard]] std::vector<uint8_t> Finish(std::initializer_list<std::string_view> strings = {}) {
    bytes_[1] = static_cast<uint8_t>(bytes_.size());
    for (const std::string_view text : strings) {
      bytes_.insert(bytes_.end(), text.begin(), text.end());
      bytes_.push_back(0);
    }
    if (strings.size() == 0) bytes_.push_back(0);
    bytes_.push_back(0);
    return std::move(bytes_);
  }

 private:
  std::vector<uint8_t> bytes_;
};

std::vector<uint8_t> Firmware() {
  constexpr uint64_t kCharacteristics = 1u << 4 | 1u << 7 | 1u << 9 | 1u << 15 | 1u << 16;
  constexpr uint16_t kExtended = 0x0001;  // ACPI
  return Structure(0, kFirmwareHandle)
      .Append(uint8_t{1})  // vendor
      .Append(uint8_t{2})  // version
      .Append(uint16_t{0xF000})
      .Append(uint8_t{3})        // release date
      .Append(uint8_t{0})        // 64 KiB
      .Append(kCharacteristics)  // ISA, PCI, APM, boots from CD, selectable boot
      .Append(kExtended)
      .Append(uint8_t{1})
      .Append(uint8_t{0})
      .Append(uint16_t{0xFFFF})  // no embedded controller
      .Finish({"Verbatim", "1.0", "11/22/2026"});
}

std::vector<uint8_t> System() {
  constexpr uint8_t kWakeUpByPowerSwitch = 0x06;
  return Structure(1, kSystemHandle)
      .Append(uint8_t{1})
      .Append(uint8_t{2})
      .Append(uint8_t{3})
      .Append(uint8_t{0})   // serial number
      .Append(uint64_t{0})  // UUID: none
      .Append(uint64_t{0})
      .Append(kWakeUpByPowerSwitch)
      .Append(uint8_t{0})
      .Append(uint8_t{0})
      .Finish({"Verbatim", "Standard PC", "1.0"});
}

std::vector<uint8_t> Chassis() {
  Structure chassis(3, kChassisHandle);
  chassis.Append(uint8_t{1}).Append(kOther);
  for (unsigned i = 0; i < 3; ++i) chassis.Append(uint8_t{0});  // version, serial number, tag
  for (unsigned i = 0; i < 3; ++i) chassis.Append(kSafe);       // boot, power, thermal state
  return chassis
      .Append(kUnknown)  // security
      .Append(uint32_t{0})
      .Append(uint32_t{0})  // height, cords, contained elements
      .Finish({"Verbatim"});
}

std::vector<uint8_t> Processor(const SmbiosConfig& config) {
  constexpr uint8_t kCentralProcessor = 0x03;
  constexpr uint8_t kPopulatedAndEnabled = 0x41;
  constexpr uint16_t kNoCache = 0xFFFF;
  return Structure(4, kProcessorHandle)
      .Append(uint8_t{1})
      .Append(kCentralProcessor)
      .Append(kOther)      // family
      .Append(uint8_t{2})  // manufacturer
      .Append(config.processor_signature)
      .Append(config.processor_features)
      .Append(uint8_t{0})   // version
      .Append(uint8_t{0})   // voltage
      .Append(uint32_t{0})  // external clock and maximum speed: unknown
      .Append(uint16_t{0})  // speed
      .Append(kPopulatedAndEnabled)
      .Append(kOther)
      .Append(kNoCache)
      .Append(kNoCache)
      .Append(kNoCache)
      .Append(uint8_t{0})
      .Append(uint8_t{0})
      .Append(uint8_t{0})
      .Finish({"CPU 0", "Verbatim"});
}

std::vector<uint8_t> MemoryArray(uint64_t bytes) {
  constexpr uint8_t kSystemBoard = 0x03;
  constexpr uint8_t kSystemMemory = 0x03;
  constexpr uint8_t kNoCorrection = 0x03;
  return Structure(16, kArrayHandle)
      .Append(kSystemBoard)
      .Append(kSystemMemory)
      .Append(kNoCorrection)
      .Append(static_cast<uint32_t>(bytes >> 10))
      .Append(kNoHandle)
      .Append(uint16_t{1})
      .Finish();
}

std::vector<uint8_t> MemoryModule(uint64_t bytes) {
  constexpr uint16_t kInKib = 0x8000;
  constexpr uint8_t kDimm = 0x09;
  constexpr uint8_t kRam = 0x07;
  constexpr uint64_t kMib = 1 << 20;
  const auto size = bytes % kMib == 0 ? static_cast<uint16_t>(bytes / kMib)
                                      : static_cast<uint16_t>(kInKib | (bytes >> 10 & 0x7FFF));
  return Structure(17, kModuleHandle)
      .Append(kArrayHandle)
      .Append(kNoHandle)
      .Append(uint16_t{32})
      .Append(uint16_t{32})
      .Append(size)
      .Append(kDimm)
      .Append(uint8_t{0})
      .Append(uint8_t{1})  // locator
      .Append(uint8_t{0})
      .Append(kRam)
      .Append(uint16_t{kUnknown << 1})
      .Append(uint16_t{0})  // speed
      .Append(uint32_t{0})  // manufacturer, serial number, tag, part number
      .Finish({"DIMM 0"});
}

std::vector<uint8_t> MappedArray(uint64_t bytes) {
  return Structure(19, kMappedHandle)
      .Append(uint32_t{0})
      .Append(static_cast<uint32_t>((bytes >> 10) - 1))
      .Append(kArrayHandle)
      .Append(uint8_t{1})
      .Finish();
}

std::vector<uint8_t> BootInformation() {
  Structure boot(32, kBootHandle);
  boot.Append(uint32_t{0}).Append(uint16_t{0});  // reserved
  return boot.Append(uint8_t{0}).Finish();       // no errors
}

}  // namespace

std::vector<uint8_t> BuildSmbios(PhysicalAddress at, const SmbiosConfig& config) {
  const std::vector<std::vector<uint8_t>> structures = {Firmware(),
                                                        System(),
                                                        Chassis(),
                                                        Processor(config),
                                                        MemoryArray(config.memory_bytes),
                                                        MemoryModule(config.memory_bytes),
                                                        MappedArray(config.memory_bytes),
                                                        BootInformation(),
                                                        Structure(127, kEndHandle).Finish()};
  std::vector<uint8_t> table(kSmbiosStructures);
  size_t largest = 0;
  for (const std::vector<uint8_t>& structure : structures) {
    largest = std::max(largest, structure.size());
    table.insert(table.end(), structure.begin(), structure.end());
  }
  const std::span<uint8_t> entry = std::span(table).first(kSmbiosEntryBytes);
  std::ranges::copy(std::string_view("_SM_"), entry.begin());
  entry[5] = kSmbiosEntryBytes;
  entry[6] = kMajor;
  entry[7] = kMinor;
  StoreLittle<uint16_t>(&entry[8], static_cast<uint16_t>(largest));
  const std::span<uint8_t> intermediate = entry.subspan(kIntermediate);
  std::ranges::copy(std::string_view("_DMI_"), intermediate.begin());
  StoreLittle<uint16_t>(&intermediate[6], static_cast<uint16_t>(table.size() - kSmbiosStructures));
  StoreLittle<uint32_t>(&intermediate[8], static_cast<uint32_t>(at.value + kSmbiosStructures));
  StoreLittle<uint16_t>(&intermediate[12], static_cast<uint16_t>(structures.size()));
  intermediate[14] = kMajor << 4 | kMinor;
  intermediate[5] = ChecksumOf(intermediate);
  entry[4] = ChecksumOf(entry);
  return table;
}

}  // namespace verbatim
