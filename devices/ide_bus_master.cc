// SPDX-License-Identifier: Apache-2.0
#include "devices/ide_bus_master.h"

#include <algorithm>
#include <array>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr unsigned kCommand = 0;
constexpr unsigned kStatus = 2;
constexpr unsigned kTable = 4;

constexpr uint8_t kStart = 0x01;
constexpr uint8_t kToMemory = 0x08;

constexpr uint8_t kActive = 0x01;
constexpr uint8_t kError = 0x02;
constexpr uint8_t kInterrupt = 0x04;
constexpr uint8_t kDriveCapable = 0x60;

constexpr uint32_t kEntryBytes = 8;
constexpr uint32_t kLastEntry = 0x80000000;
constexpr uint32_t kMaxRegion = 0x10000;

}  // namespace

uint8_t IdeBusMaster::ReadRegister(unsigned offset) const {
  switch (offset) {
    case kCommand:
      return state_.command;
    case kStatus:
      return static_cast<uint8_t>(state_.status | (state_.active ? kActive : 0));
    case kTable:
    case kTable + 1:
    case kTable + 2:
    case kTable + 3:
      return static_cast<uint8_t>(state_.table >> (8 * (offset - kTable)));
    default:
      return 0;
  }
}

bool IdeBusMaster::WriteRegister(unsigned offset, uint8_t value) {
  switch (offset) {
    case kCommand: {
      const bool start = (value & ~state_.command & kStart) != 0;
      state_.command = value & (kStart | kToMemory);
      if ((value & kStart) == 0) state_.active = false;
      if (!start) return false;
      state_.active = true;
      state_.last = false;
      state_.next = state_.table;
      state_.region_bytes = 0;
      return true;
    }
    case kStatus:
      state_.status =
          static_cast<uint8_t>((state_.status & ~(value & (kError | kInterrupt)) & ~kDriveCapable) |
                               (value & kDriveCapable));
      return false;
    case kTable:
    case kTable + 1:
    case kTable + 2:
    case kTable + 3: {
      const unsigned shift = 8 * (offset - kTable);
      state_.table = (state_.table & ~(0xFFu << shift)) | uint32_t{value} << shift;
      state_.table &= ~3u;
      return false;
    }
    default:
      return false;
  }
}

void IdeBusMaster::NoteInterrupt() { state_.status |= kInterrupt; }

void IdeBusMaster::StopWithError() {
  state_.status |= kError;
  state_.active = false;
}

bool IdeBusMaster::CheckDirection(bool to_memory) {
  if (((state_.command & kToMemory) != 0) == to_memory) return true;
  // Drive and engine would both drive the data lines.
  StopWithError();
  return false;
}

bool IdeBusMaster::NextRegion() {
  if (state_.region_bytes != 0) return true;
  if (state_.last) {
    state_.active = false;
    return false;
  }
  std::array<uint8_t, kEntryBytes> entry{};
  if (!memory_.DmaRead({state_.next}, entry)) {
    on_abort_();
    StopWithError();
    return false;
  }
  state_.next += kEntryBytes;
  const auto control = LoadLittle<uint32_t>(&entry[4]);
  state_.region = LoadLittle<uint32_t>(entry.data()) & ~1u;
  state_.region_bytes = control & 0xFFFE;
  if (state_.region_bytes == 0) state_.region_bytes = kMaxRegion;
  state_.last = (control & kLastEntry) != 0;
  return true;
}

void IdeBusMaster::Moved(uint32_t bytes) {
  state_.region += bytes;
  state_.region_bytes -= bytes;
  // Active falls with the last byte of the table, not when the drive asks for one more.
  if (state_.region_bytes == 0 && state_.last) state_.active = false;
}

// `transfer` moves so many bytes, from so many on, to or from a region.
template <typename Transfer>
size_t IdeBusMaster::Move(size_t bytes, bool to_memory, Transfer transfer) {
  size_t moved = 0;
  while (moved < bytes && Running() && CheckDirection(to_memory) && NextRegion()) {
    const auto part = static_cast<uint32_t>(std::min<size_t>(bytes - moved, state_.region_bytes));
    if (!transfer(PhysicalAddress{state_.region}, moved, part)) {
      on_abort_();
      StopWithError();
      break;
    }
    Moved(part);
    moved += part;
  }
  return moved;
}

size_t IdeBusMaster::ToMemory(std::span<const uint8_t> data) {
  return Move(data.size(), true, [&](PhysicalAddress region, size_t from, size_t bytes) {
    return memory_.DmaWrite(region, data.subspan(from, bytes));
  });
}

size_t IdeBusMaster::FromMemory(std::span<uint8_t> data) {
  return Move(data.size(), false, [&](PhysicalAddress region, size_t from, size_t bytes) {
    return memory_.DmaRead(region, data.subspan(from, bytes));
  });
}

}  // namespace verbatim
