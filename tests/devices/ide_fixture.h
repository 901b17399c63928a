// SPDX-License-Identifier: Apache-2.0
// A PIIX IDE controller on a port bus, with memory for its DMA and disks that answer when they are
// told to: what a driver and a BIOS see.
#ifndef VERBATIM_TESTS_DEVICES_IDE_FIXTURE_H_
#define VERBATIM_TESTS_DEVICES_IDE_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/bits.h"
#include "devices/piix_ide.h"
#include "storage/block_queue.h"
#include "tests/devices/fakes.h"

namespace verbatim {

// A disk in memory.
class FakeDisk final : public BlockQueue {
 public:
  explicit FakeDisk(uint64_t sectors, bool read_only = false)
      : data(sectors * kSectorBytes), read_only_(read_only) {
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i * 7 + i / 512 * 13);
  }
  [[nodiscard]] uint64_t size_bytes() const override { return reported_bytes; }
  [[nodiscard]] bool read_only() const override { return read_only_; }
  void Submit(BlockRequest request) override { waiting.push_back(std::move(request)); }

  // Answers the oldest request.
  void AnswerOne() {
    BlockRequest request = std::move(waiting.front());
    waiting.pop_front();
    const BlockStatus status = Perform(request);
    if (request.done) request.done(status, std::move(request.data));
  }
  void AnswerAll() {
    while (!waiting.empty()) AnswerOne();
  }
  [[nodiscard]] std::vector<uint8_t> Sectors(uint64_t first, uint64_t count) const {
    const auto at = data.begin() + static_cast<ptrdiff_t>(first * kSectorBytes);
    return {at, at + static_cast<ptrdiff_t>(count * kSectorBytes)};
  }

  std::vector<uint8_t> data;
  // A disk may say it is larger than what this memory holds; the rest reads as zeros.
  uint64_t reported_bytes = data.size();
  std::deque<BlockRequest> waiting;
  std::vector<uint64_t> bad_sectors;
  unsigned flushes = 0;
  bool flush_fails = false;
  unsigned outside = 0;  // requests that a controller must never make

 private:
  BlockStatus Perform(BlockRequest& request) {
    if (request.kind == BlockRequest::Kind::kFlush) {
      ++flushes;
      return flush_fails ? BlockStatus::kError : BlockStatus::kDone;
    }
    const uint64_t end = request.offset + request.data.size();
    if (end > reported_bytes || end < request.offset) {
      ++outside;
      return BlockStatus::kError;
    }
    for (const uint64_t bad : bad_sectors) {
      if (bad * kSectorBytes >= request.offset && bad * kSectorBytes < end) {
        return BlockStatus::kError;
      }
    }
    for (size_t i = 0; i < request.data.size(); ++i) {
      const uint64_t at = request.offset + i;
      if (request.kind == BlockRequest::Kind::kRead) {
        request.data[i] = at < data.size() ? data[at] : 0;
      } else if (at < data.size()) {
        data[at] = request.data[i];
      }
    }
    return BlockStatus::kDone;
  }
  bool read_only_;
};

// RAM from 0 to its size.
class FakeDmaMemory final : public DmaMemory {
 public:
  bool DmaRead(PhysicalAddress from, std::span<uint8_t> to) override {
    if (from.value > ram.size() || to.size() > ram.size() - from.value) return false;
    std::copy_n(ram.begin() + static_cast<ptrdiff_t>(from.value), to.size(), to.begin());
    return true;
  }
  bool DmaWrite(PhysicalAddress to, std::span<const uint8_t> from) override {
    if (to.value > ram.size() || from.size() > ram.size() - to.value) return false;
    std::copy(from.begin(), from.end(), ram.begin() + static_cast<ptrdiff_t>(to.value));
    return true;
  }
  std::vector<uint8_t> ram = std::vector<uint8_t>(1 << 20);
};

class IdeFixture : public testing::Test {
 protected:
  static constexpr uint16_t kBase = 0x1F0;
  static constexpr uint16_t kControl = 0x3F6;
  static constexpr uint16_t kBusMaster = 0xC000;
  static constexpr uint8_t kReady = 0x50;  // DRDY, DSC
  static constexpr uint8_t kDataRequest = 0x58;
  static constexpr uint8_t kFailed = 0x51;
  static constexpr uint32_t kTable = 0x1000;  // of physical regions

