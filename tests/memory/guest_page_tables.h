// SPDX-License-Identifier: Apache-2.0
// What the tests of this layer share: a machine's memory with page tables that a test builds entry
// by entry, and a look at what a window really shows.
#ifndef VERBATIM_TESTS_MEMORY_GUEST_PAGE_TABLES_H_
#define VERBATIM_TESTS_MEMORY_GUEST_PAGE_TABLES_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "memory/mmu.h"
#include "memory/page_rights.h"
#include "memory/physical_memory.h"
#include "memory/window.h"

namespace verbatim {

// Present, writable, user, Accessed and Dirty: the windows may show all of it at once.
inline constexpr uint32_t kOpen =
    static_cast<uint32_t>(kPtePresent | kPteWritable | kPteUser | kPteAccessed | kPteDirty);

// Page tables for 32-bit paging (Set, SetLarge) or PAE (SetPae, SetPaeLarge), in the first MiB.
class GuestPageTables {
 public:
  // Tables are taken from `next_table` upwards; the page directory (or PDPT) first.
  GuestPageTables(PhysicalMemory& memory, uint32_t next_table);

  [[nodiscard]] uint32_t root() const { return root_; }
  void Set(uint32_t linear, uint32_t entry);
  void SetLarge(uint32_t linear, uint32_t pde);
  void SetPde(uint32_t linear, uint32_t pde);
  [[nodiscard]] uint32_t Get(uint32_t linear);
  [[nodiscard]] uint32_t GetPde(uint32_t linear);
  // All PDEs from `first_linear` on are taken from `other`.
  void Share(GuestPageTables& other, uint32_t first_linear);

  void SetPae(uint32_t linear, uint64_t entry);
  void SetPaePde(uint32_t linear, uint64_t pde);
  [[nodiscard]] uint64_t GetPae(uint32_t linear);
  [[nodiscard]] uint64_t GetPaePde(uint32_t linear);

 private:
  template <typename T>
  T Load(uint64_t address) {
    T value;
    memory_.Read({address}, &value, sizeof value);
    return value;
  }
  template <typename T>
  void Store(uint64_t address, T value) {
    memory_.Write({address}, &value, sizeof value);
  }
  uint32_t NewTable();
  uint64_t PaePdeLocation(uint32_t linear);

  PhysicalMemory& memory_;
  uint32_t next_table_;
  uint32_t root_;
};

// What the host really has at an address, found out without a fault.
[[nodiscard]] bool HostReadable(uint64_t address);
[[nodiscard]] bool HostWritable(uint64_t address);
// Host mappings in [start, start + bytes).
[[nodiscard]] uint64_t HostMappings(uint64_t start, uint64_t bytes);

// A machine of `ram_bytes` with windows, and paging switched on by Use().
class WindowMachine {
 public:
  explicit WindowMachine(uint64_t ram_bytes = 64 << 20, const WindowSet::Options& options = {});

  // Loads CR3 as a guest does that keeps global pages.
  void Use(const GuestPageTables& tables, bool keep_global = true);
  void UsePaging(const PagingState& paging, bool keep_global = true);

  [[nodiscard]] uint64_t HostOf(WindowId window, uint32_t linear) const {
    return windows->HostBase(window) + linear;
  }
  [[nodiscard]] WindowId User() { return windows->Select(Privilege::kUser); }
  [[nodiscard]] WindowId Supervisor() { return windows->Select(Privilege::kSupervisor); }
  [[nodiscard]] bool Shows(WindowId window, uint32_t linear) const {
    const bool shown = HostReadable(HostOf(window, linear));
    EXPECT_EQ(RightsOf(window, linear) != PageRights::kHidden, shown);
    return shown;
  }
  [[nodiscard]] bool ShowsWritable(WindowId window, uint32_t linear) const {
    const bool shown = HostWritable(HostOf(window, linear));
    EXPECT_EQ(RightsOf(window, linear) == PageRights::kWritable, shown);
    return shown;
  }
  // What translated code sees.
  [[nodiscard]] uint8_t RightsOf(WindowId window, uint32_t linear) const {
    return windows->RightsOf(window)[linear >> kPageShift];
  }
  [[nodiscard]] Resolution Touch(WindowId window, uint32_t linear, bool write = false) {
    return windows->Resolve(window, LinearAddress{linear}, write);
  }
  // All host mappings that the windows cause.
  [[nodiscard]] uint64_t HostMappingsOfWindows() const;
  // A word in RAM, and as a window shows it.
  [[nodiscard]] uint32_t& Ram(uint32_t physical);
  [[nodiscard]] volatile uint32_t& Seen(WindowId window, uint32_t linear) const;

  std::unique_ptr<PhysicalMemory> memory;
  Mmu mmu;
  std::unique_ptr<WindowSet> windows;
  PagingState state{.enabled = true,
                    .write_protect = true,
                    .large_pages = true,
                    .pae = false,
                    .global_pages = true};
};

// Keeps what it is told.
class RecordingObserver : public WindowObserver {
 public:
  void OnExecutableDropped(WindowId window, LinearAddress page) override {
    dropped.emplace_back(window, page.value);
  }
  void OnWindowReset(WindowId window) override { resets.push_back(window); }

  std::vector<std::pair<WindowId, uint32_t>> dropped;
  std::vector<WindowId> resets;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_MEMORY_GUEST_PAGE_TABLES_H_
