// SPDX-License-Identifier: Apache-2.0
#include "devices/fw_cfg.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "base/bits.h"
#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint16_t kSelectorPort = 0x510;
constexpr uint16_t kDataPort = 0x511;
constexpr uint16_t kDmaPort = 0x514;
constexpr unsigned kDmaPorts = 8;

constexpr uint16_t kWriteChannel = 0x4000;  // in a key: nothing can be written, so it means nothing
constexpr std::string_view kSignature = "QEMU";
constexpr std::string_view kDmaSignature = "QEMU CFG";
constexpr uint32_t kIdTraditional = 0x1;
constexpr uint32_t kIdDma = 0x2;

// The DMA descriptor: control, length and address, big-endian.
constexpr size_t kDescriptorBytes = 16;
constexpr uint32_t kDmaError = 0x01;
constexpr uint32_t kDmaRead = 0x02;
constexpr uint32_t kDmaSkip = 0x04;
constexpr uint32_t kDmaSelect = 0x08;
constexpr uint32_t kDmaWrite = 0x10;

constexpr size_t kDirectoryEntryBytes = 64;
constexpr size_t kDirectoryNameOffset = 8;

uint32_t LoadBig32(const uint8_t* from) { return __builtin_bswap32(LoadLittle<uint32_t>(from)); }

void StoreBig32(uint8_t* to, uint32_t value) { StoreLittle(to, __builtin_bswap32(value)); }

// Of the files in the order they were added.
uint16_t KeyOf(size_t file) {
  return static_cast<uint16_t>(static_cast<size_t>(FwCfgItem::kFirstFile) + file);
}

FwCfg::Bytes Text(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace

template <typename Archive, typename S>
void FwCfg::Visit(Archive& archive, S& state) {
  archive.Field("selected", state.selected);
  archive.Field("offset", state.offset);
  archive.Field("dma_high", state.dma_high);
}

FwCfg::FwCfg(DmaMemory& memory) : memory_(memory) {
  AddItem(FwCfgItem::kSignature, Text(kSignature));
  AddInteger(FwCfgItem::kId, 4, kIdTraditional | kIdDma);
  AddInteger(FwCfgItem::kFileDirectory, 4, 0);
}

void FwCfg::Attach(PortBus& bus) {
  bus.Claim(kSelectorPort, 2, 2, *this);
  bus.Claim(kDmaPort, kDmaPorts, 4, *this);
}

void FwCfg::AddItem(FwCfgItem item, Bytes contents) {
  CHECK(contents.size() <= std::numeric_limits<uint32_t>::max());
  Item added{.contents = std::move(contents), .make = nullptr};
  CHECK(items_.try_emplace(static_cast<uint16_t>(item), std::move(added)).second);
}

void FwCfg::AddInteger(FwCfgItem item, unsigned bytes, uint64_t value) {
  Bytes contents;
  for (unsigned i = 0; i < bytes; ++i) contents.push_back(static_cast<uint8_t>(value >> (8 * i)));
  AddItem(item, std::move(contents));
}

void FwCfg::AddFile(const std::string& name, Bytes contents) {
  CHECK(!name.empty() && name.size() <= kMaxNameBytes && files_.size() < kMaxFiles);
  CHECK(std::ranges::find(files_, name) == files_.end());
  const uint16_t key = KeyOf(files_.size());
  Bytes& directory = items_.at(static_cast<uint16_t>(FwCfgItem::kFileDirectory)).contents;
  const size_t entry = directory.size();
  directory.resize(entry + kDirectoryEntryBytes);
  StoreBig32(&directory[entry], static_cast<uint32_t>(contents.size()));
  StoreBig32(&directory[entry + 4], uint32_t{key} << 16);
  std::ranges::copy(name, &directory[entry + kDirectoryNameOffset]);
  files_.push_back(name);
  StoreBig32(directory.data(), static_cast<uint32_t>(files_.size()));
  AddItem(static_cast<FwCfgItem>(key), std::move(contents));
}

void FwCfg::AddFile(const std::string& name, std::function<Bytes()> make) {
  AddFile(name, make());
  items_.at(KeyOf(files_.size() - 1)).make = std::move(make);
}

void FwCfg::Select(uint16_t key) {
  state_.selected = static_cast<uint16_t>(key & ~kWriteChannel);
  state_.offset = 0;
  MakeSelected();
}

void FwCfg::MakeSelected() {
  const auto item = items_.find(state_.selected);
  if (item == items_.end() || !item->second.make) return;
  Bytes contents = item->second.make();
  CHECK(contents.size() == item->second.contents.size());
  item->second.contents = std::move(contents);
}

const FwCfg::Bytes& FwCfg::Selected() const {
  static const Bytes kNothing;
  const auto item = items_.find(state_.selected);
  return item == items_.end() ? kNothing : item->second.contents;
}

uint8_t FwCfg::NextByte() {
  const Bytes& item = Selected();
  return state_.offset < item.size() ? item[state_.offset++] : 0;
}

uint32_t FwCfg::ReadPort(uint16_t port, unsigned bytes) {
  if (port == kDataPort) return NextByte();
  uint32_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    const unsigned at = port + i;
    // The selector is write-only.
    const uint8_t byte = at < kDmaPort ? 0xFF : static_cast<uint8_t>(kDmaSignature[at - kDmaPort]);
    value |= uint32_t{byte} << (8 * i);
  }
  return value;
}

