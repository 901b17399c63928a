// SPDX-License-Identifier: Apache-2.0
#include "devices/i8259.h"

#include <bit>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint8_t kIcw1Needs4 = 0x01;     // IC4
constexpr uint8_t kIcw1Single = 0x02;     // SNGL
constexpr uint8_t kIcw1Interval4 = 0x04;  // ADI
constexpr uint8_t kIcw1 = 0x10;
constexpr uint8_t kIcw4Mode8086 = 0x01;  // uPM
constexpr uint8_t kIcw4AutoEoi = 0x02;
constexpr uint8_t kIcw4SpecialFullyNested = 0x10;
constexpr uint8_t kOcw3 = 0x08;
constexpr uint8_t kOcw3ReadIsr = 0x01;
constexpr uint8_t kOcw3ReadRegister = 0x02;
constexpr uint8_t kOcw3Poll = 0x04;
constexpr uint8_t kOcw3SpecialMask = 0x20;
constexpr uint8_t kOcw3EnableSpecialMask = 0x40;

// R, SL and EOI of OCW2.
enum class Ocw2 : uint8_t {
  kClearRotateOnAutoEoi = 0,
  kNonSpecificEoi = 1,
  kNoOperation = 2,
  kSpecificEoi = 3,
  kSetRotateOnAutoEoi = 4,
  kRotateOnNonSpecificEoi = 5,
  kSetPriority = 6,
  kRotateOnSpecificEoi = 7,
};

constexpr uint8_t LineBit(unsigned line) { return static_cast<uint8_t>(1u << line); }

}  // namespace

template <typename Archive, typename S>
void I8259::Visit(Archive& archive, S& state) {
  archive.Field("lines", state.lines);
  archive.Field("irr", state.irr);
  archive.Field("imr", state.imr);
  archive.Field("isr", state.isr);
  archive.Field("elcr", state.elcr);
  archive.Field("icw1", state.icw1);
  archive.Field("icw2", state.icw2);
  archive.Field("icw3", state.icw3);
  archive.Field("lowest_priority", state.lowest_priority, uint8_t{7});
  archive.Field("init", state.init, Init::kIcw4);
  archive.Field("single", state.single);
  archive.Field("mode_8086", state.mode_8086);
  archive.Field("auto_eoi", state.auto_eoi);
  archive.Field("rotate_on_auto_eoi", state.rotate_on_auto_eoi);
  archive.Field("special_mask", state.special_mask);
  archive.Field("special_fully_nested", state.special_fully_nested);
  archive.Field("read_isr", state.read_isr);
  archive.Field("poll", state.poll);
}

void I8259::Reset() {
  const uint8_t lines = state_.lines;
  state_ = State{};
  state_.lines = lines;
}

void I8259::SetLine(unsigned line, bool high) {
  const uint8_t bit = LineBit(line);
  if (!high) {
    state_.lines &= static_cast<uint8_t>(~bit);
    state_.irr &= static_cast<uint8_t>(~bit);
  } else if ((state_.lines & bit) == 0) {
    state_.lines |= bit;
    state_.irr |= bit;
  }
}

unsigned I8259::HighestPriority(uint8_t lines) const {
  return static_cast<unsigned>(std::countr_zero(std::rotr(lines, state_.lowest_priority + 1)));
}

std::optional<unsigned> I8259::PendingLine() const {
  const auto requests = static_cast<uint8_t>(state_.irr & ~state_.imr);
  if (requests == 0 || state_.init != Init::kReady) return std::nullopt;
  const unsigned priority = HighestPriority(requests);
  const unsigned line = LineAt(priority);
  // In special mask mode a masked line in service no longer inhibits the others.
  const auto in_service =
      static_cast<uint8_t>(state_.special_mask ? state_.isr & ~state_.imr : state_.isr);
  if (in_service != 0) {
    const unsigned limit = HighestPriority(in_service);
    const bool slave_again = state_.special_fully_nested && HasSlaveOn(line) && priority == limit;
    if (priority >= limit && !slave_again) return std::nullopt;
  }
  return line;
}

unsigned I8259::Acknowledge() {
  const std::optional<unsigned> line = PendingLine();
  if (!line) return kSpuriousLine;
  const uint8_t bit = LineBit(*line);
  if ((state_.elcr & bit) == 0) state_.irr &= static_cast<uint8_t>(~bit);
  if (!state_.auto_eoi) {
    state_.isr |= bit;
  } else if (state_.rotate_on_auto_eoi) {
    state_.lowest_priority = static_cast<uint8_t>(*line);
  }
  return *line;
}

uint8_t I8259::Vector(unsigned line) const {
  if (state_.mode_8086) return static_cast<uint8_t>((state_.icw2 & 0xF8) | line);
  // MCS-80 mode: the second byte of the sequence is the low half of the call address.
  return static_cast<uint8_t>((state_.icw1 & kIcw1Interval4) != 0
                                  ? (state_.icw1 & 0xE0) | line << 2
                                  : (state_.icw1 & 0xC0) | line << 3);
}

