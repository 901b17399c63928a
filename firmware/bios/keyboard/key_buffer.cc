// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/keyboard/key_buffer.h"

#include "firmware/bios/bios_data_area.h"

namespace verbatim {
namespace {

LinearAddress AtOffset(uint16_t offset) { return bda::kStart + offset; }

}  // namespace

uint16_t KeyBuffer::After(uint16_t offset) {
  const auto next = static_cast<uint16_t>(offset + sizeof(uint16_t));
  return next == call_.Read<uint16_t>(bda::kKeyBufferEnd)
             ? call_.Read<uint16_t>(bda::kKeyBufferStart)
             : next;
}

bool KeyBuffer::Put(uint16_t code) {
  const auto tail = call_.Read<uint16_t>(bda::kKeyBufferTail);
  const uint16_t next = After(tail);
  if (next == call_.Read<uint16_t>(bda::kKeyBufferHead)) return false;
  call_.Write(AtOffset(tail), code);
  call_.Write(bda::kKeyBufferTail, next);
  return true;
}

std::optional<uint16_t> KeyBuffer::First() {
  const auto head = call_.Read<uint16_t>(bda::kKeyBufferHead);
  if (head == call_.Read<uint16_t>(bda::kKeyBufferTail)) return std::nullopt;
  return call_.Read<uint16_t>(AtOffset(head));
}

void KeyBuffer::RemoveFirst() {
  call_.Write(bda::kKeyBufferHead, After(call_.Read<uint16_t>(bda::kKeyBufferHead)));
}

void KeyBuffer::Clear() {
  const auto start = call_.Read<uint16_t>(bda::kKeyBufferStart);
  call_.Write(bda::kKeyBufferHead, start);
  call_.Write(bda::kKeyBufferTail, start);
}

}  // namespace verbatim
