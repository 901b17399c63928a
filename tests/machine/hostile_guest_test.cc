// SPDX-License-Identifier: Apache-2.0
// The guest cannot kill the engine: whatever it does, the run ends by its death, by its own request
// or by ours, never by a crash or a failed CHECK.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "base/bits.h"
#include "base/file.h"
#include "machine/machine.h"

namespace verbatim {
namespace {

using std::chrono::milliseconds;

constexpr uint32_t kEntry = 0x100020;
constexpr uint64_t kMemoryBytes = 8u << 20;

class Discard final : public ByteSink {
 public:
  void Write(std::span<const uint8_t>) override {}
};

// Stops a machine that still runs after some time.
class Watchdog {
 public:
  Watchdog(Machine& machine, milliseconds limit)
      : thread_([this, &machine, limit] {
          std::unique_lock lock(mutex_);
          if (!ended_.wait_for(lock, limit, [this] { return done_; })) machine.RequestStop();
        }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::thread thread_;
};

class HostileGuest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/hostile-" + std::to_string(::getpid()) + ".bin";
  }
  void TearDown() override { ::unlink(path_.c_str()); }

  MachineOutcome RunImage(const std::vector<uint8_t>& image, milliseconds limit) {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(image.data()),
               static_cast<std::streamsize>(image.size()));
    Discard serial;
    auto machine = Machine::Create({.kernel_path = path_,
                                    .initrd_path = {},
                                    .command_line = {},
                                    .memory_bytes = kMemoryBytes,
                                    .code_cache_bytes = 4u << 20,
                                    .reboot = false,
                                    .validate = true},
                                   serial);
    if (!machine) {
      ADD_FAILURE() << machine.error().message;
      return {};
    }
    const Watchdog watchdog(**machine, limit);
    Result<MachineOutcome> outcome = (*machine)->Run();
    if (!outcome) {
      ADD_FAILURE() << outcome.error().message;
      return {};
    }
    return *outcome;
  }

  // The code is entered at kEntry, in flat 32-bit mode without an IDT.
  MachineOutcome RunCode(const std::vector<uint8_t>& code, milliseconds limit = milliseconds(300)) {
    std::vector<uint8_t> image(32);
    const uint32_t header[] = {
        0x1BADB002, 0x10003, 0u - 0x1BADB002u - 0x10003u, 0x100000, 0x100000, 0, 0, kEntry};
    for (size_t i = 0; i < std::size(header); ++i) StoreLittle(&image[i * 4], header[i]);
    image.insert(image.end(), code.begin(), code.end());
    return RunImage(image, limit);
  }

  static std::vector<uint8_t> Guest(const std::string& name) {
    auto bytes = ReadFile(std::string(VERBATIM_TEST_GUESTS) + "/" + name + ".bin", 1 << 20);
    EXPECT_TRUE(bytes.has_value());
    return bytes ? *bytes : std::vector<uint8_t>{};
  }

  std::string path_;
};

