// SPDX-License-Identifier: Apache-2.0
#include "devices/ata_disk.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace verbatim {
namespace {

constexpr uint64_t kMaxSectors = uint64_t{1} << 48;
constexpr uint64_t kMaxLba28Sectors = uint64_t{1} << 28;
constexpr uint8_t kHeadMask = 0x0F;

constexpr uint8_t kPowerActive = 0xFF;
constexpr uint8_t kPowerStandby = 0x00;

// Subcommands of SET FEATURES.
constexpr uint8_t kEnableWriteCache = 0x02;
constexpr uint8_t kSetTransferMode = 0x03;
constexpr uint8_t kDisableLookAhead = 0x55;
constexpr uint8_t kKeepSettings = 0x66;
constexpr uint8_t kDisableWriteCache = 0x82;
constexpr uint8_t kEnableLookAhead = 0xAA;

}  // namespace

AtaDisk::AtaDisk(IdeCable& cable, BlockQueue& queue, std::string serial)
    : IdeDrive(cable),
      queue_(queue),
      sectors_(std::min(queue.size_bytes() / kSectorBytes, kMaxSectors)),
      serial_(std::move(serial)) {
  Forget(true);
}

uint8_t AtaDisk::Signature() {
  now_ = before_ = Registers{};
  now_.count = 1;
  now_.low = 1;
  return ata::kReady | ata::kSeekDone;
}

void AtaDisk::Forget(bool defaults) {
  if (defaults) {
    state_ = State{};
    const AtaGeometry shape = AtaGeometry::Of(sectors_, 16, 63, AtaGeometry::kDefaultMaxCylinders);
    state_.heads = shape.heads;
    state_.track = shape.sectors;
    state_.cylinders = shape.cylinders;
  }
  state_.action = Action::kNone;
  state_.left = 0;
}

std::optional<AtaDisk::Range> AtaDisk::NamedRange(bool extended) const {
  Range range{};
  if (extended) {
    range.count = uint32_t{before_.count} << 8 | now_.count;
    if (range.count == 0) range.count = 0x10000;
    range.sector = uint64_t{before_.high} << 40 | uint64_t{before_.mid} << 32 |
                   uint64_t{before_.low} << 24 | uint64_t{now_.high} << 16 |
                   uint64_t{now_.mid} << 8 | now_.low;
    // The 48-bit commands know no cylinders.
    if ((device_ & ata::kLbaMode) == 0) return {};
  } else {
    range.count = now_.count == 0 ? 0x100 : now_.count;
    const uint8_t head = device_ & kHeadMask;
    if ((device_ & ata::kLbaMode) != 0) {
      range.sector =
          uint64_t{head} << 24 | uint64_t{now_.high} << 16 | uint64_t{now_.mid} << 8 | now_.low;
    } else {
      const auto cylinder = static_cast<uint16_t>(now_.high << 8 | now_.mid);
      const std::optional<uint64_t> sector = geometry().ToSector(cylinder, head, now_.low);
      if (!sector) return {};
      range.sector = *sector;
    }
  }
  if (range.sector >= sectors_ || range.count > sectors_ - range.sector) return {};
  return range;
}

void AtaDisk::NameSector(uint64_t sector, bool extended) {
  if (extended) {
    now_.low = static_cast<uint8_t>(sector);
    now_.mid = static_cast<uint8_t>(sector >> 8);
    now_.high = static_cast<uint8_t>(sector >> 16);
    before_.low = static_cast<uint8_t>(sector >> 24);
    before_.mid = static_cast<uint8_t>(sector >> 32);
    before_.high = static_cast<uint8_t>(sector >> 40);
    return;
  }
  uint8_t head = 0;
  if ((device_ & ata::kLbaMode) != 0) {
    now_.low = static_cast<uint8_t>(sector);
    now_.mid = static_cast<uint8_t>(sector >> 8);
    now_.high = static_cast<uint8_t>(sector >> 16);
    head = static_cast<uint8_t>(sector >> 24);
  } else {
    const uint64_t track = sector / state_.track;
    const uint64_t cylinder = track / state_.heads;
    now_.low = static_cast<uint8_t>(sector % state_.track + 1);
    now_.mid = static_cast<uint8_t>(cylinder);
    now_.high = static_cast<uint8_t>(cylinder >> 8);
    head = static_cast<uint8_t>(track % state_.heads);
  }
  device_ = static_cast<uint8_t>((device_ & ~kHeadMask) | (head & kHeadMask));
}

