// SPDX-License-Identifier: Apache-2.0
#include "firmware/pir_table.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "base/bits.h"
#include "firmware/pci_setup.h"

namespace verbatim {
namespace {

constexpr unsigned kFirstSlot = 1;
constexpr unsigned kEndSlot = 32;
constexpr unsigned kPins = 4;
constexpr size_t kHeaderBytes = 32;
constexpr size_t kEntryBytes = 16;
constexpr size_t kChecksum = 31;
constexpr uint16_t kVersion = 0x0100;
constexpr uint32_t kPiix3Isa = 0x70008086;

}  // namespace

std::vector<uint8_t> PirSlots() {
  std::vector<uint8_t> slots((kEndSlot - kFirstSlot) * kEntryBytes);
  for (unsigned slot = kFirstSlot; slot < kEndSlot; ++slot) {
    uint8_t* entry = &slots[(slot - kFirstSlot) * kEntryBytes];
    entry[1] = static_cast<uint8_t>(slot << 3);
    for (unsigned pin = 0; pin < kPins; ++pin) {
      entry[2 + 3 * pin] = static_cast<uint8_t>(kPirqRouteRegister + PirqOf(slot, pin));
      StoreLittle<uint16_t>(&entry[3 + 3 * pin], kPirIrqs);
    }
  }
  return slots;
}

std::vector<uint8_t> BuildPirTable() {
  std::vector<uint8_t> table(kHeaderBytes);
  std::ranges::copy(std::string_view("$PIR"), table.begin());
  StoreLittle<uint16_t>(&table[4], kVersion);
  table[8] = PirRouter().bus;
  table[9] = PirRouter().device_function;
  StoreLittle<uint32_t>(&table[12], kPiix3Isa);
  const std::vector<uint8_t> slots = PirSlots();
  table.insert(table.end(), slots.begin(), slots.end());
  StoreLittle<uint16_t>(&table[6], static_cast<uint16_t>(table.size()));
  table[kChecksum] = static_cast<uint8_t>(-std::accumulate(table.begin(), table.end(), 0));
  return table;
}

}  // namespace verbatim
