// SPDX-License-Identifier: Apache-2.0
// What the display adapter costs: a guest's accesses to A0000h to BFFFFh as the memory model passes
// them on, and keeping the picture. Processed bytes are those of the guest.
#include <benchmark/benchmark.h>

#include <vector>

#include "devices/vga/screen.h"
#include "tests/devices/vga/vga_board.h"

namespace verbatim {
namespace {

constexpr uint32_t kBytes = 0x8000;  // the smallest window

// Stores all over the window at `first`, `width` bytes each.
void Fill(benchmark::State& state, VgaBoard& board, uint32_t first, unsigned width) {
  MmioHandler& window = board.vga.window();
  uint64_t value = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (uint32_t at = 0; at < kBytes; at += width) {
      window.WriteMmio(first - 0xA0000 + at, width, ++value);
    }
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * kBytes);
  state.counters["s/access"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kBytes / width,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void FillChain4(benchmark::State& state) {
  VgaBoard board;
  board.SetMode(kVga320x200);
  Fill(state, board, 0xA0000, static_cast<unsigned>(state.range(0)));
}
BENCHMARK(FillChain4)->Arg(1)->Arg(4);

void FillPlanes(benchmark::State& state) {
  VgaBoard board;
  board.SetMode(kVga640x480);
  Fill(state, board, 0xA0000, static_cast<unsigned>(state.range(0)));
}
BENCHMARK(FillPlanes)->Arg(1)->Arg(4);

// With everything that write mode 0 has: Set/Reset, a bit mask, XOR.
void FillPlanesMasked(benchmark::State& state) {
  VgaBoard board;
  board.SetMode(kVga640x480);
  board.Graphics(kGfxSetReset, 0x05);
  board.Graphics(kGfxEnableSetReset, 0x03);
  board.Graphics(kGfxDataRotate, 0x1B);
  board.Graphics(kGfxBitMask, 0x3C);
  Fill(state, board, 0xA0000, static_cast<unsigned>(state.range(0)));
}
BENCHMARK(FillPlanesMasked)->Arg(1)->Arg(4);

void FillText(benchmark::State& state) {
  VgaBoard board;
  board.SetMode(kText80x25);
  Fill(state, board, 0xB8000, static_cast<unsigned>(state.range(0)));
}
BENCHMARK(FillText)->Arg(1)->Arg(2)->Arg(4);

void FillBank(benchmark::State& state) {
  VgaBoard board;
  board.SetMode(kText80x25);
  board.SetVbeMode(640, 480, 8);
  Fill(state, board, 0xA0000, static_cast<unsigned>(state.range(0)));
}
BENCHMARK(FillBank)->Arg(1)->Arg(4);

// One line of an 80 by 25 screen up, as MOVSD does it.
void ScrollText(benchmark::State& state) {
  VgaBoard board;
  board.SetMode(kText80x25);
  MmioHandler& window = board.vga.window();
  constexpr uint32_t kScreen = 0x18000;
  constexpr uint32_t kScrolled = 24 * 160;
  for ([[maybe_unused]] auto _ : state) {
    for (uint32_t at = 0; at < kScrolled; at += 4) {
      window.WriteMmio(kScreen + at, 4, window.ReadMmio(kScreen + at + 160, 4));
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * kScrolled);
}
BENCHMARK(ScrollText);

void RefreshUnchanged(benchmark::State& state) {
  VgaBoard board;
  board.SetMode(kVga320x200);
  Screen screen(board.vga);
  screen.Refresh();
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(screen.Refresh());
}
BENCHMARK(RefreshUnchanged);

void RenderMode(benchmark::State& state, const VgaMode& mode) {
  VgaBoard board;
  board.SetMode(mode);
  for (size_t i = 0; i < board.memory.size(); ++i) board.memory[i] = static_cast<uint8_t>(i * 7);
  const DisplayState display = board.vga.Display();
  Image image;
  for ([[maybe_unused]] auto _ : state) Render(display, image);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * image.pixels.size()));
}
BENCHMARK_CAPTURE(RenderMode, Text, kText80x25)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(RenderMode, Planes640x480, kVga640x480)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(RenderMode, Bytes320x200, kVga320x200)->Unit(benchmark::kMicrosecond);

void RenderVbe(benchmark::State& state) {
  VgaBoard board(16u << 20);
  board.SetMode(kText80x25);
  board.SetVbeMode(1024, 768, static_cast<unsigned>(state.range(0)));
  const DisplayState display = board.vga.Display();
  Image image;
  for ([[maybe_unused]] auto _ : state) Render(display, image);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * image.pixels.size()));
}
BENCHMARK(RenderVbe)->Arg(8)->Arg(16)->Arg(32)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace verbatim

BENCHMARK_MAIN();
