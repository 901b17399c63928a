// SPDX-License-Identifier: Apache-2.0
// Linear memory for C++ code: the guest page walk (SDM vol. 3, chapter 4), a small software TLB over
// it, and reads and writes by linear address. Accessed and Dirty bits are set as the manual says.
//
// The TLB is a TLB in the manual's sense: it may be stale until the guest flushes (CR3 load, INVLPG,
// changes of CR0.PG/WP, CR4.PSE/PAE/PGE, EFER.NXE). It never touches the windows, so nothing here
// raises a host signal. vCPU thread only.
#ifndef VERBATIM_MEMORY_MMU_H_
#define VERBATIM_MEMORY_MMU_H_

#include <array>
#include <cstdint>
#include <expected>

#include "base/address.h"
#include "memory/paging.h"
#include "memory/physical_memory.h"

namespace verbatim {

class Mmu {
 public:
  explicit Mmu(PhysicalMemory& memory) : memory_(memory) {}
  Mmu(const Mmu&) = delete;
  Mmu& operator=(const Mmu&) = delete;

  [[nodiscard]] PhysicalMemory& memory() { return memory_; }
  [[nodiscard]] const PagingState& paging() const { return paging_; }

  // Installs new paging state and drops all cached translations, global ones too only if
  // `drop_global` (a CR3 load keeps them when CR4.PGE is set).
  void SetPaging(const PagingState& paging, bool drop_global);
  // INVLPG: drops the page that contains `address`, global or not.
  void InvalidatePage(LinearAddress address);
  void Flush(bool drop_global);

  // Reads the four PDPTEs that `cr3` names; false if a present one has reserved bits set (the
  // MOV to CR then raises #GP, SDM vol. 3, 4.4.1).
  [[nodiscard]] bool LoadPdptes(uint32_t cr3, std::array<uint64_t, 4>& pdptes);

  // Walks the tables (or the TLB), checks the rights for this access, sets A (and D for a write).
  [[nodiscard]] std::expected<Translation, PageFault> Translate(LinearAddress address,
                                                                AccessKind kind,
                                                                Privilege privilege);
  // As Translate, but changes nothing in guest memory and ignores the TLB; for tracing and
  // debuggers.
  [[nodiscard]] std::expected<Translation, PageFault> Peek(LinearAddress address, AccessKind kind,
                                                           Privilege privilege);

  // Accesses of 1 to 4096 bytes; may cross one page boundary. A write is checked in full before the
  // first byte changes, so that a fault leaves memory untouched.
  [[nodiscard]] std::expected<void, PageFault> Read(LinearAddress address, void* to,
                                                    uint32_t bytes, Privilege privilege);
  [[nodiscard]] std::expected<void, PageFault> Write(LinearAddress address, const void* from,
                                                     uint32_t bytes, Privilege privilege);
  // Checks that a write would succeed, setting A and D; changes no data.
  [[nodiscard]] std::expected<void, PageFault> ProbeWrite(LinearAddress address, uint32_t bytes,
                                                          Privilege privilege);

  template <typename T>
  [[nodiscard]] std::expected<T, PageFault> Load(LinearAddress address, Privilege privilege) {
    T value;
    const auto done = Read(address, &value, sizeof value, privilege);
    if (!done) return std::unexpected(done.error());
    return value;
  }
  template <typename T>
  [[nodiscard]] std::expected<void, PageFault> Store(LinearAddress address, T value,
                                                     Privilege privilege) {
    return Write(address, &value, sizeof value, privilege);
  }

 private:
  // Direct-mapped, separately for the six combinations of kind and privilege. `tag` holds the
  // linear page + 1 (0 = empty) so that zero-filling empties it.
  struct TlbEntry {
    uint32_t tag = 0;
    bool global = false;
    Translation translation;  // of the page's first byte
    uint8_t* host = nullptr;  // RAM or ROM page; nullptr if a device or a write needs care
  };
  static constexpr uint32_t kTlbEntries = 256;

  PhysicalMemory& memory_;
  PagingState paging_;
  std::array<std::array<TlbEntry, kTlbEntries>, 6> tlb_{};
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_MMU_H_
