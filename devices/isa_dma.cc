// SPDX-License-Identifier: Apache-2.0
#include "devices/isa_dma.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint16_t kBytePorts = 0x00;
constexpr uint16_t kPagePorts = 0x80;
constexpr uint16_t kFirstPagePort = 0x81;
constexpr uint16_t kWordPorts = 0xC0;
constexpr unsigned kCascade = 4;

// The channel of each page register, as the PC/AT's wiring has it.
constexpr unsigned kNone = 8;
constexpr unsigned kChannelOfPage[16] = {kNone, 2, 3, 1, kNone, kNone, kNone, 0,
                                         kNone, 6, 7, 5, kNone, kNone, kNone, kCascade};

constexpr unsigned kModeRegister = 11;
constexpr unsigned kSingleMaskRegister = 10;
constexpr uint8_t kCascadeMode = 0xC0;

}  // namespace

IsaDma::IsaDma(DmaMemory& memory)
    : bytes_(memory, "isa dma, bytes", 1), words_(memory, "isa dma, words", 2) {
  for (unsigned number = 0; number < channels_.size(); ++number) {
    channels_[number].owner = this;
    channels_[number].number = number;
  }
  Reset();
}

void IsaDma::Attach(PortBus& bus) {
  bus.Claim(kBytePorts, I8237::kRegisters, 1, *this);
  bus.Claim(kFirstPagePort, kPageRegisters - 1, 1, *this);
  bus.Claim(kWordPorts, 2 * I8237::kRegisters, 1, *this);
}

void IsaDma::ConfigureAsFirmware() {
  words_.Write(kModeRegister, kCascadeMode);
  words_.Write(kSingleMaskRegister, 0);
}

void IsaDma::Reset() {
  bytes_.Reset();
  words_.Reset();
  spare_pages_ = {};
}

uint32_t IsaDma::ReadPort(uint16_t port, unsigned /*bytes*/) {
  if (port >= kWordPorts) return words_.Read((port - kWordPorts) / 2u);
  if (port < kPagePorts) return bytes_.Read(port - kBytePorts);
  const unsigned channel = kChannelOfPage[port - kPagePorts];
  if (channel == kNone) return spare_pages_[port - kPagePorts];
  return channel < kCascade ? bytes_.page(channel) : words_.page(channel - kCascade);
}

void IsaDma::WritePort(uint16_t port, unsigned /*bytes*/, uint32_t value) {
  const auto byte = static_cast<uint8_t>(value);
  if (port >= kWordPorts) return words_.Write((port - kWordPorts) / 2u, byte);
  if (port < kPagePorts) return bytes_.Write(port - kBytePorts, byte);
  const unsigned channel = kChannelOfPage[port - kPagePorts];
  if (channel == kNone) {
    spare_pages_[port - kPagePorts] = byte;
  } else if (channel < kCascade) {
    bytes_.set_page(channel, byte);
  } else {
    words_.set_page(channel - kCascade, byte);
  }
}

bool IsaDma::Connected(unsigned channel) const { return channel >= kCascade || words_.Cascades(0); }

DmaProgress IsaDma::OneChannel::ToMemory(std::span<const uint8_t> data) {
  if (!owner->Connected(number)) return {};
  return number < kCascade ? owner->bytes_.ToMemory(number, data)
                           : owner->words_.ToMemory(number - kCascade, data);
}

DmaProgress IsaDma::OneChannel::FromMemory(std::span<uint8_t> data) {
  if (!owner->Connected(number)) return {};
  return number < kCascade ? owner->bytes_.FromMemory(number, data)
                           : owner->words_.FromMemory(number - kCascade, data);
}

void IsaDma::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  writer.Field("spare_pages", spare_pages_);
  bytes_.Save(writer);
  words_.Save(writer);
}

Status IsaDma::Load(StateReader& reader) {
  std::array<uint8_t, kPageRegisters> pages{};
  I8237 bytes = bytes_;
  I8237 words = words_;
  reader.Begin(name(), kStateVersion);
  reader.Field("spare_pages", pages);
  if (Status status = bytes.Load(reader); !status) return status;
  if (Status status = words.Load(reader); !status) return status;
  spare_pages_ = pages;
  bytes_.Adopt(bytes);
  words_.Adopt(words);
  return {};
}

}  // namespace verbatim
