// SPDX-License-Identifier: Apache-2.0
#include "trace/binary_writer.h"

#include <algorithm>
#include <array>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr size_t kLongestNumber = 10;
// Far below the limit for chunks, whatever the entries need.
constexpr size_t kEntriesOfChunk = 1u << 18;

// Seven bits a byte, the lowest first; the top bit says that more follow.
char* WriteNumber(char* to, uint64_t number) {
  constexpr unsigned kBits = 7;
  while (number >= 1u << kBits) {
    *to++ = static_cast<char>(number | 1u << kBits);
    number >>= kBits;
  }
  *to++ = static_cast<char>(number);
  return to;
}

}  // namespace

void BinaryWriter::Put(uint64_t number) {
  std::array<char, kLongestNumber> bytes;
  contents_.append(bytes.data(), WriteNumber(bytes.data(), number));
}

void BinaryWriter::Put(std::string_view text) {
  Put(text.size());
  contents_ += text;
}

void BinaryWriter::Put(const std::vector<uint8_t>& bytes) {
  Put(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void BinaryWriter::Put(const BlockCode& code) {
  Put(code.number);
  Put(code.eip);
  Put(code.linear);
  Put(code.physical);
  Put(code.cpl);
  Put(code.code32 ? 32 : 16);
  Put(code.second_page ? 1 : 0);
  if (code.second_page) Put(*code.second_page);
  Put(code.ident_count);
  Put(code.mode);
  Put(code.guest);
  Put(code.host_start);
  Put(code.host);
  Put(code.body_offset);
  Put(code.instructions.size());
  uint32_t host = code.body_offset;
  for (const BlockCode::Instruction& in : code.instructions) {
    Put(in.length);
    Put(static_cast<uint64_t>(in.outcome));
    Put(in.host_end - host);
    host = in.host_end;
  }
  Put(code.links.size());
  for (const BlockCode::Link& link : code.links) {
    Put(link.target_eip);
    Put(link.field);
    Put(link.stub);
  }
  Put(code.return_sites.size());
  for (const uint32_t site : code.return_sites) Put(site);
}

void BinaryWriter::Names(const HostNames& names) {
  Put(names.stubs.size());
  for (const auto& [address, name] : names.stubs) {
    Put(address);
    Put(name);
  }
  Put(names.fields.size());
  for (const auto& [offset, name] : names.fields) {
    Put(offset);
    Put(name);
  }
  Frame(Chunk::kNames);
}

void BinaryWriter::Frame(Chunk type) {
  std::array<char, 5> frame{static_cast<char>(type)};
  StoreLittle<uint32_t>(&frame[1], static_cast<uint32_t>(contents_.size()));
  output_.Write({frame.data(), frame.size()});
  output_.Write(contents_);
  contents_.clear();
}

void BinaryWriter::Begin() {
  std::array<char, 8> rest{};
  StoreLittle<uint32_t>(rest.data(), kTraceVersion);
  output_.Write(kTraceMagic);
  output_.Write({rest.data(), rest.size()});
}

void BinaryWriter::Block(const BlockDefinition& block) {
  Put(block.number);
  Put(block.eip);
  Put(block.linear);
  Put(block.physical);
  Put(block.cpl);
  Put(block.code32 ? 32 : 16);
  Put(block.bytes);
  Put(block.instructions.size());
  for (const BlockDefinition::Instruction& in : block.instructions) {
    Put(in.length);
    Put(static_cast<uint64_t>(in.outcome));
  }
  Put(block.return_eips.size());
  for (const uint32_t eip : block.return_eips) Put(eip);
  Frame(Chunk::kBlock);
}

void BinaryWriter::Entries(std::span<const uint32_t> entries) {
  entries_ += entries.size();
  while (!entries.empty()) {
    const auto part = entries.first(std::min(entries.size(), kEntriesOfChunk));
    entries = entries.subspan(part.size());
    Put(part.size());
    // Room for the worst, which is rare.
    const size_t begin = contents_.size();
    contents_.resize(begin + part.size() * 2 * kLongestNumber);
    char* to = contents_.data() + begin;
    uint64_t foreseen = 0;
    for (const uint32_t entry : part) {
      if (entry == predictor_.Predicted()) {
        ++foreseen;
      } else {
        to = WriteNumber(to, foreseen);
        to = WriteNumber(to, entry);
        foreseen = 0;
      }
      predictor_.Follow(entry);
    }
    if (foreseen != 0) to = WriteNumber(to, foreseen);
    contents_.resize(static_cast<size_t>(to - contents_.data()));
    Frame(Chunk::kEntries);
  }
}

void BinaryWriter::Event(const TraceEvent& event) {
  ++events_;
  Put(static_cast<uint64_t>(event.category));
  Put(event.name);
  Put(event.time_ns);
  Put(event.linear);
  Put(event.cr3);
  Put(event.cpl);
  Put(event.fields.size());
  for (const TraceField& field : event.fields) {
    Put(field.name);
    Put(static_cast<uint64_t>(field.form));
    if (field.form == FieldForm::kText) {
      Put(field.text);
    } else {
      Put(field.number);
    }
  }
  Put(event.code != nullptr ? 1 : 0);
  if (event.code != nullptr) Put(*event.code);
  Frame(Chunk::kEvent);
}

void BinaryWriter::End() {
  Put(entries_);
  Put(events_);
  Frame(Chunk::kEnd);
}

}  // namespace verbatim
