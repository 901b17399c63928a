// SPDX-License-Identifier: Apache-2.0
// What a loader is given: the files, which are hostile, and the machine they are to run on.
#ifndef VERBATIM_FIRMWARE_BOOT_FILES_H_
#define VERBATIM_FIRMWARE_BOOT_FILES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/bits.h"
#include "firmware/memory_map.h"

namespace verbatim {

// A file in memory; `name` begins every message about it.
struct InputFile {
  std::string name;
  std::span<const uint8_t> bytes;

  [[nodiscard]] bool Holds(uint64_t offset, uint64_t count) const {
    return offset <= bytes.size() && count <= bytes.size() - offset;
  }
  // The little-endian value at `offset`, nothing if the file ends before it does.
  template <typename T>
  [[nodiscard]] std::optional<T> Load(uint64_t offset) const {
    if (!Holds(offset, sizeof(T))) return std::nullopt;
    return LoadLittle<T>(bytes.data() + offset);
  }
};

struct BootFiles {
  InputFile kernel;
  std::optional<InputFile> initrd = std::nullopt;  // a multiboot kernel gets it as its first module
  std::string command_line = {};
};

struct BootEnvironment {
  std::span<const MemoryMapEntry> memory_map;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BOOT_FILES_H_
