// SPDX-License-Identifier: Apache-2.0
#include "devices/io_apic.h"

#include <algorithm>

#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint32_t kSelectOffset = 0x00;
constexpr uint32_t kWindowOffset = 0x10;

enum Register : uint8_t { kIdRegister = 0, kVersion = 1, kArbitration = 2, kFirstEntry = 0x10 };
constexpr uint32_t kVersionAndEntries = (IoApic::kInputs - 1) << 16 | 0x11;

// Redirection table entries (section 3.2.4).
constexpr uint64_t kLogical = uint64_t{1} << 11;
constexpr uint64_t kRemoteIrr = uint64_t{1} << 14;
constexpr uint64_t kLevelTriggered = uint64_t{1} << 15;
constexpr uint64_t kWritable = 0xFF0000000001AFFF;  // not delivery status and remote IRR

}  // namespace

template <typename Archive, typename S>
void IoApic::Visit(Archive& archive, S& state) {
  archive.Field("selected", state.selected);
  archive.Field("id", state.id, uint8_t{0xF});
  archive.Field("inputs", state.inputs, uint32_t{(1u << kInputs) - 1});
  for (uint64_t i = 0; i < kInputs; ++i) archive.Field("entry", state.entries[i]);
}

IoApic::State IoApic::FreshState() {
  State state;
  state.entries.fill(kMasked);
  return state;
}

void IoApic::Reset() {
  const uint32_t inputs = state_.inputs;
  state_ = FreshState();
  state_.inputs = inputs;
}

void IoApic::Send(uint64_t entry) const {
  send_({.vector = static_cast<uint8_t>(entry),
         .delivery_mode = static_cast<uint8_t>(entry >> 8 & 7),
         .level = (entry & kLevelTriggered) != 0,
         .logical = (entry & kLogical) != 0,
         .destination = static_cast<uint8_t>(entry >> 56)});
}

void IoApic::UpdateLevel(unsigned input) {
  uint64_t& entry = state_.entries[input];
  const bool high = (state_.inputs >> input & 1) != 0;
  if (!high || (entry & (kMasked | kRemoteIrr)) != 0 || (entry & kLevelTriggered) == 0) return;
  entry |= kRemoteIrr;
  Send(entry);
}

void IoApic::SetInput(unsigned input, bool high) {
  CHECK(input < kInputs);
  const uint32_t bit = 1u << input;
  if (((state_.inputs & bit) != 0) == high) return;
  state_.inputs ^= bit;
  const uint64_t entry = state_.entries[input];
  if ((entry & kLevelTriggered) != 0) {
    UpdateLevel(input);
  } else if (high && (entry & kMasked) == 0) {
    Send(entry);
  }
}

void IoApic::EndOfInterrupt(uint8_t vector) {
  for (unsigned input = 0; input < kInputs; ++input) {
    uint64_t& entry = state_.entries[input];
    if (static_cast<uint8_t>(entry) != vector || (entry & kRemoteIrr) == 0) continue;
    entry &= ~kRemoteIrr;
    UpdateLevel(input);
  }
}

uint32_t IoApic::ReadRegister() const {
  const unsigned entry = (state_.selected - unsigned{kFirstEntry}) / 2;
  if (state_.selected >= kFirstEntry && entry < kInputs) {
    return static_cast<uint32_t>(state_.entries[entry] >> (state_.selected % 2 * 32));
  }
  switch (state_.selected) {
    case kIdRegister:
    case kArbitration:
      return uint32_t{state_.id} << 24;
    case kVersion:
      return kVersionAndEntries;
    default:
      return 0;
  }
}

void IoApic::WriteRegister(uint32_t value) {
  if (state_.selected == kIdRegister) state_.id = value >> 24 & 0xF;
  const unsigned index = (state_.selected - unsigned{kFirstEntry}) / 2;
  if (state_.selected < kFirstEntry || index >= kInputs) return;
  uint64_t& entry = state_.entries[index];
  const unsigned shift = state_.selected % 2 * 32;
  const uint64_t writable = kWritable & uint64_t{UINT32_MAX} << shift;
  entry = (entry & ~writable) | (uint64_t{value} << shift & writable);
  // Edge-triggered entries have no remote IRR.
  if ((entry & kLevelTriggered) == 0) entry &= ~kRemoteIrr;
  UpdateLevel(index);
}

uint64_t IoApic::ReadMmio(uint32_t offset, unsigned bytes) {
  if (bytes != 4) return 0;
  if (offset == kSelectOffset) return state_.selected;
  return offset == kWindowOffset ? ReadRegister() : 0;
}

void IoApic::WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) {
  // IOREGSEL takes its low byte alone, too.
  if (offset == kSelectOffset) state_.selected = static_cast<uint8_t>(value);
  if (offset == kWindowOffset && bytes == 4) WriteRegister(static_cast<uint32_t>(value));
}

void IoApic::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  Visit(writer, state_);
}

Status IoApic::Load(StateReader& reader) {
  State loaded;
  reader.Begin(name(), kStateVersion);
  Visit(reader, loaded);
  const bool possible = std::ranges::all_of(loaded.entries, [](uint64_t entry) {
    return (entry & ~(kWritable | kRemoteIrr)) == 0 &&
           ((entry & kRemoteIrr) == 0 || (entry & kLevelTriggered) != 0);
  });
  reader.Require(possible, "entry", "entries without reserved bits");
  const Status status = reader.status();
  if (status) state_ = loaded;
  return status;
}

}  // namespace verbatim
