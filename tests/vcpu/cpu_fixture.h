// SPDX-License-Identifier: Apache-2.0
// A small flat protected-mode machine for the tests of the virtual CPU: 4 MiB of memory, a GDT, an
// IDT whose 256 gates lead to distinct handlers, a 32-bit TSS. Paging is off unless a test turns it
// on. Instructions come from bytes through the real decoder; a fault is observed by the handler
// that is entered and the frame it finds.
#ifndef VERBATIM_TESTS_VCPU_CPU_FIXTURE_H_
#define VERBATIM_TESTS_VCPU_CPU_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "decoder/decoder.h"
#include "memory/mmu.h"
#include "memory/physical_memory.h"
#include "vcpu/virtual_cpu.h"

namespace verbatim::test {

// Where things lie.
inline constexpr uint32_t kGdt = 0x1000;
inline constexpr uint32_t kIdt = 0x2000;
inline constexpr uint32_t kTss = 0x3000;
inline constexpr uint32_t kOtherTss = 0x3800;
inline constexpr uint32_t kLdt = 0x4000;
inline constexpr uint32_t kCode = 0x10000;
inline constexpr uint32_t kData = 0x18000;
inline constexpr uint32_t kKernelStack = 0x20000;  // SS0:ESP0 of the TSS
inline constexpr uint32_t kStack = 0x28000;        // where tests at CPL 0 start
inline constexpr uint32_t kUserStack = 0x30000;
inline constexpr uint32_t kHandlers = 0x40000;  // one every 16 bytes

// Selectors of the GDT.
inline constexpr uint16_t kKernelCs = 0x08;
inline constexpr uint16_t kKernelDs = 0x10;
inline constexpr uint16_t kUserCs = 0x1B;
inline constexpr uint16_t kUserDs = 0x23;
inline constexpr uint16_t kTssSelector = 0x28;
inline constexpr uint16_t kOtherTssSelector = 0x30;
inline constexpr uint16_t kLdtSelector = 0x38;
inline constexpr uint16_t kFree = 0x40;  // tests put descriptors here and behind
inline constexpr uint16_t kFree2 = 0x48;
inline constexpr uint16_t kGdtLimit = 0x7F;

// Access bytes.
inline constexpr uint8_t kCode0 = 0x9B;
inline constexpr uint8_t kData0 = 0x93;
inline constexpr uint8_t kCode3 = 0xFB;
inline constexpr uint8_t kData3 = 0xF3;

class RecordingPorts : public PortIo {
 public:
  struct Write {
    uint16_t port;
    unsigned bytes;
    uint32_t value;
    friend bool operator==(const Write&, const Write&) = default;
  };
  uint32_t ReadPort(uint16_t port, unsigned bytes) override {
    reads.push_back(port);
    last_bytes = bytes;
    return next_value++;
  }
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override {
    writes.push_back({port, bytes, value});
  }
  std::vector<uint16_t> reads;
  std::vector<Write> writes;
  unsigned last_bytes = 0;
  uint32_t next_value = 0x11223344;
};

// What the handler that was entered finds.
struct Delivered {
  unsigned vector = 0;
  std::optional<uint32_t> error_code;
  uint32_t eip = 0;
  uint32_t cs = 0;
  uint32_t eflags = 0;
};

class CpuFixture : public testing::Test {
 protected:
  explicit CpuFixture(std::string_view model = "core2");

  // Memory. Linear addresses equal physical ones while paging is off.
  void Put8(uint32_t address, uint8_t value);
  void Put16(uint32_t address, uint16_t value);
  void Put32(uint32_t address, uint32_t value);
  [[nodiscard]] uint16_t Get16(uint32_t address);
  [[nodiscard]] uint32_t Get32(uint32_t address);

  // Descriptors. `flags` is the nibble G, D/B, L, AVL.
  void PutDescriptor(uint32_t table, uint16_t selector, uint32_t base, uint32_t limit,
                     uint8_t access, uint8_t flags = 0xC);
  void PutGdt(uint16_t selector, uint32_t base, uint32_t limit, uint8_t access,
              uint8_t flags = 0xC) {
    PutDescriptor(kGdt, selector, base, limit, access, flags);
  }
  void PutGate(uint32_t address, uint16_t selector, uint32_t offset, uint8_t access,
               uint8_t parameters = 0);
  void PutIdt(unsigned vector, uint16_t selector, uint32_t offset, uint8_t access) {
    PutGate(kIdt + vector * 8, selector, offset, access);
  }
  [[nodiscard]] uint8_t AccessByte(uint16_t selector) {
    return static_cast<uint8_t>(Get16(kGdt + (selector & 0xFFF8u) + 4) >> 8);
  }

  // Modes.
  void EnterUser();
  void EnterRealMode();
  void EnterVirtual8086();

  // Executes one instruction at the present eip.
  StepOutcome Run(std::vector<uint8_t> bytes);
  [[nodiscard]] static uint32_t HandlerOf(unsigned vector) { return kHandlers + vector * 16; }
  // The protected-mode fault (32-bit gate) whose handler has just been entered.
  [[nodiscard]] Delivered Fault();
  // Runs and expects exactly this fault, with the instruction's own address saved.
  void ExpectFault(std::vector<uint8_t> bytes, Vector vector,
                   std::optional<uint32_t> error_code = std::nullopt);
  // Runs and expects to go on behind the instruction.
  StepOutcome ExpectNext(std::vector<uint8_t> bytes);

  std::unique_ptr<PhysicalMemory> memory_;
  Mmu mmu_;
  CpuState state_;
  RecordingPorts ports_;
  CpuModel model_;
  Decoder decoder_;
  VirtualCpu cpu_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_VCPU_CPU_FIXTURE_H_
