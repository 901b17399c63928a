// SPDX-License-Identifier: Apache-2.0
// A hard disk: the General, Power Management and 48-bit Address feature sets of ATA/ATAPI-6, and
// the commands of earlier standards that BIOSes and old systems use.
//
// A range that does not lie on the disk is refused as a whole (IDNF). A medium that fails within a
// range is met again sector by sector, so that the sectors before the bad one still arrive and the
// registers name the bad one. With the write cache off, a write ends after a flush.
#ifndef VERBATIM_DEVICES_ATA_DISK_H_
#define VERBATIM_DEVICES_ATA_DISK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/ata_geometry.h"
#include "devices/ata_identify.h"
#include "devices/ide_drive.h"

namespace verbatim {

class AtaDisk final : public IdeDrive {
 public:
  static constexpr uint8_t kMaxMultiple = 16;
  // The disk is asked for so much at once.
  static constexpr uint32_t kChunkSectors = 512;

  // All must outlive the drive. `serial` has up to 20 characters.
  AtaDisk(IdeCable& cable, BlockQueue& queue, std::string serial);

 protected:
  void Execute(uint8_t command) override;
  void BufferUsed() override;
  [[nodiscard]] uint8_t Signature() override;
  void Forget(bool defaults) override;
  [[nodiscard]] bool AcceptsWhileBusy(uint8_t /*command*/) const override { return false; }
  void SaveCommand(StateWriter& writer) const override;
  [[nodiscard]] Status LoadCommand(StateReader& reader, size_t buffer_bytes) override;
  void AdoptCommand() override { state_ = loaded_; }

 private:
  enum class Action : uint8_t { kNone, kRead, kWrite, kVerify };
  struct State {
    Action action = Action::kNone;
    bool dma = false;
    bool extended = false;  // a 48-bit command
    bool exact = false;     // one sector at a time, after an error
    uint64_t sector = 0;    // the next one
    uint32_t left = 0;      // sectors of the command that are not transferred
    uint8_t block = 1;      // sectors per DRQ block
    uint8_t heads = 16;
    uint8_t track = 63;  // sectors per track
    uint16_t cylinders = 1;
    uint8_t multiple = 0;
    uint8_t multiword = 2;
    uint8_t ultra = AtaTransferMode::kNone;
    bool write_cache = true;
    bool look_ahead = true;
    bool standby = false;
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  // The range that the registers name; nullopt if it does not lie on the disk.
  struct Range {
    uint64_t sector;
    uint32_t count;
  };
  [[nodiscard]] std::optional<Range> NamedRange(bool extended) const;
  [[nodiscard]] AtaGeometry geometry() const {
    return {state_.heads, state_.track, state_.cylinders};
  }
  // Writes a sector's address into the registers, in the form of the present command.
  void NameSector(uint64_t sector, bool extended);

  void Begin(Action action, bool dma, bool extended, uint8_t block);
  [[nodiscard]] bool BeginTransfer(uint8_t command);
  [[nodiscard]] bool SetPower(uint8_t command);
  void Continue();
  void ReadChunk();
  void ChunkRead(uint32_t sectors, BlockStatus status);
  void ReceiveChunk(bool interrupt);
  void WriteChunk();
  void EndTransfer();
  void Flush();
  void InitializeParameters();
  void SetMultiple();
  void SetFeatures();
  void ReadNativeMax(bool extended);
  void Identify();

  BlockQueue& queue_;
  const uint64_t sectors_;
  const std::string serial_;
  State state_;
  State loaded_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_ATA_DISK_H_
