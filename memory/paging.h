// SPDX-License-Identifier: Apache-2.0
// The vocabulary of paging (SDM vol. 3, chapter 4): entries, access kinds, faults.
#ifndef VERBATIM_MEMORY_PAGING_H_
#define VERBATIM_MEMORY_PAGING_H_

#include <array>
#include <cstdint>
#include <expected>

#include "base/address.h"

namespace verbatim {

enum class AccessKind : uint8_t { kRead, kWrite, kExecute };
// Supervisor: CPL 0-2, and implicit accesses to descriptor tables and TSSs at any CPL.
enum class Privilege : uint8_t { kSupervisor, kUser };

// Page-fault error code (SDM vol. 3, 4.7).
inline constexpr uint32_t kFaultPresent = 1u << 0;
inline constexpr uint32_t kFaultWrite = 1u << 1;
inline constexpr uint32_t kFaultUser = 1u << 2;
inline constexpr uint32_t kFaultReserved = 1u << 3;
inline constexpr uint32_t kFaultFetch = 1u << 4;

// As large as it is aligned for the reason that vcpu/exception.h gives.
struct alignas(2 * sizeof(uint64_t)) PageFault {
  LinearAddress address;
  uint32_t error_code = 0;
};

// Bits shared by PDEs and PTEs of both formats (SDM vol. 3, 4.3 and 4.4).
inline constexpr uint64_t kPtePresent = 1u << 0;
inline constexpr uint64_t kPteWritable = 1u << 1;
inline constexpr uint64_t kPteUser = 1u << 2;
inline constexpr uint64_t kPteAccessed = 1u << 5;
inline constexpr uint64_t kPteDirty = 1u << 6;
inline constexpr uint64_t kPteLarge = 1u << 7;  // PDE only
inline constexpr uint64_t kPteGlobal = 1u << 8;
inline constexpr uint64_t kPteNoExecute = uint64_t{1} << 63;  // PAE with EFER.NXE

// The control-register state that paging depends on.
struct PagingState {
  bool enabled = false;        // CR0.PG
  bool write_protect = false;  // CR0.WP
  bool large_pages = false;    // CR4.PSE
  bool pae = false;            // CR4.PAE
  bool global_pages = false;   // CR4.PGE
  bool no_execute = false;     // EFER.NXE
  uint32_t cr3 = 0;
  std::array<uint64_t, 4> pdpte{};  // PAE: loaded with CR3 (SDM vol. 3, 4.4.1)

  friend bool operator==(const PagingState&, const PagingState&) = default;
};

// The outcome of one walk: the page that maps a linear address and the rights that all levels
// together give.
struct Translation {
  PhysicalAddress address;  // of the byte asked for, before the A20 gate
  uint32_t page_bytes = 0;  // 4 KiB, 2 MiB or 4 MiB; 4 GiB is never reported (paging off: 4 KiB)
  bool writable = false;    // R/W of every level
  bool user = false;        // U/S of every level
  bool executable = true;   // no NX at any level
  bool global = false;
  bool dirty = false;  // the leaf's Dirty bit (after the walk)
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_PAGING_H_
