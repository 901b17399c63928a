// SPDX-License-Identifier: Apache-2.0
// The floppy disk controller of a PC/AT (Intel, 82077AA data sheet, order 290166) at 3F0h to 3F5h
// and 3F7h, in AT mode, with up to two drives (of the four that it can select).
//
// A command is collected byte by byte, carried out, and answered byte by byte; the interrupt line
// tells of the results, of ends of seeks and of resets. Carrying out takes guest time: a seek some
// hundred microseconds a cylinder, data some latency and then a tenth of a millisecond a sector:
// short, but never nothing. A disk waits for a program that fetches its bytes itself (non-DMA
// mode); a DMA channel that does not move a sector at once overruns.
//
// The disks are raw images: every sector is where its number says, is 512 bytes long and has no
// marks. So formatting works where it gives the same sectors again, and a deleted data mark that a
// guest writes is not kept; both are logged.
//
// Without a disk, a motor or a drive there is no index pulse, and what waits for the disk waits
// until a reset, as with the chip.
#ifndef VERBATIM_DEVICES_I82077_H_
#define VERBATIM_DEVICES_I82077_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/log.h"
#include "devices/device.h"
#include "devices/dma_channel.h"
#include "devices/floppy_drive.h"
#include "devices/port_bus.h"

namespace verbatim {

class I82077 final : public Device, public PortDevice {
 public:
  static constexpr unsigned kDrives = 4;

  // All must outlive the controller.
  I82077(const Clock& clock, IrqLine& irq6, DmaChannel& dma2);

  void Attach(PortBus& bus);
  // Before the machine runs, or between two instructions: the guest sees the disk change.
  [[nodiscard]] FloppyDrive& drive(unsigned unit) { return drives_[unit]; }
  // As firmware leaves it: out of reset, the rate that of the first disk.
  void ConfigureAsFirmware();

  // Nothing is asked of a disk: the state can be saved.
  [[nodiscard]] bool Settled() const { return state_.step != Step::kDisk; }

  [[nodiscard]] std::string_view name() const override { return "i82077"; }
  void Reset() override;
  // Settled() must hold.
  void Save(StateWriter& writer) const override;
  // The drives have the disks that they had.
  [[nodiscard]] Status Load(StateReader& reader) override;
  [[nodiscard]] std::optional<uint64_t> NextEventNs() const override;
  void AdvanceTo(uint64_t now_ns) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  enum class Phase : uint8_t { kCommand, kExecution, kResult };
  // Where the execution of a data command is.
  enum class Step : uint8_t {
    kNone,
    kSector,    // at event_ns the head is where the next sector, or ID, begins
    kDisk,      // the answer of the disk is to come
    kToHost,    // non-DMA: the host reads the buffer
    kFromHost,  // non-DMA: the host fills it
    kForever,   // there is no index pulse
  };
  static constexpr unsigned kMaxCommandBytes = 9;
  static constexpr unsigned kMaxResultBytes = 10;
  static constexpr unsigned kSectorBytes = 512;
  static constexpr uint64_t kNever = UINT64_MAX;

