// SPDX-License-Identifier: Apache-2.0
// Labels of a program, the fields that name them, and the data in front of it.
#include "base/bits.h"
#include "base/check.h"
#include "tests/oracle/program.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kShortReach = 127;  // of a short branch

}  // namespace

void Program::Pend(Field field, uint32_t at, uint32_t base, uint32_t wait, uint32_t delta) {
  CHECK(fixup_count_ < kMaxFixups);
  fixups_[fixup_count_++] = {field,
                             static_cast<uint16_t>(at),
                             static_cast<uint16_t>(size_),
                             base,
                             static_cast<uint8_t>(delta),
                             static_cast<uint8_t>(wait),
                             known_,
                             values_};
}

void Program::PendAbsolute(uint32_t at, uint32_t bytes, uint32_t base, uint32_t wait) {
  Pend(bytes == 2 ? Field::kAbsolute16 : Field::kAbsolute32, at, base, wait);
}

void Program::Resolve(const Fixup& fixup, uint32_t label) {
  const uint32_t relative = label - fixup.next;
  const uint32_t absolute = OffsetOf(label + fixup.delta, fixup.base);
  uint8_t* field = &code_[fixup.at];
  switch (fixup.field) {
    case Field::kRelative8:
      CHECK(relative + 0x80 < 0x100);
      *field = static_cast<uint8_t>(relative);
      break;
    case Field::kRelative16:
      StoreLittle<uint16_t>(field, static_cast<uint16_t>(relative));
      break;
    case Field::kRelative32:
      StoreLittle<uint32_t>(field, relative);
      break;
    case Field::kAbsolute16:
      StoreLittle<uint16_t>(field, static_cast<uint16_t>(absolute));
      break;
    case Field::kAbsolute32:
      StoreLittle<uint32_t>(field, absolute);
      break;
  }
  // Two ways lead here: what they agree on stays known.
  for (uint8_t gpr = 0; gpr < 8; ++gpr) {
    const bool agreed = ((fixup.known >> gpr) & 1) != 0 && fixup.values[gpr] == values_[gpr];
    if (!agreed) known_ &= static_cast<uint8_t>(~(1u << gpr));
  }
}

void Program::Land(uint32_t longest) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < fixup_count_; ++i) {
    Fixup& fixup = fixups_[i];
    const bool far = fixup.field == Field::kRelative8 && size_ + longest - fixup.next > kShortReach;
    if (fixup.wait == 0 || far || fixup_count_ > kMaxFixups / 2) {
      Resolve(fixup, size_);
    } else {
      --fixup.wait;
      fixups_[kept++] = fixup;
    }
  }
  fixup_count_ = kept;
}

void Program::LandAll() {
  for (uint32_t i = 0; i < fixup_count_; ++i) Resolve(fixups_[i], size_);
  fixup_count_ = 0;
}

std::optional<uint32_t> Program::PlaceData(uint32_t bytes) {
  if (data_used_ + bytes > data_bytes_) return std::nullopt;
  const uint32_t place = data_used_;
  data_used_ += bytes;
  return place;
}

void Program::PutData(uint32_t place, uint32_t value, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i) code_[place + i] = static_cast<uint8_t>(value >> (8 * i));
}

}  // namespace verbatim::test
