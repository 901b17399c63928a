// SPDX-License-Identifier: Apache-2.0
// Int 13h as a program in real mode calls it: registers and memory, with drives that are vectors
// and whose sectors can be made bad.
#ifndef VERBATIM_TESTS_FIRMWARE_BIOS_DISK_DISK_FIXTURE_H_
#define VERBATIM_TESTS_FIRMWARE_BIOS_DISK_DISK_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "firmware/bios/bios_call.h"
#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/disk/disk_service.h"
#include "firmware/bios/drive.h"
#include "memory/mmu.h"
#include "memory/physical_memory.h"

namespace verbatim::test {

class MemoryDrive final : public BiosDrive {
 public:
  MemoryDrive(BiosDriveKind kind, uint64_t sectors) : data(sectors * kSectorBytes), kind_(kind) {}

  [[nodiscard]] BiosDriveKind kind() const override { return kind_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] uint64_t size_bytes() const override {
    return claimed_bytes != 0 ? claimed_bytes : data.size();
  }
  [[nodiscard]] bool read_only() const override { return write_protected; }
  [[nodiscard]] std::optional<AtaPlace> place() const override { return ata; }
  [[nodiscard]] unsigned medium() const override { return media; }

  [[nodiscard]] BlockStatus Read(uint64_t offset, std::span<uint8_t> to) override {
    if (!Good(offset, to.size())) return BlockStatus::kError;
    // What is claimed beyond the data is empty.
    std::ranges::fill(to, uint8_t{0});
    if (offset >= data.size()) return BlockStatus::kDone;
    const auto count = std::min<uint64_t>(to.size(), data.size() - offset);
    std::copy_n(data.begin() + static_cast<ptrdiff_t>(offset), count, to.begin());
    return BlockStatus::kDone;
  }
  [[nodiscard]] BlockStatus Write(uint64_t offset, std::span<const uint8_t> from) override {
    if (write_protected || !Good(offset, from.size()) || offset + from.size() > data.size()) {
      return BlockStatus::kError;
    }
    std::ranges::copy(from, data.begin() + static_cast<ptrdiff_t>(offset));
    return BlockStatus::kDone;
  }
  [[nodiscard]] BlockStatus Flush() override {
    if (flush_fails) return BlockStatus::kError;
    safe = data;
    return BlockStatus::kDone;
  }

  // Each sector with bytes of its own.
  void FillWithPattern() {
    for (size_t i = 0; i < data.size(); ++i) data[i] = PatternAt(i);
  }
  [[nodiscard]] static uint8_t PatternAt(uint64_t byte) {
    return static_cast<uint8_t>(byte / kSectorBytes * 7 + byte);
  }
  [[nodiscard]] std::span<uint8_t, kSectorBytes> Sector(size_t number) {
    return std::span(data).subspan(number * kSectorBytes).first<kSectorBytes>();
  }

  std::vector<uint8_t> data;
  std::vector<uint8_t> safe;  // the data at the last flush
  std::set<uint64_t> bad_sectors;
  uint64_t claimed_bytes = 0;  // instead of the real size
  unsigned media = 0;          // changes of the medium
  bool write_protected = false;
  bool flush_fails = false;
  std::optional<AtaPlace> ata;

 private:
  [[nodiscard]] bool Good(uint64_t offset, size_t bytes) const {
    if (offset + bytes > size_bytes()) return false;
    const auto bad = bad_sectors.lower_bound(offset / kSectorBytes);
    return bad == bad_sectors.end() || *bad * kSectorBytes >= offset + bytes;
  }

  const BiosDriveKind kind_;
  const std::string name_ = "drive";
};

class DiskTest : public testing::Test {
 protected:
  static constexpr uint16_t kFrameOffset = 0x7000;  // of the frame that INT pushed
  static constexpr uint16_t kBufferSegment = 0x1000;
  static constexpr uint16_t kPacketOffset = 0x600;

