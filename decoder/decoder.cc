// SPDX-License-Identifier: Apache-2.0
// Prefixes, opcode, ModRM, SIB, displacement, immediate (SDM vol. 2, chapter 2). What an opcode
// means is FormTable's.
#include "decoder/decoder.h"

#include <algorithm>
#include <array>

#include "base/bits.h"
#include "decoder/classification.h"

namespace verbatim {
namespace {

// With so many bytes at hand nothing that is looked at lies behind them: 15 prefixes at most, two
// escapes, opcode, ModRM, SIB, displacement and two immediates.
constexpr size_t kReadAhead = 32;

enum class PrefixKind : uint8_t { kNone, kSegment, kOperandSize, kAddressSize, kLock, kRepeat };

constexpr std::array<PrefixKind, 256> kPrefixKinds = [] {
  std::array<PrefixKind, 256> kinds{};
  for (const uint32_t byte : {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65}) {
    kinds[byte] = PrefixKind::kSegment;
  }
  kinds[0x66] = PrefixKind::kOperandSize;
  kinds[0x67] = PrefixKind::kAddressSize;
  kinds[0xF0] = PrefixKind::kLock;
  kinds[0xF2] = kinds[0xF3] = PrefixKind::kRepeat;
  return kinds;
}();

struct Prefixes {
  uint8_t segment = kNoSegment;
  uint8_t repeat = 0;  // the last of F2 and F3
  bool operand_size = false;
  bool address_size = false;
  bool lock = false;
};

constexpr uint8_t SegmentOf(uint8_t prefix) {
  return prefix < 0x40 ? (prefix >> 3) & 3 : static_cast<uint8_t>(kFs + (prefix & 1));
}

void Note(uint8_t prefix, Prefixes& prefixes) {
  switch (kPrefixKinds[prefix]) {
    case PrefixKind::kSegment:
      prefixes.segment = SegmentOf(prefix);
      break;
    case PrefixKind::kOperandSize:
      prefixes.operand_size = true;
      break;
    case PrefixKind::kAddressSize:
      prefixes.address_size = true;
      break;
    case PrefixKind::kLock:
      prefixes.lock = true;
      break;
    case PrefixKind::kRepeat:
      prefixes.repeat = prefix;
      break;
    case PrefixKind::kNone:
      break;
  }
}

uint32_t LoadUnsigned(const uint8_t* at, uint32_t bytes) {
  switch (bytes) {
    case 1:
      return *at;
    case 2:
      return LoadLittle<uint16_t>(at);
    default:
      return LoadLittle<uint32_t>(at);
  }
}

uint32_t LoadSigned(const uint8_t* at, uint32_t bytes) {
  switch (bytes) {
    case 1:
      return static_cast<uint32_t>(static_cast<int8_t>(*at));
    case 2:
      return static_cast<uint32_t>(LoadLittle<int16_t>(at));
    default:
      return LoadLittle<uint32_t>(at);
  }
}

// Reads ModRM's address with 32-bit address size, of which SIB and displacement stand at `at`
// (table 2-2 and 2-3). Returns the bytes they have.
uint32_t ReadAddress32(const uint8_t* at, uint8_t mod, uint8_t rm, MemoryOperand& memory) {
  uint32_t bytes = 0;
  uint8_t base = rm;
  if (rm == kEsp) {
    const uint8_t sib = at[bytes++];
    const uint8_t index = (sib >> 3) & 7;
    base = sib & 7;
    if (index != kEsp) {
      memory.index = index;
      memory.scale = static_cast<uint8_t>(1u << (sib >> 6));
    }
  }
  uint32_t displacement_bytes = mod == 1 ? 1 : mod == 2 ? 4 : 0;
  if (mod == 0 && base == kEbp) {
    displacement_bytes = 4;
  } else {
    memory.base = base;
    if (base == kEsp || base == kEbp) memory.segment = kSs;
  }
  if (displacement_bytes != 0) {
    memory.displacement = static_cast<int32_t>(LoadSigned(at + bytes, displacement_bytes));
  }
  return bytes + displacement_bytes;
}

// Likewise with 16-bit address size (table 2-1).
uint32_t ReadAddress16(const uint8_t* at, uint8_t mod, uint8_t rm, MemoryOperand& memory) {
  static constexpr uint8_t kBases[8] = {kEbx, kEbx, kEbp, kEbp, kEsi, kEdi, kEbp, kEbx};
  static constexpr uint8_t kIndices[8] = {kEsi, kEdi, kEsi, kEdi, kNoGpr, kNoGpr, kNoGpr, kNoGpr};
  uint32_t displacement_bytes = mod;
  if (mod == 0 && rm == 6) {
    displacement_bytes = 2;
  } else {
    memory.base = kBases[rm];
    memory.index = kIndices[rm];
    if (memory.base == kEbp) memory.segment = kSs;
  }
  if (displacement_bytes != 0) {
    memory.displacement = static_cast<int32_t>(LoadSigned(at, displacement_bytes));
  }
  return displacement_bytes;
}

// Of `from` kReadAhead bytes can be read; those of `out` are zero.
void CopyBytes(const uint8_t* from, uint32_t length, GuestInstruction& out) {
  static constexpr size_t kSecond = kMaxInstructionBytes - sizeof(uint64_t);
  const auto first_bytes = [](uint64_t bytes, uint32_t count) {
    return count >= sizeof bytes ? bytes : bytes & ((uint64_t{1} << 8 * count) - 1);
  };
  StoreLittle(out.bytes.data(), first_bytes(LoadLittle<uint64_t>(from), length));
  if (length > kSecond) {
    const auto last = static_cast<uint32_t>(length - kSecond);
    StoreLittle(out.bytes.data() + kSecond,
                first_bytes(LoadLittle<uint64_t>(from + kSecond), last));
  }
  out.length = static_cast<uint8_t>(length);
  out.examined = static_cast<uint8_t>(length);
}

void Undefined(std::span<const uint8_t> bytes, DecodeError error, GuestInstruction& out) {
  out = GuestInstruction{};
  out.error = error;
  CopyBytes(bytes.data(), static_cast<uint32_t>(bytes.size()), out);
  out.length = 1;
}

void FillFlags(const Form& form, GuestInstruction& out) {
  bool certain = false;
  switch (form.flag_rule) {
    case FlagRule::kAlways:
      certain = true;
      break;
    case FlagRule::kUnlessRepeated:
      certain = !out.HasRep();
      break;
    case FlagRule::kByCount:
      certain = (out.immediate & 31u) != 0;
      break;
    case FlagRule::kNever:
      break;
  }
  if (certain) {
    out.flags_written = form.flags;
  } else {
    // What survives if nothing is written must be seen as read.
    out.flags_read |= form.flags;
  }
}

uint32_t OfferedExtensions(const CpuFeatures& features) {
  uint32_t offered = 0;
  for (uint8_t i = 0; i < static_cast<uint8_t>(Extension::kCount); ++i) {
    if (Offers(features, Extension{i})) offered |= 1u << i;
  }
  return offered;
}

}  // namespace

Decoder::Decoder(const CpuFeatures& features)
    : forms_(FormTable::Get()), offered_(OfferedExtensions(features)) {}

void Decoder::DecodeInto(std::span<const uint8_t> bytes, bool code32, GuestInstruction& out) const {
  const auto available =
      static_cast<uint32_t>(std::min<size_t>(bytes.size(), kMaxInstructionBytes));
  std::array<uint8_t, kReadAhead> padded;
  const uint8_t* start = bytes.data();
  if (bytes.size() < kReadAhead) {
    padded.fill(0);
    std::ranges::copy(bytes.first(available), padded.begin());
    start = padded.data();
  }
  const std::span<const uint8_t> looked_at(start, available);
  const auto ends_early = [&] {
    if (available == kMaxInstructionBytes) {
      Undefined(looked_at, DecodeError::kTooLong, out);
    } else {
      out = GuestInstruction{};
    }
  };

  const uint8_t* at = start;
  Prefixes prefixes;
  while (kPrefixKinds[*at] != PrefixKind::kNone) {
    if (at - start >= kMaxInstructionBytes) return ends_early();
    Note(*at++, prefixes);
  }

  uint8_t map = 0;
  uint8_t opcode = *at++;
  if (opcode == 0x0F) {
    map = 1;
    opcode = *at++;
    if (opcode == 0x38 || opcode == 0x3A) {
      map = opcode == 0x38 ? 2 : 3;
      opcode = *at++;
    }
  }
  const FormTable::Node& node = forms_.NodeOf(map, opcode);
  uint8_t modrm = 0;
  if (node.has_modrm) modrm = *at++;
  const uint8_t mod = modrm >> 6;
  const uint8_t reg = (modrm >> 3) & 7;
  const uint8_t rm = modrm & 7;
  const bool address32 = code32 != prefixes.address_size;
  const bool selected_size32 = code32 != prefixes.operand_size;
  const uint32_t prefix_value = prefixes.repeat == 0xF3   ? 2
                                : prefixes.repeat == 0xF2 ? 3
                                : prefixes.operand_size   ? 1
                                                          : 0;
  // The value for each Selector, in a byte of its own.
  const uint32_t selectors =
      prefix_value << 8 | uint32_t{selected_size32} << 16 | uint32_t{address32} << 24;
  const Form* form = forms_.Find(node, selectors >> (8 * static_cast<uint32_t>(node.selector)) & 3u,
                                 (modrm & 0x3Fu) | (mod == 3 ? 0x40u : 0));
  if (at - start > static_cast<ptrdiff_t>(available)) return ends_early();
  if (form == nullptr) return Undefined(looked_at, DecodeError::kUndefined, out);

  const GuestInstruction& prototype = form->prototype;
  out = prototype;
  out.lock = prefixes.lock;
  out.prefix_66 = prefixes.operand_size;
  out.segment_override = prefixes.segment;
  out.mod = mod;
  out.reg = reg;
  out.rm = rm;
  const bool operand32 = prototype.mandatory_prefix == 0x66 ? code32 : selected_size32;
  if (form->word_sized && !operand32) out.operand_bits = 16;
  if (!address32) out.address_bits = 16;
  if (form->repeatable) {
    out.rep = prefixes.repeat == 0xF3;
    out.repne = prefixes.repeat == 0xF2;
    out.mandatory_prefix = prefixes.repeat;
  }

  if (prototype.memory.present) {
    if (form->has_address) {
      at += address32 ? ReadAddress32(at, mod, rm, out.memory)
                      : ReadAddress16(at, mod, rm, out.memory);
    } else if (form->direct_offset) {
      const uint32_t size = address32 ? 4 : 2;
      out.memory.displacement = static_cast<int32_t>(LoadSigned(at, size));
      at += size;
    }
    if (prefixes.segment != kNoSegment && !form->segment_free)
      out.memory.segment = prefixes.segment;
    out.memory.bytes = form->memory_bytes[operand32];
  }

  out.immediate_offset = static_cast<uint8_t>(at - start);
  if (const uint8_t size = form->immediate_bytes[operand32]; size != 0) {
    out.immediate_bytes = size;
    out.immediate = form->signed_immediate ? LoadSigned(at, size) : LoadUnsigned(at, size);
    if (form->relative) out.branch_target_offset = out.immediate;
    at += size;
    if (form->immediate2_bytes != 0) {
      out.immediate2 = static_cast<uint16_t>(LoadUnsigned(at, form->immediate2_bytes));
      at += form->immediate2_bytes;
    }
    out.immediate_total_bytes = static_cast<uint8_t>(size + form->immediate2_bytes);
  }

  const auto length = static_cast<uint32_t>(at - start);
  if (length > available) return ends_early();
  const bool illegal_lock = prefixes.lock && !form->lockable;
  if (illegal_lock || (offered_ >> static_cast<uint32_t>(form->extension) & 1u) == 0) {
    return Undefined(looked_at, DecodeError::kUndefined, out);
  }
  CopyBytes(start, length, out);
  FillFlags(*form, out);
}

}  // namespace verbatim
