// SPDX-License-Identifier: Apache-2.0
#include "firmware/pci_setup.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "base/log.h"
#include "firmware/pci_config.h"

namespace verbatim {
namespace {

constexpr uint8_t kVendor = 0x00;
constexpr uint8_t kCommand = 0x04;
constexpr uint8_t kClass = 0x0A;
constexpr uint8_t kHeaderType = 0x0E;
constexpr uint8_t kFirstBar = 0x10;
constexpr uint8_t kBarsOfDevice = 6;
constexpr uint8_t kBarsOfBridge = 2;
constexpr uint8_t kRomBar = 0x30;
constexpr uint8_t kRomBarOfBridge = 0x38;
constexpr uint8_t kInterruptLine = 0x3C;
constexpr uint8_t kInterruptPin = 0x3D;

constexpr uint32_t kCommandPorts = 0x1;
constexpr uint32_t kCommandMemory = 0x2;
constexpr uint32_t kCommandMaster = 0x4;

constexpr uint32_t kBarPorts = 0x1;
constexpr uint32_t kBar64 = 0x4;
constexpr uint32_t kPortFlags = 0x3;
constexpr uint32_t kMemoryFlags = 0xF;
constexpr uint32_t kRomFlags = 0x7FF;

constexpr uint32_t kStorageBase = 0x01;
constexpr uint32_t kDisplayBase = 0x03;
constexpr uint32_t kIdeClass = 0x0101;

// The PIIX family.
constexpr uint32_t kPiix3Isa = 0x70008086;
constexpr uint32_t kPiix4Isa = 0x71108086;
constexpr uint32_t kPiix3Ide = 0x70108086;
constexpr uint32_t kPiix4Ide = 0x71118086;
// Its interrupt, ACPI's, is wired to IRQ 9 past the router.
constexpr uint32_t kPiix4Pm = 0x71138086;
constexpr uint8_t kSciLine = 9;
constexpr uint8_t kIdeTiming = 0x40;
constexpr uint32_t kDecodeBothChannels = 0x80008000;
// PIRQA# to PIRQD#, as the DSDT says.
constexpr uint32_t kRoutes = 0x0B0B0A0A;
constexpr uint8_t kRouteOff = 0x80;
constexpr uint16_t kElcr[] = {0x4D0, 0x4D1};

struct Region {
  PciPlace place;
  uint8_t bar = 0;
  uint64_t bytes = 0;
  bool ports = false;
  bool wide = false;  // 64 bits
};

// Large regions come first, so that none needs a gap to be aligned; those of one size come in the
// order of their registers, so that a machine has the same addresses each time.
bool IsPlacedBefore(const Region& a, const Region& b) {
  if (a.bytes != b.bytes) return a.bytes > b.bytes;
  return std::tie(a.place.bus, a.place.device_function, a.bar) <
         std::tie(b.place.bus, b.place.device_function, b.bar);
}

// A window that is given away from the front, largest regions first, each at a multiple of its
// size.
class Window {
 public:
  Window(uint64_t begin, uint64_t end) : next_(begin), end_(end) {}
  [[nodiscard]] std::optional<uint64_t> Take(uint64_t bytes) {
    const uint64_t at = (next_ + bytes - 1) / bytes * bytes;
    if (at + bytes > end_) return std::nullopt;
    next_ = at + bytes;
    return at;
  }

 private:
  uint64_t next_;
  const uint64_t end_;
};

// Bytes that a base address register asks for; 0: it is none.
uint64_t SizeOf(uint32_t all_ones, uint32_t flags) {
  const uint32_t mask = all_ones & ~flags;
  return mask == 0 ? 0 : mask & (~mask + 1);
}

class PciSetup {
 public:
  explicit PciSetup(PortIo& ports) : ports_(ports), config_(ports) {}

  void Run() {
    ForEachPciFunction(config_, [this](PciPlace place) { Measure(place); });
    PlaceRegions();
    ForEachPciFunction(config_, [this](PciPlace place) { FindRouter(place); });
    ForEachPciFunction(config_, [this](PciPlace place) { Enable(place); });
  }

 private:
  [[nodiscard]] uint32_t Size(PciPlace place, uint8_t bar) {
    const uint32_t before = config_.Read(place, bar, 4);
    config_.Write(place, bar, 4, 0xFFFFFFFF);
    const uint32_t all_ones = config_.Read(place, bar, 4);
    config_.Write(place, bar, 4, before);
    return all_ones;
  }