  DiskTest() {
    memory_ = *PhysicalMemory::Create(4 << 20);
    mmu_ = std::make_unique<Mmu>(*memory_);
    state_.gpr[kEsp] = kFrameOffset;
    SetSegment(kEs, kBufferSegment);
  }

  MemoryDrive& Add(BiosDriveKind kind, uint64_t sectors) {
    drives_.push_back(std::make_unique<MemoryDrive>(kind, sectors));
    return *drives_.back();
  }
  void PowerOn() {
    std::vector<BiosDrive*> drives;
    for (const auto& drive : drives_) drives.push_back(drive.get());
    disks_ = std::make_unique<DiskService>(drives);
    disks_->PowerOn(*memory_);
  }
  void SetSegment(Segment segment, uint16_t selector) {
    state_.segments[segment].selector = selector;
    state_.segments[segment].base = selector * 16u;
  }
  void SetRegisters(uint32_t ax, uint32_t bx, uint32_t cx, uint32_t dx) {
    state_.gpr[kEax] = ax;
    state_.gpr[kEbx] = bx;
    state_.gpr[kEcx] = cx;
    state_.gpr[kEdx] = dx;
  }
  // Returns AH; the carry flag must agree with `failed`.
  uint8_t Call(bool failed) {
    Poke<uint16_t>(kFrameOffset + 4, failed ? 0 : 1);
    BiosCall call(state_, *mmu_);
    disks_->Call(call);
    EXPECT_TRUE(call.Commit(0).has_value());
    EXPECT_EQ(Peek<uint16_t>(kFrameOffset + 4), failed ? 1 : 0) << "carry flag";
    return static_cast<uint8_t>(state_.gpr[kEax] >> 8);
  }
  uint8_t Good() { return Call(false); }
  DiskStatus Fails() { return static_cast<DiskStatus>(Call(true)); }

  // An address packet at DS:SI.
  void SetPacket(uint8_t bytes, uint16_t count, FarPointer buffer, uint64_t block,
                 uint64_t flat = 0) {
    state_.gpr[kEsi] = kPacketOffset;
    SetSegment(kDs, 0);
    Poke<uint16_t>(kPacketOffset, bytes);
    Poke<uint16_t>(kPacketOffset + 2, count);
    Poke<uint16_t>(kPacketOffset + 4, buffer.offset);
    Poke<uint16_t>(kPacketOffset + 6, buffer.segment);
    Poke<uint64_t>(kPacketOffset + 8, block);
    Poke<uint64_t>(kPacketOffset + 16, flat);
  }

  template <typename T>
  [[nodiscard]] T Peek(uint32_t address) const {
    T value{};
    memory_->Read({address}, &value, sizeof value);
    return value;
  }
  template <typename T>
  void Poke(uint32_t address, T value) {
    memory_->Write({address}, &value, sizeof value);
  }
  [[nodiscard]] std::vector<uint8_t> Memory(uint32_t address, size_t bytes) const {
    std::vector<uint8_t> read(bytes);
    memory_->Read({address}, read.data(), bytes);
    return read;
  }
  [[nodiscard]] static std::vector<uint8_t> PatternOf(uint64_t first_sector, size_t sectors) {
    std::vector<uint8_t> bytes(sectors * kSectorBytes);
    for (size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = MemoryDrive::PatternAt(first_sector * kSectorBytes + i);
    }
    return bytes;
  }
  [[nodiscard]] uint16_t Register(Gpr index) const {
    return static_cast<uint16_t>(state_.gpr[index]);
  }
  [[nodiscard]] uint8_t Al() const { return static_cast<uint8_t>(state_.gpr[kEax]); }

  std::unique_ptr<PhysicalMemory> memory_;
  std::unique_ptr<Mmu> mmu_;
  CpuState state_{};
  std::vector<std::unique_ptr<MemoryDrive>> drives_;
  std::unique_ptr<DiskService> disks_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_FIRMWARE_BIOS_DISK_DISK_FIXTURE_H_