  // Everything that a software reset leaves alone is named so.
  struct State {
    uint8_t dor = 0;   // not reset by software
    uint8_t tape = 0;  // not reset by software
    uint8_t rate = 2;  // not reset by software
    bool interrupt = false;
    bool result_interrupt = false;  // reading the first result byte takes the interrupt back
    Phase phase = Phase::kCommand;
    Step step = Step::kNone;
    std::array<uint8_t, kMaxCommandBytes> command{};
    uint8_t command_bytes = 0;
    std::array<uint8_t, kMaxResultBytes> result{};
    uint8_t result_bytes = 0;
    uint8_t result_at = 0;
    // The command that is carried out.
    uint64_t event_ns = kNever;
    uint8_t cylinder = 0;  // C, H, R and N of the sector that is next
    uint8_t head = 0;
    uint8_t sector = 0;
    uint8_t size = 0;
    uint8_t left = 0;  // sectors, where the command counts them
    uint8_t st1 = 0;
    uint8_t st2 = 0;
    bool implied_seek = false;
    bool terminal_count = false;
    std::array<uint8_t, kSectorBytes> buffer{};
    uint32_t at = 0;          // in the buffer, non-DMA
    uint32_t end = 0;         // of what the host may take or give now
    uint32_t size_bytes = 0;  // of what the host takes or gives in all
    // Seeks.
    std::array<uint8_t, kDrives> present_cylinder{};  // as the controller believes
    std::array<uint64_t, kDrives> seek_ns{kNever, kNever, kNever, kNever};
    std::array<uint8_t, kDrives> seek_status{};  // ST0 for Sense Interrupt Status
    uint8_t seek_ended = 0;                      // bit per drive: its status was not sensed yet
    uint8_t busy = 0;                            // the same, and those under way
    uint8_t reset_polls = 0;                     // Sense Interrupt Status after a reset
    // Parameters.
    uint8_t step_unload = 0;
    uint8_t load_non_dma = 0;
    uint8_t last_eot = 0;
    uint8_t perpendicular = 0;
    uint8_t configuration = 0;
    uint8_t precompensation_track = 0;
    bool locked = false;  // not reset by software
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);
  void CheckLoaded(const State& loaded, StateReader& reader) const;

  // Registers and phases: i82077.cc.
  void SoftwareReset();
  void WriteDor(uint8_t value);
  [[nodiscard]] uint8_t MainStatus() const;
  uint8_t ReadFifo();
  void WriteFifo(uint8_t value);
  void SetInterrupt(bool high);
  void BeginResult(std::initializer_list<uint8_t> bytes);
  void EndCommand();

  // What each command does at once: i82077_commands.cc.
  void Execute();
  void Invalid();
  void SenseInterrupt();
  void SenseDrive();
  void BeginSeek(int cylinders, uint8_t status);
  void Recalibrate();
  void Seek();
  void RelativeSeek();
  void EndSeek(unsigned unit);
  void DumpRegisters();
  void Perpendicular();

  // Commands that move data: i82077_data.cc.
  void BeginData();
  void BeginFormat();
  void SectorDue();
  [[nodiscard]] bool TrackReadable();
  [[nodiscard]] bool SectorFound();
  void ReadIdDue();
  void ReadSector();
  void SectorRead(BlockStatus status, std::span<const uint8_t> data);
  void WriteSector();
  void SectorWritten(BlockStatus status);
  void FormatSector();
  void Compare(std::span<const uint8_t> disk);
  // Between the buffer and the host, by DMA or port.
  void ToHost(uint32_t bytes);
  void FromHost(uint32_t bytes);
  void HostDone(size_t bytes, bool terminal_count);
  void ChunkReady();
  void ChunkUsed();
  void SectorDone();
  // Moves on to the next sector; false if that was the last.
  bool NextSector();
  // Ends a command once what it wrote is safe; without that wait if it wrote nothing.
  void EndData(uint8_t interrupt_code);
  void ReportData(uint8_t interrupt_code);
  [[nodiscard]] bool MultiTrack() const;
  [[nodiscard]] bool NonDma() const;
  [[nodiscard]] uint32_t ChunkBytes() const;
  [[nodiscard]] unsigned SelectedUnit() const { return state_.command[1] & 3u; }
  [[nodiscard]] unsigned SelectedHead() const { return state_.command[1] >> 2 & 1u; }
  [[nodiscard]] FloppyDrive& Selected() { return drives_[SelectedUnit()]; }
  [[nodiscard]] uint64_t Offset() const;

  const Clock& clock_;
  IrqLine& irq6_;
  DmaChannel& dma2_;
  std::array<FloppyDrive, kDrives> drives_;
  State state_;
  uint64_t epoch_ = 0;  // what was asked of a disk before a reset is answered to nobody
  LogLimiter warnings_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_I82077_H_
