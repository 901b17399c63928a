// SPDX-License-Identifier: Apache-2.0
#include "machine/display.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "base/monotonic_clock.h"
#include "devices/vga/renderer.h"

namespace verbatim {
namespace {

constexpr unsigned kPciDevice = 2;

}  // namespace

Display::Display(const Clock& clock, PhysicalMemory& memory)
    : memory_(memory),
      video_memory_(memory.MakeVideoMemory(kMemoryBytes)),
      window_view_(memory.MakeView()),
      vga_(clock, memory.ContentsOf(video_memory_)),
      register_page_(vga_),
      registers_(memory.MakeDevice(VgaRegisterPage::kBytes, &register_page_)),
      pci_(kMemoryBytes, *this) {
  memory.AddDevice(VgaMemory::kWindow, VgaMemory::kWindowBytes, &vga_.window());
  vga_.window().SetObserver(this);
}

void Display::Attach(PortBus& bus, PciConfigPorts& pci) {
  vga_.Attach(bus);
  pci.Add(kPciDevice, 0, pci_);
}

void Display::ClearMemory() {
  // Giving its pages back is the fastest way to zeros.
  const std::span<uint8_t> contents = memory_.ContentsOf(video_memory_);
  ::madvise(contents.data(), contents.size(), MADV_REMOVE);
  vga_.dirty().MarkAll();
}

void Display::Map(RegionId region, std::optional<PhysicalAddress> start) {
  ++statistics_.region_moves;
  if (start) {
    memory_.Place(region, *start);
  } else {
    memory_.Remove(region);
  }
}

void Display::MapFrameBuffer(std::optional<PhysicalAddress> start) { Map(video_memory_, start); }

void Display::MapRegisters(std::optional<PhysicalAddress> start) { Map(registers_, start); }

void Display::MapRom(std::optional<PhysicalAddress> start) {
  if (rom_) Map(*rom_, start);
}

void Display::AddRom(std::span<const uint8_t> contents) {
  std::vector<uint8_t> rom(contents.begin(), contents.end());
  rom.resize(std::max<size_t>(std::bit_ceil(rom.size()), kPageBytes), 0xFF);
  rom_ = memory_.MakeRom(rom);
  pci_.AddRom(static_cast<uint32_t>(rom.size()));
}

// In modes whose memory is mapped the guest writes past the marks; there is no text in them to have
// changed.
bool Display::Changed() const {
  return vga_.generation() != seen_generation_.load(std::memory_order_relaxed) ||
         vga_.dirty().Any(0, VgaMemory::kVgaBytes);
}

void Display::Service() {
  const uint8_t wanted = wanted_.exchange(0, std::memory_order_relaxed);
  if (wanted == 0) return;
  if ((wanted & kMapping) != 0) MapWindow();
  if ((wanted & (kView | kPicture)) == 0) return;
  if ((wanted & kView) != 0) ReadView();
  if ((wanted & kPicture) != 0) CopyPicture();
  if (on_picture_) on_picture_();
}

void Display::WantsMapping() {
  wanted_.fetch_or(kMapping, std::memory_order_relaxed);
  if (kick_) kick_();
}

void Display::PlainWindowChanged() {
  wanted_.fetch_and(static_cast<uint8_t>(~kMapping), std::memory_order_relaxed);
  memory_.HideView(window_view_);
}

void Display::MapWindow() {
  const std::optional<PlainWindow>& plain = vga_.window().plain();
  if (!plain) return;
  ++statistics_.window_maps;
  memory_.ShowView(window_view_, VgaMemory::kWindow + plain->first, video_memory_, plain->offset,
                   plain->bytes);
}

void Display::ReadView() {
  const uint64_t before = MonotonicNowNs();
  const DisplayState state = vga_.Display();
  auto view = std::make_shared<ScreenView>();
  view->text = ReadTextScreen(state);
  if (!view->text && !state.IsBlank()) view->graphics = ScreenSize(state);
  seen_generation_.store(vga_.generation(), std::memory_order_relaxed);
  vga_.dirty().Clear();
  ++statistics_.views;
  statistics_.view_ns += MonotonicNowNs() - before;
  const std::scoped_lock lock(mutex_);
  view_ = std::move(view);
}

void Display::CopyPicture() {
  Snapshot snapshot{.state = vga_.Display(), .memory = {}};
  const std::span<const uint8_t> shown = snapshot.state.vbe.enabled()
                                             ? snapshot.state.memory
                                             : snapshot.state.memory.first(VgaMemory::kVgaBytes);
  snapshot.memory.assign(shown.begin(), shown.end());
  ++statistics_.pictures;
  const std::scoped_lock lock(mutex_);
  snapshot_ = std::move(snapshot);
}

std::shared_ptr<const ScreenView> Display::View() const {
  const std::scoped_lock lock(mutex_);
  return view_;
}

std::optional<Image> Display::TakePicture() {
  std::optional<Snapshot> snapshot;
  {
    const std::scoped_lock lock(mutex_);
    snapshot = std::exchange(snapshot_, std::nullopt);
  }
  if (!snapshot) return std::nullopt;
  snapshot->state.memory = snapshot->memory;
  Image image;
  Render(snapshot->state, image);
  return image;
}

}  // namespace verbatim
