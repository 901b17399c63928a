// SPDX-License-Identifier: Apache-2.0
// The 82077AA's commands that move data, a sector at a time:
//
//   SectorDue ──► ReadSector ──► SectorRead ──► ToHost ──► HostDone ──► SectorDone
//             └─► FromHost ──► HostDone ──► WriteSector ──► SectorWritten ──┘ │
//                                     └──► (scan) ReadSector ──► Compare ─────┤
//   SectorDue ◄───────────────────────────────────── next sector ◄────────────┘
#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "devices/i82077.h"
#include "devices/i82077_commands.h"

namespace verbatim {
namespace {

using namespace fdc;

constexpr uint32_t kIdBytes = 4;
constexpr uint32_t kFifoBytes = 16;

Operation OperationOf(uint8_t first_byte) { return CommandOf(first_byte).operation; }

}  // namespace

bool I82077::NonDma() const { return (state_.load_non_dma & kNonDmaBit) != 0; }

bool I82077::MultiTrack() const { return (state_.command[0] & kMultiTrack) != 0; }

void I82077::BeginData() {
  const auto& command = state_.command;
  const unsigned unit = SelectedUnit();
  const Operation operation = OperationOf(command[0]);
  state_.phase = Phase::kExecution;
  state_.step = Step::kSector;
  state_.st1 = state_.st2 = 0;
  state_.implied_seek = state_.terminal_count = false;
  uint64_t begin = clock_.NowNs();
  if (state_.seek_ns[unit] != kNever) begin = std::max(begin, state_.seek_ns[unit]);
  if (operation != Operation::kReadId) {
    state_.cylinder = command[2];
    state_.head = command[3];
    state_.sector = command[4];
    state_.size = command[5];
    state_.last_eot = command[6];
    // VERIFY counts sectors if asked to, READ TRACK always.
    state_.left = operation == Operation::kVerify ? command[8] : command[6];
    uint8_t& present = state_.present_cylinder[unit];
    if ((state_.configuration & kConfigImpliedSeek) != 0 && present != state_.cylinder) {
      const int steps = state_.cylinder - present;
      Selected().Step(steps);
      present = state_.cylinder;
      state_.implied_seek = true;
      begin += kSettleNs + static_cast<uint64_t>(std::abs(steps)) * kStepNs;
    }
  }
  state_.event_ns = begin + kLatencyNs;
}

void I82077::BeginFormat() {
  const auto& command = state_.command;
  state_.phase = Phase::kExecution;
  state_.step = Step::kSector;
  state_.st1 = state_.st2 = 0;
  state_.implied_seek = state_.terminal_count = false;
  state_.cylinder = state_.present_cylinder[SelectedUnit()];
  state_.head = static_cast<uint8_t>(SelectedHead());
  state_.sector = 1;
  state_.size = command[2];
  state_.left = state_.last_eot = command[3];
  state_.event_ns = clock_.NowNs() + kLatencyNs;
}

void I82077::SectorDue() {
  const unsigned unit = SelectedUnit();
  const FloppyDrive& drive = Selected();
  // The drive that the command names has to be the one that the output register selects, too.
  const bool spins = (state_.dor & kDorSelect) == unit &&
                     (state_.dor >> kDorMotorShift >> unit & 1) != 0 && drive.HasDisk();
  if (!spins) {
    state_.step = Step::kForever;
    return;
  }
  const Operation operation = OperationOf(state_.command[0]);
  if (operation == Operation::kReadId) return ReadIdDue();
  if ((IsWrite(operation) || operation == Operation::kFormat) && drive.WriteProtected()) {
    state_.st1 |= kSt1NotWritable;
    return ReportData(kSt0Abnormal);
  }
  if (operation == Operation::kFormat) {
    return state_.left == 0 ? ReportData(0) : FromHost(kIdBytes);
  }
  if (!SectorFound()) return EndData(kSt0Abnormal);
  if (operation == Operation::kReadDeleted) {
    // No sector has that mark: each is the other kind.
    if ((state_.command[0] & kSkip) != 0) return SectorDone();
    state_.st2 |= kSt2ControlMark;
  }
  if (IsWrite(operation) || IsScan(operation)) {
    FromHost(kSectorBytes);
  } else {
    ReadSector();
  }
}

bool I82077::TrackReadable() {
  const FloppyDrive& drive = Selected();
  const FloppyGeometry& geometry = drive.geometry();
  const bool readable = static_cast<uint8_t>(geometry.rate) == state_.rate &&
                        (state_.command[0] & kMfm) != 0 && SelectedHead() < geometry.heads &&
                        drive.cylinder() < geometry.cylinders;
  if (!readable) state_.st1 |= kSt1MissingAddressMark;
  return readable;
}

bool I82077::SectorFound() {
  if (!TrackReadable()) return false;
  const FloppyGeometry& geometry = Selected().geometry();
  const bool cylinder = state_.cylinder == Selected().cylinder();
  const bool rest = state_.head == SelectedHead() && state_.size == kSize512 &&
                    state_.sector >= 1 && state_.sector <= geometry.sectors;
  if (cylinder && rest) return true;
  state_.st1 |= kSt1NoData;
  if (OperationOf(state_.command[0]) == Operation::kReadTrack) {
    // It reads what comes and only notes that the numbers are not those it was given.
    const unsigned behind = state_.last_eot - state_.left;
    return behind < geometry.sectors;
  }
  if (!cylinder) state_.st2 |= kSt2WrongCylinder;
  return false;
}

uint64_t I82077::Offset() const {
  const FloppyDrive& drive = drives_[SelectedUnit()];
  const FloppyGeometry& geometry = drive.geometry();
  const bool by_index = OperationOf(state_.command[0]) == Operation::kReadTrack;
  const unsigned behind = by_index ? state_.last_eot - state_.left : state_.sector - 1u;
  const uint64_t track = uint64_t{drive.cylinder()} * geometry.heads + SelectedHead();
  return (track * geometry.sectors + behind) * kSectorBytes;
}

void I82077::ReadIdDue() {
  if (!TrackReadable()) return EndData(kSt0Abnormal);
  const FloppyGeometry& geometry = Selected().geometry();
  state_.cylinder = Selected().cylinder();
  state_.head = static_cast<uint8_t>(SelectedHead());
  state_.sector = static_cast<uint8_t>(clock_.NowNs() / kSectorNs % geometry.sectors + 1);
  state_.size = kSize512;
  EndData(0);
}

void I82077::ReadSector() {
  BlockQueue* disk = Selected().disk();
  const uint64_t offset = Offset();
  if (offset >= disk->size_bytes()) {
    // What a short image lacks of its format.
    return SectorRead(BlockStatus::kDone, std::vector<uint8_t>(kSectorBytes));
  }
  state_.step = Step::kDisk;
  BlockRequest request{.kind = BlockRequest::Kind::kRead, .offset = offset};
  request.data.resize(kSectorBytes);
  request.done = [this, epoch = epoch_](BlockStatus status, const std::vector<uint8_t>& data) {
    if (epoch == epoch_) SectorRead(status, data);
  };
  disk->Submit(std::move(request));
}

void I82077::SectorRead(BlockStatus status, std::span<const uint8_t> data) {
  if (status != BlockStatus::kDone) {
    state_.st1 |= kSt1DataError;
    state_.st2 |= kSt2DataError;
    return EndData(kSt0Abnormal);
  }
  const Operation operation = OperationOf(state_.command[0]);
  if (IsScan(operation)) return Compare(data);
  if (operation == Operation::kVerify) return SectorDone();
  std::ranges::copy(data, state_.buffer.begin());
  ToHost(kSectorBytes);
}

void I82077::WriteSector() {
  // A disk may have been taken out since the sector was found.
  if (!Selected().HasDisk()) {
    state_.step = Step::kForever;
    return;
  }
  if (OperationOf(state_.command[0]) == Operation::kWriteDeleted) {
    warnings_.Log(LogLevel::kWarning, "{}: a deleted data mark is not kept", name());
  }
  BlockQueue* disk = Selected().disk();
  const uint64_t offset = Offset();
  if (offset >= disk->size_bytes()) {
    warnings_.Log(LogLevel::kWarning, "{}: a write to byte {} is behind the end of the image",
                  name(), offset);
    return SectorWritten(BlockStatus::kError);
  }
  state_.step = Step::kDisk;
  BlockRequest request{.kind = BlockRequest::Kind::kWrite, .offset = offset};
  request.data.assign(state_.buffer.begin(), state_.buffer.end());
  request.done = [this, epoch = epoch_](BlockStatus status, const std::vector<uint8_t>&) {
    if (epoch == epoch_) SectorWritten(status);
  };
  disk->Submit(std::move(request));
}

void I82077::SectorWritten(BlockStatus status) {
  if (status == BlockStatus::kDone) return SectorDone();
  state_.st1 |= kSt1DataError;
  EndData(kSt0Abnormal);
}

// The ID of the next sector has come. The image has only places for the sectors of its format.
void I82077::FormatSector() {
  const std::array<uint8_t, kIdBytes> id = {state_.buffer[0], state_.buffer[1], state_.buffer[2],
                                            state_.buffer[3]};
  if (!Selected().HasDisk()) {
    state_.step = Step::kForever;
    return;
  }
  const FloppyGeometry& geometry = Selected().geometry();
  state_.sector = id[2];
  const bool same = TrackReadable() && state_.command[2] == kSize512 &&
                    state_.command[3] == geometry.sectors && id[0] == Selected().cylinder() &&
                    id[1] == SelectedHead() && id[2] >= 1 && id[2] <= geometry.sectors &&
                    id[3] == kSize512;
  if (!same) {
    warnings_.Log(LogLevel::kWarning,
                  "{}: the image cannot hold the format that the guest gives to the disk", name());
    state_.st1 |= kSt1NoData;
    return EndData(kSt0Abnormal);
  }
  state_.buffer.fill(state_.command[5]);
  WriteSector();
}

void I82077::Compare(std::span<const uint8_t> disk) {
  const Operation operation = OperationOf(state_.command[0]);
  constexpr uint8_t kAny = 0xFF;
  bool equal = true;
  bool satisfied = true;
  for (size_t i = 0; i < kSectorBytes; ++i) {
    const uint8_t of_disk = disk[i];
    const uint8_t of_host = state_.buffer[i];
    if (of_disk == of_host || of_disk == kAny || of_host == kAny) continue;
    equal = false;
    if (operation == Operation::kScanEqual ||
        (operation == Operation::kScanLowOrEqual) != (of_disk < of_host)) {
      satisfied = false;
    }
  }
  if (satisfied) {
    if (equal) state_.st2 |= kSt2ScanEqualHit;
    return EndData(0);
  }
  SectorDone();
}

void I82077::ToHost(uint32_t bytes) {
  if (!NonDma()) {
    const bool gate = (state_.dor & kDorGate) != 0;
    const auto data = std::span<const uint8_t>(state_.buffer).first(bytes);
    const DmaProgress progress = gate ? dma2_.ToMemory(data) : DmaProgress{};
    state_.size_bytes = bytes;
    return HostDone(progress.bytes, progress.terminal_count);
  }
  state_.step = Step::kToHost;
  state_.at = state_.end = 0;
  state_.size_bytes = bytes;
  state_.event_ns = clock_.NowNs() + ChunkBytes() * kByteNs;
}

void I82077::FromHost(uint32_t bytes) {
  if (!NonDma()) {
    const bool gate = (state_.dor & kDorGate) != 0;
    const auto data = std::span(state_.buffer).first(bytes);
    const DmaProgress progress = gate ? dma2_.FromMemory(data) : DmaProgress{};
    state_.size_bytes = bytes;
    return HostDone(progress.bytes, progress.terminal_count);
  }
  state_.step = Step::kFromHost;
  state_.at = state_.end = 0;
  state_.size_bytes = bytes;
  state_.event_ns = clock_.NowNs() + kByteNs;
}

// What goes through the FIFO before the host is asked again.
uint32_t I82077::ChunkBytes() const {
  if ((state_.configuration & kConfigNoFifo) != 0) return 1;
  return kFifoBytes - (state_.configuration & kConfigThreshold);
}

void I82077::ChunkReady() {
  state_.end = std::min(state_.at + ChunkBytes(), state_.size_bytes);
  SetInterrupt(true);
}

void I82077::ChunkUsed() {
  SetInterrupt(false);
  if (state_.at == state_.size_bytes) return HostDone(state_.at, false);
  state_.event_ns = clock_.NowNs() + ChunkBytes() * kByteNs;
}

void I82077::HostDone(size_t bytes, bool terminal_count) {
  const uint32_t wanted = state_.size_bytes;
  state_.at = state_.end = state_.size_bytes = 0;
  if (bytes < wanted && !terminal_count) {
    state_.st1 |= kSt1Overrun;
    return EndData(kSt0Abnormal);
  }
  state_.terminal_count = terminal_count;
  const Operation operation = OperationOf(state_.command[0]);
  if (operation == Operation::kFormat) {
    // An ID that was cut off is none.
    return bytes < wanted ? EndData(0) : FormatSector();
  }
  if (!IsWrite(operation) && !IsScan(operation)) return SectorDone();
  // The rest of a sector that the terminal count cut off is written with zeros.
  std::fill(state_.buffer.begin() + static_cast<ptrdiff_t>(bytes), state_.buffer.end(), uint8_t{0});
  if (IsWrite(operation)) return WriteSector();
  if (!Selected().HasDisk()) {
    state_.step = Step::kForever;
    return;
  }
  ReadSector();
}

void I82077::SectorDone() {
  const Operation operation = OperationOf(state_.command[0]);
  const bool more = NextSector();
  const bool marked = (state_.st2 & kSt2ControlMark) != 0;
  if (state_.terminal_count || marked) return EndData(0);
  if (more) {
    state_.step = Step::kSector;
    state_.event_ns = clock_.NowNs() + kSectorNs;
    return;
  }
  if (operation == Operation::kFormat || operation == Operation::kVerify) return EndData(0);
  if (IsScan(operation)) {
    state_.st2 |= kSt2ScanNotSatisfied;
    return EndData(0);
  }
  state_.st1 |= kSt1EndOfCylinder;
  EndData(kSt0Abnormal);
}

bool I82077::NextSector() {
  const Operation operation = OperationOf(state_.command[0]);
  if (operation == Operation::kFormat || operation == Operation::kReadTrack) {
    ++state_.sector;
    return --state_.left != 0;
  }
  const bool counted = operation == Operation::kVerify && (state_.command[1] & kEnableCount) != 0;
  const bool last = counted && --state_.left == 0;
  const unsigned step = IsScan(operation) ? std::max<unsigned>(state_.command[8], 1) : 1;
  const bool at_end =
      IsScan(operation) ? state_.sector + step > state_.last_eot : state_.sector == state_.last_eot;
  if (!at_end) {
    state_.sector = static_cast<uint8_t>(state_.sector + step);
    return !last;
  }
  state_.sector = 1;
  if (MultiTrack() && SelectedHead() == 0) {
    state_.command[1] |= 0x04;
    state_.head ^= 1;
    return !last;
  }
  ++state_.cylinder;
  if (MultiTrack()) state_.head ^= 1;
  return false;
}

// A floppy disk has no cache that a driver would flush: a command that writes ends when what it has
// written is safe.
void I82077::EndData(uint8_t interrupt_code) {
  const Operation operation = OperationOf(state_.command[0]);
  const bool writes = IsWrite(operation) || operation == Operation::kFormat;
  if (!writes || !Selected().HasDisk()) return ReportData(interrupt_code);
  state_.step = Step::kDisk;
  state_.event_ns = kNever;
  BlockRequest request{.kind = BlockRequest::Kind::kFlush};
  request.done = [this, epoch = epoch_, interrupt_code](BlockStatus status,
                                                        const std::vector<uint8_t>&) {
    if (epoch != epoch_) return;
    if (status != BlockStatus::kDone) state_.st1 |= kSt1DataError;
    ReportData(status == BlockStatus::kDone ? interrupt_code : uint8_t{kSt0Abnormal});
  };
  Selected().disk()->Submit(std::move(request));
}

void I82077::ReportData(uint8_t interrupt_code) {
  const auto st0 = static_cast<uint8_t>(interrupt_code | (state_.implied_seek ? kSt0SeekEnd : 0) |
                                        SelectedHead() << 2 | SelectedUnit());
  state_.step = Step::kNone;
  state_.event_ns = kNever;
  BeginResult(
      {st0, state_.st1, state_.st2, state_.cylinder, state_.head, state_.sector, state_.size});
  state_.result_interrupt = true;
  SetInterrupt(true);
}

}  // namespace verbatim