  // Drives are attached before this.
  void PowerOn() {
    ide_.Attach(*bus_);
    ide_.Reset();
    ide_.ConfigureAsFirmware(kBusMaster);
  }

  uint8_t In(unsigned offset, uint16_t base = kBase) {
    return static_cast<uint8_t>(bus_->ReadPort(static_cast<uint16_t>(base + offset), 1));
  }
  void Out(unsigned offset, unsigned value, uint16_t base = kBase) {
    bus_->WritePort(static_cast<uint16_t>(base + offset), 1, value);
  }
  uint8_t Status() { return In(ata::kCommand); }
  uint8_t AlternateStatus() { return In(0, kControl); }
  uint8_t Error() { return In(ata::kFeatures); }
  void Control(unsigned value) { Out(0, value, kControl); }
  virtual void Answer() = 0;

  // The command without waiting for the disk.
  void Issue(unsigned command) { Out(ata::kCommand, command); }
  void Run(unsigned command) {
    Issue(command);
    Answer();
  }
  void SetLba28(uint32_t sector, unsigned count, unsigned drive = 0) {
    Out(ata::kDevice, 0xE0 | drive << 4 | (sector >> 24 & 0x0F));
    Out(ata::kSectorCount, count & 0xFF);
    Out(ata::kLbaLow, sector & 0xFF);
    Out(ata::kLbaMid, sector >> 8 & 0xFF);
    Out(ata::kLbaHigh, sector >> 16 & 0xFF);
  }
  void SetLba48(uint64_t sector, unsigned count) {
    Out(ata::kDevice, 0x40);
    Out(ata::kSectorCount, count >> 8 & 0xFF);
    Out(ata::kSectorCount, count & 0xFF);
    for (const unsigned shift : {24u, 0u}) {
      Out(ata::kLbaLow, sector >> shift & 0xFF);
      Out(ata::kLbaMid, sector >> (shift + 8) & 0xFF);
      Out(ata::kLbaHigh, sector >> (shift + 16) & 0xFF);
    }
  }
  void SetChs(unsigned cylinder, unsigned head, unsigned sector, unsigned count) {
    Out(ata::kDevice, 0xA0 | head);
    Out(ata::kSectorCount, count);
    Out(ata::kLbaLow, sector);
    Out(ata::kLbaMid, cylinder & 0xFF);
    Out(ata::kLbaHigh, cylinder >> 8);
  }
  std::vector<uint8_t> ReadData(size_t bytes, unsigned width = 2) {
    std::vector<uint8_t> data(bytes);
    for (size_t at = 0; at < bytes; at += width) {
      const uint32_t value = bus_->ReadPort(kBase, width);
      std::memcpy(&data[at], &value, width);
      Answer();
    }
    return data;
  }
  void WriteData(std::span<const uint8_t> data, unsigned width = 2) {
    for (size_t at = 0; at < data.size(); at += width) {
      uint32_t value = 0;
      std::memcpy(&value, &data[at], width);
      bus_->WritePort(kBase, width, value);
      Answer();
    }
  }

  struct Region {
    uint32_t address;
    uint32_t bytes;  // as in the table: 0 is 64 KiB
    bool last;
  };
  void SetTable(std::initializer_list<Region> regions, uint32_t at = kTable) {
    uint32_t entry = at;
    for (const Region& region : regions) {
      StoreLittle(&memory_.ram[entry], region.address);
      StoreLittle(&memory_.ram[entry + 4], region.bytes | (region.last ? 0x80000000u : 0));
      entry += 8;
    }
    bus_->WritePort(kBusMaster + 4, 4, at);
  }
  void StartDma(bool to_memory) {
    Out(0, to_memory ? 0x08 : 0x00, kBusMaster);
    Out(0, to_memory ? 0x09 : 0x01, kBusMaster);
    Answer();
  }
  void StopDma() { Out(0, 0, kBusMaster); }
  // Interrupt, error and active bits.
  unsigned DmaStatus() { return In(2, kBusMaster) & 7u; }

  std::vector<uint8_t> Memory(uint32_t at, size_t bytes) const {
    return {memory_.ram.begin() + at, memory_.ram.begin() + at + static_cast<ptrdiff_t>(bytes)};
  }

  FakeIrqLine irq14_;
  FakeIrqLine irq15_;
  FakeDmaMemory memory_;
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
  PiixIde ide_{irq14_, irq15_, memory_};
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_DEVICES_IDE_FIXTURE_H_
