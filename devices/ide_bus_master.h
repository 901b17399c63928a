// SPDX-License-Identifier: Apache-2.0
// One channel of the PIIX bus master (Programming Interface for Bus Master IDE Controller, revision
// 1.0; PIIX3 data sheet, order 290550, section 2.6): three registers, and the walk along the table
// of physical regions (PRDs) that says where in memory the drive's data goes.
//
// The table is the guest's and is read as it is needed, so it may change, run out of RAM or never
// end: each entry moves at least two bytes of a drive's transfer, which is finite.
#ifndef VERBATIM_DEVICES_IDE_BUS_MASTER_H_
#define VERBATIM_DEVICES_IDE_BUS_MASTER_H_

#include <cstdint>
#include <functional>
#include <span>

#include "devices/dma_memory.h"
#include "devices/state.h"

namespace verbatim {

class IdeBusMaster {
 public:
  static constexpr unsigned kRegisterBytes = 8;

  // `on_abort`: memory did not answer (the PCI status register tells of it too).
  IdeBusMaster(DmaMemory& memory, std::function<void()> on_abort)
      : memory_(memory), on_abort_(std::move(on_abort)) {}

  void Reset() { state_ = State{}; }
  [[nodiscard]] uint8_t ReadRegister(unsigned offset) const;
  // True if the engine was started by it.
  [[nodiscard]] bool WriteRegister(unsigned offset, uint8_t value);

  // PCI's bus master enable bit: without it the engine stands still.
  void SetEnabled(bool enabled) { enabled_ = enabled; }
  [[nodiscard]] bool Running() const { return enabled_ && state_.active; }

  // Moves data of the drive to memory or back, as far as the table goes; returns how many bytes
  // were moved. Fewer than offered: the engine has stopped, with its error bit set unless the table
  // was just too short.
  size_t ToMemory(std::span<const uint8_t> data);
  size_t FromMemory(std::span<uint8_t> data);
  // The drive raised its interrupt line.
  void NoteInterrupt();

  template <typename Archive>
  void SaveTo(Archive& archive) const {
    Visit(archive, state_);
  }
  // Into `loaded` first, so that a failure leaves this as it was.
  struct State {
    uint8_t command = 0;
    uint8_t status = 0;  // interrupt, error and the two drive bits
    bool active = false;
    bool last = false;    // the present region is the table's last
    uint32_t table = 0;   // as the guest wrote it
    uint32_t next = 0;    // the next entry
    uint32_t region = 0;  // what is left of the present region
    uint32_t region_bytes = 0;
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state) {
    archive.Field("bm_command", state.command);
    archive.Field("bm_status", state.status);
    archive.Field("bm_active", state.active);
    archive.Field("bm_last", state.last);
    archive.Field("bm_table", state.table);
    archive.Field("bm_next", state.next);
    archive.Field("bm_region", state.region);
    archive.Field("bm_region_bytes", state.region_bytes, uint32_t{0x10000});
  }
  void Adopt(const State& loaded) { state_ = loaded; }

 private:
  // Makes region_bytes nonzero, or stops the engine and returns false.
  [[nodiscard]] bool NextRegion();
  // Whether the guest set the engine up for this direction.
  [[nodiscard]] bool CheckDirection(bool to_memory);
  void StopWithError();
  void Moved(uint32_t bytes);
  template <typename Transfer>
  size_t Move(size_t bytes, bool to_memory, Transfer transfer);

  DmaMemory& memory_;
  const std::function<void()> on_abort_;
  bool enabled_ = false;
  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_IDE_BUS_MASTER_H_
