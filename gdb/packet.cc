// SPDX-License-Identifier: Apache-2.0
#include "gdb/packet.h"

#include <fmt/format.h>

namespace verbatim::gdb {
namespace {

constexpr uint8_t kInterruptByte = 0x03;
constexpr uint8_t kEscape = '}';
constexpr uint8_t kEscapeMask = 0x20;

std::optional<uint8_t> Digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

std::optional<uint8_t> Byte(char high, char low) {
  const std::optional<uint8_t> first = Digit(high);
  const std::optional<uint8_t> second = Digit(low);
  if (!first || !second) return std::nullopt;
  return static_cast<uint8_t>(*first << 4 | *second);
}

// '*' would begin a run, the others end or begin a packet.
bool MustEscape(char c) { return c == '#' || c == '$' || c == '}' || c == '*'; }

}  // namespace

std::optional<PacketReader::Item> PacketReader::Take(std::span<const uint8_t>& bytes) {
  while (!bytes.empty()) {
    const uint8_t byte = bytes.front();
    bytes = bytes.subspan(1);
    if (const std::optional<Item> item = TakeByte(byte)) return item;
  }
  return std::nullopt;
}

std::optional<PacketReader::Item> PacketReader::TakeByte(uint8_t byte) {
  switch (state_) {
    case State::kBetween:
      return TakeBetween(byte);
    case State::kPayload:
      if (byte == '#') {
        state_ = State::kFirstDigit;
        return std::nullopt;
      }
      // The end of the packet before was lost.
      if (byte == '$') return TakeBetween(byte);
      sum_ = static_cast<uint8_t>(sum_ + byte);
      if (byte == kEscape) {
        state_ = State::kEscaped;
        return std::nullopt;
      }
      return Append(byte);
    case State::kEscaped:
      sum_ = static_cast<uint8_t>(sum_ + byte);
      state_ = State::kPayload;
      return Append(byte ^ kEscapeMask);
    case State::kFirstDigit:
      first_digit_ = static_cast<char>(byte);
      state_ = State::kSecondDigit;
      return std::nullopt;
    case State::kSecondDigit:
      break;
  }
  state_ = State::kBetween;
  if (Byte(first_digit_, static_cast<char>(byte)) != sum_) return Item{Kind::kBadChecksum};
  return Item{Kind::kPacket, payload_};
}

std::optional<PacketReader::Item> PacketReader::TakeBetween(uint8_t byte) {
  switch (byte) {
    case '$':
      state_ = State::kPayload;
      payload_.clear();
      sum_ = 0;
      return std::nullopt;
    case '+':
      return Item{Kind::kAck};
    case '-':
      return Item{Kind::kNak};
    case kInterruptByte:
      return Item{Kind::kInterrupt};
    default:
      return std::nullopt;
  }
}

std::optional<PacketReader::Item> PacketReader::Append(uint8_t byte) {
  if (payload_.size() == kMaxPayload) {
    state_ = State::kBetween;
    return Item{Kind::kTooLong};
  }
  payload_ += static_cast<char>(byte);
  return std::nullopt;
}

std::string Frame(std::string_view payload) {
  std::string frame = "$";
  for (const char c : payload) {
    if (MustEscape(c)) {
      frame += static_cast<char>(kEscape);
      frame += static_cast<char>(c ^ kEscapeMask);
    } else {
      frame += c;
    }
  }
  uint8_t sum = 0;
  for (size_t i = 1; i < frame.size(); ++i) sum = static_cast<uint8_t>(sum + frame[i]);
  fmt::format_to(std::back_inserter(frame), "#{:02x}", sum);
  return frame;
}

std::string ToHex(std::span<const uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  digits.reserve(2 * bytes.size());
  for (const uint8_t byte : bytes) {
    digits += kDigits[byte >> 4];
    digits += kDigits[byte & 15];
  }
  return digits;
}

std::string ToHex(std::string_view text) {
  return ToHex(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

std::optional<std::vector<uint8_t>> FromHex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::vector<uint8_t> bytes;
  bytes.reserve(digits.size() / 2);
  for (size_t i = 0; i < digits.size(); i += 2) {
    const std::optional<uint8_t> byte = Byte(digits[i], digits[i + 1]);
    if (!byte) return std::nullopt;
    bytes.push_back(*byte);
  }
  return bytes;
}

std::optional<uint64_t> TakeNumber(std::string_view& text) {
  constexpr size_t kMaxDigits = 16;
  uint64_t number = 0;
  size_t count = 0;
  while (count < text.size()) {
    const std::optional<uint8_t> digit = Digit(text[count]);
    if (!digit) break;
    if (count == kMaxDigits) return std::nullopt;
    number = number << 4 | *digit;
    ++count;
  }
  if (count == 0) return std::nullopt;
  text.remove_prefix(count);
  return number;
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace verbatim::gdb
