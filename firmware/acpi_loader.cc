// SPDX-License-Identifier: Apache-2.0
#include "firmware/acpi_loader.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr size_t kCommandBytes = 128;
constexpr size_t kNameBytes = 56;

enum Command : uint32_t { kAllocate = 1, kAddPointer = 2, kAddChecksum = 3 };
enum Zone : uint8_t { kHighZone = 1, kBiosZone = 2 };

// One command; its fields follow each other without gaps.
class Entry {
 public:
  explicit Entry(Command command) { Put<uint32_t>(command); }

  Entry& File(std::string_view name) {
    std::ranges::copy(name, bytes_.begin() + static_cast<ptrdiff_t>(used_));
    used_ += kNameBytes;
    return *this;
  }
  template <typename T>
  Entry& Put(T value) {
    StoreLittle(&bytes_[used_], value);
    used_ += sizeof value;
    return *this;
  }
  void AppendTo(std::vector<uint8_t>& script) const {
    script.insert(script.end(), bytes_.begin(), bytes_.end());
  }

 private:
  std::array<uint8_t, kCommandBytes> bytes_{};
  size_t used_ = 0;
};

}  // namespace

std::vector<uint8_t> AcpiRsdpFile(const AcpiImage& image) {
  const std::array<uint8_t, kRsdpBytes> rsdp = BuildRsdp(image.rsdt);
  return {rsdp.begin(), rsdp.end()};
}

std::vector<uint8_t> AcpiLoaderScript(const AcpiImage& image) {
  std::vector<uint8_t> script;
  Entry(kAllocate)
      .File(kAcpiTablesFile)
      .Put<uint32_t>(kAcpiImageAlignment)
      .Put<uint8_t>(kHighZone)
      .AppendTo(script);
  Entry(kAllocate)
      .File(kAcpiRsdpFile)
      .Put<uint32_t>(kRsdpAlignment)
      .Put<uint8_t>(kBiosZone)
      .AppendTo(script);
  for (const AcpiImage::Pointer& pointer : image.pointers) {
    Entry(kAddPointer)
        .File(kAcpiTablesFile)
        .File(kAcpiTablesFile)
        .Put(pointer.offset)
        .Put(pointer.bytes)
        .AppendTo(script);
  }
  Entry(kAddPointer)
      .File(kAcpiRsdpFile)
      .File(kAcpiTablesFile)
      .Put(kRsdpPointer)
      .Put<uint8_t>(4)
      .AppendTo(script);
  for (const AcpiImage::Table& table : image.checked) {
    Entry(kAddChecksum)
        .File(kAcpiTablesFile)
        .Put(table.start + kTableChecksum)
        .Put(table.start)
        .Put(table.bytes)
        .AppendTo(script);
  }
  Entry(kAddChecksum)
      .File(kAcpiRsdpFile)
      .Put(kRsdpChecksum)
      .Put<uint32_t>(0)
      .Put(kRsdpBytes)
      .AppendTo(script);
  return script;
}

}  // namespace verbatim
