// SPDX-License-Identifier: Apache-2.0
#include "devices/mmc.h"

#include <algorithm>
#include <string_view>

namespace verbatim::mmc {
namespace {

constexpr uint8_t kTimeFlag = 0x02;
constexpr uint8_t kDataTrack = 0x14;  // ADR 1; a data track, copying prohibited
constexpr uint8_t kLeadOut = 0xAA;
constexpr uint32_t kFramesPerSecond = 75;
constexpr uint32_t kPregapFrames = 150;

class Writer {
 public:
  Writer& Byte(uint64_t value) {
    bytes_.push_back(static_cast<uint8_t>(value));
    return *this;
  }
  Writer& Bytes(std::initializer_list<uint8_t> values) {
    bytes_.insert(bytes_.end(), values);
    return *this;
  }
  Writer& Big16(uint64_t value) { return Byte(value >> 8).Byte(value); }
  Writer& Big32(uint64_t value) { return Big16(value >> 16).Big16(value); }
  Writer& Zeros(size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  Writer& Text(std::string_view text, size_t width) {
    for (size_t i = 0; i < width; ++i) Byte(static_cast<uint8_t>(i < text.size() ? text[i] : ' '));
    return *this;
  }
  // A field at the start that says how many bytes follow it.
  Response WithLength(size_t field_bytes) {
    const size_t follow = bytes_.size() - field_bytes;
    for (size_t i = 0; i < field_bytes; ++i) {
      bytes_[field_bytes - 1 - i] = static_cast<uint8_t>(follow >> (8 * i));
    }
    return std::move(bytes_);
  }
  Response Done() { return std::move(bytes_); }

 private:
  Response bytes_;
};

void Address(Writer& writer, uint32_t block, bool as_time) {
  if (!as_time) {
    writer.Big32(block);
    return;
  }
  const uint32_t frames = block + kPregapFrames;
  writer.Byte(0)
      .Byte(frames / kFramesPerSecond / 60)
      .Byte(frames / kFramesPerSecond % 60)
      .Byte(frames % kFramesPerSecond);
}

// The full table of contents: entries as they stand in the lead-in, times always as times.
Response RawToc(const Medium& medium) {
  Writer toc;
  toc.Zeros(2).Bytes({1, 1});
  for (const uint8_t point : {uint8_t{0xA0}, uint8_t{0xA1}, uint8_t{0xA2}, uint8_t{1}}) {
    toc.Bytes({1, kDataTrack, 0, point, 0, 0, 0});
    if (point == 0xA0 || point == 0xA1) {
      toc.Bytes({0, 1, 0, 0});  // the first and the last track are number 1
    } else {
      Address(toc, point == 0xA2 ? medium.blocks : 0, true);
    }
  }
  return toc.WithLength(2);
}

void ErrorRecoveryPage(Writer& writer) { writer.Bytes({0x01, 0x06, 0, 5, 0, 0, 0, 0}); }

void AudioPage(Writer& writer) {
  writer.Bytes({0x0E, 0x0E, 0x04, 0, 0, 0, 0, 75, 1, 0xFF, 2, 0xFF, 0, 0, 0, 0});
}

void CapabilitiesPage(Writer& writer, const Medium& medium) {
  writer.Bytes({0x2A, 0x12});
  writer.Bytes({0x00, 0x00});  // reads no CD-R features beyond CD-ROM, writes nothing
  writer.Bytes({0x70, 0x00});  // mode 2 form 1 and 2, multi-session
  // Tray, ejects, can be locked; is locked.
  writer.Byte(0x29 | (medium.locked ? 0x02 : 0));
  writer.Byte(0);
  writer.Big16(706).Big16(2).Big16(512).Big16(706);  // 4x speed; 512 KiB of buffer
  writer.Zeros(4);
}

}  // namespace

Response SenseData(const Sense& sense) {
  Writer writer;
  writer.Byte(0x70).Byte(0).Byte(sense.key).Zeros(4).Byte(10).Zeros(4);
  writer.Byte(sense.code).Byte(sense.qualifier).Zeros(4);
  return writer.Done();
}

Response Inquiry() {
  Writer writer;
  writer
      .Byte(5)     // CD-ROM
      .Byte(0x80)  // removable
      .Byte(0)
      .Byte(0x21)  // ATAPI; response format 1
      .Byte(31)
      .Zeros(3)
      .Text("VERBATIM", 8)
      .Text("CD-ROM", 16)
      .Text("1.0", 4);
  return writer.Done();
}

Response Capacity(const Medium& medium) {
  Writer writer;
  writer.Big32(medium.blocks - 1).Big32(kBlockBytes);
  return writer.Done();
}

std::optional<Response> Toc(const Packet& packet, const Medium& medium) {
  const bool as_time = (packet[1] & kTimeFlag) != 0;
  const uint8_t first = packet[6];
  // SFF-8020i has the format in the control byte, MMC in byte 2.
  const uint8_t format = (packet[2] & 0x0F) != 0 ? packet[2] & 0x0F : packet[9] >> 6;
  switch (format) {
    case 0: {
      if (first > 1 && first != kLeadOut) return {};
      Writer toc;
      toc.Zeros(2).Bytes({1, 1});
      if (first <= 1) {
        toc.Bytes({0, kDataTrack, 1, 0});
        Address(toc, 0, as_time);
      }
      toc.Bytes({0, kDataTrack, kLeadOut, 0});
      Address(toc, medium.blocks, as_time);
      return toc.WithLength(2);
    }
    case 1: {  // the last complete session and its first track
      Writer toc;
      toc.Zeros(2).Bytes({1, 1}).Bytes({0, kDataTrack, 1, 0});
      Address(toc, 0, as_time);
      return toc.WithLength(2);
    }
    case 2:
      return RawToc(medium);
    default:
      return {};
  }
}

std::optional<Response> Configuration(const Packet& packet, const Medium& medium) {
  const uint8_t wanted = packet[1] & 3;  // all, current ones, one
  const unsigned start = unsigned{packet[2]} << 8 | packet[3];
  if (wanted == 3) return {};
  constexpr uint16_t kCdRomProfile = 8;
  struct Feature {
    uint16_t code;
    bool current;
    std::vector<uint8_t> data;
  };
  const bool present = medium.present;
  const Feature features[] = {
      {0x0000, true, {0, kCdRomProfile, static_cast<uint8_t>(present ? 1 : 0), 0}},  // profiles
      {0x0001, true, {0, 0, 0, 2}},                                                  // core: ATAPI
      {0x0003, true, {0x29, 0, 0, 0}},                             // removable: a tray
      {0x0010, present, {0, 0, kBlockBytes >> 8, 0, 0, 1, 0, 0}},  // random readable
      {0x001E, present, {0, 0, 0, 0}},                             // CD read
  };
  Writer writer;
  writer.Zeros(6).Big16(present ? kCdRomProfile : 0);
  for (const Feature& feature : features) {
    if (wanted == 2 ? feature.code != start : feature.code < start) continue;
    if (wanted == 1 && !feature.current) continue;
    const bool persistent = feature.code < 0x0010;
    writer.Big16(feature.code)
        .Byte((persistent ? 2 : 0) | (feature.current ? 1 : 0))
        .Byte(feature.data.size());
    for (const uint8_t byte : feature.data) writer.Byte(byte);
  }
  return writer.WithLength(4);
}

std::optional<Response> EventStatus(const Packet& packet, const Medium& medium, MediaEvent event) {
  constexpr uint8_t kMediaClass = 4;
  constexpr uint8_t kNoEvent = 0x80;
  // Only polling: an answer later would need queueing.
  if ((packet[1] & 1) == 0) return {};
  Writer writer;
  writer.Zeros(2);
  if ((packet[4] & 1u << kMediaClass) == 0) {
    writer.Byte(kNoEvent).Byte(1u << kMediaClass);
  } else {
    writer.Byte(kMediaClass).Byte(1u << kMediaClass);
    writer.Byte(static_cast<uint8_t>(event));
    writer.Byte((medium.tray_open ? 1 : 0) | (medium.present ? 2 : 0)).Zeros(2);
  }
  return writer.WithLength(2);
}

Response DiscInformation() {
  Writer writer;
  writer.Zeros(2).Byte(0x0E);          // the last session is complete, the disc is finished
  writer.Bytes({1, 1, 1, 1});          // tracks and sessions
  writer.Byte(0x20).Byte(0).Zeros(3);  // unrestricted use; CD-ROM
  writer.Zeros(4).Big32(0xFFFFFFFF).Big32(0xFFFFFFFF);  // lead-in and lead-out: not appendable
  writer.Zeros(10);
  return writer.WithLength(2);
}

Response MechanismStatus(const Medium& medium) {
  Writer writer;
  writer.Byte(0).Byte(medium.tray_open ? 0x10 : 0).Zeros(6);
  return writer.Done();
}

std::optional<Response> ModePages(uint8_t page, bool ten_bytes, const Medium& medium) {
  constexpr uint8_t kAllPages = 0x3F;
  constexpr uint8_t kDataDisc = 0x01;
  constexpr uint8_t kNoDisc = 0x70;
  constexpr uint8_t kDoorOpen = 0x71;
  Writer writer;
  const uint8_t type = medium.present ? kDataDisc : medium.tray_open ? kDoorOpen : kNoDisc;
  if (ten_bytes) {
    writer.Zeros(2).Byte(type).Zeros(5);
  } else {
    writer.Zeros(1).Byte(type).Zeros(2);
  }
  if (page != 0x01 && page != 0x0E && page != 0x2A && page != kAllPages) return {};
  if (page == 0x01 || page == kAllPages) ErrorRecoveryPage(writer);
  if (page == 0x0E || page == kAllPages) AudioPage(writer);
  if (page == 0x2A || page == kAllPages) CapabilitiesPage(writer, medium);
  return writer.WithLength(ten_bytes ? 2 : 1);
}

}  // namespace verbatim::mmc
