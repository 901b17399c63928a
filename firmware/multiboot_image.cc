// SPDX-License-Identifier: Apache-2.0
#include "firmware/multiboot_image.h"

#include <algorithm>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr uint32_t kSearchBytes = 8192;
constexpr uint32_t kHeaderBytes = 12;
constexpr uint32_t kHeaderMagic = 0x1BADB002;

// Header flags. Bits 0 to 15 are requirements: a loader that does not know one must give up.
constexpr uint32_t kPageAlignModules = 1 << 0;
constexpr uint32_t kMemoryInfo = 1 << 1;
constexpr uint32_t kVideoMode = 1 << 2;
constexpr uint32_t kRequirements = 0xFFFF;
constexpr uint32_t kAddressFields = 1 << 16;

struct AddressFields {
  uint32_t header;
  uint32_t load;
  uint32_t load_end;  // 0: up to the end of the file
  uint32_t bss_end;   // 0: no bss
  uint32_t entry;
};

struct ElfHeader {
  uint32_t magic;
  uint8_t file_class, data, ident_version;
  uint8_t padding[9];
  uint16_t type, machine;
  uint32_t version, entry, program_headers, section_headers, flags;
  uint16_t header_bytes, program_header_bytes, program_header_count;
};

struct ElfProgramHeader {
  uint32_t type, offset, virtual_address, physical_address, file_bytes, memory_bytes, flags, align;
};
static_assert(sizeof(ElfProgramHeader) == 32);

constexpr uint32_t kElfMagic = 0x464C457F;
constexpr uint8_t kElfClass32 = 1;
constexpr uint8_t kElfLittleEndian = 1;
constexpr uint16_t kElfExecutable = 2;
constexpr uint16_t kElfMachine386 = 3;
constexpr uint32_t kElfLoad = 1;
constexpr uint16_t kMaxProgramHeaders = 256;

constexpr PhysicalRange Range(uint32_t begin, uint64_t bytes) {
  return {.begin = {begin}, .bytes = bytes};
}

Result<MultibootImage> ParseAddressFields(const InputFile& file, uint32_t header_offset) {
  const auto fields = file.Load<AddressFields>(header_offset + kHeaderBytes);
  if (!fields) {
    return Fail("{}: multiboot header: the file ends inside the address fields at offset {:X}h",
                file.name, header_offset + kHeaderBytes);
  }
  if (fields->load > fields->header || fields->header - fields->load > header_offset) {
    return Fail(
        "{}: multiboot header: header_addr {:X}h and load_addr {:X}h put the start of the text at "
        "an offset before the file (the header is at {:X}h)",
        file.name, fields->header, fields->load, header_offset);
  }
  const uint32_t begin = header_offset - (fields->header - fields->load);
  uint64_t content = file.bytes.size() - begin;
  if (fields->load_end != 0) {
    if (fields->load_end <= fields->load || fields->load_end - fields->load > content) {
      return Fail(
          "{}: multiboot header: load_end_addr is {:X}h, expected above load_addr {:X}h by at most "
          "the {:X}h bytes in the file",
          file.name, fields->load_end, fields->load, content);
    }
    content = fields->load_end - fields->load;
  }
  uint64_t memory = content;
  if (fields->bss_end != 0) {
    if (fields->bss_end < fields->load || fields->bss_end - fields->load < content) {
      return Fail(
          "{}: multiboot header: bss_end_addr is {:X}h, expected at least {:X}h, the end of "
          "the data",
          file.name, fields->bss_end, fields->load + content);
    }
    memory = fields->bss_end - fields->load;
  }
  return MultibootImage{.segments = {{.memory = Range(fields->load, memory),
                                      .content = file.bytes.subspan(begin, content)}},
                        .entry = {fields->entry}};
}

Status CheckElfHeader(const InputFile& file, const std::optional<ElfHeader>& header) {
  if (!header || header->magic != kElfMagic) {
    return Fail(
        "{}: multiboot header: flags bit 16 (address fields) is clear and the file is not ELF, "
        "expected one of the two",
        file.name);
  }
  if (header->file_class != kElfClass32 || header->data != kElfLittleEndian ||
      header->machine != kElfMachine386) {
    return Fail(
        "{}: ELF header: class {}, data {}, machine {}, expected 1, 1, 3 (32-bit little-endian "
        "x86)",
        file.name, header->file_class, header->data, header->machine);
  }
  if (header->type != kElfExecutable) {
    return Fail("{}: ELF header: e_type is {}, expected 2 (executable)", file.name, header->type);
  }
  if (header->program_header_bytes != sizeof(ElfProgramHeader)) {
    return Fail("{}: ELF header: e_phentsize is {}, expected {}", file.name,
                header->program_header_bytes, sizeof(ElfProgramHeader));
  }
  if (header->program_header_count == 0 || header->program_header_count > kMaxProgramHeaders) {
    return Fail("{}: ELF header: e_phnum is {}, expected 1 to {}", file.name,
                header->program_header_count, kMaxProgramHeaders);
  }
  return {};
}

