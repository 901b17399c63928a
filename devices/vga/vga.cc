// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/vga.h"

#include <algorithm>

#include "base/check.h"
#include "devices/vga/crtc_timing.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint16_t kMonoGroup = 0x3B0;
constexpr uint16_t kColourGroup = 0x3D0;
// Offsets in either group.
constexpr unsigned kCrtcIndexOffset = 4;
constexpr unsigned kCrtcDataOffset = 5;
constexpr unsigned kStatus1Offset = 10;  // reads Input Status 1, writes Feature Control

enum Port : uint16_t {
  kAttribute = 0x3C0,
  kAttributeRead = 0x3C1,
  kMiscWriteStatus0Read = 0x3C2,
  kSubsystemEnable = 0x3C3,
  kSequencerIndex = 0x3C4,
  kSequencerData = 0x3C5,
  kDacMask = 0x3C6,
  kDacReadIndexState = 0x3C7,
  kDacWriteIndex = 0x3C8,
  kDacData = 0x3C9,
  kFeatureRead = 0x3CA,
  kMiscRead = 0x3CC,
  kGraphicsIndex = 0x3CE,
  kGraphicsData = 0x3CF,
};
constexpr unsigned kVgaPorts = 16;

constexpr uint16_t kVbeIndexPort = 0x1CE;
constexpr uint16_t kVbeDataPort = 0x1CF;
constexpr unsigned kVbePorts = kVbeDataPort + 2 - kVbeIndexPort;  // two words that overlap

// The bits that each register has.
constexpr std::array<uint8_t, kSeqCount> kSequencerBits = {0x03, 0x3D, 0x0F, 0x3F, 0x0E};
constexpr std::array<uint8_t, kGfxCount> kGraphicsBits = {0x0F, 0x0F, 0x0F, 0x1F, 0x03,
                                                          0x7B, 0x0F, 0x0F, 0xFF};
constexpr std::array<uint8_t, kAttrCount> kAttributeBits = {
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0xEF, 0xFF, 0x3F, 0x0F, 0x0F};
constexpr uint8_t kMiscOutputBits = 0xEF;
constexpr uint8_t kFeatureBits = 0x0B;
constexpr uint8_t kAttributeIndexBits = 0x3F;
constexpr uint8_t kAttributeNumber = 0x1F;
constexpr uint8_t kSequencerIndexBits = 0x07;
constexpr uint8_t kGraphicsIndexBits = 0x0F;
constexpr uint8_t kCrtcIndexBits = 0x3F;
constexpr uint8_t kSubsystemOn = 0x01;

constexpr uint8_t kStatus0SwitchSense = 0x10;
constexpr uint8_t kStatus1DisplayDisabled = 0x01;
constexpr uint8_t kStatus1VerticalRetrace = 0x08;

constexpr uint8_t kDacStateRead = 0x03;
constexpr unsigned kDacComponents = 3;
constexpr uint8_t kDac6Bits = 0x3F;

template <size_t kSize>
bool HasOnly(const std::array<uint8_t, kSize>& values, const std::array<uint8_t, kSize>& bits) {
  return std::ranges::equal(values, bits, [](uint8_t value, uint8_t allowed) {
    return (value & ~unsigned{allowed}) == 0;
  });
}

