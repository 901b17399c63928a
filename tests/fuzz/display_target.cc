// SPDX-License-Identifier: Apache-2.0
// Whatever a guest does to the display adapter, by ports, by memory and by its PCI registers, there
// is a picture; the one kept up to date is the one drawn from scratch; an adapter loaded from the
// saved state shows the same; and so does one whose memory is mapped into the guest whenever it may
// be.
#include <memory>

#include "base/log.h"
#include "devices/vga/screen.h"
#include "devices/vga/text_screen.h"
#include "devices/vga/vga_pci.h"
#include "tests/devices/vga/mapped_board.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

constexpr size_t kMemoryBytes = 512u << 10;
constexpr unsigned kMostSteps = 2000;
constexpr unsigned kMostPictures = 2;  // the greatest takes tens of milliseconds
constexpr uint64_t kLongestStepNs = 50'000'000;
constexpr const VgaMode* kModes[] = {&kText40x25,  &kText80x25,  &kCga320x200, &kCga640x200,
                                     &kEga320x200, &kVga640x480, &kVga320x200, &kUnchained320x240};

class Adapter {
 public:
  explicit Adapter(FuzzInput input) : input_(input) {}

  void Run() {
    const VgaMode& mode = *kModes[input_.Below(std::size(kModes))];
    board_.SetMode(mode);
    twin_.SetMode(mode);
    for (unsigned step = 0; step < kMostSteps && !input_.AtEnd(); ++step) Step();
    Show();
    Demand(board_.memory == twin_.memory, "a mapped adapter has other memory");
    Reload();
  }

 private:
  void Step() {
    const uint8_t what = input_.Byte();
    const unsigned bytes = 1u << (what >> 6);  // 1 to 8
    switch (what % 10) {
      case 0:
      case 1: {
        const uint16_t port = Port();
        const auto value = input_.Take<uint32_t>();
        board_.bus.WritePort(port, std::min(bytes, 4u), value);
        twin_.bus.WritePort(port, std::min(bytes, 4u), value);
        break;
      }
      case 2: {
        const unsigned width = std::min(bytes, 4u);
        const uint16_t port = Port();
        const uint64_t value = board_.bus.ReadPort(port, width);
        Demand(twin_.bus.ReadPort(port, width) == value, "a mapped adapter has another register");
        Demand(value >> (8 * width) == 0, "a port gives {:x} in {} bytes", value, width);
        break;
      }
      case 3: {
        const unsigned index = input_.Byte() % 16u;
        const auto value = input_.Take<uint16_t>();
        board_.Vbe(index, value);
        twin_.Vbe(index, value);
        break;
      }
      case 4: {
        const uint32_t address = Address(bytes);
        const auto value = input_.Take<uint64_t>();
        board_.Poke(address, value, bytes);
        twin_.Poke(address, value, bytes);
        break;
      }
      case 5: {
        const uint32_t address = Address(bytes);
        // Long before it would ask for it.
        twin_.wanted = twin_.vga.window().plain().has_value();
        Demand(board_.Peek(address, bytes) == twin_.Peek(address, bytes),
               "a mapped adapter reads something else");
        break;
      }
      case 6: {
        const uint32_t offset = Offset(bytes);
        const auto value = input_.Take<uint64_t>();
        page_.WriteMmio(offset, bytes, value);
        twin_page_.WriteMmio(offset, bytes, value);
        break;
      }
      case 7: {
        const uint32_t offset = Offset(bytes);
        page_.ReadMmio(offset, bytes);
        twin_page_.ReadMmio(offset, bytes);
        break;
      }
      case 8: {
        const uint64_t step = input_.Take<uint32_t>() % kLongestStepNs;
        board_.clock.now_ns += step;
        twin_.clock.now_ns += step;
        break;
      }
      case 9:
        if (pictures_++ < kMostPictures) Show();
        break;
    }
  }

  uint16_t Port() { return static_cast<uint16_t>(0x3B0 + input_.Below(0x30)); }
  // Within the window, whatever its alignment.
  uint32_t Address(unsigned bytes) {
    return 0xA0000 + input_.Take<uint32_t>() % (VgaMemory::kWindowBytes - bytes + 1);
  }
  // Around the registers of the page.
  uint32_t Offset(unsigned bytes) {
    return (0x3F8u + input_.Take<uint16_t>() % 0x130u) & ~(bytes - 1);
  }

  void Show() {
    screen_.Refresh();
    const Image drawn = board_.Picture();
    Demand(screen_.image().pixels == drawn.pixels, "the screen differs from its picture");
    Demand(twin_.Picture().pixels == drawn.pixels, "a mapped adapter shows something else");
    const std::optional<TextScreen> text = ReadTextScreen(board_.vga.Display());
    if (text) {
      Demand(text->Utf8Rows().size() == text->rows, "rows are missing");
    }
  }

  void Reload() {
    const std::vector<uint8_t> saved = Saved(board_.vga);
    VgaBoard copy(kMemoryBytes);
    StateReader reader(saved);
    const Status loaded = copy.vga.Load(reader);
    Demand(loaded.has_value(), "own state refused: {}", loaded ? "" : loaded.error().message);
    copy.clock.now_ns = board_.clock.now_ns;
    copy.memory = board_.memory;
    Demand(copy.Picture().pixels == screen_.image().pixels,
           "a loaded adapter shows something else");
  }

  FuzzInput input_;
  VgaBoard board_{kMemoryBytes};
  VgaRegisterPage page_{board_.vga};
  MappedBoard twin_{kMemoryBytes};
  VgaRegisterPage twin_page_{twin_.vga};
  Screen screen_{board_.vga};
  unsigned pictures_ = 0;
};

}  // namespace
}  // namespace verbatim

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::SetLogLevel(verbatim::LogLevel::kError);
  std::make_unique<verbatim::Adapter>(verbatim::FuzzInput{data, size})->Run();
  return 0;
}