// Multiboot kernels that map themselves high are linked with virtual addresses of their own but
// often keep a virtual e_entry; `entry` is then taken through the segment that holds it.
std::optional<PhysicalAddress> PhysicalEntry(uint32_t entry, const ElfProgramHeader& segment) {
  const PhysicalRange by_physical = Range(segment.physical_address, segment.memory_bytes);
  if (by_physical.Contains(Range(entry, 1))) return PhysicalAddress{entry};
  const PhysicalRange by_virtual = Range(segment.virtual_address, segment.memory_bytes);
  if (by_virtual.Contains(Range(entry, 1))) {
    return by_physical.begin + (entry - segment.virtual_address);
  }
  return std::nullopt;
}

Result<MultibootImage> ParseElf(const InputFile& file) {
  const auto header = file.Load<ElfHeader>(0);
  if (Status status = CheckElfHeader(file, header); !status) {
    return std::unexpected(status.error());
  }
  MultibootImage image;
  std::optional<PhysicalAddress> entry;
  for (uint32_t i = 0; i < header->program_header_count; ++i) {
    const uint64_t offset = uint64_t{header->program_headers} + i * sizeof(ElfProgramHeader);
    const auto segment = file.Load<ElfProgramHeader>(offset);
    if (!segment) {
      return Fail(
          "{}: ELF program header {}: at offset {:X}h, expected inside the file of {:X}h "
          "bytes",
          file.name, i, offset, file.bytes.size());
    }
    if (segment->type != kElfLoad || segment->memory_bytes == 0) continue;
    if (segment->file_bytes > segment->memory_bytes) {
      return Fail("{}: ELF program header {}: p_filesz is {:X}h, expected at most p_memsz {:X}h",
                  file.name, i, segment->file_bytes, segment->memory_bytes);
    }
    if (!file.Holds(segment->offset, segment->file_bytes)) {
      return Fail(
          "{}: ELF program header {}: {:X}h bytes at offset {:X}h, expected inside the file "
          "of {:X}h bytes",
          file.name, i, segment->file_bytes, segment->offset, file.bytes.size());
    }
    image.segments.push_back({.memory = Range(segment->physical_address, segment->memory_bytes),
                              .content = file.bytes.subspan(segment->offset, segment->file_bytes)});
    if (!entry) entry = PhysicalEntry(header->entry, *segment);
  }
  if (!entry) {
    return Fail("{}: ELF header: e_entry is {:X}h, expected inside a segment that is loaded",
                file.name, header->entry);
  }
  image.entry = *entry;
  return image;
}

}  // namespace

std::optional<uint32_t> FindMultibootHeader(const InputFile& file) {
  const uint64_t end = std::min<uint64_t>(file.bytes.size(), kSearchBytes);
  for (uint32_t offset = 0; offset + kHeaderBytes <= end; offset += 4) {
    const uint8_t* const at = file.bytes.data() + offset;
    const auto magic = LoadLittle<uint32_t>(at);
    if (magic != kHeaderMagic) continue;
    if (magic + LoadLittle<uint32_t>(at + 4) + LoadLittle<uint32_t>(at + 8) == 0) return offset;
  }
  return std::nullopt;
}

Result<MultibootImage> ParseMultibootImage(const InputFile& file) {
  const auto header = FindMultibootHeader(file);
  if (!header) {
    return Fail(
        "{}: multiboot header: not found, expected magic 1BADB002h with a valid checksum at a "
        "multiple of 4 in the first {} bytes",
        file.name, kSearchBytes);
  }
  const auto flags = LoadLittle<uint32_t>(file.bytes.data() + *header + 4);
  if ((flags & kRequirements & ~(kPageAlignModules | kMemoryInfo)) != 0) {
    return Fail(
        "{}: multiboot header: flags at offset {:X}h are {:08X}h, of the requirements only bits 0 "
        "(page-aligned modules) and 1 (memory information) can be met{}",
        file.name, *header + 4, flags, (flags & kVideoMode) != 0 ? ", not a video mode" : "");
  }
  auto image = (flags & kAddressFields) != 0 ? ParseAddressFields(file, *header) : ParseElf(file);
  if (!image) return image;
  const bool inside = std::ranges::any_of(image->segments, [&](const MultibootSegment& segment) {
    return segment.memory.Contains({.begin = image->entry, .bytes = 1});
  });
  if (!inside) {
    return Fail("{}: multiboot header: entry address is {:X}h, expected inside the loaded image",
                file.name, image->entry.value);
  }
  return image;
}

}  // namespace verbatim
