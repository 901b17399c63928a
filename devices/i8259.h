// SPDX-License-Identifier: Apache-2.0
// One 8259A interrupt controller (Intel 8259A data sheet, order 231468), with the per-line trigger
// selection of the PIIX (ELCR) in place of ICW1's LTIM bit.
//
// In edge mode a request is latched by a rising edge and withdrawn when its line falls before it is
// acknowledged; in level mode it follows the line. An acknowledge cycle that finds no request
// answers as line 7 without setting its in-service bit (the data sheet's default IR7).
#ifndef VERBATIM_DEVICES_I8259_H_
#define VERBATIM_DEVICES_I8259_H_

#include <cstdint>
#include <optional>

#include "devices/state.h"

namespace verbatim {

class I8259 {
 public:
  static constexpr unsigned kSpuriousLine = 7;

  // `level_capable`: the lines whose ELCR bit can be set.
  explicit I8259(uint8_t level_capable) : level_capable_(level_capable) {}

  void Reset();
  void SetLine(unsigned line, bool high);

  // A0 = 0: the command port, A0 = 1: the data port.
  uint8_t ReadCommand();
  uint8_t ReadData();
  void WriteCommand(uint8_t value);
  void WriteData(uint8_t value);
  [[nodiscard]] uint8_t lines() const { return state_.lines; }
  [[nodiscard]] uint8_t elcr() const { return state_.elcr; }
  void WriteElcr(uint8_t value);

  [[nodiscard]] bool Waits(unsigned line) const { return (state_.irr >> line & 1) != 0; }
  // The line that the INT output asks for, if it is high.
  [[nodiscard]] std::optional<unsigned> PendingLine() const;
  // The first INTA pulse: moves the pending line into service. Returns the line.
  unsigned Acknowledge();
  // What the chip puts on the bus at the second INTA pulse for `line`.
  [[nodiscard]] uint8_t Vector(unsigned line) const;
  // Whether this chip, as a master, leaves the vector of `line` to a slave (ICW3).
  [[nodiscard]] bool HasSlaveOn(unsigned line) const {
    return !state_.single && (state_.icw3 >> line & 1) != 0;
  }
  // The identity of this chip as a slave (ICW3).
  [[nodiscard]] unsigned SlaveId() const { return state_.icw3 & 7; }

  void Save(StateWriter& writer, std::string_view section) const;
  [[nodiscard]] Status Load(StateReader& reader, std::string_view section);

 private:
  enum class Init : uint8_t { kUninitialised, kReady, kIcw2, kIcw3, kIcw4 };

  struct State {
    uint8_t lines = 0;  // levels of IR0-IR7
    uint8_t irr = 0;
    uint8_t imr = 0xFF;
    uint8_t isr = 0;
    uint8_t elcr = 0;
    uint8_t icw1 = 0;
    uint8_t icw2 = 0;
    uint8_t icw3 = 0;
    uint8_t lowest_priority = 7;
    Init init = Init::kUninitialised;
    bool single = false;
    bool mode_8086 = false;
    bool auto_eoi = false;
    bool rotate_on_auto_eoi = false;
    bool special_mask = false;
    bool special_fully_nested = false;
    bool read_isr = false;
    bool poll = false;
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  // 0 is the highest priority. `lines` is not empty.
  [[nodiscard]] unsigned HighestPriority(uint8_t lines) const;
  [[nodiscard]] unsigned LineAt(unsigned priority) const {
    return (priority + state_.lowest_priority + 1) & 7;
  }
  uint8_t ReadPoll();
  void WriteIcw1(uint8_t value);
  void WriteOcw2(uint8_t value);
  void WriteOcw3(uint8_t value);

  uint8_t level_capable_;
  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_I8259_H_
