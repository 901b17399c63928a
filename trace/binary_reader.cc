// SPDX-License-Identifier: Apache-2.0
#include "trace/binary_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr size_t kBufferBytes = 1u << 20;
constexpr size_t kMaxEntriesOfChunk = 1u << 20;
constexpr unsigned kHighestOutcome = static_cast<unsigned>(Outcome::kRaises);
constexpr unsigned kHighestForm = static_cast<unsigned>(FieldForm::kText);

}  // namespace

Result<BinaryReader> BinaryReader::Open(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return Fail("{}: cannot be opened: {}", path, std::strerror(errno));
  BinaryReader reader(path, std::move(file));
  std::array<uint8_t, kTraceHeaderBytes> header{};
  const Result<size_t> filled = reader.Fill(header);
  if (!filled) return std::unexpected(filled.error());
  if (*filled < kTraceMagic.size() ||
      std::memcmp(header.data(), kTraceMagic.data(), kTraceMagic.size()) != 0) {
    return Fail("{}: not a binary trace: expected it to begin with VBTRACE", path);
  }
  if (*filled < header.size()) return Fail("{}: cut off in its header", path);
  const auto version = LoadLittle<uint32_t>(&header[kTraceMagic.size()]);
  if (version != kTraceVersion) {
    return Fail("{}: version {} of the trace format: this program knows version {}", path, version,
                kTraceVersion);
  }
  return reader;
}

Result<size_t> BinaryReader::Fill(std::span<uint8_t> to) {
  size_t done = 0;
  while (done < to.size()) {
    if (buffered_ == buffer_.size()) {
      buffer_.resize(kBufferBytes);
      buffered_ = 0;
      ssize_t n = 0;
      do {
        n = ::read(file_.get(), buffer_.data(), buffer_.size());
      } while (n < 0 && errno == EINTR);
      if (n < 0) return Fail("{}: cannot be read: {}", name_, std::strerror(errno));
      buffer_.resize(static_cast<size_t>(n));
      if (n == 0) break;
    }
    const size_t count = std::min(to.size() - done, buffer_.size() - buffered_);
    std::memcpy(&to[done], &buffer_[buffered_], count);
    done += count;
    buffered_ += count;
    offset_ += count;
  }
  return done;
}

Status BinaryReader::Visit(TraceVisitor& visitor) {
  bool ended = false;
  while (true) {
    const uint64_t start = offset_;
    std::array<uint8_t, 5> frame{};
    Result<size_t> filled = Fill(frame);
    if (!filled) return std::unexpected(filled.error());
    if (*filled == 0) break;
    if (ended) return Fail("{}: byte {}: more follows behind the end of the trace", name_, start);
    const auto bytes = LoadLittle<uint32_t>(&frame[1]);
    if (*filled == frame.size() && bytes > kMaxChunkBytes) {
      return Fail("{}: byte {}: a chunk of {} bytes: expected at most {}", name_, start, bytes,
                  kMaxChunkBytes);
    }
    contents_.resize(*filled == frame.size() ? bytes : 0);
    at_ = 0;
    if (*filled == frame.size()) filled = Fill(contents_);
    if (!filled) return std::unexpected(filled.error());
    if (*filled != contents_.size() || offset_ - start < frame.size()) {
      return Fail("{}: cut off at byte {}, amid a chunk", name_, offset_);
    }
    const auto type = static_cast<Chunk>(frame[0]);
    if (const Status visited = VisitChunk(type, visitor); !visited) {
      return Fail("{}: byte {}: {}", name_, start, visited.error().message);
    }
    ended = type == Chunk::kEnd;
  }
  if (!ended) return Fail("{}: cut off: the end of the trace is missing", name_);
  return {};
}