bool AtaDisk::BeginTransfer(uint8_t command) {
  switch (command) {
    case ata::kReadSectors:
    case ata::kReadSectorsNoRetry:
      Begin(Action::kRead, false, false, 1);
      return true;
    case ata::kReadSectorsExt:
      Begin(Action::kRead, false, true, 1);
      return true;
    case ata::kReadMultiple:
      Begin(Action::kRead, false, false, state_.multiple);
      return true;
    case ata::kReadMultipleExt:
      Begin(Action::kRead, false, true, state_.multiple);
      return true;
    case ata::kReadDma:
    case ata::kReadDmaNoRetry:
      Begin(Action::kRead, true, false, 1);
      return true;
    case ata::kReadDmaExt:
      Begin(Action::kRead, true, true, 1);
      return true;
    case ata::kWriteSectors:
    case ata::kWriteSectorsNoRetry:
      Begin(Action::kWrite, false, false, 1);
      return true;
    case ata::kWriteSectorsExt:
      Begin(Action::kWrite, false, true, 1);
      return true;
    case ata::kWriteMultiple:
      Begin(Action::kWrite, false, false, state_.multiple);
      return true;
    case ata::kWriteMultipleExt:
      Begin(Action::kWrite, false, true, state_.multiple);
      return true;
    case ata::kWriteDma:
    case ata::kWriteDmaNoRetry:
      Begin(Action::kWrite, true, false, 1);
      return true;
    case ata::kWriteDmaExt:
      Begin(Action::kWrite, true, true, 1);
      return true;
    case ata::kVerify:
    case ata::kVerifyNoRetry:
      Begin(Action::kVerify, false, false, 1);
      return true;
    case ata::kVerifyExt:
      Begin(Action::kVerify, false, true, 1);
      return true;
    default:
      return false;
  }
}

bool AtaDisk::SetPower(uint8_t command) {
  switch (command) {
    case ata::kIdle:
    case ata::kIdleOld:
    case ata::kIdleImmediate:
    case ata::kIdleImmediateOld:
      state_.standby = false;
      break;
    case ata::kStandby:
    case ata::kStandbyOld:
    case ata::kStandbyImmediate:
    case ata::kStandbyImmediateOld:
      state_.standby = true;
      break;
    case ata::kCheckPowerMode:
    case ata::kCheckPowerModeOld:
      now_.count = state_.standby ? kPowerStandby : kPowerActive;
      break;
    case ata::kSleep:
    case ata::kSleepOld:
      state_.standby = true;
      Sleep();
      break;
    default:
      return false;
  }
  Finish();
  return true;
}

void AtaDisk::Execute(uint8_t command) {
  if (BeginTransfer(command) || SetPower(command)) return;
  switch (command) {
    case ata::kInitializeParameters:
      InitializeParameters();
      return;
    case ata::kSetMultiple:
      SetMultiple();
      return;
    case ata::kSetFeatures:
      SetFeatures();
      return;
    case ata::kReadNativeMax:
      ReadNativeMax(false);
      return;
    case ata::kReadNativeMaxExt:
      ReadNativeMax(true);
      return;
    case ata::kFlushCache:
    case ata::kFlushCacheExt:
      Flush();
      return;
    case ata::kIdentify:
      Identify();
      return;
    default:
      break;
  }
  switch (command & 0xF0) {
    case ata::kRecalibrate:
      Finish();
      return;
    case ata::kSeek: {
      // A seek names one sector.
      now_.count = 1;
      if (NamedRange(false)) {
        Finish();
      } else {
        FinishWithError(ata::kIdNotFound);
      }
      return;
    }
    default:
      Abort();
      return;
  }
}

