// SPDX-License-Identifier: Apache-2.0
#include "codecache/jump_table.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/bits.h"
#include "decoder/instruction.h"

namespace verbatim {
namespace {

constexpr size_t kBytes =
    JumpTable::kOverflowOffset + JumpTable::kOverflowEntries * sizeof(JumpTable::Overflow);

uint32_t SlotValue(const uint8_t* code) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(code));
}

}  // namespace

// Every host has it (x86-64-v3).
__attribute__((target("crc32"))) uint32_t JumpTable::OverflowIndex(uint32_t eip) {
  constexpr unsigned kRest = 32 - kOverflowBits;
  return __builtin_ia32_crc32si(0, eip) >> kRest;
}

Result<EmptyJumpTable> EmptyJumpTable::Create(const uint8_t* miss_stub) {
  const auto failed = [] {
    return Fail("code cache: cannot make jump tables: {}", std::strerror(errno));
  };
  FileDescriptor memfd(::memfd_create("verbatim-jumps", MFD_CLOEXEC));
  if (!memfd.valid() || ::ftruncate(memfd.get(), kBytes) != 0) return failed();
  void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memfd.get(), 0);
  if (memory == MAP_FAILED) return failed();
  std::fill_n(static_cast<uint32_t*>(memory), JumpTable::kSlots, SlotValue(miss_stub));
  // All others are that already.
  StoreLittle(static_cast<uint8_t*>(memory) + JumpTable::kOverflowOffset, JumpTable::NoOverflow(0));
  ::munmap(memory, kBytes);
  return EmptyJumpTable(SlotValue(miss_stub), std::move(memfd));
}

Result<JumpTable> JumpTable::Create(const EmptyJumpTable& empty) {
  void* memory =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, empty.memfd().get(), 0);
  if (memory == MAP_FAILED) {
    return Fail("code cache: cannot map a jump table: {}", std::strerror(errno));
  }
  return JumpTable(empty.miss(), static_cast<uint32_t*>(memory));
}

JumpTable::JumpTable(JumpTable&& other) noexcept
    : miss_(other.miss_),
      slots_(std::exchange(other.slots_, nullptr)),
      collisions_(other.collisions_),
      filled_(std::move(other.filled_)) {}

JumpTable::~JumpTable() {
  if (slots_ != nullptr) ::munmap(slots_, kBytes);
}

void JumpTable::Set(uint32_t eip, const Block& block, std::optional<uint32_t> cell) {
  uint32_t& hashed = slots_[Hash(eip)];
  bool changed = hashed != SlotValue(block.entry());
  if (changed && hashed != miss_ && ++collisions_ > kCollisions) {
    OverflowOf(eip) = {.minus_eip = 0u - eip, .body = SlotValue(block.body())};
  }
  hashed = SlotValue(block.entry());
  if (cell) {
    uint32_t& direct = slots_[kHashedEntries + *cell];
    changed = changed || direct != SlotValue(block.body());
    direct = SlotValue(block.body());
  }
  if (!changed) return;
  // Two targets that collide may replace each other for ever.
  std::vector<Filled>& list = filled_[eip >> kPageShift];
  const auto known = std::ranges::find(list, eip, &Filled::eip);
  if (known == list.end()) {
    list.push_back({eip, cell});
  } else if (cell) {
    // The eip's cell can be another one than before.
    if (known->cell && known->cell != cell) slots_[kHashedEntries + *known->cell] = miss_;
    known->cell = cell;
  }
}

void JumpTable::ClearFilled(const Filled& filled) {
  slots_[Hash(filled.eip)] = miss_;
  if (collisions_ > kCollisions) {
    Overflow& overflow = OverflowOf(filled.eip);
    if (overflow.minus_eip == 0u - filled.eip) overflow = NoOverflow(OverflowIndex(filled.eip));
  }
  if (filled.cell) slots_[kHashedEntries + *filled.cell] = miss_;
}

void JumpTable::ClearPage(uint32_t first_eip) {
  constexpr uint32_t kBefore = kMaxInstructionBytes - 1;
  // With a code segment whose base is not page-aligned a page of memory is two of eip.
  const uint32_t from = first_eip - kBefore;
  const uint32_t bytes = kPageBytes + kBefore;
  for (const uint32_t page :
       {from >> kPageShift, first_eip >> kPageShift, (first_eip + kPageOffsetMask) >> kPageShift}) {
    const auto found = filled_.find(page);
    if (found == filled_.end()) continue;
    std::vector<Filled>& list = found.value();
    std::erase_if(list, [&](const Filled& filled) {
      if (filled.eip - from >= bytes) return false;
      ClearFilled(filled);
      return true;
    });
    if (list.empty()) filled_.erase(found);
  }
}

void JumpTable::Clear() {
  for (const auto& [page, list] : filled_) {
    for (const Filled& filled : list) ClearFilled(filled);
  }
  filled_.clear();
  collisions_ = 0;
}

}  // namespace verbatim
