// SPDX-License-Identifier: Apache-2.0
// Windows: 4 GiB of host address space each, 4 GiB-aligned, that show one guest linear address
// space at one privilege. The host MMU then translates for translated code: host address = window
// base + linear address.
//
// A window is a TLB in the manual's sense. It is filled lazily, by runs: a host page fault leads to
// Resolve, which walks the guest's tables and maps as long a physically contiguous run around the
// address as the tables allow (pages whose Accessed bit is set already, and whose Dirty bit is set
// if mapped writable; only the faulting page gets its bits set by the walk). Per page the window
// keeps the guest entries it was mapped from. On a flush (CR3, CR0, CR4 writes) nothing is torn
// down: when the window is next used, the kept entries are compared with the guest's tables as they
// are now and only what differs is dropped.
//
// Host rights: never executable; writable only if the guest's tables allow this privilege to write
// (CR0.WP included), the Dirty bit is set, the page is RAM and holds no translated code. Device and
// unassigned pages are never mapped. Unmapped space is a hole, not a PROT_NONE reservation; the 4
// GiB before and after each window stay unmapped for ever.
//
// vm.max_map_count: the set counts the host mappings (VMAs) it causes and evicts, least recently
// used window first, then slots of the current window, so that the count stays below its budget.
#ifndef VERBATIM_MEMORY_WINDOW_H_
#define VERBATIM_MEMORY_WINDOW_H_

#include <tsl/robin_map.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "memory/mmu.h"
#include "memory/paging.h"
#include "memory/physical_memory.h"

namespace verbatim {

using WindowId = uint32_t;

// Told when a window's view of executable pages changes, so that per-window jump tables and shadow
// stacks can follow.
class WindowObserver {
 public:
  virtual ~WindowObserver() = default;
  // NoteExecution noted a page that was not, or not so.
  virtual void OnExecutableNoted(WindowId /*window*/, const MappedPage& /*page*/) {}
  // `page` was noted and is no longer known to be mapped as it was.
  virtual void OnExecutableDropped(WindowId window, LinearAddress page) = 0;
  // All pages of the window were dropped (eviction, reuse for another address space).
  virtual void OnWindowReset(WindowId window) = 0;
};

enum class ResolveOutcome : uint8_t {
  kMapped,      // retry the access
  kGuestFault,  // deliver `fault`
  kDevice,      // device, unassigned or ROM write: execute in software
  kCodePage,    // a write to a page with translated code: execute in software
};

struct Resolution {
  ResolveOutcome outcome = ResolveOutcome::kMapped;
  PageFault fault{};          // kGuestFault
  bool user_page = false;     // the tables give user rights to the page (site adaptation wants it)
  bool newly_mapped = false;  // kMapped: false if the page was mapped already with these rights
};

struct WindowStatistics {
  uint64_t runs_mapped = 0;  // mmap calls
  uint64_t pages_mapped = 0;
  uint64_t mapped_ahead = 0;   // of the runs, those mapped before the access was repeated
  uint64_t pages_dropped = 0;  // by comparison after a flush, or INVLPG
  uint64_t protections = 0;    // mprotect calls
  uint64_t evictions = 0;      // windows or slots emptied to stay in the budget
  uint64_t comparisons = 0;    // windows compared after a flush
  uint64_t live_mappings = 0;  // host VMAs in use now
};

class GuestTables;
class ReverseMap;
class Window;          // memory/shadow_window.h
class PageRights;      // memory/page_rights.h
class WindowRange;     // memory/window_range.h
struct PageRun;        // memory/shadow_window.h
struct PageWalk;       // memory/page_walk.h
struct WindowContext;  // memory/shadow_window.h

class WindowSet {
 public:
  struct Options {
    // As far as the host's address space has room for them, but kEnoughWindows at least.
    uint32_t max_windows = 256;
    // Host mappings the windows may use together. Leaves room below the default vm.max_map_count
    // (65530) for the rest of the process.
    uint32_t mapping_budget = 48000;
    // How far a run of 4 KiB pages is followed to each side of the page that faulted. What large
    // pages map is always followed to its end.
    uint32_t max_small_run = 256;
  };
  // One for paging off, one for the supervisor, at least one for users.
  static constexpr uint32_t kMinWindows = 3;
  static constexpr uint32_t kEnoughWindows = 48;
  static constexpr uint32_t kMinMappingBudget = 16;

  // `mmu` outlives the set.
  [[nodiscard]] static Result<std::unique_ptr<WindowSet>> Create(Mmu& mmu, const Options& options);
  ~WindowSet();
  WindowSet(const WindowSet&) = delete;
  WindowSet& operator=(const WindowSet&) = delete;

  void SetObserver(WindowObserver* observer);
  // Ids are below this for ever.
  [[nodiscard]] uint32_t max_windows() const { return options_.max_windows; }

  // The window for the present paging state (mmu.paging()) at this privilege, brought in line with
  // the guest's tables if a flush is outstanding for it. Paging off: one window for both. Paging
  // on: supervisor has one window for all address spaces, user one for each CR3. Costs next to
  // nothing while neither the paging state changed nor a flush was reported.
  [[nodiscard]] WindowId Select(Privilege privilege) {
    const Selection& last = selected_[static_cast<uint32_t>(privilege)];
    if (last.generation == generation()) [[likely]]
      return last.window;
    return SelectSlowly(privilege);
  }
  [[nodiscard]] uint64_t HostBase(WindowId window) const;
  // A byte for each page of the window (memory/page_rights.h).
  [[nodiscard]] const uint8_t* RightsOf(WindowId window) const;