template <typename Archive, typename R>
void Visit(Archive& archive, R& registers) {
  archive.Field("subsystem_enabled", registers.subsystem_enabled);
  archive.Field("misc_output", registers.misc_output, kMiscOutputBits);
  archive.Field("feature_control", registers.feature_control, kFeatureBits);
  archive.Field("sequencer_index", registers.sequencer_index, kSequencerIndexBits);
  archive.Field("graphics_index", registers.graphics_index, kGraphicsIndexBits);
  archive.Field("crtc_index", registers.crtc_index, kCrtcIndexBits);
  archive.Field("attribute_index", registers.attribute_index, kAttributeIndexBits);
  archive.Field("attribute_data_next", registers.attribute_data_next);
  archive.Field("sequencer", registers.sequencer);
  archive.Field("graphics", registers.graphics);
  archive.Field("crtc", registers.crtc);
  archive.Field("attribute", registers.attribute);
  archive.Field("dac_mask", registers.dac_mask);
  archive.Field("dac_index", registers.dac_index);
  archive.Field("dac_component", registers.dac_component, uint8_t{kDacComponents - 1});
  archive.Field("dac_reading", registers.dac_reading);
  archive.Field("dac_written", registers.dac_written);
  archive.Field("dac", registers.dac);
}

}  // namespace

Vga::Vga(const Clock& clock, std::span<uint8_t> memory)
    : clock_(clock),
      memory_(memory),
      dirty_(memory.size()),
      vbe_(memory.size()),
      window_(memory, dirty_) {
  CHECK(memory.size() <= kMaxMemoryBytes);
  Configure();
}

void Vga::Attach(PortBus& bus) {
  for (const uint16_t group : {kMonoGroup, kColourGroup}) {
    bus.Claim(group + kCrtcIndexOffset, 2, 1, *this);
    bus.Claim(group + kStatus1Offset, 1, 1, *this);
  }
  bus.Claim(kAttribute, kVgaPorts, 1, *this);
  bus.Claim(kVbeIndexPort, kVbePorts, 2, *this);
}

DisplayState Vga::Display() const {
  return {.vga = registers_,
          .vbe = vbe_.registers(),
          .memory = memory_,
          .frame = BeamAt(registers_, clock_.NowNs()).frame};
}

void Vga::Reset() {
  registers_ = {};
  vbe_.Reset();
  window_.set_latches(0);
  NoteChange();
  Configure();
}

void Vga::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  Visit(writer, registers_);
  vbe_.Save(writer);
  writer.Field("latches", window_.latches());
}

Status Vga::Load(StateReader& reader) {
  VgaRegisters loaded;
  uint32_t latches = 0;
  reader.Begin(name(), kStateVersion);
  Visit(reader, loaded);
  reader.Require(HasOnly(loaded.sequencer, kSequencerBits), "sequencer", "bits that exist");
  reader.Require(HasOnly(loaded.graphics, kGraphicsBits), "graphics", "bits that exist");
  reader.Require(HasOnly(loaded.attribute, kAttributeBits), "attribute", "bits that exist");
  reader.Require((loaded.misc_output & ~kMiscOutputBits) == 0, "misc_output", "bits that exist");
  reader.Require((loaded.feature_control & ~kFeatureBits) == 0, "feature_control",
                 "bits that exist");
  const VbeRegisters vbe = vbe_.Read(reader);
  reader.Field("latches", latches);
  const Status status = reader.status();
  if (status) {
    registers_ = loaded;
    vbe_.Assign(vbe);
    window_.set_latches(latches);
    dirty_.MarkAll();
    NoteChange();
    Configure();
  }
  return status;
}

// For registers that the picture depends on.
void Vga::Show(uint8_t& shown, uint8_t value) {
  if (shown == value) return;
  shown = value;
  NoteChange();
}

bool Vga::IsActiveGroup(uint16_t port) const {
  const bool colour = (registers_.misc_output & kMiscColourAddresses) != 0;
  return (port & 0xFFF0) == (colour ? kColourGroup : kMonoGroup);
}

uint32_t Vga::ReadPort(uint16_t port, unsigned bytes) {
  if (port >= kMonoGroup) {
    if (!registers_.subsystem_enabled && port != kSubsystemEnable) return 0xFF;
    return ReadByte(port);
  }
  if (bytes != 2) {
    vbe_bytes_.Log(LogLevel::kWarning, "vga: byte access to the word ports of VBE");
    return 0xFF;
  }
  return port == kVbeIndexPort ? vbe_.registers().index : vbe_.Read(vbe_.registers().index);
}

