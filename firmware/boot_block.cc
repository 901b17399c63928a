// SPDX-License-Identifier: Apache-2.0
#include "firmware/boot_block.h"

#include <algorithm>
#include <array>

#include "base/bits.h"

namespace verbatim {
namespace {

// SDM vol. 3, 3.4.5: base 0, limit FFFFFh
// pages, present, DPL 0, 32-bit; the accessed bit is set so that loading them writes nothing.
constexpr uint16_t kCodeSelector = 0x10;
constexpr uint16_t kDataSelector = 0x18;
constexpr std::array<uint64_t, 4> kGdt = {0, 0, 0x00CF'9B00'0000'FFFF, 0x00CF'9300'0000'FFFF};

}  // namespace

Result<BootBlock> BootBlock::Create(GuestLayout& layout, std::string_view file) {
  const PhysicalRange range{.begin = kBase, .bytes = kExtendedBiosDataArea.value - kBase.value};
  const auto bytes = layout.Claim(file, "boot block", range);
  if (!bytes) return std::unexpected(bytes.error());
  std::ranges::fill(*bytes, uint8_t{0});
  StoreLittle(bytes->data(), kGdt);
  return BootBlock(*bytes);
}

Result<PhysicalAddress> BootBlock::AddString(std::string_view what, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return Fail("{}: contains a NUL character, expected text", what);
  }
  const uint64_t room = kStringsEnd.value - next_string_.value;
  if (text.size() >= room) {
    return Fail("{}: is {} bytes long, expected at most {}", what, text.size(),
                room == 0 ? 0 : room - 1);
  }
  const PhysicalAddress at = next_string_;
  std::ranges::copy(text, bytes_.begin() + static_cast<ptrdiff_t>(at.value - kBase.value));
  next_string_ = at + (text.size() + 1);
  return at;
}

BootState BootBlock::EntryState(PhysicalAddress entry) {
  BootState state;
  state.eip = {static_cast<uint32_t>(entry.value)};
  state.esp = static_cast<uint32_t>(kStackTop.value);
  state.code_selector = kCodeSelector;
  state.data_selector = kDataSelector;
  state.gdt_base = {static_cast<uint32_t>(kBase.value)};
  state.gdt_limit = sizeof kGdt - 1;
  return state;
}

}  // namespace verbatim
