// SPDX-License-Identifier: Apache-2.0
#include "devices/ide_drive.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace verbatim {
namespace {

// More than the largest buffer of any command.
constexpr uint64_t kMaxSavedBuffer = 1 << 20;

}  // namespace

void IdeDrive::SetInterrupt(bool interrupt) {
  if (interrupt_ == interrupt) return;
  interrupt_ = interrupt;
  cable_.InterruptChanged();
}

uint8_t IdeDrive::ReadRegister(unsigned reg, bool high_order) const {
  const Registers& from = high_order ? before_ : now_;
  switch (reg) {
    case ata::kFeatures:
      return error_;
    case ata::kSectorCount:
      return from.count;
    case ata::kLbaLow:
      return from.low;
    case ata::kLbaMid:
      return from.mid;
    case ata::kLbaHigh:
      return from.high;
    case ata::kDevice:
      return device_;
    default:
      return status_;
  }
}

void IdeDrive::WriteRegister(unsigned reg, uint8_t value) {
  if ((status_ & ata::kBusy) != 0) return;
  switch (reg) {
    case ata::kFeatures:
      before_.features = std::exchange(now_.features, value);
      break;
    case ata::kSectorCount:
      before_.count = std::exchange(now_.count, value);
      break;
    case ata::kLbaLow:
      before_.low = std::exchange(now_.low, value);
      break;
    case ata::kLbaMid:
      before_.mid = std::exchange(now_.mid, value);
      break;
    case ata::kLbaHigh:
      before_.high = std::exchange(now_.high, value);
      break;
    default:
      device_ = value | ata::kDeviceObsolete;
      break;
  }
}

void IdeDrive::StopCommand(bool defaults) {
  ++epoch_;
  buffer_.clear();
  position_ = block_end_ = block_bytes_ = 0;
  phase_ = Phase::kIdle;
  Forget(defaults);
}

void IdeDrive::WriteCommand(uint8_t command) {
  if (sleeping_ && command != ata::kDeviceReset) return;
  if ((status_ & ata::kBusy) != 0 && !AcceptsWhileBusy(command)) return;
  SetInterrupt(false);
  // A command amid a transfer ends that.
  StopCommand(false);
  sleeping_ = false;
  error_ = 0;
  status_ = ata::kReady | ata::kSeekDone;
  Execute(command);
}

void IdeDrive::PowerOn() {
  StopCommand(true);
  sleeping_ = false;
  now_ = before_ = Registers{};
  device_ = ata::kDeviceObsolete;
  EndSoftReset();
}

void IdeDrive::BeginSoftReset() {
  StopCommand(false);
  sleeping_ = false;
  phase_ = Phase::kReset;
  status_ = ata::kBusy;
  SetInterrupt(false);
}

void IdeDrive::EndSoftReset() {
  phase_ = Phase::kIdle;
  Diagnose();
  SetInterrupt(false);
}

void IdeDrive::Diagnose() {
  StopCommand(false);
  error_ = ata::kDiagnosticPassed;
  device_ = ata::kDeviceObsolete;
  status_ = Signature();
}

void IdeDrive::FinishSilently(uint8_t status) {
  phase_ = Phase::kIdle;
  buffer_.clear();
  position_ = block_end_ = 0;
  status_ = status;
}

void IdeDrive::Finish(uint8_t status) {
  FinishSilently(status);
  SetInterrupt(true);
}

void IdeDrive::FinishWithError(uint8_t error) {
  error_ = error;
  Finish(ata::kReady | ata::kSeekDone | ata::kErr);
}

void IdeDrive::BlockReady(size_t /*bytes*/, bool /*to_host*/) {}

void IdeDrive::BeginBlock(bool interrupt) {
  block_end_ = std::min(buffer_.size(), position_ + block_bytes_);
  status_ = ata::kReady | ata::kSeekDone | ata::kDrq;
  BlockReady(block_end_ - position_, phase_ == Phase::kPioIn);
  if (interrupt) SetInterrupt(true);
}

void IdeDrive::SendByPio(size_t block_bytes, bool interrupt) {
  phase_ = Phase::kPioIn;
  position_ = 0;
  block_bytes_ = block_bytes;
  BeginBlock(interrupt);
}

void IdeDrive::ReceiveByPio(size_t bytes, bool interrupt) {
  buffer_.assign(bytes, 0);
  phase_ = Phase::kPioOut;
  position_ = 0;
  block_bytes_ = bytes;
  BeginBlock(interrupt);
}

void IdeDrive::AdvanceInBlock(size_t bytes) {
  position_ += bytes;
  if (position_ < block_end_) return;
  if (block_end_ < buffer_.size()) {
    BeginBlock(true);
  } else {
    BufferUsed();
  }
}

// The standard knows 16-bit accesses to the data register. A 32-bit access is two of them on a PC;
// an 8-bit access is one for half of them (as in CFA 8-bit mode), so that no data is lost.
uint32_t IdeDrive::ReadData(unsigned bytes) {
  uint32_t value = 0;
  for (unsigned done = 0; done < bytes;) {
    if (phase_ != Phase::kPioIn) {
      value |= uint32_t{0xFFFFFFFF} << (8 * done);
      break;
    }
    const auto part = static_cast<unsigned>(
        std::min<size_t>({bytes - done, block_end_ - position_, sizeof value}));
    uint32_t piece = 0;
    std::memcpy(&piece, &buffer_[position_], part);
    value |= piece << (8 * done);
    done += part;
    AdvanceInBlock(part);
  }
  return bytes == 4 ? value : value & ((1u << (8 * bytes)) - 1);
}

