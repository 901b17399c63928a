// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <vector>

#include "base/bits.h"
#include "firmware/bios/video/state_save.h"
#include "firmware/bios/video/vbe_service.h"

namespace verbatim {
namespace {

constexpr uint32_t kBlockBytes = 64;
constexpr unsigned kStateVbe = 8;  // beside the parts of the VGA
constexpr unsigned kAllParts = kStateHardware | kStateDataArea | kStateDac | kStateVbe;
constexpr uint8_t kAtRetrace = 0x80;

// In the order in which they are set again; the mode is enabled in between.
constexpr VbeIndex kSize[] = {kVbeXRes, kVbeYRes, kVbeBpp};
constexpr VbeIndex kView[] = {kVbeVirtualWidth, kVbeXOffset, kVbeYOffset, kVbeBank};
constexpr size_t kRegisters = std::size(kSize) + 1 + std::size(kView);
using VbeBlock = std::array<uint16_t, kBlockBytes / 2>;
static_assert(kRegisters <= std::tuple_size_v<VbeBlock>);

void SaveVbe(VideoCall& call, LinearAddress to) {
  VbeBlock block{};
  size_t at = 0;
  for (const VbeIndex index : kSize) block[at++] = call.vga.Vbe(index);
  block[at++] = call.vga.Vbe(kVbeEnable);
  for (const VbeIndex index : kView) block[at++] = call.vga.Vbe(index);
  call.bios.WriteBytes(to, {reinterpret_cast<const uint8_t*>(block.data()), kBlockBytes});
}

void RestoreVbe(VideoCall& call, LinearAddress from) {
  VbeBlock block{};
  call.bios.ReadBytes(from, {reinterpret_cast<uint8_t*>(block.data()), kBlockBytes});
  if (call.bios.faulted()) return;
  size_t at = 0;
  call.vga.SetVbe(kVbeEnable, 0);
  for (const VbeIndex index : kSize) call.vga.SetVbe(index, block[at++]);
  const uint16_t enable = block[at++];
  if ((enable & kVbeEnabled) == 0) return;
  call.vga.SetVbe(kVbeEnable, enable | kVbeNoClearMemory);
  for (const VbeIndex index : kView) call.vga.SetVbe(index, block[at++]);
}

}  // namespace

VbeStatus VbeSaveRestore(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  const unsigned parts = regs.cx() & kAllParts;
  const unsigned vga_parts = parts & ~kStateVbe;
  const bool vbe = (parts & kStateVbe) != 0;
  const LinearAddress buffer = call.bios.At(kEs, regs.bx());
  switch (regs.dl()) {
    case 0:
      regs.set_bx(static_cast<uint16_t>(VideoStateBytes(vga_parts) / kBlockBytes + (vbe ? 1 : 0)));
      return VbeStatus::kDone;
    case 1:
      if (vbe) SaveVbe(call, buffer);
      SaveVideoState(call, vga_parts, buffer + (vbe ? kBlockBytes : 0));
      return VbeStatus::kDone;
    case 2:
      if (vbe) RestoreVbe(call, buffer);
      RestoreVideoState(call, vga_parts, buffer + (vbe ? kBlockBytes : 0));
      return VbeStatus::kDone;
    default:
      return VbeStatus::kFailed;
  }
}

VbeStatus DacWidth(VideoCall& call) {
  constexpr uint8_t kNarrow = 6;
  constexpr uint8_t kWide = 8;
  BiosRegisters& regs = call.regs;
  const uint16_t enable = call.vga.Vbe(kVbeEnable);
  if (regs.bl() > 1) return VbeStatus::kFailed;
  if ((enable & kVbeEnabled) != 0 && call.vga.Vbe(kVbeBpp) > 8) return VbeStatus::kWrongMode;
  bool wide = (enable & kVbe8BitDac) != 0;
  if (regs.bl() == 0) {
    wide = regs.bh() >= kWide;
    const unsigned kept = enable & ~unsigned{kVbe8BitDac};
    call.vga.SetVbe(kVbeEnable, kept | (wide ? unsigned{kVbe8BitDac} : 0u));
  }
  regs.set_bh(wide ? kWide : kNarrow);
  return VbeStatus::kDone;
}

// Entries of four bytes: blue, green, red, nothing.
VbeStatus VbePalette(VideoCall& call) {
  constexpr unsigned kEntries = 256;
  BiosRegisters& regs = call.regs;
  const unsigned first = regs.dx();
  const unsigned count = regs.cx();
  if (first >= kEntries || count > kEntries - first) return VbeStatus::kFailed;
  const LinearAddress table = call.bios.At(kEs, regs.di());
  std::vector<uint8_t> entries(size_t{count} * 4);
  std::vector<uint8_t> levels(size_t{count} * 3);
  switch (regs.bl()) {
    case 0:
    case 0 | kAtRetrace:
      call.bios.ReadBytes(table, entries);
      if (call.bios.faulted()) return VbeStatus::kFailed;
      for (size_t i = 0; i < count; ++i) {
        std::reverse_copy(&entries[i * 4], &entries[i * 4] + 3, &levels[i * 3]);
      }
      call.vga.WriteDac(first, levels);
      return VbeStatus::kDone;
    case 1:
      call.vga.ReadDac(first, levels);
      for (size_t i = 0; i < count; ++i) {
        std::reverse_copy(&levels[i * 3], &levels[i * 3] + 3, &entries[i * 4]);
      }
      call.bios.WriteBytes(table, entries);
      return VbeStatus::kDone;
    default:  // there is no second palette
      return VbeStatus::kFailed;
  }
}

}  // namespace verbatim
