// SPDX-License-Identifier: Apache-2.0
#include "firmware/mp_table.h"

#include <algorithm>
#include <initializer_list>
#include <numeric>
#include <span>
#include <string_view>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr size_t kPointerBytes = 16;
constexpr size_t kPointerChecksum = 10;
constexpr size_t kHeaderChecksum = 7;
constexpr uint8_t kRevision = 4;  // 1.4

enum EntryType : uint8_t { kProcessor, kBus, kIoApic, kIoInterrupt, kLocalInterrupt };
enum InterruptType : uint8_t { kVectored = 0, kNmi = 1, kExtInt = 3 };

constexpr uint8_t kPciBus = 0;
constexpr uint8_t kIsaBus = 1;
constexpr uint8_t kApicVersion = 0x14;
constexpr uint8_t kIoApicVersion = 0x11;
constexpr uint8_t kEnabled = 1;
constexpr uint8_t kBootstrap = 2;
constexpr uint8_t kAllApics = 0xFF;
// Polarity and trigger mode (table 4-10).
constexpr uint16_t kAsOnBus = 0;
constexpr uint16_t kActiveHighLevel = 0xD;

constexpr unsigned kIsaLines = 16;
constexpr unsigned kTimerIrq = 0;
constexpr unsigned kTimerInput = 2;  // which is why no line 2 is there
constexpr unsigned kFirstSlot = 1;
constexpr unsigned kEndSlot = 32;
constexpr unsigned kPins = 4;

class Table {
 public:
  void Bytes(std::initializer_list<unsigned> bytes) {
    for (const unsigned byte : bytes) data_.push_back(static_cast<uint8_t>(byte));
  }
  void Text(std::string_view text) { data_.insert(data_.end(), text.begin(), text.end()); }
  void Dword(uint32_t value) {
    const size_t at = data_.size();
    data_.resize(at + sizeof value);
    StoreLittle(&data_[at], value);
  }
  void BeginEntry() { ++entries_; }
  [[nodiscard]] uint16_t entries() const { return entries_; }
  [[nodiscard]] std::vector<uint8_t>& data() { return data_; }

 private:
  std::vector<uint8_t> data_;
  uint16_t entries_ = 0;
};

void AddBus(Table& table, uint8_t id, std::string_view name) {
  table.BeginEntry();
  table.Bytes({kBus, id});
  table.Text(name);
}

void AddInterrupt(Table& table, EntryType entry, InterruptType type, uint16_t flags, uint8_t bus,
                  unsigned source, uint8_t apic, unsigned input) {
  table.BeginEntry();
  table.Bytes(
      {entry, type, flags & 0xFFu, static_cast<unsigned>(flags) >> 8, bus, source, apic, input});
}

// PCI's lines are not the ISA bus's.
bool IsPciLine(unsigned irq) {
  for (unsigned pin = 0; pin < kPins; ++pin) {
    if (PciInterruptLine(kFirstSlot, pin) == irq) return true;
  }
  return false;
}

void AddInterrupts(Table& table, const MpConfig& config) {
  const uint8_t io_apic = config.apic.io_apic_id;
  for (unsigned irq = 0; irq < kIsaLines; ++irq) {
    if (irq == kTimerInput || IsPciLine(irq)) continue;
    AddInterrupt(table, kIoInterrupt, kVectored,
                 irq == config.sci_irq ? kActiveHighLevel : kAsOnBus, kIsaBus, irq, io_apic,
                 irq == kTimerIrq ? kTimerInput : irq);
  }
  for (unsigned slot = kFirstSlot; slot < kEndSlot; ++slot) {
    for (unsigned pin = 0; pin < kPins; ++pin) {
      AddInterrupt(table, kIoInterrupt, kVectored, kAsOnBus, kPciBus, slot << 2 | pin, io_apic,
                   PciInterruptLine(slot, pin));
    }
  }
  AddInterrupt(table, kLocalInterrupt, kExtInt, kAsOnBus, kIsaBus, 0, kAllApics, 0);
  AddInterrupt(table, kLocalInterrupt, kNmi, kAsOnBus, kIsaBus, 0, kAllApics, 1);
}

void SetChecksum(std::span<uint8_t> bytes, size_t at) {
  bytes[at] = static_cast<uint8_t>(0 - std::accumulate(bytes.begin(), bytes.end(), 0u));
}

}  // namespace

std::vector<uint8_t> BuildMpTables(PhysicalAddress at, const MpConfig& config) {
  Table table;
  table.Text("PCMP");
  table.Bytes({0, 0, kRevision, 0});  // the length comes last
  table.Text("VERBATIM");
  table.Text("PC          ");
  table.Dword(0);  // no table of the OEM
  table.Dword(0);  // its length; the number of entries comes last
  table.Dword(config.apic.local_apic_address);
  table.Dword(0);  // no extended table

  table.BeginEntry();
  table.Bytes({kProcessor, config.apic.local_apic_id, kApicVersion, kEnabled | kBootstrap});
  table.Dword(config.processor_signature);
  table.Dword(config.processor_features);
  table.Dword(0);
  table.Dword(0);
  AddBus(table, kPciBus, "PCI   ");
  AddBus(table, kIsaBus, "ISA   ");
  table.BeginEntry();
  table.Bytes({kIoApic, config.apic.io_apic_id, kIoApicVersion, kEnabled});
  table.Dword(config.apic.io_apic_address);
  AddInterrupts(table, config);

  std::vector<uint8_t>& body = table.data();
  StoreLittle(&body[4], static_cast<uint16_t>(body.size()));
  StoreLittle(&body[34], table.entries());
  SetChecksum(body, kHeaderChecksum);

  std::vector<uint8_t> tables(kPointerBytes + body.size());
  std::ranges::copy(std::string_view("_MP_"), tables.begin());
  StoreLittle(&tables[4], static_cast<uint32_t>(at.value + kPointerBytes));
  tables[8] = 1;  // in units of 16 bytes
  tables[9] = kRevision;
  // Both feature bytes are 0: a table follows, virtual wire mode.
  SetChecksum(std::span(tables).first(kPointerBytes), kPointerChecksum);
  std::ranges::copy(body, tables.begin() + kPointerBytes);
  return tables;
}

}  // namespace verbatim