void IdeDrive::WriteData(unsigned bytes, uint32_t value) {
  for (unsigned done = 0; done < bytes && phase_ == Phase::kPioOut;) {
    const auto part = static_cast<unsigned>(
        std::min<size_t>({bytes - done, block_end_ - position_, sizeof value}));
    const uint32_t piece = value >> (8 * done);
    std::memcpy(&buffer_[position_], &piece, part);
    done += part;
    AdvanceInBlock(part);
  }
}

void IdeDrive::SendByDma() {
  phase_ = Phase::kDmaIn;
  position_ = 0;
  ContinueDma();
}

void IdeDrive::ReceiveByDma(size_t bytes) {
  buffer_.assign(bytes, 0);
  phase_ = Phase::kDmaOut;
  position_ = 0;
  ContinueDma();
}

void IdeDrive::ContinueDma() {
  status_ = ata::kReady | ata::kSeekDone | ata::kDrq;
  const auto rest = std::span(buffer_).subspan(position_);
  position_ += phase_ == Phase::kDmaIn ? cable_.DmaToMemory(rest) : cable_.DmaFromMemory(rest);
  if (position_ == buffer_.size()) BufferUsed();
}

void IdeDrive::DmaReady() {
  if (phase_ == Phase::kDmaIn || phase_ == Phase::kDmaOut) ContinueDma();
}

void IdeDrive::Ask(BlockQueue& queue, BlockRequest::Kind kind, uint64_t offset, size_t read_bytes,
                   std::function<void(BlockStatus)> then) {
  phase_ = Phase::kBusy;
  status_ = ata::kBusy;
  if (kind == BlockRequest::Kind::kRead) buffer_.resize(read_bytes);
  BlockRequest request{.kind = kind, .offset = offset};
  if (kind != BlockRequest::Kind::kFlush) request.data = std::move(buffer_);
  request.done = [this, epoch = epoch_, then = std::move(then)](BlockStatus status,
                                                                std::vector<uint8_t> data) {
    if (epoch != epoch_) return;
    buffer_ = std::move(data);
    then(status);
  };
  queue.Submit(std::move(request));
}

struct IdeDrive::State {
  Registers now;
  Registers before;
  uint8_t device = 0;
  Phase phase = Phase::kIdle;
  uint8_t status = 0;
  uint8_t error = 0;
  bool interrupt = false;
  bool sleeping = false;
  std::vector<uint8_t> buffer;
  uint64_t position = 0;
  uint64_t block_end = 0;
  uint64_t block_bytes = 0;
};

template <typename Archive, typename S>
void IdeDrive::Visit(Archive& archive, S& state) {
  for (auto* registers : {&state.now, &state.before}) {
    archive.Field("features", registers->features);
    archive.Field("count", registers->count);
    archive.Field("low", registers->low);
    archive.Field("mid", registers->mid);
    archive.Field("high", registers->high);
  }
  archive.Field("device", state.device);
  archive.Field("phase", state.phase, Phase::kDmaOut);
  archive.Field("status", state.status);
  archive.Field("error", state.error);
  archive.Field("interrupt", state.interrupt);
  archive.Field("sleeping", state.sleeping);
  archive.Field("buffer", state.buffer, kMaxSavedBuffer);
  archive.Field("position", state.position, kMaxSavedBuffer);
  archive.Field("block_end", state.block_end, kMaxSavedBuffer);
  archive.Field("block_bytes", state.block_bytes, kMaxSavedBuffer);
}

void IdeDrive::Save(StateWriter& writer) const {
  const State state{now_,       before_,   device_, phase_,    status_,    error_,
                    interrupt_, sleeping_, buffer_, position_, block_end_, block_bytes_};
  Visit(writer, state);
  SaveCommand(writer);
}

Status IdeDrive::Load(StateReader& reader) {
  State loaded;
  Visit(reader, loaded);
  const bool by_port = loaded.phase == Phase::kPioIn || loaded.phase == Phase::kPioOut;
  const bool by_dma = loaded.phase == Phase::kDmaIn || loaded.phase == Phase::kDmaOut;
  reader.Require(loaded.phase != Phase::kBusy, "phase", "no request under way");
  reader.Require(((loaded.status & ata::kBusy) != 0) == (loaded.phase == Phase::kReset), "status",
                 "busy in a reset only");
  reader.Require(!by_port || (loaded.position < loaded.block_end && loaded.block_bytes != 0 &&
                              loaded.block_end <= loaded.buffer.size()),
                 "block_end", "a block within the buffer");
  reader.Require(!by_dma || loaded.position < loaded.buffer.size(), "position",
                 "a place within the buffer");
  reader.Require(by_port || by_dma || loaded.buffer.empty(), "buffer", "no data");
  if (Status status = LoadCommand(reader, loaded.buffer.size()); !status) return status;
  if (Status status = reader.status(); !status) return status;
  ++epoch_;
  AdoptCommand();
  now_ = loaded.now;
  before_ = loaded.before;
  device_ = loaded.device;
  phase_ = loaded.phase;
  status_ = loaded.status;
  error_ = loaded.error;
  interrupt_ = loaded.interrupt;
  sleeping_ = loaded.sleeping;
  buffer_ = std::move(loaded.buffer);
  position_ = loaded.position;
  block_end_ = loaded.block_end;
  block_bytes_ = loaded.block_bytes;
  return {};
}

}  // namespace verbatim
