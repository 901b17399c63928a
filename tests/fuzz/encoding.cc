// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/encoding.h"

namespace verbatim {

Encoding EncodingOf(std::span<const uint8_t> bytes) {
  Encoding found;
  size_t at = 0;
  const auto next = [&bytes, &at] { return at < bytes.size() ? bytes[at++] : uint8_t{0}; };
  uint8_t byte = next();
  for (bool prefix = true; prefix;) {
    switch (byte) {
      case 0xF0:
        found.lock = true;
        break;
      case 0x66:
        found.operand_size = true;
        break;
      case 0xF2:
      case 0xF3:
        found.repeat = true;
        break;
      case 0x26:
      case 0x2E:
      case 0x36:
      case 0x3E:
      case 0x64:
      case 0x65:
      case 0x67:
        break;
      default:
        prefix = false;
        continue;
    }
    byte = next();
  }
  if (byte == 0x0F) {
    found.map = 1;
    byte = next();
    if (byte == 0x38 || byte == 0x3A) {
      found.map = byte == 0x38 ? 2 : 3;
      byte = next();
    }
  }
  found.opcode = byte;
  found.modrm = next();
  return found;
}

}  // namespace verbatim