void FwCfg::WritePort(uint16_t port, unsigned bytes, uint32_t value) {
  if (port == kSelectorPort && bytes == 2) Select(static_cast<uint16_t>(value));
  if (bytes != 4) return;
  const uint32_t half = __builtin_bswap32(value);
  if (port == kDmaPort) state_.dma_high = half;
  if (port == kDmaPort + 4) {
    const PhysicalAddress descriptor{uint64_t{std::exchange(state_.dma_high, 0u)} << 32 | half};
    RunDma(descriptor);
  }
}

void FwCfg::RunDma(PhysicalAddress descriptor) {
  std::array<uint8_t, kDescriptorBytes> fields{};
  bool good = memory_.DmaRead(descriptor, fields);
  if (good) {
    const uint64_t address = uint64_t{LoadBig32(&fields[8])} << 32 | LoadBig32(&fields[12]);
    good = Transfer(LoadBig32(fields.data()), LoadBig32(&fields[4]), {address});
  }
  std::array<uint8_t, 4> result{};
  StoreBig32(result.data(), good ? 0 : kDmaError);
  // Where no memory answers nobody can be told.
  static_cast<void>(memory_.DmaWrite(descriptor, result));
}

bool FwCfg::Transfer(uint32_t control, uint32_t length, PhysicalAddress address) {
  if ((control & kDmaSelect) != 0) Select(static_cast<uint16_t>(control >> 16));
  if ((control & kDmaRead) != 0) return ReadTo(address, length);
  if ((control & kDmaWrite) != 0) return false;
  if ((control & kDmaSkip) != 0) Skip(length);
  return true;
}

bool FwCfg::ReadTo(PhysicalAddress address, uint32_t length) {
  static constexpr std::array<uint8_t, kPageBytes> kZeros{};
  const std::span<const uint8_t> item = Selected();
  while (length != 0) {
    const std::span<const uint8_t> rest =
        item.subspan(std::min<size_t>(state_.offset, item.size()));
    const std::span<const uint8_t> from = rest.empty() ? std::span<const uint8_t>(kZeros) : rest;
    const auto piece = static_cast<uint32_t>(std::min<size_t>(from.size(), length));
    if (!memory_.DmaWrite(address, from.first(piece))) return false;
    Skip(piece);
    address = address + piece;
    length -= piece;
  }
  return true;
}

void FwCfg::Skip(uint32_t length) {
  const size_t end = Selected().size();
  state_.offset = static_cast<uint32_t>(std::min<uint64_t>(end, uint64_t{state_.offset} + length));
}

void FwCfg::Reset() { state_ = State{}; }

void FwCfg::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  Visit(writer, state_);
}

Status FwCfg::Load(StateReader& reader) {
  State loaded;
  reader.Begin(name(), kStateVersion);
  Visit(reader, loaded);
  const Status status = reader.status();
  if (status) {
    state_ = loaded;
    MakeSelected();
  }
  return status;
}

}  // namespace verbatim
