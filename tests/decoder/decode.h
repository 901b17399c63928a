// SPDX-License-Identifier: Apache-2.0
// Instructions written as hex digits, the way manuals print them.
#ifndef VERBATIM_TESTS_DECODER_DECODE_H_
#define VERBATIM_TESTS_DECODER_DECODE_H_

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "decoder/decoder.h"

namespace verbatim {

// "0F BD C1": pairs of digits, blanks between them.
inline std::vector<uint8_t> Bytes(std::string_view hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < hex.size();) {
    if (hex[i] == ' ') {
      ++i;
      continue;
    }
    uint8_t value = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    CHECK(error == std::errc{} && end == hex.data() + i + 2);
    bytes.push_back(value);
    i += 2;
  }
  return bytes;
}

inline GuestInstruction Decode32(std::string_view hex, const CpuFeatures& features = {}) {
  return Decoder(features).Decode(Bytes(hex), true);
}

inline GuestInstruction Decode16(std::string_view hex, const CpuFeatures& features = {}) {
  return Decoder(features).Decode(Bytes(hex), false);
}

// Followed by as many bytes as any operands need.
inline GuestInstruction Decode32Padded(std::string_view hex) {
  std::vector<uint8_t> bytes = Bytes(hex);
  bytes.resize(kMaxInstructionBytes, 0x11);
  return Decoder(CpuFeatures{}).Decode(bytes, true);
}

}  // namespace verbatim

#endif  // VERBATIM_TESTS_DECODER_DECODE_H_
