// SPDX-License-Identifier: Apache-2.0
// The script is run here as firmware runs it, and the result compared with tables placed directly.
#include "firmware/acpi_loader.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <span>
#include <string>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr size_t kCommandBytes = 128;

struct File {
  std::vector<uint8_t> bytes;
  uint32_t address = 0;
};

class AcpiLoaderTest : public testing::Test {
 protected:
  // Allocates from `address` on, as the commands come.
  void Load(const AcpiConfig& config, uint32_t address) {
    const AcpiImage image = BuildAcpiImage(config);
    files_ = {{kAcpiTablesFile, {image.tables}}, {kAcpiRsdpFile, {AcpiRsdpFile(image)}}};
    next_ = address;
    const std::vector<uint8_t> script = AcpiLoaderScript(image);
    ASSERT_EQ(script.size() % kCommandBytes, 0u);
    for (size_t at = 0; at < script.size(); at += kCommandBytes) {
      Execute(std::span(script).subspan(at, kCommandBytes));
    }
  }
  static std::string Name(std::span<const uint8_t> command, size_t at) {
    return reinterpret_cast<const char*>(&command[at]);
  }
  static uint32_t Number(std::span<const uint8_t> command, size_t at) {
    return LoadLittle<uint32_t>(&command[at]);
  }
  void Execute(std::span<const uint8_t> command) {
    File& file = files_.at(Name(command, 4));
    switch (Number(command, 0)) {
      case 1:
        file.address = static_cast<uint32_t>(AlignUp(next_, Number(command, 60)));
        next_ = static_cast<uint32_t>(file.address + file.bytes.size());
        zones_[Name(command, 4)] = command[64];
        break;
      case 2: {
        const uint32_t base = files_.at(Name(command, 60)).address;
        ASSERT_NE(base, 0u);
        uint8_t* const pointer = &file.bytes[Number(command, 116)];
        if (command[120] == 8) {
          StoreLittle(pointer, LoadLittle<uint64_t>(pointer) + base);
        } else {
          ASSERT_EQ(command[120], 4);
          StoreLittle(pointer, LoadLittle<uint32_t>(pointer) + base);
        }
        break;
      }
      case 3: {
        const auto part = std::span(file.bytes).subspan(Number(command, 64), Number(command, 68));
        file.bytes[Number(command, 60)] -=
            static_cast<uint8_t>(std::accumulate(part.begin(), part.end(), 0u));
        break;
      }
      default:
        FAIL() << "command " << Number(command, 0);
    }
  }

  std::map<std::string, File> files_;
  std::map<std::string, uint8_t> zones_;
  uint32_t next_ = 0;
};

// But for the FACS, which lies with the others then: FIRMWARE_CTRL and X_FIRMWARE_CTRL differ, and
// the checksum of the FADT.
TEST_F(AcpiLoaderTest, TheScriptMakesWhatIsWrittenDirectly) {
  const AcpiConfig config{.apic = ApicConfig{}, .hpet = HpetConfig{}};
  Load(config, 0xF0000);
  std::vector<uint8_t> ram(2 << 20);
  const auto rsdp = WriteAcpiTables(ram, config);
  ASSERT_TRUE(rsdp);
  const std::span<uint8_t> direct = std::span(ram).subspan(0xF0000);
  std::vector<uint8_t>& scripted = files_.at(kAcpiTablesFile).bytes;
  EXPECT_TRUE(std::ranges::equal(std::span(ram).subspan(kFacsAddress.value, AcpiImage::kFacsBytes),
                                 std::span(scripted).first(AcpiImage::kFacsBytes)));
  std::ranges::fill(std::span(scripted).first(AcpiImage::kFacsBytes), uint8_t{0});
  const std::string text(scripted.begin(), scripted.end());
  const size_t fadt = text.find("FACP");
  ASSERT_NE(fadt, std::string::npos);
  for (const std::span<uint8_t> tables : {direct, std::span(scripted)}) {
    tables[fadt + kTableChecksum] = 0;
    StoreLittle(&tables[fadt + 36], 0u);
    StoreLittle(&tables[fadt + 132], uint64_t{0});
  }
  EXPECT_TRUE(std::ranges::equal(scripted, direct.first(scripted.size())));
  const File& rsdp_file = files_.at(kAcpiRsdpFile);
  EXPECT_TRUE(std::ranges::equal(
      rsdp_file.bytes, std::span(ram).subspan(rsdp_file.address, rsdp_file.bytes.size())));
  EXPECT_EQ(files_.at(kAcpiRsdpFile).address, rsdp->value);
}

TEST_F(AcpiLoaderTest, OnlyTheRsdpNeedsTheBiosArea) {
  Load({}, 0x100000);
  EXPECT_EQ(zones_.at(kAcpiTablesFile), 1);
  EXPECT_EQ(zones_.at(kAcpiRsdpFile), 2);
}

TEST_F(AcpiLoaderTest, TheSizeOfTheTablesIsTheSameWhereverTheRegistersStand) {
  EXPECT_EQ(BuildAcpiImage({}).tables.size(),
            BuildAcpiImage({.pm1a_event_port = 0xB000}).tables.size());
}

}  // namespace
}  // namespace verbatim
