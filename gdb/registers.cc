// SPDX-License-Identifier: Apache-2.0
#include "gdb/registers.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/bits.h"
#include "vcpu/descriptor_tables.h"

namespace verbatim::gdb {
namespace {

constexpr uint32_t kWritableFlags = flag::kArithmetic | flag::kTf | flag::kIf | flag::kDf |
                                    flag::kIopl | flag::kNt | flag::kRf | flag::kAc | flag::kVif |
                                    flag::kVip | flag::kId;

// Where FXSAVE has what gdb calls a register of its own (SDM vol. 1, table 10-2).
constexpr uint32_t kFxFtw = 4;
constexpr uint32_t kFxRegisters = 32;
constexpr uint32_t kFxXmm = 160;
constexpr uint32_t kFxEach = 16;
constexpr uint32_t kX87Bytes = 10;

using Image = std::array<uint8_t, kFxsaveWrittenBytes>;

struct FpuField {
  uint32_t offset = 0;
  uint32_t bytes = 0;  // in the image; 0: the tag word, which the image has in another form
};

struct Entry {
  RegisterDescription description;
  uint64_t (*get)(const CpuState&) = nullptr;
  bool (*set)(DebugTarget&, uint32_t) = nullptr;  // null: to be seen only
  FpuField fpu{};                                 // without `get`
};

template <Gpr kIndex>
constexpr Entry General(std::string_view name, std::string_view type = "int32") {
  return {.description = {.name = name, .type = type},
          .get = [](const CpuState& cpu) -> uint64_t { return cpu.gpr[kIndex]; },
          .set =
              [](DebugTarget& target, uint32_t value) {
                target.state().gpr[kIndex] = value;
                return true;
              }};
}

// Without a descriptor: real and virtual-8086 mode.
bool LoadSelector(CpuState& cpu, Segment segment, uint32_t value) {
  if (value > 0xFFFF) return false;
  const auto selector = static_cast<uint16_t>(value);
  if (cpu.Virtual8086()) {
    cpu.segments[segment] = Virtual8086Segment(selector);
    return true;
  }
  if (cpu.ProtectedMode()) return false;
  LoadRealMode(cpu.segments[segment], selector);
  return true;
}

template <Segment kIndex>
constexpr Entry Selector(std::string_view name) {
  return {.description = {.name = name, .type = "int32"},
          .get = [](const CpuState& cpu) -> uint64_t { return cpu.segments[kIndex].selector; },
          .set = [](DebugTarget& target,
                    uint32_t value) { return LoadSelector(target.state(), kIndex, value); }};
}

template <Segment kIndex>
constexpr Entry Base(std::string_view name) {
  return {.description = {name, 4, "uint32", RegisterGroup::kSystem, "system"},
          .get = [](const CpuState& cpu) -> uint64_t { return cpu.segments[kIndex].base; }};
}

constexpr Entry System(std::string_view name, std::string_view type,
                       uint64_t (*get)(const CpuState&),
                       bool (*set)(DebugTarget&, uint32_t) = nullptr) {
  return {.description = {name, 4, type, RegisterGroup::kSystem, "system"}, .get = get, .set = set};
}

constexpr Entry X87(std::string_view name, uint32_t index) {
  return {.description = {name, kX87Bytes, "i387_ext"},
          .fpu = {kFxRegisters + kFxEach * index, kX87Bytes}};
}

constexpr Entry X87Control(std::string_view name, FpuField field) {
  return {.description = {name, 4, "int32", RegisterGroup::kCore, "float"}, .fpu = field};
}

constexpr Entry Xmm(std::string_view name, uint32_t index) {
  return {.description = {name, 16, "vec128", RegisterGroup::kSse},
          .fpu = {kFxXmm + kFxEach * index, 16}};
}

constexpr Entry kEntries[] = {
    General<kEax>("eax"),
    General<kEcx>("ecx"),
    General<kEdx>("edx"),
    General<kEbx>("ebx"),
    General<kEsp>("esp", "data_ptr"),
    General<kEbp>("ebp", "data_ptr"),
    General<kEsi>("esi"),
    General<kEdi>("edi"),
    {.description = {.name = "eip", .type = "code_ptr"},
     .get = [](const CpuState& cpu) -> uint64_t { return cpu.eip; },
     .set =
         [](DebugTarget& target, uint32_t value) {
           target.state().eip = value;
           return true;
         }},
    {.description = {.name = "eflags", .type = "i386_eflags"},
     .get = [](const CpuState& cpu) -> uint64_t { return cpu.eflags; },
     .set =
         [](DebugTarget& target, uint32_t value) {
           uint32_t& eflags = target.state().eflags;
           if (((value ^ eflags) & ~kWritableFlags) != 0) return false;
           eflags = value;
           return true;
         }},
    Selector<kCs>("cs"),
    Selector<kSs>("ss"),
    Selector<kDs>("ds"),
    Selector<kEs>("es"),
    Selector<kFs>("fs"),
    Selector<kGs>("gs"),
    X87("st0", 0),
    X87("st1", 1),
    X87("st2", 2),
    X87("st3", 3),
    X87("st4", 4),
    X87("st5", 5),
    X87("st6", 6),
    X87("st7", 7),
    X87Control("fctrl", {0, 2}),
    X87Control("fstat", {2, 2}),
    X87Control("ftag", {kFxFtw, 0}),
    X87Control("fiseg", {12, 2}),
    X87Control("fioff", {8, 4}),
    X87Control("foseg", {20, 2}),
    X87Control("fooff", {16, 4}),
    X87Control("fop", {6, 2}),
    Xmm("xmm0", 0),
    Xmm("xmm1", 1),
    Xmm("xmm2", 2),
    Xmm("xmm3", 3),
    Xmm("xmm4", 4),
    Xmm("xmm5", 5),
    Xmm("xmm6", 6),
    Xmm("xmm7", 7),
    {.description = {"mxcsr", 4, "i386_mxcsr", RegisterGroup::kSse, "vector"}, .fpu = {24, 4}},
    System("cpl", "int32", [](const CpuState& cpu) -> uint64_t { return cpu.cpl; }),
    Base<kCs>("cs_base"),
    Base<kSs>("ss_base"),
    Base<kDs>("ds_base"),
    Base<kEs>("es_base"),
    Base<kFs>("fs_base"),
    Base<kGs>("gs_base"),
    System("cr0", "i386_cr0", [](const CpuState& cpu) -> uint64_t { return cpu.cr0; }),
    System(
        "cr2", "data_ptr", [](const CpuState& cpu) -> uint64_t { return cpu.cr2; },
        [](DebugTarget& target, uint32_t value) {
          target.state().cr2 = value;
          return true;
        }),
    System(
        "cr3", "uint32", [](const CpuState& cpu) -> uint64_t { return cpu.cr3; },
        [](DebugTarget& target, uint32_t value) {
          target.state().cr3 = value;
          target.SynchronizePaging();
          return true;
        }),
    System("cr4", "i386_cr4", [](const CpuState& cpu) -> uint64_t { return cpu.cr4; }),
    System("dr0", "data_ptr", [](const CpuState& cpu) -> uint64_t { return cpu.dr[0]; }),
    System("dr1", "data_ptr", [](const CpuState& cpu) -> uint64_t { return cpu.dr[1]; }),
    System("dr2", "data_ptr", [](const CpuState& cpu) -> uint64_t { return cpu.dr[2]; }),
    System("dr3", "data_ptr", [](const CpuState& cpu) -> uint64_t { return cpu.dr[3]; }),
    System("dr6", "int32", [](const CpuState& cpu) -> uint64_t { return cpu.dr[6]; }),
    System("dr7", "int32", [](const CpuState& cpu) -> uint64_t { return cpu.dr[7]; }),
    System("gdtr_base", "uint32", [](const CpuState& cpu) -> uint64_t { return cpu.gdtr.base; }),
    System("gdtr_limit", "int32", [](const CpuState& cpu) -> uint64_t { return cpu.gdtr.limit; }),
    System("idtr_base", "uint32", [](const CpuState& cpu) -> uint64_t { return cpu.idtr.base; }),
    System("idtr_limit", "int32", [](const CpuState& cpu) -> uint64_t { return cpu.idtr.limit; }),
    System("ldtr", "int32", [](const CpuState& cpu) -> uint64_t { return cpu.ldtr.selector; }),
    System("tr", "int32", [](const CpuState& cpu) -> uint64_t { return cpu.tr.selector; }),
    System("tr_base", "uint32", [](const CpuState& cpu) -> uint64_t { return cpu.tr.base; }),
    {.description = {"efer", 8, "int64", RegisterGroup::kSystem, "system"},
     .get = [](const CpuState& cpu) -> uint64_t { return cpu.efer; }},
};

constexpr auto kDescriptions = [] {
  std::array<RegisterDescription, std::size(kEntries)> descriptions;
  for (size_t i = 0; i < descriptions.size(); ++i) descriptions[i] = kEntries[i].description;
  return descriptions;
}();

// FNSTENV's two bits for each physical register, of FXSAVE's one: 3 empty, 2 special, 1 zero, 0
// anything else (SDM vol. 1, 10.5.1).
uint32_t FullTags(const Image& image) {
  const unsigned top = Bits<uint16_t>(LoadLittle<uint16_t>(&image[2]), 11, 3);
  uint32_t tags = 0;
  for (unsigned i = 0; i < 8; ++i) {
    unsigned tag = 3;
    if (Bit(image[kFxFtw], i)) {
      const uint8_t* value = &image[kFxRegisters + kFxEach * ((i - top) & 7u)];
      const auto mantissa = LoadLittle<uint64_t>(value);
      const unsigned exponent = LoadLittle<uint16_t>(value + 8) & 0x7FFFu;
      if (exponent == 0) {
        tag = mantissa == 0 ? 1 : 2;
      } else {
        tag = exponent == 0x7FFF || (mantissa >> 63) == 0 ? 2 : 0;
      }
    }
    tags |= tag << (2 * i);
  }
  return tags;
}

uint8_t ShortTags(uint32_t tags) {
  unsigned present = 0;
  for (unsigned i = 0; i < 8; ++i) present |= Bits(tags, 2 * i, 2) == 3 ? 0u : 1u << i;
  return static_cast<uint8_t>(present);
}

void Append(std::vector<uint8_t>& bytes, uint64_t value, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

std::vector<uint8_t> ReadEntry(DebugTarget& target, const Image& image, const Entry& entry) {
  std::vector<uint8_t> value;
  if (entry.get != nullptr) {
    Append(value, entry.get(target.state()), entry.description.bytes);
  } else if (entry.fpu.bytes == 0) {
    Append(value, FullTags(image), entry.description.bytes);
  } else {
    const auto field = std::span(image).subspan(entry.fpu.offset, entry.fpu.bytes);
    value.assign(field.begin(), field.end());
    value.resize(entry.description.bytes);
  }
  return value;
}

// What gdb has as 32 bits may be fewer in the image: the rest must be clear.
bool WriteFpu(DebugTarget& target, Image& image, const Entry& entry,
              std::span<const uint8_t> value) {
  if (entry.fpu.bytes == 0) {
    const auto tags = LoadLittle<uint32_t>(value.data());
    if (tags > 0xFFFF) return false;
    image[entry.fpu.offset] = ShortTags(tags);
  } else {
    const auto rest = value.subspan(entry.fpu.bytes);
    if (std::ranges::any_of(rest, [](uint8_t byte) { return byte != 0; })) return false;
    std::ranges::copy(value.first(entry.fpu.bytes), image.begin() + entry.fpu.offset);
  }
  return target.LoadFpu(image);
}

Image SaveFpu(DebugTarget& target) {
  Image image;
  target.SaveFpu(image);
  return image;
}

}  // namespace

std::span<const RegisterDescription> Registers(const DebugTarget& target) {
  const std::span all(kDescriptions);
  return target.has_efer() ? all : all.first(all.size() - 1);
}

std::vector<uint8_t> ReadRegister(DebugTarget& target, size_t number) {
  return ReadEntry(target, SaveFpu(target), kEntries[number]);
}

std::vector<uint8_t> ReadAllRegisters(DebugTarget& target) {
  const Image image = SaveFpu(target);
  std::vector<uint8_t> values;
  for (size_t i = 0; i < Registers(target).size(); ++i) {
    const std::vector<uint8_t> value = ReadEntry(target, image, kEntries[i]);
    values.insert(values.end(), value.begin(), value.end());
  }
  return values;
}

bool WriteRegister(DebugTarget& target, size_t number, std::span<const uint8_t> value) {
  const Entry& entry = kEntries[number];
  if (value.size() != entry.description.bytes) return false;
  Image image = SaveFpu(target);
  if (std::ranges::equal(ReadEntry(target, image, entry), value)) return true;
  if (entry.get == nullptr) return WriteFpu(target, image, entry, value);
  return entry.set != nullptr && entry.set(target, LoadLittle<uint32_t>(value.data()));
}

bool WriteAllRegisters(DebugTarget& target, std::span<const uint8_t> values) {
  size_t total = 0;
  for (const RegisterDescription& description : Registers(target)) total += description.bytes;
  if (values.size() != total) return false;
  bool all = true;
  for (size_t i = 0; i < Registers(target).size(); ++i) {
    const uint32_t bytes = kEntries[i].description.bytes;
    all = WriteRegister(target, i, values.first(bytes)) && all;
    values = values.subspan(bytes);
  }
  return all;
}

}  // namespace verbatim::gdb
