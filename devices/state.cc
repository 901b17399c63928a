// SPDX-License-Identifier: Apache-2.0
#include "devices/state.h"

#include <algorithm>

#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint8_t kSection = 'S';
constexpr uint8_t kScalar = 'V';
constexpr uint8_t kBytes = 'B';

uint64_t LittleEndian(std::span<const uint8_t> bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

void StateWriter::Begin(std::string_view section, uint16_t version) {
  Name(kSection, section);
  Integer(version, 2);
}

void StateWriter::Name(uint8_t kind, std::string_view name) {
  CHECK(name.size() <= 0xFF);
  bytes_.push_back(kind);
  bytes_.push_back(static_cast<uint8_t>(name.size()));
  bytes_.insert(bytes_.end(), name.begin(), name.end());
}

void StateWriter::Integer(uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i) bytes_.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

void StateWriter::Scalar(std::string_view name, uint64_t value, unsigned size) {
  Name(kScalar, name);
  Integer(size, 1);
  Integer(value, size);
}

void StateWriter::Bytes(std::string_view name, std::span<const uint8_t> value) {
  Name(kBytes, name);
  Integer(value.size(), 4);
  bytes_.insert(bytes_.end(), value.begin(), value.end());
}

void StateReader::FailField(std::string_view name, std::string_view problem) {
  if (!error_) error_ = fmt::format("{}: field '{}': {}", section_, name, problem);
}

bool StateReader::Take(size_t size, std::span<const uint8_t>& taken) {
  if (rest_.size() < size) return false;
  taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return true;
}

bool StateReader::Expect(uint8_t kind, std::string_view name) {
  if (error_) return false;
  std::span<const uint8_t> header;
  std::span<const uint8_t> stored;
  if (!Take(2, header) || !Take(header[1], stored)) {
    FailField(name, "the saved state ends here");
    return false;
  }
  if (header[0] != kind || !std::ranges::equal(stored, name, [](uint8_t byte, char letter) {
        return byte == static_cast<uint8_t>(letter);
      })) {
    FailField(name, "something else is stored in its place");
    return false;
  }
  return true;
}

void StateReader::Begin(std::string_view section, uint16_t version) {
  if (error_) return;
  section_ = section;
  if (!Expect(kSection, section)) return;
  std::span<const uint8_t> stored;
  if (!Take(2, stored)) {
    FailField("version", "the saved state ends here");
  } else if (LittleEndian(stored) != version) {
    FailField("version", fmt::format("is {}, expected {}", LittleEndian(stored), version));
  }
}

std::optional<uint64_t> StateReader::Scalar(std::string_view name, unsigned size, uint64_t max) {
  if (!Expect(kScalar, name)) return std::nullopt;
  std::span<const uint8_t> stored_size;
  std::span<const uint8_t> stored;
  if (!Take(1, stored_size) || !Take(stored_size[0], stored)) {
    FailField(name, "the saved state ends here");
    return std::nullopt;
  }
  if (stored.size() != size) {
    FailField(name, fmt::format("has {} bytes, expected {}", stored.size(), size));
    return std::nullopt;
  }
  const uint64_t value = LittleEndian(stored);
  if (value > max) {
    FailField(name, fmt::format("is {}, expected at most {}", value, max));
    return std::nullopt;
  }
  return value;
}

void StateReader::Bytes(std::string_view name, std::span<uint8_t> value) {
  if (!Expect(kBytes, name)) return;
  std::span<const uint8_t> stored_size;
  std::span<const uint8_t> stored;
  if (!Take(4, stored_size)) {
    FailField(name, "the saved state ends here");
    return;
  }
  if (LittleEndian(stored_size) != value.size()) {
    FailField(name,
              fmt::format("has {} bytes, expected {}", LittleEndian(stored_size), value.size()));
    return;
  }
  if (!Take(value.size(), stored)) {
    FailField(name, "the saved state ends here");
    return;
  }
  std::ranges::copy(stored, value.begin());
}

void StateReader::Field(std::string_view name, std::vector<uint8_t>& value, uint64_t max_size) {
  if (!Expect(kBytes, name)) return;
  std::span<const uint8_t> stored_size;
  std::span<const uint8_t> stored;
  if (!Take(4, stored_size)) {
    FailField(name, "the saved state ends here");
    return;
  }
  const uint64_t size = LittleEndian(stored_size);
  if (size > max_size) {
    FailField(name, fmt::format("has {} bytes, expected at most {}", size, max_size));
    return;
  }
  if (!Take(size, stored)) {
    FailField(name, "the saved state ends here");
    return;
  }
  value.assign(stored.begin(), stored.end());
}

void StateReader::Require(bool condition, std::string_view name, std::string_view expected) {
  if (!condition) FailField(name, fmt::format("expected {}", expected));
}

Status StateReader::status() const {
  if (error_) return Fail("{}", *error_);
  return {};
}

}  // namespace verbatim