void AtaDisk::Begin(Action action, bool dma, bool extended, uint8_t block) {
  // READ and WRITE MULTIPLE before SET MULTIPLE.
  if (block == 0) return Abort();
  const std::optional<Range> range = NamedRange(extended);
  if (!range) return FinishWithError(ata::kIdNotFound);
  if (action == Action::kWrite && queue_.read_only()) {
    return FinishWithError(ata::kWriteProtected | ata::kAborted);
  }
  state_.action = action;
  state_.dma = dma;
  state_.extended = extended;
  state_.exact = false;
  state_.sector = range->sector;
  state_.left = range->count;
  state_.block = block;
  state_.standby = false;
  if (action == Action::kWrite) {
    ReceiveChunk(false);
  } else {
    ReadChunk();
  }
}

void AtaDisk::Continue() {
  if (state_.left == 0) {
    EndTransfer();
  } else if (state_.action == Action::kWrite) {
    ReceiveChunk(true);
  } else {
    ReadChunk();
  }
}

void AtaDisk::ReadChunk() {
  const uint32_t sectors = state_.exact ? 1 : std::min(state_.left, kChunkSectors);
  Ask(queue_, BlockRequest::Kind::kRead, state_.sector * kSectorBytes, sectors * kSectorBytes,
      [this, sectors](BlockStatus status) { ChunkRead(sectors, status); });
}

void AtaDisk::ChunkRead(uint32_t sectors, BlockStatus status) {
  if (status != BlockStatus::kDone && sectors > 1) {
    state_.exact = true;
    ReadChunk();
    return;
  }
  if (status != BlockStatus::kDone) {
    NameSector(state_.sector, state_.extended);
    state_.action = Action::kNone;
    FinishWithError(ata::kUncorrectable);
    return;
  }
  if (state_.action == Action::kVerify) {
    BufferUsed();
  } else if (state_.dma) {
    SendByDma();
  } else {
    SendByPio(state_.block * kSectorBytes);
  }
}

void AtaDisk::ReceiveChunk(bool interrupt) {
  if (state_.dma) {
    ReceiveByDma(std::min(state_.left, kChunkSectors) * kSectorBytes);
  } else {
    ReceiveByPio(std::min<uint32_t>(state_.left, state_.block) * kSectorBytes, interrupt);
  }
}

void AtaDisk::BufferUsed() {
  if (state_.action == Action::kWrite) {
    WriteChunk();
    return;
  }
  if (state_.action == Action::kNone) {  // IDENTIFY DEVICE
    FinishSilently();
    return;
  }
  const auto sectors = static_cast<uint32_t>(buffer().size() / kSectorBytes);
  state_.sector += sectors;
  state_.left -= sectors;
  Continue();
}

void AtaDisk::WriteChunk() {
  const auto sectors = static_cast<uint32_t>(buffer().size() / kSectorBytes);
  Ask(queue_, BlockRequest::Kind::kWrite, state_.sector * kSectorBytes, 0,
      [this, sectors](BlockStatus status) {
        if (status != BlockStatus::kDone) {
          NameSector(state_.sector, state_.extended);
          state_.action = Action::kNone;
          Abort();
          return;
        }
        state_.sector += sectors;
        state_.left -= sectors;
        Continue();
      });
}

void AtaDisk::EndTransfer() {
  // As drives before ATA-4 left it, and BIOSes may look: the last sector, and nothing left to do.
  NameSector(state_.sector - 1, state_.extended);
  now_.count = before_.count = 0;
  const Action action = std::exchange(state_.action, Action::kNone);
  if (action == Action::kWrite && !state_.write_cache) {
    Flush();
  } else if (action == Action::kRead && !state_.dma) {
    FinishSilently();
  } else {
    Finish();
  }
}

void AtaDisk::Flush() {
  Ask(queue_, BlockRequest::Kind::kFlush, 0, 0, [this](BlockStatus status) {
    if (status == BlockStatus::kDone) {
      Finish();
    } else {
      Abort();
    }
  });
}

