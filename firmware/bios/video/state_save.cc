// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/state_save.h"

#include <array>
#include <span>

namespace verbatim {
namespace {

constexpr uint32_t kBlockBytes = 64;
constexpr uint8_t kAllParts = kStateHardware | kStateDataArea | kStateDac;

// The registers, in the order in which they go into the adapter again.
struct HardwareState {
  uint8_t misc_output;
  uint8_t feature_control;
  std::array<uint8_t, kSeqCount> sequencer;
  std::array<uint8_t, kCrtcCount> crtc;
  std::array<uint8_t, kGfxCount> graphics;
  std::array<uint8_t, kAttrCount> attribute;
  std::array<uint8_t, 3> indices;  // sequencer, CRTC, graphics
  std::array<uint8_t, 63> unused;
};
static_assert(sizeof(HardwareState) == 2 * kBlockBytes);

struct DacState {
  uint8_t mask;
  std::array<uint8_t, 768> entries;
  std::array<uint8_t, 63> unused;
};
static_assert(sizeof(DacState) == 13 * kBlockBytes);

struct Range {
  LinearAddress start;
  uint32_t bytes;
};
// Of the data area and the vectors.
constexpr Range kDataRanges[] = {{bda::kEquipment, 2},   {bda::kVideoMode, 0x1E},
                                 {bda::kRowsLess1, 7},   {bda::kVideoSavePointer, 4},
                                 {bda::Vector(0x05), 4}, {bda::Vector(0x1D), 4},
                                 {bda::Vector(0x1F), 4}, {bda::Vector(0x43), 4}};
constexpr uint32_t kDataAreaBytes = 64;

constexpr uint32_t DataBytes() {
  uint32_t bytes = 0;
  for (const Range& range : kDataRanges) bytes += range.bytes;
  return bytes;
}
static_assert(DataBytes() <= kDataAreaBytes);

constexpr uint16_t kSequencerIndex = 0x3C4;
constexpr uint16_t kGraphicsIndex = 0x3CE;

template <typename State>
std::span<uint8_t> BytesOf(State& state) {
  return {reinterpret_cast<uint8_t*>(&state), sizeof state};
}

HardwareState ReadHardware(VgaPorts& vga) {
  HardwareState state{};
  state.indices = {vga.In(kSequencerIndex), vga.In(vga.CrtcPort()), vga.In(kGraphicsIndex)};
  state.misc_output = vga.misc_output();
  state.feature_control = vga.feature_control();
  for (unsigned i = 0; i < kSeqCount; ++i) state.sequencer[i] = vga.Sequencer(i);
  for (unsigned i = 0; i < kCrtcCount; ++i) state.crtc[i] = vga.Crtc(i);
  for (unsigned i = 0; i < kGfxCount; ++i) state.graphics[i] = vga.Graphics(i);
  for (unsigned i = 0; i < kAttrCount; ++i) state.attribute[i] = vga.Attribute(i);
  vga.Out(kSequencerIndex, state.indices[0]);
  vga.Out(vga.CrtcPort(), state.indices[1]);
  vga.Out(kGraphicsIndex, state.indices[2]);
  return state;
}

void WriteHardware(VgaPorts& vga, const HardwareState& state) {
  vga.SetSequencer(kSeqReset, 1);
  vga.set_misc_output(state.misc_output);
  for (unsigned i = 1; i < kSeqCount; ++i) vga.SetSequencer(i, state.sequencer[i]);
  vga.SetSequencer(kSeqReset, state.sequencer[kSeqReset]);
  vga.SetCrtc(kCrtcVerticalRetraceEnd, 0);  // unprotects registers 0 to 7
  for (unsigned i = 0; i < kCrtcCount; ++i) vga.SetCrtc(i, state.crtc[i]);
  for (unsigned i = 0; i < kGfxCount; ++i) vga.SetGraphics(i, state.graphics[i]);
  for (unsigned i = 0; i < kAttrCount; ++i) vga.SetAttribute(i, state.attribute[i]);
  vga.set_feature_control(state.feature_control);
  vga.Out(kSequencerIndex, state.indices[0]);
  vga.Out(vga.CrtcPort(), state.indices[1]);
  vga.Out(kGraphicsIndex, state.indices[2]);
}

void CopyDataArea(VideoCall& call, LinearAddress buffer, bool save) {
  std::array<uint8_t, kDataAreaBytes> bytes{};
  uint32_t at = 0;
  if (!save) call.bios.ReadBytes(buffer, bytes);
  for (const Range& range : kDataRanges) {
    const auto part = std::span(bytes).subspan(at, range.bytes);
    if (save) {
      call.bios.ReadBytes(range.start, part);
    } else {
      call.bios.WriteBytes(range.start, part);
    }
    at += range.bytes;
  }
  if (save) call.bios.WriteBytes(buffer, bytes);
}

}  // namespace

uint32_t VideoStateBytes(unsigned parts) {
  uint32_t bytes = 0;
  if ((parts & kStateHardware) != 0) bytes += sizeof(HardwareState);
  if ((parts & kStateDataArea) != 0) bytes += kDataAreaBytes;
  if ((parts & kStateDac) != 0) bytes += sizeof(DacState);
  return bytes;
}

void SaveVideoState(VideoCall& call, unsigned parts, LinearAddress to) {
  if ((parts & kStateHardware) != 0) {
    HardwareState state = ReadHardware(call.vga);
    call.bios.WriteBytes(to, BytesOf(state));
    to = to + sizeof state;
  }
  if ((parts & kStateDataArea) != 0) {
    CopyDataArea(call, to, true);
    to = to + kDataAreaBytes;
  }
  if ((parts & kStateDac) != 0) {
    DacState state{};
    state.mask = call.vga.dac_mask();
    call.vga.ReadDac(0, state.entries);
    call.bios.WriteBytes(to, BytesOf(state));
  }
}

void RestoreVideoState(VideoCall& call, unsigned parts, LinearAddress from) {
  if ((parts & kStateHardware) != 0) {
    HardwareState state{};
    call.bios.ReadBytes(from, BytesOf(state));
    if (!call.bios.faulted()) WriteHardware(call.vga, state);
    from = from + sizeof state;
  }
  if ((parts & kStateDataArea) != 0) {
    CopyDataArea(call, from, false);
    from = from + kDataAreaBytes;
  }
  if ((parts & kStateDac) != 0) {
    DacState state{};
    call.bios.ReadBytes(from, BytesOf(state));
    if (call.bios.faulted()) return;
    call.vga.set_dac_mask(state.mask);
    call.vga.WriteDac(0, state.entries);
  }
}

void SaveRestore(VideoCall& call) {
  constexpr uint8_t kDone = 0x1C;
  BiosRegisters& regs = call.regs;
  const unsigned parts = regs.cx();
  if (parts == 0 || (parts & ~kAllParts) != 0) return;
  const LinearAddress buffer = call.bios.At(kEs, regs.bx());
  switch (regs.al()) {
    case 0:
      regs.set_bx(static_cast<uint16_t>(VideoStateBytes(parts) / kBlockBytes));
      break;
    case 1:
      SaveVideoState(call, parts, buffer);
      break;
    case 2:
      RestoreVideoState(call, parts, buffer);
      break;
    default:
      return;
  }
  regs.set_al(kDone);
}

}  // namespace verbatim