void Vga::WritePort(uint16_t port, unsigned bytes, uint32_t value) {
  if (port >= kMonoGroup) {
    if (registers_.subsystem_enabled || port == kSubsystemEnable) {
      WriteByte(port, static_cast<uint8_t>(value));
    }
  } else if (bytes != 2) {
    vbe_bytes_.Log(LogLevel::kWarning, "vga: byte access to the word ports of VBE");
  } else if (port == kVbeIndexPort) {
    vbe_.set_index(static_cast<uint16_t>(value));
  } else {
    WriteVbe(vbe_.registers().index, static_cast<uint16_t>(value));
  }
}

void Vga::WriteVbe(uint16_t index, uint16_t value) {
  const Vbe::Effect effect = vbe_.Write(index, value);
  if (effect == Vbe::Effect::kNone) return;
  if (effect == Vbe::Effect::kClearMemory) {
    std::ranges::fill(memory_, uint8_t{0});
    dirty_.MarkAll();
  }
  NoteChange();
  Configure();
}

uint8_t Vga::ReadByte(uint16_t port) {
  switch (port) {
    case kAttribute:
      return registers_.attribute_index;
    case kAttributeRead: {
      const unsigned number = registers_.attribute_index & kAttributeNumber;
      return number < kAttrCount ? registers_.attribute[number] : 0;
    }
    case kMiscWriteStatus0Read:
      return kStatus0SwitchSense;
    case kSubsystemEnable:
      return registers_.subsystem_enabled ? kSubsystemOn : 0;
    case kSequencerIndex:
      return registers_.sequencer_index;
    case kSequencerData:
      return registers_.sequencer_index < kSeqCount
                 ? registers_.sequencer[registers_.sequencer_index]
                 : 0;
    case kDacMask:
      return registers_.dac_mask;
    case kDacReadIndexState:
      return registers_.dac_reading ? kDacStateRead : 0;
    case kDacWriteIndex:
      return registers_.dac_index;
    case kDacData:
      return ReadDac();
    case kFeatureRead:
      return registers_.feature_control;
    case kMiscRead:
      return registers_.misc_output;
    case kGraphicsIndex:
      return registers_.graphics_index;
    case kGraphicsData:
      return registers_.graphics_index < kGfxCount ? registers_.graphics[registers_.graphics_index]
                                                   : 0;
    default:
      return IsActiveGroup(port) ? ReadCrtcGroup(port & 0xFu) : 0xFF;
  }
}

uint8_t Vga::ReadCrtcGroup(unsigned offset) {
  switch (offset) {
    case kCrtcIndexOffset:
      return registers_.crtc_index;
    case kCrtcDataOffset:
      return registers_.crtc_index < kCrtcCount ? registers_.crtc[registers_.crtc_index] : 0;
    case kStatus1Offset: {
      registers_.attribute_data_next = false;
      const BeamPosition beam = BeamAt(registers_, clock_.NowNs());
      return static_cast<uint8_t>((beam.display_enabled ? 0 : kStatus1DisplayDisabled) |
                                  (beam.vertical_retrace ? kStatus1VerticalRetrace : 0));
    }
    default:
      return 0xFF;
  }
}

void Vga::WriteByte(uint16_t port, uint8_t value) {
  switch (port) {
    case kAttribute:
      WriteAttribute(value);
      break;
    case kMiscWriteStatus0Read:
      Show(registers_.misc_output, value & kMiscOutputBits);
      Configure();
      break;
    case kSubsystemEnable:
      registers_.subsystem_enabled = (value & kSubsystemOn) != 0;
      Configure();
      break;
    case kSequencerIndex:
      registers_.sequencer_index = value & kSequencerIndexBits;
      break;
    case kSequencerData:
      WriteSequencer(value);
      break;
    case kDacMask:
      Show(registers_.dac_mask, value);
      break;
    case kDacReadIndexState:
    case kDacWriteIndex:
      registers_.dac_reading = port == kDacReadIndexState;
      registers_.dac_index = value;
      registers_.dac_component = 0;
      break;
    case kDacData:
      WriteDac(value);
      break;
    case kGraphicsIndex:
      registers_.graphics_index = value & kGraphicsIndexBits;
      break;
    case kGraphicsData:
      WriteGraphics(value);
      break;
    default:
      if (IsActiveGroup(port)) WriteCrtcGroup(port & 0xF, value);
      break;
  }
}

