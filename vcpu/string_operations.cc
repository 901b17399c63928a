// SPDX-License-Identifier: Apache-2.0
#include "vcpu/string_operations.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bits.h"

namespace verbatim {
namespace {

uint32_t WithLow(uint32_t old, uint32_t value, uint32_t mask) {
  return (old & ~mask) | (value & mask);
}

template <typename T>
void FillWith(uint8_t* to, uint32_t elements, T value) {
  for (uint32_t i = 0; i < elements; ++i) StoreLittle(to + i * sizeof(T), value);
}

}  // namespace

Faultable<StringProgress> StringOperations::Execute(const GuestInstruction& in) {
  Operation op{};
  switch (in.opcode & 0xFE) {
    case 0xA4:
      op.kind = Kind::kMove;
      break;
    case 0xA6:
      op.kind = Kind::kCompare;
      break;
    case 0xAA:
      op.kind = Kind::kStore;
      break;
    case 0xAC:
      op.kind = Kind::kLoad;
      break;
    default:
      op.kind = Kind::kScan;
      break;
  }
  op.bytes = (in.opcode & 1) == 0 ? 1 : in.operand_bits / 8u;
  op.mask = in.address_bits == 16 ? 0xFFFFu : 0xFFFFFFFFu;
  op.source = in.segment_override == kNoSegment ? uint8_t{kDs} : in.segment_override;
  op.repeated = in.HasRep();
  op.while_equal = in.rep;
  op.compares = op.kind == Kind::kCompare || op.kind == Kind::kScan;

  StringProgress progress;
  if (!op.repeated) {
    if (Bulk(op, 1, progress.guilty) == 0) RETURN_IF_FAULT(IterateAndJudge(op, progress.guilty));
    return progress;
  }
  uint32_t budget = IsTraced(state_) ? 1 : kMaxIterations;
  while ((state_.gpr[kEcx] & op.mask) != 0) {
    if (budget == 0) {
      progress.finished = false;
      // What comes in between finds RF set (SDM vol. 3, 17.3.1.1).
      state_.eflags |= flag::kRf;
      return progress;
    }
    const uint32_t count = state_.gpr[kEcx] & op.mask;
    uint32_t done = Bulk(op, std::min(count, budget), progress.guilty);
    if (done == 0) {
      RETURN_IF_FAULT(IterateAndJudge(op, progress.guilty));
      done = 1;
    }
    state_.gpr[kEcx] = WithLow(state_.gpr[kEcx], count - done, op.mask);
    budget -= done;
    if (op.compares && ((state_.eflags & flag::kZf) != 0) != op.while_equal) break;
  }
  return progress;
}

Faultable<void> StringOperations::IterateAndJudge(const Operation& op, bool& guilty) {
  const uint32_t source = state_.gpr[kEsi] & op.mask;
  const uint32_t destination = state_.gpr[kEdi] & op.mask;
  RETURN_IF_FAULT(Iterate(op));
  if (op.kind == Kind::kMove || op.kind == Kind::kStore) {
    guilty = true;
    return {};
  }
  // What was read can be looked at again without effect.
  const auto judge = [&](uint8_t segment, uint32_t offset) {
    if (!guilty && PlaceOf(segment, offset, op.bytes, false, guilty).none()) guilty = true;
  };
  if (op.kind != Kind::kScan) judge(op.source, source);
  if (op.kind != Kind::kLoad) judge(kEs, destination);
  return {};
}

void StringOperations::Advance(uint8_t gpr, const Operation& op, uint32_t elements) {
  const uint32_t distance = op.bytes * elements;
  const uint32_t moved =
      (state_.eflags & flag::kDf) != 0 ? state_.gpr[gpr] - distance : state_.gpr[gpr] + distance;
  state_.gpr[gpr] = WithLow(state_.gpr[gpr], moved, op.mask);
}

Faultable<uint32_t> StringOperations::LoadElement(uint8_t segment, uint32_t offset,
                                                  uint32_t bytes) {
  switch (bytes) {
    case 1: {
      ASSIGN_OR_FAULT(const uint8_t value, memory_.Load<uint8_t>(segment, offset));
      return value;
    }
    case 2: {
      ASSIGN_OR_FAULT(const uint16_t value, memory_.Load<uint16_t>(segment, offset));
      return value;
    }
    default:
      return memory_.Load<uint32_t>(segment, offset);
  }
}

Faultable<void> StringOperations::StoreElement(uint32_t offset, uint32_t bytes, uint32_t value) {
  switch (bytes) {
    case 1:
      return memory_.Store(kEs, offset, static_cast<uint8_t>(value));
    case 2:
      return memory_.Store(kEs, offset, static_cast<uint16_t>(value));
    default:
      return memory_.Store(kEs, offset, value);
  }
}

Faultable<void> StringOperations::Iterate(const Operation& op) {
  const uint32_t source = state_.gpr[kEsi] & op.mask;
  const uint32_t destination = state_.gpr[kEdi] & op.mask;
  const uint32_t element_mask = op.bytes == 4 ? 0xFFFFFFFFu : (1u << (8 * op.bytes)) - 1;
  const uint32_t accumulator = state_.gpr[kEax] & element_mask;
  switch (op.kind) {
    case Kind::kMove: {
      ASSIGN_OR_FAULT(const uint32_t value, LoadElement(op.source, source, op.bytes));
      RETURN_IF_FAULT(StoreElement(destination, op.bytes, value));
      break;
    }
    case Kind::kCompare: {
      ASSIGN_OR_FAULT(const uint32_t left, LoadElement(op.source, source, op.bytes));
      ASSIGN_OR_FAULT(const uint32_t right, LoadElement(kEs, destination, op.bytes));
      SetCompareFlags(left, right, op.bytes);
      break;
    }
    case Kind::kScan: {
      ASSIGN_OR_FAULT(const uint32_t right, LoadElement(kEs, destination, op.bytes));
      SetCompareFlags(accumulator, right, op.bytes);
      break;
    }
    case Kind::kStore:
      RETURN_IF_FAULT(StoreElement(destination, op.bytes, accumulator));
      break;
    case Kind::kLoad: {
      ASSIGN_OR_FAULT(const uint32_t value, LoadElement(op.source, source, op.bytes));
      state_.gpr[kEax] = WithLow(state_.gpr[kEax], value, element_mask);
      break;
    }
  }
  if (op.kind == Kind::kMove || op.kind == Kind::kCompare || op.kind == Kind::kLoad) {
    Advance(kEsi, op, 1);
  }
  if (op.kind != Kind::kLoad) Advance(kEdi, op, 1);
  return {};
}

// The flags of SUB left, right (SDM vol. 1, 3.4.3.1).
void StringOperations::SetCompareFlags(uint32_t left, uint32_t right, uint32_t bytes) {
  const unsigned bits = 8 * bytes;
  const uint32_t mask = bytes == 4 ? 0xFFFFFFFFu : (1u << bits) - 1;
  const uint32_t difference = (left - right) & mask;
  const uint32_t sign = 1u << (bits - 1);
  uint32_t flags = 0;
  if (left < right) flags |= flag::kCf;
  if ((std::popcount(difference & 0xFFu) & 1) == 0) flags |= flag::kPf;
  if (((left ^ right ^ difference) & 0x10u) != 0) flags |= flag::kAf;
  if (difference == 0) flags |= flag::kZf;
  if ((difference & sign) != 0) flags |= flag::kSf;
  if ((((left ^ right) & (left ^ difference)) & sign) != 0) flags |= flag::kOf;
  state_.eflags = (state_.eflags & ~flag::kArithmetic) | flags;
}

StringOperations::Place StringOperations::PlaceOf(uint8_t segment, uint32_t offset, uint32_t bytes,
                                                  bool write, bool& guilty) {
  const auto address = memory_.Locate(segment, offset, bytes, write);
  if (!address || address->PageOffset() + bytes > kPageBytes) return {};
  Mmu& mmu = memory_.mmu();
  const auto page =
      mmu.Translate(*address, write ? AccessKind::kWrite : AccessKind::kRead, memory_.privilege());
  if (!page) return {};
  PhysicalMemory& physical = mmu.memory();
  const PageKind kind = physical.KindOf(page->address);
  if (kind == PageKind::kDevice) {
    guilty = true;
    return {.device = physical.RunsAt(page->address)};
  }
  if (kind != PageKind::kRam && (write || kind != PageKind::kRom)) return {};
  if (write && physical.IsCodePage(page->address)) {
    // Report once for the whole run: cheaper than byte by byte, and just as exact.
    guilty = true;
    physical.NotifyCodeWrite(page->address, bytes);
  }
  // The kernel's window does not keep user pages. Without paging there are none, though every page
  // is one that user code may touch.
  if (mmu.paging().enabled && memory_.privilege() == Privilege::kSupervisor && page->user) {
    guilty = true;
  }
  return {.host = physical.HostPointerTo(page->address)};
}

bool StringOperations::Move(const Place& from, const Place& to, unsigned bytes, uint32_t elements) {
  const uint32_t total = bytes * elements;
  if (from.host != nullptr && to.host != nullptr) {
    // An element may be the source of a later one: overlap forwards repeats a pattern.
    if (to.host > from.host && to.host < from.host + total) return false;
    std::memmove(to.host, from.host, total);
  } else if (from.host != nullptr) {
    to.device.runs->WriteRun(to.device.offset, {from.host, total});
  } else if (to.host != nullptr) {
    from.device.runs->ReadRun(from.device.offset, {to.host, total});
  } else {
    if (from.device.runs != to.device.runs) return false;
    to.device.runs->CopyRun(from.device.offset, to.device.offset, bytes, elements);
  }
  return true;
}

void StringOperations::Fill(const Place& to, unsigned bytes, uint32_t elements, uint32_t value) {
  if (to.host == nullptr) {
    to.device.runs->FillRun(to.device.offset, bytes, elements, value);
  } else if (bytes == 1) {
    std::memset(to.host, static_cast<int>(value & 0xFFu), elements);
  } else if (bytes == 2) {
    FillWith(to.host, elements, static_cast<uint16_t>(value));
  } else {
    FillWith(to.host, elements, value);
  }
}

uint32_t StringOperations::Bulk(const Operation& op, uint32_t count, bool& guilty) {
  if (op.kind != Kind::kMove && op.kind != Kind::kStore) return 0;
  if ((state_.eflags & flag::kDf) != 0 || memory_.ChecksAlignment() || IsTraced(state_)) return 0;
  const uint32_t destination = state_.gpr[kEdi] & op.mask;
  const uint32_t source = state_.gpr[kEsi] & op.mask;
  // How far both stay within their page and do not wrap.
  const auto room = [&](uint8_t segment, uint32_t offset) {
    const uint32_t linear = state_.segments[segment].base + offset;
    const uint32_t in_page = kPageBytes - (linear & kPageOffsetMask);
    const uint64_t to_wrap = uint64_t{op.mask} + 1 - offset;
    return static_cast<uint32_t>(std::min<uint64_t>(in_page, to_wrap));
  };
  uint32_t bytes = room(kEs, destination);
  if (op.kind == Kind::kMove) bytes = std::min(bytes, room(op.source, source));
  const uint32_t elements = std::min(count, bytes / op.bytes);
  if (elements == 0) return 0;
  bytes = elements * op.bytes;
  if (op.kind == Kind::kMove) {
    const Place from = PlaceOf(op.source, source, bytes, false, guilty);
    if (from.none()) return 0;
    const Place to = PlaceOf(kEs, destination, bytes, true, guilty);
    if (to.none()) return 0;
    // A device sees a single element as the access that it is.
    if (elements == 1 && (from.host == nullptr || to.host == nullptr)) return 0;
    if (!Move(from, to, op.bytes, elements)) return 0;
    Advance(kEsi, op, elements);
  } else {
    const Place to = PlaceOf(kEs, destination, bytes, true, guilty);
    if (to.none() || (elements == 1 && to.host == nullptr)) return 0;
    Fill(to, op.bytes, elements, state_.gpr[kEax]);
  }
  Advance(kEdi, op, elements);
  return elements;
}

}  // namespace verbatim
