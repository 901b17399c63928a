// SPDX-License-Identifier: Apache-2.0
// A guest that consists of a snippet at CPL 3 and, around it, just enough of a kernel to see how
// the snippet ends: page tables that map the areas of cpu_image.h one to one, a GDT, a TSS and an
// IDT whose 256 stubs each write a port and halt. An engine lives as long as its guest and runs
// many snippets, so what one leaves behind in the caches is there for the next.
#ifndef VERBATIM_TESTS_ENGINE_GUEST_SNIPPET_H_
#define VERBATIM_TESTS_ENGINE_GUEST_SNIPPET_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/result.h"
#include "engine/engine.h"
#include "memory/mmu.h"
#include "memory/physical_memory.h"
#include "memory/window.h"
#include "tests/engine/cpu_image.h"

namespace verbatim::test {

// The supervisor's memory, physical and linear.
inline constexpr uint32_t kGdt = 0x00F00000;
inline constexpr uint32_t kSupervisorBytes = 0x100000;  // from kGdt on
inline constexpr uint32_t kLdt = 0x00F00800;
inline constexpr uint32_t kTss = 0x00F01000;
inline constexpr uint32_t kIdt = 0x00F02000;
inline constexpr uint32_t kStubs = 0x00F03000;  // 16 bytes for each vector
inline constexpr uint32_t kKernelStackTop = 0x00F06000;
inline constexpr uint32_t kPageDirectory = 0x00F08000;
inline constexpr uint32_t kPageTables = 0x00F09000;  // of the first 16 MiB
// Free for tests.
inline constexpr uint32_t kHighPageTable = 0x00F0E000;  // of the last 4 MiB
inline constexpr uint32_t kGuestRamBytes = 16u << 20;
inline constexpr uint32_t kElsewhere = 0x00600000;   // from kCode: linear addresses without memory
inline constexpr uint32_t kDevicePage = 0x02000000;  // beyond RAM: CountingDevice

inline constexpr uint16_t kKernelCs = 0x08;
inline constexpr uint16_t kKernelDs = 0x10;
// Where 64-bit Linux has them, so that a program finds the same selectors natively.
inline constexpr uint16_t kUserCs = 0x23;
inline constexpr uint16_t kUserDs = 0x2B;
inline constexpr uint16_t kTssSelector = 0x40;
inline constexpr uint16_t kLdtRegister = 0x50;
inline constexpr uint16_t kGdtLimit = 0x7F;

// Port writes stop the run; memory that remembers.
class SnippetBoard final : public EventGate, public PortIo, public MmioHandler {
 public:
  void Service() override {
    ++services;
    if (services == stop_at_service) stopped = true;
  }
  [[nodiscard]] bool InterruptRequested() const override { return interrupt; }
  [[nodiscard]] uint8_t AcknowledgeInterrupt() override {
    interrupt = false;
    return 0x40;
  }
  void SignalFpuError() override {}
  [[nodiscard]] bool StopRequested() const override { return stopped; }
  uint32_t ReadPort(uint16_t, unsigned bytes) override {
    if (on_port_read) on_port_read();
    return bytes == 4 ? 0x5A5A5A5A : 0x5A;
  }
  void WritePort(uint16_t, unsigned, uint32_t) override { stopped = true; }
  uint64_t ReadMmio(uint32_t offset, unsigned bytes) override {
    ++device_reads;
    uint64_t value = 0;
    std::memcpy(&value, &device[offset], bytes);
    return value;
  }
  void WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) override {
    ++device_writes;
    if (on_device_write) on_device_write();
    std::memcpy(&device[offset], &value, bytes);
  }

  std::function<void()> on_port_read;
  std::function<void()> on_device_write;
  std::atomic<bool> stopped = false;
  bool interrupt = false;
  std::atomic<uint64_t> services = 0;
  uint64_t stop_at_service = 0;  // never, if that many are over
  uint64_t device_reads = 0;
  uint64_t device_writes = 0;
  std::array<uint8_t, kPageBytes> device{};
};

class GuestSnippet {
 public:
  // All translated code is validated.
  [[nodiscard]] static Result<std::unique_ptr<GuestSnippet>> Create(EngineOptions options);

  [[nodiscard]] PhysicalMemory& memory() { return *memory_; }
  // Physical memory; one to one with the snippet's linear addresses unless a test maps otherwise.
  [[nodiscard]] std::span<uint8_t> Memory(uint32_t address, uint32_t bytes) {
    return memory_->ram().subspan(address, bytes);
  }
  // As a device would: the engine notices changed code.
  void Write(uint32_t address, std::span<const uint8_t> bytes) {
    memory_->Write(PhysicalAddress{address}, bytes.data(), bytes.size());
  }
  // Maps a page of the first 16 MiB for the snippet (`rights`: kPte bits). Flushes.
  void Map(uint32_t linear, uint32_t physical, uint32_t rights);

  // The pages of [start, start + bytes) are mapped kElsewhere higher, and no longer where they
  // were; or back again.
  void MapElsewhere(uint32_t start, uint32_t bytes);
  void MapHome(uint32_t start, uint32_t bytes);

  // Likewise for the last 4 MiB of the linear address space.
  void MapHigh(uint32_t linear, uint32_t physical, uint32_t rights);

  // Puts a raw descriptor into the global table.
  void SetDescriptor(uint16_t selector, uint64_t descriptor);
  // Gives the snippet a local descriptor table of these raw descriptors.
  void SetLdt(std::span<const uint64_t> descriptors);

  // Runs from `start` at CPL 3 until an exception reaches its stub.
  [[nodiscard]] Outcome Run(const CpuImage& start);
  // Likewise, with the segment registers loaded as a return to CPL 3 and MOV would. nullopt: a load
  // faults, the run was stopped from outside, or the guest died.
  [[nodiscard]] std::optional<Outcome> Run(const CpuImage& start,
                                           const std::array<uint16_t, kSegmentCount>& selectors);
  // Likewise, as long as a few kicks take; no matter how it ends.
  void RunBriefly(const CpuImage& start, const std::array<uint16_t, kSegmentCount>& selectors);
  // Puts the processor at `start`, without running it.
  void BeginAtCpl0(const CpuImage& start) { Start(start, 0); }
  void BeginAtCpl3(const CpuImage& start) { Start(start, 3); }
  // Runs from `start` at CPL 0 until something writes a port; returns eax.
  [[nodiscard]] uint32_t RunAtCpl0(const CpuImage& start);
  // Loads CR3, by code in the second page of the code area.
  void SelectDirectory(uint32_t directory);

  [[nodiscard]] Engine& engine() { return *engine_; }
  [[nodiscard]] SnippetBoard& board() { return board_; }
  [[nodiscard]] CpuState& state() { return engine_->cpu().state(); }

 private:
  explicit GuestSnippet(std::unique_ptr<PhysicalMemory> memory)
      : memory_(std::move(memory)), mmu_(*memory_) {}
  void BuildTables();
  void SetUpProcessor();
  void Start(const CpuImage& start, uint32_t cpl);
  [[nodiscard]] bool LoadSegments(const std::array<uint16_t, kSegmentCount>& selectors);
  // Empty unless a stub halted.
  [[nodiscard]] std::optional<Outcome> Finish(const CpuImage& start);
  void Flush();

  std::unique_ptr<PhysicalMemory> memory_;
  Mmu mmu_;
  SnippetBoard board_;
  std::unique_ptr<WindowSet> windows_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ENGINE_GUEST_SNIPPET_H_