uint8_t I8259::ReadPoll() {
  state_.poll = false;
  if (!PendingLine()) return 0;
  return static_cast<uint8_t>(0x80 | Acknowledge());
}

uint8_t I8259::ReadCommand() {
  if (state_.poll) return ReadPoll();
  return state_.read_isr ? state_.isr : state_.irr;
}

uint8_t I8259::ReadData() {
  if (state_.poll) return ReadPoll();
  return state_.imr;
}

void I8259::WriteCommand(uint8_t value) {
  if ((value & kIcw1) != 0) {
    WriteIcw1(value);
  } else if ((value & kOcw3) != 0) {
    WriteOcw3(value);
  } else {
    WriteOcw2(value);
  }
}

void I8259::WriteIcw1(uint8_t value) {
  State fresh;
  fresh.lines = state_.lines;
  fresh.elcr = state_.elcr;
  // The edge sense circuit is reset: a line that is high must fall before it can request again.
  fresh.irr = state_.lines & state_.elcr;
  fresh.imr = 0;
  fresh.icw1 = value;
  fresh.icw2 = state_.icw2;
  fresh.icw3 = state_.icw3;
  fresh.single = (value & kIcw1Single) != 0;
  fresh.init = Init::kIcw2;
  state_ = fresh;
}

void I8259::WriteData(uint8_t value) {
  const Init after_icw3 = (state_.icw1 & kIcw1Needs4) != 0 ? Init::kIcw4 : Init::kReady;
  switch (state_.init) {
    case Init::kUninitialised:
    case Init::kReady:
      state_.imr = value;  // OCW1
      break;
    case Init::kIcw2:
      state_.icw2 = value;
      state_.init = state_.single ? after_icw3 : Init::kIcw3;
      break;
    case Init::kIcw3:
      state_.icw3 = value;
      state_.init = after_icw3;
      break;
    case Init::kIcw4:
      state_.mode_8086 = (value & kIcw4Mode8086) != 0;
      state_.auto_eoi = (value & kIcw4AutoEoi) != 0;
      state_.special_fully_nested = (value & kIcw4SpecialFullyNested) != 0;
      state_.init = Init::kReady;
      break;
  }
}

void I8259::WriteOcw2(uint8_t value) {
  const auto command = static_cast<Ocw2>(value >> 5);
  const auto named_line = static_cast<uint8_t>(value & 7);
  switch (command) {
    case Ocw2::kClearRotateOnAutoEoi:
    case Ocw2::kSetRotateOnAutoEoi:
      state_.rotate_on_auto_eoi = command == Ocw2::kSetRotateOnAutoEoi;
      break;
    case Ocw2::kNonSpecificEoi:
    case Ocw2::kRotateOnNonSpecificEoi: {
      // In special mask mode a non-specific EOI does not clear a masked line.
      const auto candidates =
          static_cast<uint8_t>(state_.special_mask ? state_.isr & ~state_.imr : state_.isr);
      if (candidates == 0) break;
      const unsigned line = LineAt(HighestPriority(candidates));
      state_.isr &= static_cast<uint8_t>(~LineBit(line));
      if (command == Ocw2::kRotateOnNonSpecificEoi) {
        state_.lowest_priority = static_cast<uint8_t>(line);
      }
      break;
    }
    case Ocw2::kSpecificEoi:
    case Ocw2::kRotateOnSpecificEoi:
      state_.isr &= static_cast<uint8_t>(~LineBit(named_line));
      if (command == Ocw2::kRotateOnSpecificEoi) state_.lowest_priority = named_line;
      break;
    case Ocw2::kSetPriority:
      state_.lowest_priority = named_line;
      break;
    case Ocw2::kNoOperation:
      break;
  }
}

void I8259::WriteOcw3(uint8_t value) {
  if ((value & kOcw3EnableSpecialMask) != 0) {
    state_.special_mask = (value & kOcw3SpecialMask) != 0;
  }
  if ((value & kOcw3Poll) != 0) {
    state_.poll = true;
  } else if ((value & kOcw3ReadRegister) != 0) {
    state_.read_isr = (value & kOcw3ReadIsr) != 0;
  }
}

void I8259::WriteElcr(uint8_t value) {
  state_.elcr = value & level_capable_;
  state_.irr |= static_cast<uint8_t>(state_.lines & state_.elcr);
}

void I8259::Save(StateWriter& writer, std::string_view section) const {
  writer.Begin(section, kStateVersion);
  Visit(writer, state_);
}

Status I8259::Load(StateReader& reader, std::string_view section) {
  State loaded;
  reader.Begin(section, kStateVersion);
  Visit(reader, loaded);
  reader.Require((loaded.elcr & ~level_capable_) == 0, "elcr", "only lines that can be level");
  const Status status = reader.status();
  if (status) state_ = loaded;
  return status;
}

}  // namespace verbatim