  void Measure(PciPlace place) {
    // Nothing may answer anywhere while its registers hold all ones.
    config_.Write(place, kCommand, 2, 0);
    const bool bridge = (config_.Read(place, kHeaderType, 1) & 0x7F) == 1;
    const unsigned bars = bridge ? kBarsOfBridge : kBarsOfDevice;
    for (unsigned i = 0; i < bars; ++i) {
      const auto bar = static_cast<uint8_t>(kFirstBar + 4 * i);
      const uint32_t all_ones = Size(place, bar);
      const bool ports = (all_ones & kBarPorts) != 0;
      const bool wide = !ports && (all_ones & kBar64) != 0;
      // Registers for ports may have 16 bits.
      const uint64_t bytes = SizeOf(all_ones, ports ? kPortFlags : kMemoryFlags);
      if (wide) ++i;
      if (bytes != 0) regions_.push_back({place, bar, bytes, ports, wide});
    }
    const uint8_t rom = bridge ? kRomBarOfBridge : kRomBar;
    const uint64_t rom_bytes = SizeOf(Size(place, rom) & ~uint32_t{1}, kRomFlags);
    if (rom_bytes != 0) regions_.push_back({place, rom, rom_bytes, false, false});
  }

  void PlaceRegions() {
    std::ranges::sort(regions_, IsPlacedBefore);
    Window memory(kPciMemoryBegin, kPciMemoryEnd);
    Window ports(kPciPortsBegin, kPciPortsEnd);
    for (const Region& region : regions_) {
      const std::optional<uint64_t> at = (region.ports ? ports : memory).Take(region.bytes);
      if (!at) {
        Log(LogLevel::kWarning, "PCI: {} bytes of {:02X}:{:02X}.{} have no place", region.bytes,
            region.place.bus, region.place.device(), region.place.device_function & 7);
        left_out_.push_back(region.place);
        continue;
      }
      config_.Write(region.place, region.bar, 4, static_cast<uint32_t>(*at));
      if (region.wide) config_.Write(region.place, static_cast<uint8_t>(region.bar + 4), 4, 0);
    }
  }

  void FindRouter(PciPlace place) {
    const uint32_t identity = config_.Read(place, kVendor, 4);
    if (identity != kPiix3Isa && identity != kPiix4Isa) return;
    config_.Write(place, kPirqRouteRegister, 4, kRoutes);
    routes_ = config_.Read(place, kPirqRouteRegister, 4);
    for (unsigned pirq = 0; pirq < 4; ++pirq) {
      if ((Route(pirq) & kRouteOff) == 0) MakeLevelTriggered(Route(pirq));
    }
  }

  void MakeLevelTriggered(unsigned line) {
    const uint16_t port = kElcr[line / 8 % 2];
    ports_.WritePort(port, 1, ports_.ReadPort(port, 1) | 1u << line % 8);
  }

  [[nodiscard]] uint8_t Route(unsigned pirq) const {
    return static_cast<uint8_t>(routes_ >> (8 * pirq));
  }

  void Enable(PciPlace place) {
    const uint32_t identity = config_.Read(place, kVendor, 4);
    const uint32_t pin = config_.Read(place, kInterruptPin, 1);
    uint8_t line = kRouteOff;
    if (pin >= 1 && pin <= 4) line = Route(PirqOf(place.device(), pin - 1));
    if (identity == kPiix4Pm) line = kSciLine;
    if ((line & kRouteOff) == 0) {
      config_.Write(place, kInterruptLine, 1, line);
      MakeLevelTriggered(line);
    }
    if (identity == kPiix3Ide || identity == kPiix4Ide) {
      config_.Write(place, kIdeTiming, 4, kDecodeBothChannels);
    }
    if (std::ranges::find(left_out_, place) != left_out_.end()) return;
    const uint32_t class_code = config_.Read(place, kClass, 2);
    uint32_t command = 0;
    // These decode ports of the PC without saying so in their registers.
    if (class_code == kIdeClass || class_code >> 8 == kDisplayBase) command |= kCommandPorts;
    if (class_code >> 8 == kStorageBase) command |= kCommandMaster;
    for (const Region& region : regions_) {
      if (region.place == place) command |= region.ports ? kCommandPorts : kCommandMemory;
    }
    config_.Write(place, kCommand, 2, command);
  }

  PortIo& ports_;
  PciConfig config_;
  std::vector<Region> regions_;
  std::vector<PciPlace> left_out_;
  uint32_t routes_ = 0x80808080;
};

}  // namespace

void SetUpPci(PortIo& ports) { PciSetup(ports).Run(); }

}  // namespace verbatim
