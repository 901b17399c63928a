// SPDX-License-Identifier: Apache-2.0
// The display memory as a mode shows it to the processor: offsets from the start of the mode's
// window, at whose end they wrap.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_WINDOW_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_WINDOW_H_

#include <cstdint>
#include <span>

#include "firmware/bios/video/video_call.h"

namespace verbatim {

class VideoWindow {
 public:
  // Lines of bytes at equal distances.
  struct Lines {
    uint32_t first;
    uint32_t pitch;
    uint32_t bytes;
    unsigned lines;
  };

  VideoWindow(VideoCall& call, const VideoMode& mode) : bios_(call.bios), mode_(mode) {}

  void Read(uint32_t offset, std::span<uint8_t> to);
  void Write(uint32_t offset, std::span<const uint8_t> from);
  [[nodiscard]] uint8_t Byte(uint32_t offset) {
    uint8_t value = 0;
    Read(offset, {&value, 1});
    return value;
  }
  void SetByte(uint32_t offset, uint8_t value) { Write(offset, {&value, 1}); }

  // Moves all lines but `by` up or down by as many; the others keep what they have.
  void MoveLines(const Lines& lines, unsigned by, bool down);

 private:
  BiosCall& bios_;
  const VideoMode& mode_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_WINDOW_H_
