// SPDX-License-Identifier: Apache-2.0
// Packets of gdb's remote serial protocol ("Debugging with GDB", appendix E.1): $payload#checksum,
// acknowledgements, and the interrupt byte; hexadecimal numbers and bytes. The peer is not trusted:
// whatever it sends, no more than kMaxPayload bytes of it are kept.
#ifndef VERBATIM_GDB_PACKET_H_
#define VERBATIM_GDB_PACKET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace verbatim::gdb {

inline constexpr size_t kMaxPayload = 0x4000;

class PacketReader {
 public:
  enum class Kind : uint8_t {
    kPacket,
    kBadChecksum,
    kTooLong,    // more than kMaxPayload: nothing further of this peer can be understood
    kInterrupt,  // 03h between packets
    kAck,
    kNak,
  };
  struct Item {
    Kind kind = Kind::kPacket;
    std::string_view payload{};  // kPacket: unescaped; valid until the next call
  };

  // Takes bytes off the front up to the end of the first item; none if all were taken before one
  // was complete. What lies between packets and means nothing is skipped.
  [[nodiscard]] std::optional<Item> Take(std::span<const uint8_t>& bytes);

 private:
  enum class State : uint8_t { kBetween, kPayload, kEscaped, kFirstDigit, kSecondDigit };

  [[nodiscard]] std::optional<Item> TakeByte(uint8_t byte);
  [[nodiscard]] std::optional<Item> TakeBetween(uint8_t byte);
  [[nodiscard]] std::optional<Item> Append(uint8_t byte);

  State state_ = State::kBetween;
  std::string payload_;
  uint8_t sum_ = 0;
  char first_digit_ = 0;
};

// The payload as it goes over the wire.
[[nodiscard]] std::string Frame(std::string_view payload);

[[nodiscard]] std::string ToHex(std::span<const uint8_t> bytes);
[[nodiscard]] std::string ToHex(std::string_view text);
// Nothing for an odd number of digits or what is none.
[[nodiscard]] std::optional<std::vector<uint8_t>> FromHex(std::string_view digits);

// Takes 1 to 16 hexadecimal digits off the front, as a number.
[[nodiscard]] std::optional<uint64_t> TakeNumber(std::string_view& text);
// Takes it off the front if it stands there.
[[nodiscard]] bool TakePrefix(std::string_view& text, std::string_view prefix);

}  // namespace verbatim::gdb

#endif  // VERBATIM_GDB_PACKET_H_
