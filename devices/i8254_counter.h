// SPDX-License-Identifier: Apache-2.0
// One counter of an 8254 (Intel 8254 data sheet, order 231164, "Mode Definitions").
//
// The counter knows no time: Advance(n) applies n CLK pulses at once, in closed form, and must give
// the same state as n times Advance(1). Whether a count that was written is loaded, when OUT
// changes and what a gate does follow the data sheet clock by clock. Where the data sheet leaves
// something open: counting starts only after a first count was written; the illegal count 1 keeps
// OUT high in modes 2 and 3; a BCD count with digits above 9 is taken modulo 10000.
#ifndef VERBATIM_DEVICES_I8254_COUNTER_H_
#define VERBATIM_DEVICES_I8254_COUNTER_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "devices/state.h"

namespace verbatim {

class I8254Counter {
 public:
  // Applies `clocks` CLK pulses. Returns whether OUT rose at least once.
  bool Advance(uint64_t clocks);
  // The number of CLK pulses after which OUT rises next, if nothing else happens.
  [[nodiscard]] std::optional<uint64_t> ClocksToRise() const;
  // How often OUT rises within so many CLK pulses, if nothing else happens; in modes that end,
  // whether it does.
  [[nodiscard]] uint64_t RisesWithin(uint64_t clocks) const;
  // CLK pulses from one rise of OUT to the next, once it has risen; nothing in modes that end.
  [[nodiscard]] std::optional<uint32_t> Period() const;

  [[nodiscard]] bool out() const { return state_.out; }
  [[nodiscard]] bool gate() const { return state_.gate; }
  // Returns whether OUT rose: it does at once when the gate falls in modes 2 and 3.
  bool SetGate(bool high);

  // The low six bits of a control word that selects this counter and does not latch it.
  void WriteControl(uint8_t control);
  void WriteCount(uint8_t value);
  uint8_t ReadCount();
  void LatchCount();
  void LatchStatus();

  void Save(StateWriter& writer, std::string_view section) const;
  [[nodiscard]] Status Load(StateReader& reader, std::string_view section);

 private:
  // RW1, RW0 of the control word.
  enum class Access : uint8_t { kLow = 1, kHigh = 2, kLowThenHigh = 3 };

  struct State {
    uint8_t mode = 0;  // 0-5
    Access access = Access::kLowThenHigh;
    bool bcd = false;
    bool gate = true;
    bool out = false;
    bool loaded = false;        // the counting element holds a count
    bool load_pending = false;  // the next CLK loads the count register
    bool has_count = false;     // a count was written since the control word
    bool armed = false;         // OUT still changes at terminal count (modes 0, 1, 4, 5)
    bool null_count = true;
    bool write_high_next = false;
    bool read_high_next = false;
    bool status_latched = false;
    uint8_t latched_status = 0;
    uint8_t latched_bytes = 0;  // of latched_count still to be read
    uint8_t written_low = 0;
    uint16_t latched_count = 0;
    uint32_t reload = 0;   // the count register: 1 to Modulus()
    uint32_t value = 0;    // the counting element: 0 to Modulus(); unused in mode 3
    uint32_t period = 0;   // mode 3: the count in use in this half cycle
    uint32_t elapsed = 0;  // mode 3: CLK pulses since this half cycle began
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  [[nodiscard]] uint32_t Modulus() const { return state_.bcd ? 10000 : 0x10000; }
  [[nodiscard]] bool Periodic() const { return state_.mode == 2 || state_.mode == 3; }
  [[nodiscard]] bool Strobe() const { return state_.mode == 4 || state_.mode == 5; }
  // The gate triggers a load in modes 1 and 5 and does not inhibit counting.
  [[nodiscard]] bool TriggeredByGate() const { return state_.mode == 1 || state_.mode == 5; }
  [[nodiscard]] bool Counting() const;
  [[nodiscard]] uint32_t HalfCycle(uint32_t count, bool high) const {
    return high ? (count + 1) / 2 : count / 2;
  }
  [[nodiscard]] uint16_t CurrentCount() const;

  void LoadCount();
  bool AdvanceOnce(uint64_t clocks);
  bool AdvanceRateGenerator(uint64_t clocks);
  bool AdvanceSquareWave(uint64_t clocks);
  void CommitCount(uint16_t digits);

  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_I8254_COUNTER_H_
