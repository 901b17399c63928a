// SPDX-License-Identifier: Apache-2.0
// Calls of the virtual BIOS with any registers, in memory that holds anything (the data area and
// the vectors too), on drives and ports that answer anything: each call ends, in its caller's
// memory, and the drives are asked for nothing that they do not have.
#include <array>
#include <memory>
#include <vector>

#include "base/log.h"
#include "firmware/bios/bios.h"
#include "memory/mmu.h"
#include "memory/physical_memory.h"
#include "tests/devices/fakes.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

constexpr unsigned kMostCalls = 300;
constexpr uint64_t kRamBytes = 4ull << 20;
constexpr uint32_t kCallSite = 0xF8000;  // free space of the ROM
constexpr uint8_t kServices[] = {0x10, 0x13, 0x15, 0x10, 0x13, 0x14, 0x16, 0x17,
                                 0x1A, 0x11, 0x12, 0x08, 0x09, 0x0E, 0x70, 0x76};

// Zeros, and a count of what is asked for beyond the end.
class EmptyDrive final : public BiosDrive {
 public:
  EmptyDrive(BiosDriveKind kind, uint64_t bytes) : kind_(kind), bytes_(bytes) {}
  [[nodiscard]] BiosDriveKind kind() const override { return kind_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] uint64_t size_bytes() const override { return bytes_; }
  [[nodiscard]] bool read_only() const override { return kind_ == BiosDriveKind::kCdrom; }
  [[nodiscard]] unsigned medium() const override { return media; }
  [[nodiscard]] BlockStatus Read(uint64_t offset, std::span<uint8_t> to) override {
    std::ranges::fill(to, uint8_t{0});
    return Inside(offset, to.size());
  }
  [[nodiscard]] BlockStatus Write(uint64_t offset, std::span<const uint8_t> from) override {
    Demand(!read_only(), "a write to a disc");
    return Inside(offset, from.size());
  }
  [[nodiscard]] BlockStatus Flush() override { return BlockStatus::kDone; }

  unsigned media = 0;

 private:
  [[nodiscard]] BlockStatus Inside(uint64_t offset, uint64_t bytes) const {
    Demand(bytes <= bytes_ && offset <= bytes_ - bytes, "{} bytes at {} of a drive of {}", bytes,
           offset, bytes_);
    return BlockStatus::kDone;
  }
  const BiosDriveKind kind_;
  const uint64_t bytes_;
  const std::string name_ = "drive";
};

// Ports that answer anything, but not the same for ever.
class AnyPorts final : public PortIo {
 public:
  uint32_t ReadPort(uint16_t port, unsigned bytes) override {
    seed_ = seed_ * 6364136223846793005u + port;
    return static_cast<uint32_t>(seed_ >> 32) & (bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1);
  }
  void WritePort(uint16_t /*port*/, unsigned /*bytes*/, uint32_t value) override { seed_ ^= value; }

 private:
  uint64_t seed_ = 1;
};

class BiosMachineUnderTest {
 public:
  explicit BiosMachineUnderTest(FuzzInput input)
      : input_(input),
        memory_(*PhysicalMemory::Create(kRamBytes)),
        mmu_(*memory_),
        bios_({.mmu = mmu_,
               .ports = ports_,
               .clock = clock_,
               .memory_map = *BuildMemoryMap(kRamBytes),
               .drives = {&floppy_, &disk_, &disc_}}) {
    bios_.InstallRom();
    bios_.PowerOnSelfTest();
  }

  void Run() {
    for (unsigned call = 0; call < kMostCalls && !input_.AtEnd(); ++call) Step();
  }

 private:
  void Step() {
    const uint8_t what = input_.Byte();
    switch (what % 8) {
      case 0:  // low memory: vectors, data area, what packets point to
        Poke(input_.Take<uint16_t>() % 0x800);
        break;
      case 1:
        Poke(input_.Take<uint32_t>() % (1 << 20));
        break;
      case 2:
        clock_.now_ns += input_.Take<uint32_t>();
        ++(what & 0x80 ? floppy_ : disc_).media;
        break;
      default:
        Call(kServices[what / 8 % std::size(kServices)]);
        break;
    }
  }
  void Poke(uint32_t address) {
    const auto bytes = input_.Bytes(input_.Byte() % 64);
    if (!bytes.empty()) memory_->Write({address}, bytes.data(), bytes.size());
  }

  void Call(uint8_t service) {
    const std::array<uint8_t, 3> code = {0x0F, 0x0B, service};
    memory_->Write({kCallSite}, code.data(), code.size());
    CpuState state{};
    for (SegmentRegister& segment : state.segments) {
      const uint16_t selector = input_.Take<uint16_t>();
      segment = {selector, 0x93, static_cast<uint32_t>(selector) << 4, 0xFFFF};
    }
    state.segments[kCs] = {0xF000, 0x9B, 0xF0000, 0xFFFF};
    state.eip = kCallSite & 0xFFFF;
    for (uint32_t& value : state.gpr) value = input_.Take<uint16_t>();
    state.gpr[kEax] = input_.Take<uint16_t>();
    // Numbers that drives have are rare by chance.
    if (service == 0x13) state.gpr[kEdx] = (state.gpr[kEdx] & ~0x7Eu) | (input_.Byte() & 0x60u);
    const auto outcome = bios_.OnUndefined(state);
    Demand(!outcome || *outcome != TrapOutcome::kNotCalled, "service {:x} was not called", service);
  }

  FuzzInput input_;
  FakeClock clock_;
  AnyPorts ports_;
  EmptyDrive floppy_{BiosDriveKind::kFloppy, 360 << 10};
  EmptyDrive disk_{BiosDriveKind::kDisk, 5000 * kSectorBytes};
  EmptyDrive disc_{BiosDriveKind::kCdrom, 100 * 2048};
  std::unique_ptr<PhysicalMemory> memory_;
  Mmu mmu_;
  Bios bios_;
};

}  // namespace
}  // namespace verbatim

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::SetLogLevel(verbatim::LogLevel::kError);
  verbatim::BiosMachineUnderTest(verbatim::FuzzInput(data, size)).Run();
  return 0;
}