Status BinaryReader::VisitChunk(Chunk type, TraceVisitor& visitor) {
  switch (type) {
    case Chunk::kBlock:
      if (!ReadBlock(visitor)) return Fail("a block that makes no sense");
      return {};
    case Chunk::kEntries:
      if (!ReadEntries(visitor)) return Fail("entries that make no sense");
      return {};
    case Chunk::kNames:
      if (!ReadNames(visitor)) return Fail("names that make no sense");
      return {};
    case Chunk::kEvent:
      if (!ReadEvent(visitor)) return Fail("an event that makes no sense");
      return {};
    case Chunk::kEnd: {
      uint64_t entries = 0;
      uint64_t events = 0;
      if (!TakeNumber(entries) || !TakeNumber(events) || at_ != contents_.size()) {
        return Fail("an end that makes no sense");
      }
      if (entries != entry_count_ || events != event_count_) {
        return Fail("the trace should have {} entries and {} events, and has {} and {}", entries,
                    events, entry_count_, event_count_);
      }
      return {};
    }
  }
  return Fail("a chunk of the unknown type {}", static_cast<unsigned>(type));
}

bool BinaryReader::Take(uint64_t& number, uint64_t highest) {
  constexpr unsigned kBits = 7;
  number = 0;
  for (unsigned shift = 0; shift < 64; shift += kBits) {
    if (at_ == contents_.size()) return false;
    const uint64_t byte = contents_[at_++];
    const uint64_t part = byte & ((1u << kBits) - 1);
    if (part << shift >> shift != part) return false;
    number |= part << shift;
    if ((byte >> kBits) == 0) return number <= highest;
  }
  return false;
}

template <typename Number>
bool BinaryReader::TakeNumber(Number& number) {
  uint64_t value = 0;
  if (!Take(value, std::numeric_limits<Number>::max())) return false;
  number = static_cast<Number>(value);
  return true;
}

bool BinaryReader::Take(std::string_view& text) {
  uint64_t bytes = 0;
  if (!Take(bytes, contents_.size() - at_) || bytes > contents_.size() - at_) return false;
  text = {reinterpret_cast<const char*>(contents_.data()) + at_, bytes};
  at_ += bytes;
  return true;
}

bool BinaryReader::Take(std::vector<uint8_t>& bytes) {
  std::string_view text;
  if (!Take(text)) return false;
  bytes.assign(text.begin(), text.end());
  return true;
}

bool BinaryReader::ReadBlock(TraceVisitor& visitor) {
  BlockDefinition block;
  uint64_t bits = 0;
  uint64_t count = 0;
  std::string_view bytes;
  if (!TakeNumber(block.number) || !TakeNumber(block.eip) || !TakeNumber(block.linear) ||
      !TakeNumber(block.physical) || !TakeNumber(block.cpl) || block.cpl > 3 || !Take(bits, 32) ||
      (bits != 16 && bits != 32) || !Take(bytes) || !Take(count, kMaxBlockInstructions)) {
    return false;
  }
  block.code32 = bits == 32;
  block.bytes.assign(bytes.begin(), bytes.end());
  size_t covered = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t length = 0;
    uint64_t outcome = 0;
    if (!Take(length, kMaxInstructionBytes) || length == 0 || !Take(outcome, kHighestOutcome)) {
      return false;
    }
    covered += length;
    block.instructions.push_back({static_cast<uint8_t>(length), static_cast<Outcome>(outcome)});
  }
  if (covered != bytes.size() || !Take(count, kMaxBlockPlaces)) return false;
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t eip = 0;
    if (!TakeNumber(eip)) return false;
    block.return_eips.push_back(eip);
  }
  if (at_ != contents_.size()) return false;
  visitor.OnBlock(block);
  return true;
}

bool BinaryReader::ReadEntries(TraceVisitor& visitor) {
  uint64_t count = 0;
  if (!Take(count, kMaxEntriesOfChunk)) return false;
  entries_.clear();
  while (entries_.size() < count) {
    uint64_t foreseen = 0;
    if (!Take(foreseen, count - entries_.size())) return false;
    for (uint64_t i = 0; i < foreseen; ++i) {
      entries_.push_back(predictor_.Predicted());
      predictor_.Follow(entries_.back());
    }
    if (entries_.size() == count) break;
    uint32_t entry = 0;
    if (!TakeNumber(entry)) return false;
    entries_.push_back(entry);
    predictor_.Follow(entry);
  }
  if (at_ != contents_.size()) return false;
  entry_count_ += count;
  visitor.OnEntries(entries_);
  return true;
}