void AtaDisk::InitializeParameters() {
  const uint8_t track = now_.count;
  const auto heads = static_cast<uint8_t>((device_ & kHeadMask) + 1);
  if (track == 0) return Abort();
  const AtaGeometry shape = AtaGeometry::Of(sectors_, heads, track, AtaGeometry::kMaxCylinders);
  state_.heads = heads;
  state_.track = track;
  state_.cylinders = shape.cylinders;
  Finish();
}

void AtaDisk::SetMultiple() {
  const uint8_t count = now_.count;
  if (count > kMaxMultiple || (count != 0 && !std::has_single_bit(count))) return Abort();
  state_.multiple = count;
  Finish();
}

void AtaDisk::SetFeatures() {
  AtaTransferMode mode{state_.multiword, state_.ultra};
  switch (now_.features) {
    case kEnableWriteCache:
      state_.write_cache = true;
      break;
    case kDisableWriteCache:
      // What the cache held is on the medium when this ends.
      state_.write_cache = false;
      Flush();
      return;
    case kSetTransferMode:
      if (!mode.Set(now_.count)) return Abort();
      state_.multiword = mode.multiword;
      state_.ultra = mode.ultra;
      break;
    case kEnableLookAhead:
      state_.look_ahead = true;
      break;
    case kDisableLookAhead:
      state_.look_ahead = false;
      break;
    case kKeepSettings:  // over a soft reset, as they always are
      break;
    default:
      return Abort();
  }
  Finish();
}

void AtaDisk::ReadNativeMax(bool extended) {
  if ((device_ & ata::kLbaMode) == 0) return Abort();
  NameSector(std::min(sectors_, extended ? kMaxSectors : kMaxLba28Sectors) - 1, extended);
  Finish();
}

void AtaDisk::Identify() {
  buffer() = IdentifyDisk(
      {.sectors = sectors_,
       .serial = serial_,
       .default_geometry = AtaGeometry::Of(sectors_, 16, 63, AtaGeometry::kDefaultMaxCylinders),
       .geometry = geometry(),
       .multiple = state_.multiple,
       .max_multiple = kMaxMultiple,
       .write_cache = state_.write_cache,
       .look_ahead = state_.look_ahead,
       .mode = {state_.multiword, state_.ultra}});
  SendByPio(kSectorBytes);
}

template <typename Archive, typename S>
void AtaDisk::Visit(Archive& archive, S& state) {
  archive.Field("action", state.action, Action::kVerify);
  archive.Field("dma", state.dma);
  archive.Field("extended", state.extended);
  archive.Field("exact", state.exact);
  archive.Field("sector", state.sector);
  archive.Field("left", state.left, uint32_t{0x10000});
  archive.Field("block", state.block, uint8_t{kMaxMultiple});
  archive.Field("heads", state.heads, uint8_t{16});
  archive.Field("track", state.track);
  archive.Field("cylinders", state.cylinders);
  archive.Field("multiple", state.multiple, uint8_t{kMaxMultiple});
  archive.Field("multiword", state.multiword);
  archive.Field("ultra", state.ultra);
  archive.Field("write_cache", state.write_cache);
  archive.Field("look_ahead", state.look_ahead);
  archive.Field("standby", state.standby);
}

void AtaDisk::SaveCommand(StateWriter& writer) const { Visit(writer, state_); }

Status AtaDisk::LoadCommand(StateReader& reader, size_t buffer_bytes) {
  loaded_ = State{};
  Visit(reader, loaded_);
  reader.Require(loaded_.heads != 0 && loaded_.track != 0, "heads", "at least one");
  reader.Require(loaded_.block != 0, "block", "at least one sector");
  reader.Require(loaded_.sector <= sectors_ && loaded_.left <= sectors_ - loaded_.sector, "sector",
                 "a range on the disk");
  reader.Require(loaded_.action == Action::kNone || (buffer_bytes % kSectorBytes == 0 &&
                                                     buffer_bytes / kSectorBytes <= loaded_.left),
                 "left", "at least the sectors in the buffer");
  const auto mode = [](uint8_t value, uint8_t highest) {
    return value <= highest || value == AtaTransferMode::kNone;
  };
  reader.Require(mode(loaded_.multiword, 2) && mode(loaded_.ultra, 5), "ultra", "a mode");
  return reader.status();
}

}  // namespace verbatim