  // A host access of translated code at `address` in `window`, which Select() named last for its
  // privilege, faulted.
  [[nodiscard]] Resolution Resolve(WindowId window, LinearAddress address, bool write);
  // The guest is about to repeat an access that faulted, its handler is done: maps the page now if
  // the tables allow the access and have the A and D bits that it would set already. Else nothing
  // happens, and the access faults. `window` is as for Resolve.
  void MapAhead(WindowId window, LinearAddress address, bool write);
  // Whether the window shows the page with that right now, so that an access would not fault.
  [[nodiscard]] bool Shows(WindowId window, LinearAddress address, bool write) const;
  // Code of this page is executed through the window: translates for a fetch (sets A), and from
  // then on reports to the observer when the mapping changes. The page need not be mapped.
  [[nodiscard]] std::expected<Translation, PageFault> NoteExecution(WindowId window,
                                                                    LinearAddress address);

  // Whether execution of this page through the window was noted, and not dropped since.
  [[nodiscard]] bool Executes(WindowId window, const MappedPage& page) const;
  [[nodiscard]] std::vector<WindowId> WindowsThatExecute(const MappedPage& page) const;
  // Notes execution of the page before it is fetched, if the window's tables map just this and a
  // fetch would leave no trace in them. False: it does not execute the page.
  bool Foresee(WindowId window, const MappedPage& page);
  // Empties the window, which executed the page, if it is not in use and its tables map the page no
  // longer: the address space has gone, or is another by now.
  bool ResetIfGone(WindowId window, const MappedPage& page);

  // Whether no window will execute code of the physical page at this linear page without noting it
  // anew. Notes of windows whose tables map it no longer, and which are not in use, are dropped.
  [[nodiscard]] bool ForgetExecution(LinearAddress linear, PhysicalAddress physical);

  // The guest flushed: all windows compare before their next use. With `keep_global`, entries that
  // were mapped from global pages are exempt.
  void FlushAll(bool keep_global);
  // INVLPG in the present address space: the page is dropped where it differs from the tables, in
  // the supervisor's window at once, in the user's when it is selected next.
  void InvalidatePage(LinearAddress address);
  // Paging mode, A20 or the physical map changed: empties every window.
  void ResetAll();

  // Removes write access to the physical page from every window that shows it: translated code now
  // lies in it (it is marked already). Once it is unmarked, write access comes back lazily.
  void WriteProtect(PhysicalAddress page);

  // Takes pages of a view that is to go, named by their place in the memfd, out of every window.
  void Withdraw(uint64_t memfd_page, uint64_t pages);

  // Grows with every change of the paging state and every flush; never 0.
  [[nodiscard]] uint64_t generation() const {
    return mmu_.paging_generation() + flush_generation_ + invalidations_;
  }

  [[nodiscard]] const WindowStatistics& statistics() const;

 private:
  struct Selection {
    WindowId window = 0;
    uint64_t generation = 0;  // 0: never selected
  };

  WindowSet(Mmu& mmu, const Options& options, WindowRange range, PageRights rights);

  [[nodiscard]] WindowId SelectSlowly(Privilege privilege);
  Window& AddWindow();
  [[nodiscard]] Window* FindUserWindow() const;
  [[nodiscard]] Window* FindAbandonedWindow();
  [[nodiscard]] Window& UserWindow();
  void BringInLine(Window& window);
  void DropInvalidated(Window& window);
  // The walk that a fetch would do in the window's tables, if it leads to that page.
  [[nodiscard]] std::optional<PageWalk> LookForFetch(const Window& window,
                                                     const MappedPage& page) const;
  void FollowSweep(Window& window, uint32_t page);

  [[nodiscard]] bool MayShowWritable(const Window& window, const Translation& page) const;
  [[nodiscard]] PageRun RunAround(const Window& window, uint32_t page, const PageWalk& walk,
                                  GuestTables& tables) const;
  // Maps what was walked, of a page with host bytes that the access may reach directly. False if it
  // was mapped already.
  bool Show(Window& window, LinearAddress address, bool write, const PageWalk& walk);
  void MapRun(Window& window, const PageRun& run, uint32_t page, const PageWalk& walk,
              GuestTables& tables);

  // Frees host mappings until `mappings` more fit into the budget.
  void MakeRoom(uint64_t mappings);
  void UnmapAllWindows();
  void RebuildReverseMap();
  [[nodiscard]] bool IsSelected(const Window& window) const;

  Mmu& mmu_;
  Options options_;
  std::unique_ptr<WindowRange> range_;
  std::unique_ptr<PageRights> rights_;
  std::unique_ptr<WindowContext> context_;
  std::unique_ptr<ReverseMap> writable_;
  std::vector<std::unique_ptr<Window>> windows_;  // made when first used
  tsl::robin_map<uint32_t, Window*> by_space_;    // users', by what CR3 says; may be of another now
  uint32_t abandoned_cursor_ = 0;                 // window to be looked at next
  std::array<Selection, 2> selected_{};
  uint64_t flush_generation_ = 1;
  uint64_t full_flush_generation_ = 1;  // the last flush that spared nothing
  // Pages that INVLPG named since the user's window was last in line, in any order.
  std::vector<uint32_t> invalidated_;
  uint64_t invalidations_ = 0;
  // The pages that INVLPG has taken out of the supervisor's window, one behind the other.
  uint32_t sweep_ = 0;
  uint32_t sweep_next_ = 0;
  uint64_t selections_ = 0;       // clock of the least-recently-used order
  uint32_t eviction_cursor_ = 0;  // slot to be looked at next
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_WINDOW_H_