bool BinaryReader::ReadNames(TraceVisitor& visitor) {
  HostNames names;
  uint64_t count = 0;
  std::string_view text;
  if (!Take(count, contents_.size())) return false;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t address = 0;
    if (!TakeNumber(address) || !Take(text)) return false;
    names.stubs.emplace_back(address, text);
  }
  if (!Take(count, contents_.size())) return false;
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t offset = 0;
    if (!TakeNumber(offset) || !Take(text)) return false;
    names.fields.emplace_back(offset, text);
  }
  if (at_ != contents_.size()) return false;
  visitor.OnNames(names);
  return true;
}

// A BlockLister relies on it that lengths and offsets lie in the code.
bool BinaryReader::ReadCode(BlockCode& code) {
  uint64_t bits = 0;
  uint64_t flag = 0;
  uint64_t count = 0;
  std::string_view mode;
  if (!TakeNumber(code.number) || !TakeNumber(code.eip) || !TakeNumber(code.linear) ||
      !TakeNumber(code.physical) || !TakeNumber(code.cpl) || code.cpl > 3 || !Take(bits, 32) ||
      (bits != 16 && bits != 32) || !Take(flag, 1)) {
    return false;
  }
  code.code32 = bits == 32;
  if (flag != 0 && !TakeNumber(code.second_page.emplace())) return false;
  if (!TakeNumber(code.ident_count) || !Take(mode) || !Take(code.guest) ||
      !TakeNumber(code.host_start) || !Take(code.host) || !TakeNumber(code.body_offset) ||
      code.body_offset > code.host.size() || !Take(count, kMaxBlockInstructions) ||
      mode.size() > kMaxModeBytes || code.host.size() > kMaxBlockHostBytes) {
    return false;
  }
  code.mode = mode;
  size_t covered = 0;
  code.stubs_offset = code.body_offset;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t length = 0;
    uint64_t outcome = 0;
    uint64_t host = 0;
    if (!Take(length, kMaxInstructionBytes) || length == 0 || !Take(outcome, kHighestOutcome) ||
        !Take(host, code.host.size() - code.stubs_offset)) {
      return false;
    }
    covered += length;
    code.stubs_offset += static_cast<uint32_t>(host);
    code.instructions.push_back(
        {static_cast<uint8_t>(length), static_cast<Outcome>(outcome), code.stubs_offset});
  }
  if (covered != code.guest.size() || !Take(count, kMaxBlockPlaces)) return false;
  for (uint64_t i = 0; i < count; ++i) {
    BlockCode::Link& link = code.links.emplace_back();
    if (!TakeNumber(link.target_eip) || !TakeNumber(link.field) || !TakeNumber(link.stub)) {
      return false;
    }
  }
  if (!Take(count, kMaxBlockPlaces)) return false;
  for (uint64_t i = 0; i < count; ++i) {
    if (!TakeNumber(code.return_sites.emplace_back())) return false;
  }
  return true;
}

bool BinaryReader::ReadEvent(TraceVisitor& visitor) {
  TraceEvent event;
  uint64_t category = 0;
  uint64_t count = 0;
  std::string_view text;
  if (!Take(category, kTraceCategories - 1) || !Take(text)) return false;
  event.category = static_cast<TraceCategory>(category);
  event.name = text;
  if (!TakeNumber(event.time_ns) || !TakeNumber(event.linear) || !TakeNumber(event.cr3) ||
      !TakeNumber(event.cpl) || event.cpl > 3 || !Take(count, contents_.size())) {
    return false;
  }
  for (uint64_t i = 0; i < count; ++i) {
    TraceField field;
    uint64_t form = 0;
    if (!Take(text) || !Take(form, kHighestForm)) return false;
    field.name = text;
    field.form = static_cast<FieldForm>(form);
    if (field.form == FieldForm::kText) {
      if (!Take(text)) return false;
      field.text = text;
    } else if (!TakeNumber(field.number)) {
      return false;
    }
    event.fields.push_back(std::move(field));
  }
  uint64_t has_code = 0;
  if (!Take(has_code, 1)) return false;
  if (has_code != 0) {
    auto code = std::make_shared<BlockCode>();
    if (!ReadCode(*code)) return false;
    event.code = std::move(code);
  }
  if (at_ != contents_.size()) return false;
  ++event_count_;
  visitor.OnEvent(event);
  return true;
}

}  // namespace verbatim
