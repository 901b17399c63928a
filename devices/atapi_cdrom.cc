// SPDX-License-Identifier: Apache-2.0
#include "devices/atapi_cdrom.h"

#include <algorithm>
#include <utility>

namespace verbatim {
namespace {

constexpr uint8_t kDmaFeature = 0x01;
constexpr uint8_t kOverlapFeature = 0x02;
constexpr uint8_t kSetTransferMode = 0x03;
constexpr uint32_t kMaxLimit = 0xFFFE;

constexpr uint8_t kSignatureMid = 0x14;
constexpr uint8_t kSignatureHigh = 0xEB;

constexpr uint8_t kPowerActive = 0xFF;

uint32_t Big16(const mmc::Packet& packet, size_t at) {
  return uint32_t{packet[at]} << 8 | packet[at + 1];
}
uint32_t Big24(const mmc::Packet& packet, size_t at) {
  return uint32_t{packet[at]} << 16 | Big16(packet, at + 1);
}
uint32_t Big32(const mmc::Packet& packet, size_t at) {
  return Big16(packet, at) << 16 | Big16(packet, at + 2);
}

// Commands that work, and say nothing, while news of a changed medium wait (SPC-2, 5.6.5; MMC-3).
bool IgnoresAttention(uint8_t operation) {
  return operation == mmc::kInquiry || operation == mmc::kRequestSense ||
         operation == mmc::kGetConfiguration || operation == mmc::kGetEventStatus;
}

bool NeedsMedium(uint8_t operation) {
  switch (operation) {
    case mmc::kTestUnitReady:
    case mmc::kReadCapacity:
    case mmc::kRead10:
    case mmc::kRead12:
    case mmc::kReadCd:
    case mmc::kSeek10:
    case mmc::kReadToc:
    case mmc::kReadDiscInformation:
      return true;
    default:
      return false;
  }
}

}  // namespace

AtapiCdrom::AtapiCdrom(IdeCable& cable, BlockQueue* disc, std::string serial)
    : IdeDrive(cable), disc_(disc), serial_(std::move(serial)) {
  Forget(true);
}

mmc::Medium AtapiCdrom::medium() const {
  mmc::Medium medium{.tray_open = state_.tray_open, .locked = state_.locked};
  if (disc_ != nullptr && !state_.tray_open) {
    medium.blocks = static_cast<uint32_t>(
        std::min<uint64_t>(disc_->size_bytes() / mmc::kBlockBytes, UINT32_MAX));
    medium.present = medium.blocks != 0;
  }
  return medium;
}

void AtapiCdrom::ChangeDisc(BlockQueue* disc) {
  // A read under way belongs to the disc that leaves.
  if (state_.step == Step::kRead) {
    state_.left = 0;
    DisownRequest();
    CheckCondition(mmc::kNoMedium);
  }
  disc_ = disc;
  state_.tray_open = false;
  state_.attention = mmc::kMediumChanged;
  state_.event = disc == nullptr ? mmc::MediaEvent::kRemoval : mmc::MediaEvent::kNewMedia;
}

uint8_t AtapiCdrom::Signature() {
  now_ = before_ = Registers{};
  now_.count = 1;
  now_.low = 1;
  now_.mid = kSignatureMid;
  now_.high = kSignatureHigh;
  return 0;  // a packet device is not ready until it is asked something (9.12)
}

void AtapiCdrom::Forget(bool defaults) {
  if (defaults) {
    const bool open = state_.tray_open;
    state_ = State{};
    state_.tray_open = open;
    state_.attention = mmc::kWasReset;
  }
  state_.step = Step::kNone;
  state_.left = 0;
}

void AtapiCdrom::Execute(uint8_t command) {
  switch (command) {
    case ata::kPacket:
      BeginPacket();
      return;
    case ata::kIdentifyPacket:
      buffer() = IdentifyCdrom(serial_, {state_.multiword, state_.ultra});
      SendByPio(kSectorBytes);
      return;
    case ata::kDeviceReset:
      Diagnose();
      return;
    case ata::kIdentify:
    case ata::kReadSectors:
      // How old drivers learn that this is no disk (8.15.5.2, 8.34.5.2).
      static_cast<void>(Signature());
      Abort();
      return;
    case ata::kSetFeatures:
      SetFeatures();
      return;
    case ata::kCheckPowerMode:
    case ata::kCheckPowerModeOld:
      now_.count = state_.standby ? 0 : kPowerActive;
      Finish();
      return;
    case ata::kIdle:
    case ata::kIdleOld:
    case ata::kIdleImmediate:
    case ata::kIdleImmediateOld:
      state_.standby = false;
      Finish();
      return;
    case ata::kStandby:
    case ata::kStandbyOld:
    case ata::kStandbyImmediate:
    case ata::kStandbyImmediateOld:
      state_.standby = true;
      Finish();
      return;
    case ata::kSleep:
    case ata::kSleepOld:
      state_.standby = true;
      Sleep();
      Finish();
      return;
    default:
      Abort();
      return;
  }
}

void AtapiCdrom::SetFeatures() {
  AtaTransferMode mode{state_.multiword, state_.ultra};
  if (now_.features != kSetTransferMode || !mode.Set(now_.count)) return Abort();
  state_.multiword = mode.multiword;
  state_.ultra = mode.ultra;
  Finish();
}

void AtapiCdrom::BeginPacket() {
  if ((now_.features & kOverlapFeature) != 0) return Abort();
  state_.dma = (now_.features & kDmaFeature) != 0;
  // A limit of zero is not defined; an odd one holds for the end of a transfer only (9.8).
  state_.limit = uint32_t{now_.high} << 8 | now_.mid;
  if (state_.limit == 0) state_.limit = kMaxLimit;
  state_.limit = std::max(state_.limit & kMaxLimit, 2u);
  state_.step = Step::kPacket;
  ReceiveByPio(std::tuple_size_v<mmc::Packet>, false);
}

void AtapiCdrom::BlockReady(size_t bytes, bool to_host) {
  if (state_.step == Step::kNone) return;  // IDENTIFY PACKET DEVICE
  now_.count = static_cast<uint8_t>((state_.step == Step::kPacket ? ata::kReasonCommand : 0) |
                                    (to_host ? ata::kReasonToHost : 0));
  if (state_.step == Step::kPacket) return;
  now_.mid = static_cast<uint8_t>(bytes);
  now_.high = static_cast<uint8_t>(bytes >> 8);
}

void AtapiCdrom::BufferUsed() {
  switch (state_.step) {
    case Step::kNone:
      FinishSilently();
      return;
    case Step::kPacket: {
      mmc::Packet packet{};
      std::copy_n(buffer().begin(), packet.size(), packet.begin());
      buffer().clear();
      state_.step = Step::kNone;
      state_.standby = false;
      ExecutePacket(packet);
      return;
    }
    case Step::kResponse:
      Good();
      return;
    case Step::kRead:
      break;
  }
  if (state_.left == 0) {
    Good();
  } else {
    ReadChunk();
  }
}

void AtapiCdrom::Good() {
  state_.step = Step::kNone;
  state_.sense = mmc::kNoSense;
  now_.count = ata::kReasonCommand | ata::kReasonToHost;
  Finish();
}

void AtapiCdrom::CheckCondition(const mmc::Sense& sense) {
  state_.step = Step::kNone;
  state_.sense = sense;
  now_.count = ata::kReasonCommand | ata::kReasonToHost;
  FinishWithError(static_cast<uint8_t>(sense.key << 4 | ata::kAborted));
}

void AtapiCdrom::Transfer() {
  if (state_.dma) {
    SendByDma();
  } else {
    SendByPio(state_.limit);
  }
}

void AtapiCdrom::Respond(std::optional<mmc::Response> response, uint32_t allocated) {
  if (!response) return CheckCondition(mmc::kBadField);
  if (response->size() > allocated) response->resize(allocated);
  if (response->empty()) return Good();
  state_.step = Step::kResponse;
  buffer() = *std::move(response);
  Transfer();
}

void AtapiCdrom::ExecutePacket(const mmc::Packet& packet) {
  const uint8_t operation = packet[0];
  if (state_.attention != mmc::kNoSense && !IgnoresAttention(operation)) {
    return CheckCondition(std::exchange(state_.attention, mmc::kNoSense));
  }
  const mmc::Medium medium = this->medium();
  if (NeedsMedium(operation) && !medium.present) return CheckCondition(mmc::kNoMedium);
  switch (operation) {
    case mmc::kTestUnitReady:
    case mmc::kSetSpeed:
      return Good();
    case mmc::kRequestSense:
      return RequestSense(packet);
    case mmc::kInquiry:
      // Vital product data pages are not there.
      if ((packet[1] & 1) != 0 || packet[2] != 0) return CheckCondition(mmc::kBadField);
      return Respond(mmc::Inquiry(), packet[4]);
    case mmc::kModeSense6:
    case mmc::kModeSense10:
      return ModeSense(packet);
    case mmc::kStartStopUnit:
      return StartStop(packet);
    case mmc::kPreventAllow:
      return PreventAllow(packet);
    case mmc::kReadCapacity:
      return Respond(mmc::Capacity(medium), UINT32_MAX);
    case mmc::kSeek10:
      return Big32(packet, 2) < medium.blocks ? Good() : CheckCondition(mmc::kOutOfRange);
    case mmc::kRead10:
      return Read(Big32(packet, 2), Big16(packet, 7));
    case mmc::kRead12:
      return Read(Big32(packet, 2), Big32(packet, 6));
    case mmc::kReadCd:
      return ReadCd(packet);
    case mmc::kReadToc:
      return Respond(mmc::Toc(packet, medium), Big16(packet, 7));
    case mmc::kGetConfiguration:
      return Respond(mmc::Configuration(packet, medium), Big16(packet, 7));
    case mmc::kGetEventStatus: {
      const bool media = (packet[4] & 0x10) != 0;
      const mmc::MediaEvent event =
          media ? std::exchange(state_.event, mmc::MediaEvent::kNone) : mmc::MediaEvent::kNone;
      return Respond(mmc::EventStatus(packet, medium, event), Big16(packet, 7));
    }
    case mmc::kReadDiscInformation:
      return Respond(mmc::DiscInformation(), Big16(packet, 7));
    case mmc::kMechanismStatus:
      return Respond(mmc::MechanismStatus(medium), Big16(packet, 8));
    default:
      return CheckCondition(mmc::kBadOperation);
  }
}

void AtapiCdrom::RequestSense(const mmc::Packet& packet) {
  // What waits is reported here too, and waits no longer.
  mmc::Sense sense = state_.sense;
  if (sense == mmc::kNoSense) sense = std::exchange(state_.attention, mmc::kNoSense);
  Respond(mmc::SenseData(sense), packet[4]);
}

void AtapiCdrom::ModeSense(const mmc::Packet& packet) {
  constexpr uint8_t kSavedValues = 3;
  constexpr uint8_t kChangeableValues = 1;
  const bool ten = packet[0] == mmc::kModeSense10;
  const uint8_t control = packet[2] >> 6;
  if (control == kSavedValues) return CheckCondition(mmc::kSavingUnsupported);
  // No value can be changed: a mask would be all zeros, and MODE SELECT is not there.
  if (control == kChangeableValues) return CheckCondition(mmc::kBadField);
  Respond(mmc::ModePages(packet[2] & 0x3F, ten, medium()), ten ? Big16(packet, 7) : packet[4]);
}

void AtapiCdrom::StartStop(const mmc::Packet& packet) {
  constexpr uint8_t kStart = 1;
  constexpr uint8_t kLoadEject = 2;
  if ((packet[4] & kLoadEject) == 0) return Good();
  const bool open = (packet[4] & kStart) == 0;
  if (open && state_.locked) return CheckCondition(mmc::kRemovalPrevented);
  if (open != state_.tray_open) {
    state_.tray_open = open;
    state_.event =
        open || disc_ == nullptr ? mmc::MediaEvent::kRemoval : mmc::MediaEvent::kNewMedia;
    if (!open && disc_ != nullptr) state_.attention = mmc::kMediumChanged;
  }
  Good();
}

void AtapiCdrom::PreventAllow(const mmc::Packet& packet) {
  state_.locked = (packet[4] & 1) != 0;
  Good();
}

void AtapiCdrom::Read(uint32_t block, uint32_t count) {
  const uint32_t blocks = medium().blocks;
  if (block >= blocks || count > blocks - block) return CheckCondition(mmc::kOutOfRange);
  if (count == 0) return Good();
  state_.step = Step::kRead;
  state_.block = block;
  state_.left = count;
  ReadChunk();
}

void AtapiCdrom::ReadCd(const mmc::Packet& packet) {
  constexpr uint8_t kUserData = 0x10;
  const uint8_t type = packet[1] >> 2 & 7;
  constexpr uint8_t kAnyType = 0;
  constexpr uint8_t kMode1 = 2;
  if (type != kAnyType && type != kMode1) return CheckCondition(mmc::kBadModeForTrack);
  if ((packet[10] & 7) != 0) return CheckCondition(mmc::kBadField);  // subchannels
  if (packet[9] == 0) return Good();
  if (packet[9] != kUserData) return CheckCondition(mmc::kBadField);
  Read(Big32(packet, 2), Big24(packet, 6));
}

void AtapiCdrom::ReadChunk() {
  const uint32_t count = std::min(state_.left, kChunkBlocks);
  Ask(*disc_, BlockRequest::Kind::kRead, uint64_t{state_.block} * mmc::kBlockBytes,
      size_t{count} * mmc::kBlockBytes, [this, count](BlockStatus status) {
        if (status != BlockStatus::kDone) return CheckCondition(mmc::kReadError);
        state_.block += count;
        state_.left -= count;
        Transfer();
      });
}

template <typename Archive, typename S>
void AtapiCdrom::Visit(Archive& archive, S& state) {
  archive.Field("step", state.step, Step::kRead);
  archive.Field("dma", state.dma);
  archive.Field("limit", state.limit, kMaxLimit);
  archive.Field("block", state.block);
  archive.Field("left", state.left);
  for (auto* sense : {&state.sense, &state.attention}) {
    archive.Field("sense_key", sense->key, uint8_t{0x0F});
    archive.Field("sense_code", sense->code);
    archive.Field("sense_qualifier", sense->qualifier);
  }
  archive.Field("event", state.event, mmc::MediaEvent::kRemoval);
  archive.Field("tray_open", state.tray_open);
  archive.Field("locked", state.locked);
  archive.Field("multiword", state.multiword);
  archive.Field("ultra", state.ultra);
  archive.Field("standby", state.standby);
}

void AtapiCdrom::SaveCommand(StateWriter& writer) const { Visit(writer, state_); }

Status AtapiCdrom::LoadCommand(StateReader& reader, size_t buffer_bytes) {
  loaded_ = State{};
  Visit(reader, loaded_);
  const uint32_t blocks = disc_ == nullptr
                              ? 0
                              : static_cast<uint32_t>(std::min<uint64_t>(
                                    disc_->size_bytes() / mmc::kBlockBytes, UINT32_MAX));
  reader.Require(loaded_.step != Step::kRead ||
                     (loaded_.block <= blocks && loaded_.left <= blocks - loaded_.block),
                 "block", "a range on the disc");
  reader.Require(loaded_.step != Step::kPacket || buffer_bytes == std::tuple_size_v<mmc::Packet>,
                 "step", "a packet in the buffer");
  reader.Require(loaded_.limit % 2 == 0 && (loaded_.limit != 0 || loaded_.step == Step::kNone),
                 "limit", "an even number above zero");
  const auto mode = [](uint8_t value, uint8_t highest) {
    return value <= highest || value == AtaTransferMode::kNone;
  };
  reader.Require(mode(loaded_.multiword, 2) && mode(loaded_.ultra, 5), "ultra", "a mode");
  return reader.status();
}

}  // namespace verbatim
