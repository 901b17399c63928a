// SPDX-License-Identifier: Apache-2.0
// A CD-ROM drive: the PACKET feature set of ATA/ATAPI-6 (9.8, 9.9), carrying the commands of
// SFF-8020i and MMC-3. Discs hold one data track of 2048-byte blocks; what is not whole at the end
// of an image is not on the disc.
//
// READ CD gives user data only: the sync, header and error correction bytes around it are not in an
// image.
#ifndef VERBATIM_DEVICES_ATAPI_CDROM_H_
#define VERBATIM_DEVICES_ATAPI_CDROM_H_

#include <cstdint>
#include <optional>
#include <string>

#include "devices/ata_identify.h"
#include "devices/ide_drive.h"
#include "devices/mmc.h"

namespace verbatim {

class AtapiCdrom final : public IdeDrive {
 public:
  // The disc is asked for so many blocks at once.
  static constexpr uint32_t kChunkBlocks = 32;

  // `disc` may be nullptr: no medium. All must outlive the drive or, for a disc, its stay in it.
  AtapiCdrom(IdeCable& cable, BlockQueue* disc, std::string serial);

  // Changes the disc, whatever the guest thinks of it; nullptr takes it out. A read under way ends
  // as an error.
  void ChangeDisc(BlockQueue* disc);
  [[nodiscard]] bool locked() const { return state_.locked; }
  [[nodiscard]] bool tray_open() const { return state_.tray_open; }

 protected:
  void Execute(uint8_t command) override;
  void BufferUsed() override;
  [[nodiscard]] uint8_t Signature() override;
  void Forget(bool defaults) override;
  [[nodiscard]] bool AcceptsWhileBusy(uint8_t command) const override {
    return command == ata::kDeviceReset;
  }
  void BlockReady(size_t bytes, bool to_host) override;
  void SaveCommand(StateWriter& writer) const override;
  [[nodiscard]] Status LoadCommand(StateReader& reader, size_t buffer_bytes) override;
  void AdoptCommand() override { state_ = loaded_; }

 private:
  enum class Step : uint8_t { kNone, kPacket, kResponse, kRead };
  struct State {
    Step step = Step::kNone;
    bool dma = false;
    uint32_t limit = 0;    // bytes per DRQ block
    uint32_t block = 0;    // the next one to read
    uint32_t left = 0;     // blocks to read
    mmc::Sense sense;      // of the last command
    mmc::Sense attention;  // waits to be reported
    mmc::MediaEvent event = mmc::MediaEvent::kNone;
    bool tray_open = false;
    bool locked = false;
    uint8_t multiword = 2;
    uint8_t ultra = AtaTransferMode::kNone;
    bool standby = false;
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  [[nodiscard]] mmc::Medium medium() const;
  void SetFeatures();
  void BeginPacket();
  void ExecutePacket(const mmc::Packet& packet);
  // What packets do; each ends in one of the four below.
  void StartStop(const mmc::Packet& packet);
  void PreventAllow(const mmc::Packet& packet);
  void ModeSense(const mmc::Packet& packet);
  void RequestSense(const mmc::Packet& packet);
  void Read(uint32_t block, uint32_t count);
  void ReadCd(const mmc::Packet& packet);
  void Good();
  void CheckCondition(const mmc::Sense& sense);
  void Respond(std::optional<mmc::Response> response, uint32_t allocated);
  void ReadChunk();
  void Transfer();

  BlockQueue* disc_;
  const std::string serial_;
  State state_;
  State loaded_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_ATAPI_CDROM_H_
