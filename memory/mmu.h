// SPDX-License-Identifier: Apache-2.0
// Linear memory for C++ code: the guest page walk (SDM vol. 3, chapter 4), a small software TLB
// over it, and reads and writes by linear address. Accessed and Dirty bits are set as the manual
// says.
//
// The TLB is a TLB in the manual's sense: it may be stale until the guest flushes (CR3 load,
// INVLPG, changes of CR0.PG/WP, CR4.PSE/PAE/PGE, EFER.NXE). It never touches the windows, so
// nothing here raises a host signal. vCPU thread only.
#ifndef VERBATIM_MEMORY_MMU_H_
#define VERBATIM_MEMORY_MMU_H_

#include <array>
#include <cstdint>
#include <cstring>
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
  // Grows with every SetPaging().
  [[nodiscard]] uint64_t paging_generation() const { return paging_generation_; }

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
  [[nodiscard]] std::expected<void, PageFault> Read(LinearAddress address, void* to, uint32_t bytes,
                                                    Privilege privilege) {
    const TlbEntry* entry = Find(address, AccessKind::kRead, privilege);
    if (entry != nullptr && entry->host != nullptr && FitsInPage(address, bytes)) [[likely]] {
      std::memcpy(to, entry->host + address.PageOffset(), bytes);
      return {};
    }
    return ReadSlowly(address, to, bytes, privilege);
  }
  [[nodiscard]] std::expected<void, PageFault> Write(LinearAddress address, const void* from,
                                                     uint32_t bytes, Privilege privilege) {
    const TlbEntry* entry = Find(address, AccessKind::kWrite, privilege);
    if (entry != nullptr && entry->host != nullptr && FitsInPage(address, bytes) &&
        !memory_.IsCodePage(entry->translation.address)) [[likely]] {
      std::memcpy(entry->host + address.PageOffset(), from, bytes);
      return {};
    }
    return WriteSlowly(address, from, bytes, privilege);
  }
  // The bytes themselves, if an access of that kind is known to be allowed and they lie in one page
  // of memory, for a write without translated code; else nullptr.
  [[nodiscard]] uint8_t* AtHand(LinearAddress address, uint32_t bytes, AccessKind kind,
                                Privilege privilege) const {
    const TlbEntry* entry = Find(address, kind, privilege);
    if (entry == nullptr || entry->host == nullptr || !FitsInPage(address, bytes)) return nullptr;
    if (kind == AccessKind::kWrite && memory_.IsCodePage(entry->translation.address)) {
      return nullptr;
    }
    return entry->host + address.PageOffset();
  }
  // The device at the address, for an access that is a single one to the device too; none if that
  // takes a walk to find out.
  [[nodiscard]] PhysicalMemory::Device DeviceAt(LinearAddress address, uint32_t bytes,
                                                AccessKind kind, Privilege privilege) const {
    if ((bytes & (bytes - 1)) != 0 || bytes > 8 || (address.value & (bytes - 1)) != 0) return {};
    const TlbEntry* entry = Find(address, kind, privilege);
    if (entry == nullptr || entry->device.handler == nullptr) return {};
    return {entry->device.handler, entry->device.offset + address.PageOffset()};
  }
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
  // Direct-mapped, separately for the six combinations of kind and privilege. `tag` is the linear
  // page below a generation; a flush moves on to a new generation, so that nothing is cleared.
  // Generations of global entries have the top bit set. Zero is never a valid tag.
  struct TlbEntry {
    uint64_t tag = 0;
    uint8_t* host = nullptr;        // page start; RAM, or ROM for reads; else nullptr
    PhysicalMemory::Device device;  // who answers this kind of access, if a device does
    Translation translation;        // of the page's first byte (of this 4 KiB, in a large page)
  };
  static constexpr uint32_t kTlbEntries = 256;
  static constexpr unsigned kGenerationShift = 20;
  static constexpr uint64_t kGlobalTag = uint64_t{1} << 63;

  [[nodiscard]] static constexpr uint32_t SetOf(AccessKind kind, Privilege privilege) {
    return static_cast<uint32_t>(kind) * 2 + static_cast<uint32_t>(privilege);
  }
  [[nodiscard]] static constexpr bool FitsInPage(LinearAddress address, uint32_t bytes) {
    return address.PageOffset() + uint64_t{bytes} <= kPageBytes;
  }
  [[nodiscard]] const TlbEntry* Find(LinearAddress address, AccessKind kind,
                                     Privilege privilege) const {
    const uint32_t page = address.Page();
    const TlbEntry& entry = tlb_[SetOf(kind, privilege)][page % kTlbEntries];
    if (entry.tag == (page | local_tag_) || entry.tag == (page | global_tag_)) return &entry;
    return nullptr;
  }
  [[nodiscard]] std::expected<const TlbEntry*, PageFault> FindOrFill(LinearAddress address,
                                                                     AccessKind kind,
                                                                     Privilege privilege);
  [[nodiscard]] std::expected<void, PageFault> ReadSlowly(LinearAddress address, void* to,
                                                          uint32_t bytes, Privilege privilege);
  [[nodiscard]] std::expected<void, PageFault> WriteSlowly(LinearAddress address, const void* from,
                                                           uint32_t bytes, Privilege privilege);

  PhysicalMemory& memory_;
  PagingState paging_;
  uint64_t paging_generation_ = 0;
  uint64_t local_tag_ = uint64_t{1} << kGenerationShift;
  uint64_t global_tag_ = kGlobalTag;
  // Large pages are cached as 4 KiB pieces; INVLPG of one must find them all.
  bool caches_large_pages_ = false;
  std::array<std::array<TlbEntry, kTlbEntries>, 6> tlb_{};
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_MMU_H_
