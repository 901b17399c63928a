// SPDX-License-Identifier: Apache-2.0
// What a CD-ROM drive answers to packet commands that read no sectors, as bytes (SFF-8020i revision
// 2.6, chapter 10; MMC-3; SPC-2). Pure functions: the drive's state comes in, the response goes
// out, untruncated.
#ifndef VERBATIM_DEVICES_MMC_H_
#define VERBATIM_DEVICES_MMC_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace verbatim::mmc {

inline constexpr uint32_t kBlockBytes = 2048;

using Packet = std::array<uint8_t, 12>;
using Response = std::vector<uint8_t>;

enum Operation : uint8_t {
  kTestUnitReady = 0x00,
  kRequestSense = 0x03,
  kInquiry = 0x12,
  kModeSense6 = 0x1A,
  kStartStopUnit = 0x1B,
  kPreventAllow = 0x1E,
  kReadCapacity = 0x25,
  kRead10 = 0x28,
  kSeek10 = 0x2B,
  kReadToc = 0x43,
  kGetConfiguration = 0x46,
  kGetEventStatus = 0x4A,
  kReadDiscInformation = 0x51,
  kModeSense10 = 0x5A,
  kRead12 = 0xA8,
  kSetSpeed = 0xBB,
  kMechanismStatus = 0xBD,
  kReadCd = 0xBE,
};

// Sense key, additional sense code and its qualifier (SFF-8020i, 10.8.20; SPC-2, 7.20).
struct Sense {
  uint8_t key = 0;
  uint8_t code = 0;
  uint8_t qualifier = 0;
  friend bool operator==(const Sense&, const Sense&) = default;
};
inline constexpr Sense kNoSense{};
inline constexpr Sense kNoMedium{2, 0x3A, 0};
inline constexpr Sense kReadError{3, 0x11, 0};
inline constexpr Sense kBadOperation{5, 0x20, 0};
inline constexpr Sense kOutOfRange{5, 0x21, 0};
inline constexpr Sense kBadField{5, 0x24, 0};
inline constexpr Sense kSavingUnsupported{5, 0x39, 0};
inline constexpr Sense kRemovalPrevented{5, 0x53, 2};
inline constexpr Sense kBadModeForTrack{5, 0x64, 0};
inline constexpr Sense kMediumChanged{6, 0x28, 0};
inline constexpr Sense kWasReset{6, 0x29, 0};

// Media events (MMC-3, 6.6.6).
enum class MediaEvent : uint8_t { kNone = 0, kNewMedia = 2, kRemoval = 3 };

struct Medium {
  bool present = false;
  bool tray_open = false;
  bool locked = false;
  uint32_t blocks = 0;
};

[[nodiscard]] Response SenseData(const Sense& sense);
[[nodiscard]] Response Inquiry();
[[nodiscard]] Response Capacity(const Medium& medium);
// nullopt: the command has a field that is not supported.
[[nodiscard]] std::optional<Response> Toc(const Packet& packet, const Medium& medium);
[[nodiscard]] std::optional<Response> Configuration(const Packet& packet, const Medium& medium);
[[nodiscard]] std::optional<Response> EventStatus(const Packet& packet, const Medium& medium,
                                                  MediaEvent event);
[[nodiscard]] Response DiscInformation();
[[nodiscard]] Response MechanismStatus(const Medium& medium);
[[nodiscard]] std::optional<Response> ModePages(uint8_t page, bool ten_bytes, const Medium& medium);

}  // namespace verbatim::mmc

#endif  // VERBATIM_DEVICES_MMC_H_