TEST_F(HostileGuest, TripleFaultEndsWithACrashReport) {
  // lidt [null] ; int 3 ; null: 6 bytes of zero
  const MachineOutcome outcome =
      RunCode({0x0F, 0x01, 0x1D, 0x28, 0x00, 0x10, 0x00, 0xCC, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(outcome.end, MachineEnd::kDied);
  EXPECT_NE(outcome.crash_report.find("eip=00100027"), std::string::npos) << outcome.crash_report;
}

TEST_F(HostileGuest, DiesWhereNothingCanBeExecuted) {
  for (const uint32_t target :
       {0x000A0000u, 0x00800000u, 0xE0000000u, 0xFEE00000u, 0xFFFFFFF0u, 0xFFFFFFFFu}) {
    std::vector<uint8_t> code{0xB8, 0, 0, 0, 0, 0xFF, 0xE0};  // mov eax, target ; jmp eax
    StoreLittle(&code[1], target);
    EXPECT_EQ(RunCode(code).end, MachineEnd::kDied) << std::hex << target;
  }
}

TEST_F(HostileGuest, RunsIntoTheEndOfMemory) {
  // mov eax, 200000h ; jmp end of RAM - 16: zeroes, which add al to [eax], then nothing
  EXPECT_EQ(RunCode({0xB8, 0x00, 0x00, 0x20, 0x00, 0xBB, 0xF0, 0xFF, 0x7F, 0x00, 0xFF, 0xE3}).end,
            MachineEnd::kDied);
}

TEST_F(HostileGuest, PageDirectoryInTheHole) {
  for (const uint32_t directory : {0x000A0000u, 0x00800000u, 0xFFFFF000u, 0xE0000000u}) {
    std::vector<uint8_t> code{0xB8, 0, 0, 0, 0, 0x0F, 0x22, 0xD8};  // mov eax, .. ; mov cr3, eax
    StoreLittle(&code[1], directory);
    // mov eax, cr0 ; or eax, 80000000h ; mov cr0, eax ; mov [ebx], eax ; jmp $
    code.insert(code.end(),
                {0x0F, 0x20, 0xC0, 0x0D, 0, 0, 0, 0x80, 0x0F, 0x22, 0xC0, 0x89, 0x03, 0xEB, 0xFE});
    const MachineOutcome outcome = RunCode(code);
    EXPECT_TRUE(outcome.end == MachineEnd::kDied || outcome.end == MachineEnd::kStopped);
  }
}

TEST_F(HostileGuest, StackWhereNothingIsKept) {
  for (const uint32_t stack : {0x000A1000u, 0x00800800u, 0xF0000000u, 0x00000002u}) {
    std::vector<uint8_t> code{0xBC, 0, 0, 0, 0};  // mov esp, stack
    StoreLittle(&code[1], stack);
    // push eax ; pusha ; enter 8, 1 ; pushf ; popf ; call +0 ; ret
    code.insert(code.end(), {0x50, 0x60, 0xC8, 8, 0, 1, 0x9C, 0x9D, 0xE8, 0, 0, 0, 0, 0xC3});
    const MachineOutcome outcome = RunCode(code);
    EXPECT_TRUE(outcome.end == MachineEnd::kDied || outcome.end == MachineEnd::kStopped);
  }
}

TEST_F(HostileGuest, TooLongInstruction) {
  std::vector<uint8_t> code(40, 0x66);
  EXPECT_EQ(RunCode(code).end, MachineEnd::kDied);
}

TEST_F(HostileGuest, EndlessExceptionsAndLoopsCanBeStopped) {
  EXPECT_EQ(RunCode({0xEB, 0xFE}).end, MachineEnd::kStopped);              // jmp $
  EXPECT_EQ(RunCode({0xFA, 0xF4}).end, MachineEnd::kStopped);              // cli ; hlt
  EXPECT_EQ(RunCode({0xF3, 0xA6, 0xEB, 0xFC}).end, MachineEnd::kStopped);  // rep cmpsb for ever
  // A #DE handler that divides by zero: mov dword [0], (selector:handler) ... ; div
  std::vector<uint8_t> code{0xBC, 0x00, 0x00, 0x30, 0x00,  // mov esp, 300000h
                            0x8C, 0xC8,                    // mov eax, cs
                            0xC1, 0xE0, 0x10,              // shl eax, 16
                            0x0D, 0x50, 0x00, 0x00, 0x00,  // or eax, 50h
                            0xA3, 0x00, 0x00, 0x00, 0x00,  // mov [0], eax
                            0xC7, 0x05, 4,    0,    0,
                            0,    0x00, 0x8E, 0x10, 0x00};  // gate to 100050h
  code.resize(0x30, 0x90);
  code.insert(code.end(), {0xBC, 0x00, 0x00, 0x30, 0x00, 0x31, 0xDB, 0xF7, 0xF3});  // div ebx
  EXPECT_EQ(RunCode(code).end, MachineEnd::kStopped);
}

TEST_F(HostileGuest, EveryPortInEveryWidth) {
  std::vector<uint8_t> image = Guest("ports");
  int finished = 0;
  for (uint32_t first = 0; first < 0x10000; first += 0x100) {
    StoreLittle(&image[64], first);
    const MachineOutcome outcome = RunImage(image, milliseconds(2000));
    if (outcome.end == MachineEnd::kDebugExit && outcome.debug_value == 0x55) ++finished;
  }
  // Some ranges hold the ports of reset and power-off.
  EXPECT_GE(finished, 250);
}

TEST_F(HostileGuest, RandomCodeWithoutHandlers) {
  for (uint32_t seed = 0; seed < 160; ++seed) {
    std::mt19937 random(seed);
    std::vector<uint8_t> code(0x10000);
    for (uint8_t& byte : code) byte = static_cast<uint8_t>(random());
    (void)RunCode(code, milliseconds(100));
  }
}

TEST_F(HostileGuest, RandomCodeThatGoesOnAfterEachException) {
  const std::vector<uint8_t> guest = Guest("chaos");
  for (uint32_t seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed + 1000);
    std::vector<uint8_t> image = guest;
    for (int i = 0; i < 0x10000; ++i) image.push_back(static_cast<uint8_t>(random()));
    (void)RunImage(image, milliseconds(150));
  }
}

}  // namespace
}  // namespace verbatim
