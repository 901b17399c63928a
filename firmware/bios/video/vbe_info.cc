// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>

#include "base/bits.h"
#include "firmware/bios/video/edid.h"
#include "firmware/bios/video/vbe_service.h"
#include "firmware/bios/video/video_rom.h"

namespace verbatim {
namespace {

constexpr uint32_t kSignatureVesa = 0x41534556;
constexpr uint32_t kSignatureVbe2 = 0x32454256;
constexpr uint16_t kVersion = 0x0300;
constexpr uint32_t kDacSwitchable = 1;
constexpr uint16_t kEndOfModes = 0xFFFF;

// Offsets in the information about the controller.
constexpr uint32_t kModeList = 0x22;  // in the reserved part, as the standard allows
constexpr size_t kShortInformation = 256;
constexpr size_t kLongInformation = 512;

// PCI Local Bus Specification: configuration mechanism #1.
constexpr uint16_t kPciAddress = 0xCF8;
constexpr uint16_t kPciData = 0xCFC;
constexpr uint32_t kAdapterId = 0x11111234;
constexpr unsigned kPciDevices = 32;
constexpr uint32_t kMemorySpace = 2;
constexpr uint32_t kBaseAddressMask = 0xFFFFFFF0;

// Mode attributes.
constexpr uint16_t kSupported = 0x0001;
constexpr uint16_t kOptionalInformation = 0x0002;
constexpr uint16_t kTextOutput = 0x0004;
constexpr uint16_t kColour = 0x0008;
constexpr uint16_t kGraphics = 0x0010;
constexpr uint16_t kLinearFrameBuffer = 0x0080;
constexpr uint8_t kWindowOfAnyUse = 0x07;
constexpr uint16_t kWindowKib = 64;
constexpr uint16_t kWindowSegment = 0xA000;
constexpr uint8_t kModelPlanar = 3;
constexpr uint8_t kModelPacked = 4;
constexpr uint8_t kModelDirect = 6;
constexpr uint8_t kReservedUsable = 2;
constexpr uint32_t kMaxPixelClock = 300'000'000;

uint32_t ReadPci(PortIo& io, unsigned device, unsigned offset) {
  constexpr uint32_t kEnable = 0x80000000;
  io.WritePort(kPciAddress, 4, kEnable | device << 11 | offset);
  return io.ReadPort(kPciData, 4);
}

// Where the guest, or the self-test, has put the frame buffer.
std::optional<uint32_t> FrameBuffer(PortIo& io) {
  for (unsigned device = 0; device < kPciDevices; ++device) {
    if (ReadPci(io, device, 0x00) != kAdapterId) continue;
    const uint32_t base = ReadPci(io, device, 0x10) & kBaseAddressMask;
    if ((ReadPci(io, device, 0x04) & kMemorySpace) == 0 || base == 0) return std::nullopt;
    return base;
  }
  return std::nullopt;
}

size_t AdapterMemory(VideoCall& call) {
  return size_t{call.vga.Vbe(kVbeVideoMemory64K)} * kVbeBankBytes;
}

void PutPointer(std::span<uint8_t> to, FarPointer pointer) {
  StoreLittle(to.data(), pointer.offset);
  StoreLittle(to.data() + 2, pointer.segment);
}

void PutFormat(std::span<uint8_t> to, const PixelFormat& format) {
  const PixelField fields[] = {format.red, format.green, format.blue, format.reserved};
  for (size_t i = 0; i < std::size(fields); ++i) {
    to[i * 2] = fields[i].bits;
    to[i * 2 + 1] = fields[i].position;
  }
}

}  // namespace

bool HasMemoryFor(VideoCall& call, const VbeMode& mode) {
  return mode.MemoryBytes() <= AdapterMemory(call);
}

VbeStatus ControllerInformation(VideoCall& call) {
  const LinearAddress buffer = call.bios.At(kEs, call.regs.di());
  const bool long_form = call.bios.Read<uint32_t>(buffer) == kSignatureVbe2;
  std::array<uint8_t, kLongInformation> block{};
  StoreLittle(&block[0x00], kSignatureVesa);
  StoreLittle(&block[0x04], kVersion);
  PutPointer(std::span(block).subspan(0x06), InVideoRom(video_rom::kOemName));
  StoreLittle(&block[0x0A], kDacSwitchable);
  PutPointer(std::span(block).subspan(0x0E),
             {.offset = static_cast<uint16_t>(call.regs.di() + kModeList),
              .segment = call.bios.Selector(kEs)});
  StoreLittle(&block[0x12], call.vga.Vbe(kVbeVideoMemory64K));
  size_t at = kModeList;
  const auto list = [&](uint16_t number) {
    StoreLittle(&block[at], number);
    at += sizeof number;
  };
  if (long_form) {
    StoreLittle(&block[0x14], uint16_t{0x0100});
    PutPointer(std::span(block).subspan(0x16), InVideoRom(video_rom::kVendorName));
    PutPointer(std::span(block).subspan(0x1A), InVideoRom(video_rom::kProductName));
    PutPointer(std::span(block).subspan(0x1E), InVideoRom(video_rom::kProductRevision));
  }
  for (const VbeMode& mode : VbeModes()) {
    if (HasMemoryFor(call, mode)) list(mode.number);
  }
  list(kEndOfModes);
  call.bios.WriteBytes(buffer,
                       std::span(block).first(long_form ? kLongInformation : kShortInformation));
  return VbeStatus::kDone;
}

VbeStatus ModeInformation(VideoCall& call) {
  constexpr uint16_t kNumber = 0x01FF;
  const VbeMode* mode = FindVbeMode(call.regs.cx() & kNumber);
  if (mode == nullptr || !HasMemoryFor(call, *mode)) return VbeStatus::kFailed;
  const std::optional<uint32_t> frame_buffer =
      mode->planar() ? std::nullopt : FrameBuffer(call.vga.io());
  const size_t images = AdapterMemory(call) / mode->MemoryBytes();
  const auto more_images = static_cast<uint8_t>(std::min<size_t>(images - 1, 0xFF));
  const auto line_bytes = static_cast<uint16_t>(mode->LineBytes());
  const PixelFormat format = PixelFormatOf(mode->bits);

  std::array<uint8_t, kShortInformation> block{};
  StoreLittle(&block[0x00],
              static_cast<uint16_t>(kSupported | kOptionalInformation | kTextOutput | kColour |
                                    kGraphics | (frame_buffer ? kLinearFrameBuffer : 0)));
  block[0x02] = kWindowOfAnyUse;
  StoreLittle(&block[0x04], kWindowKib);  // granularity
  StoreLittle(&block[0x06], kWindowKib);
  StoreLittle(&block[0x08], kWindowSegment);
  PutPointer(std::span(block).subspan(0x0C), InVideoRom(video_rom::kWindowFunction));
  StoreLittle(&block[0x10], line_bytes);
  StoreLittle(&block[0x12], mode->width);
  StoreLittle(&block[0x14], mode->height);
  block[0x16] = 8;  // a character
  block[0x17] = 16;
  block[0x18] = mode->planar() ? 4 : 1;
  block[0x19] = mode->bits;
  block[0x1A] = 1;  // banks
  block[0x1B] = mode->bits == 8 ? kModelPacked : kModelDirect;
  if (mode->planar()) block[0x1B] = kModelPlanar;
  block[0x1D] = more_images;
  block[0x1E] = 1;
  PutFormat(std::span(block).subspan(0x1F), format);
  block[0x27] = format.reserved.bits != 0 ? kReservedUsable : 0;
  StoreLittle(&block[0x28], frame_buffer.value_or(0));
  if (frame_buffer) {
    StoreLittle(&block[0x32], line_bytes);
    block[0x34] = block[0x35] = more_images;
    PutFormat(std::span(block).subspan(0x36), format);
  }
  StoreLittle(&block[0x3E], kMaxPixelClock);
  call.bios.WriteBytes(call.bios.At(kEs, call.regs.di()), block);
  return VbeStatus::kDone;
}

// BL 0: what the display can tell; 1: the block in DX.
VbeStatus MonitorData(VideoCall& call) {
  constexpr uint16_t kDdc2OneSecond = 0x0102;
  BiosRegisters& regs = call.regs;
  if (regs.bl() == 0) {
    regs.set_bx(kDdc2OneSecond);
    return VbeStatus::kDone;
  }
  if (regs.bl() != 1 || regs.dx() != 0) return VbeStatus::kFailed;
  call.bios.WriteBytes(call.bios.At(kEs, regs.di()), MakeEdid());
  return VbeStatus::kDone;
}

}  // namespace verbatim