void Vga::WriteCrtcGroup(unsigned offset, uint8_t value) {
  if (offset == kCrtcIndexOffset) {
    registers_.crtc_index = value & kCrtcIndexBits;
  } else if (offset == kCrtcDataOffset) {
    WriteCrtc(value);
  } else if (offset == kStatus1Offset) {
    registers_.feature_control = value & kFeatureBits;
  }
}

void Vga::WriteSequencer(uint8_t value) {
  const unsigned index = registers_.sequencer_index;
  if (index >= kSeqCount) return;
  value &= kSequencerBits[index];
  if (index == kSeqClockingMode || index == kSeqCharacterMapSelect) {
    Show(registers_.sequencer[index], value);
  } else {
    registers_.sequencer[index] = value;
    Configure();
  }
}

void Vga::WriteGraphics(uint8_t value) {
  const unsigned index = registers_.graphics_index;
  if (index >= kGfxCount) return;
  value &= kGraphicsBits[index];
  if (index == kGfxMode || index == kGfxMiscellaneous) {
    Show(registers_.graphics[index], value);
  } else {
    registers_.graphics[index] = value;
  }
  Configure();
}

void Vga::WriteCrtc(uint8_t value) {
  const unsigned index = registers_.crtc_index;
  if (index >= kCrtcCount) return;
  uint8_t& crtc = registers_.crtc[index];
  const bool locked = (registers_.crtc[kCrtcVerticalRetraceEnd] & kRetraceEndProtect) != 0;
  if (locked && index <= kCrtcOverflow) {
    if (index != kCrtcOverflow) return;
    value = static_cast<uint8_t>((crtc & ~kOverflowLineCompare8) | (value & kOverflowLineCompare8));
  }
  Show(crtc, value);
}

void Vga::WriteAttribute(uint8_t value) {
  if (!registers_.attribute_data_next) {
    const uint8_t index = value & kAttributeIndexBits;
    if (((registers_.attribute_index ^ index) & kAttrPaletteAddressSource) != 0) NoteChange();
    registers_.attribute_index = index;
  } else if (const unsigned number = registers_.attribute_index & kAttributeNumber;
             number < kAttrCount) {
    Show(registers_.attribute[number], value & kAttributeBits[number]);
  }
  registers_.attribute_data_next = !registers_.attribute_data_next;
}

// The address moves on after the third component; an entry changes as a whole.
uint8_t Vga::ReadDac() {
  const unsigned at = registers_.dac_index * kDacComponents + registers_.dac_component;
  if (++registers_.dac_component == kDacComponents) {
    registers_.dac_component = 0;
    ++registers_.dac_index;
  }
  const uint8_t value = registers_.dac[at];
  return vbe_.registers().dac_8bit() ? value : value & kDac6Bits;
}

void Vga::WriteDac(uint8_t value) {
  registers_.dac_written[registers_.dac_component] =
      vbe_.registers().dac_8bit() ? value : value & kDac6Bits;
  if (++registers_.dac_component < kDacComponents) return;
  registers_.dac_component = 0;
  for (unsigned i = 0; i < kDacComponents; ++i) {
    Show(registers_.dac[registers_.dac_index * kDacComponents + i], registers_.dac_written[i]);
  }
  ++registers_.dac_index;
}

}  // namespace verbatim
