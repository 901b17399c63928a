// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/vbe_modes.h"

#include <algorithm>

namespace verbatim {
namespace {

constexpr VbeMode kModes[] = {
    {0x100, 640, 400, 8},    {0x101, 640, 480, 8},    {0x102, 800, 600, 4},
    {0x103, 800, 600, 8},    {0x104, 1024, 768, 4},   {0x105, 1024, 768, 8},
    {0x106, 1280, 1024, 4},  {0x107, 1280, 1024, 8},  {0x10D, 320, 200, 15},
    {0x10E, 320, 200, 16},   {0x10F, 320, 200, 24},   {0x110, 640, 480, 15},
    {0x111, 640, 480, 16},   {0x112, 640, 480, 24},   {0x113, 800, 600, 15},
    {0x114, 800, 600, 16},   {0x115, 800, 600, 24},   {0x116, 1024, 768, 15},
    {0x117, 1024, 768, 16},  {0x118, 1024, 768, 24},  {0x119, 1280, 1024, 15},
    {0x11A, 1280, 1024, 16}, {0x11B, 1280, 1024, 24}, {0x11C, 1600, 1200, 8},
    {0x11D, 1600, 1200, 15}, {0x11E, 1600, 1200, 16}, {0x11F, 1600, 1200, 24},
    {0x140, 320, 200, 32},   {0x141, 640, 400, 32},   {0x142, 640, 480, 32},
    {0x143, 800, 600, 32},   {0x144, 1024, 768, 32},  {0x145, 1280, 1024, 32},
    {0x146, 320, 200, 8},    {0x147, 1600, 1200, 32}, {0x148, 1152, 864, 8},
    {0x149, 1152, 864, 15},  {0x14A, 1152, 864, 16},  {0x14B, 1152, 864, 24},
    {0x14C, 1152, 864, 32},  {0x175, 1280, 768, 16},  {0x176, 1280, 768, 24},
    {0x177, 1280, 768, 32},  {0x178, 1280, 800, 16},  {0x179, 1280, 800, 24},
    {0x17A, 1280, 800, 32},  {0x17B, 1280, 960, 16},  {0x17C, 1280, 960, 24},
    {0x17D, 1280, 960, 32},  {0x17E, 1440, 900, 16},  {0x17F, 1440, 900, 24},
    {0x180, 1440, 900, 32},  {0x181, 1400, 1050, 16}, {0x182, 1400, 1050, 24},
    {0x183, 1400, 1050, 32}, {0x184, 1680, 1050, 16}, {0x185, 1680, 1050, 24},
    {0x186, 1680, 1050, 32}, {0x187, 1920, 1200, 16}, {0x188, 1920, 1200, 24},
    {0x189, 1920, 1200, 32}, {0x18A, 2560, 1600, 16}, {0x18B, 2560, 1600, 24},
    {0x18C, 2560, 1600, 32}, {0x18D, 1280, 720, 16},  {0x18E, 1280, 720, 24},
    {0x18F, 1280, 720, 32},  {0x190, 1920, 1080, 16}, {0x191, 1920, 1080, 24},
    {0x192, 1920, 1080, 32}};

}  // namespace

std::span<const VbeMode> VbeModes() { return kModes; }

const VbeMode* FindVbeMode(uint16_t number) {
  const auto* found = std::ranges::find(kModes, number, &VbeMode::number);
  return found == std::end(kModes) ? nullptr : found;
}

const VbeMode* FindVbeMode(unsigned width, unsigned height, unsigned bits) {
  const auto* found = std::ranges::find_if(kModes, [=](const VbeMode& mode) {
    return mode.width == width && mode.height == height && mode.bits == bits;
  });
  return found == std::end(kModes) ? nullptr : found;
}

PixelFormat PixelFormatOf(unsigned bits) {
  switch (bits) {
    case 15:
      return {.red = {5, 10}, .green = {5, 5}, .blue = {5, 0}, .reserved = {1, 15}};
    case 16:
      return {.red = {5, 11}, .green = {6, 5}, .blue = {5, 0}, .reserved = {0, 0}};
    case 24:
      return {.red = {8, 16}, .green = {8, 8}, .blue = {8, 0}, .reserved = {0, 0}};
    case 32:
      return {.red = {8, 16}, .green = {8, 8}, .blue = {8, 0}, .reserved = {8, 24}};
    default:
      return {};
  }
}

}  // namespace verbatim
