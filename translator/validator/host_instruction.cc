// SPDX-License-Identifier: Apache-2.0
#include "translator/validator/host_instruction.h"

#include <algorithm>
#include <utility>

#include "base/bits.h"
#include "translator/validator/opcode_table.h"

namespace verbatim::validator {
namespace {

constexpr uint32_t kMaxBytes = 15;
constexpr uint8_t kRsp = 4;
constexpr uint8_t kRdi = 7;
constexpr uint8_t kFirstHighByte = 4;  // ah, ch, dh, bh without REX

RegisterSet BitOf(uint8_t reg) { return static_cast<RegisterSet>(1u << reg); }

// The state of decoding one instruction. `failed` sticks.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> code)
      : code_(code.first(std::min<size_t>(code.size(), kMaxBytes))) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] uint8_t at() const { return at_; }
  [[nodiscard]] uint8_t Peek() const { return at_ < code_.size() ? code_[at_] : uint8_t{0}; }
  uint8_t Byte() { return static_cast<uint8_t>(Number<uint8_t>()); }
  template <typename T>
  T Number() {
    if (code_.size() - at_ < sizeof(T)) {
      failed_ = true;
      return 0;
    }
    const T value = LoadLittle<T>(&code_[at_]);
    at_ = static_cast<uint8_t>(at_ + sizeof(T));
    return value;
  }

 private:
  std::span<const uint8_t> code_;
  uint8_t at_ = 0;
  bool failed_ = false;
};

struct Prefixes {
  bool window = false;
  bool address32 = false;
  bool lock = false;
  bool size = false;   // 66
  uint8_t repeat = 0;  // F2 or F3
  uint8_t rex = 0;

  [[nodiscard]] bool W() const { return (rex & 8) != 0; }
  [[nodiscard]] uint8_t R() const { return (rex & 4) != 0 ? 8 : 0; }
  [[nodiscard]] uint8_t X() const { return (rex & 2) != 0 ? 8 : 0; }
  [[nodiscard]] uint8_t B() const { return (rex & 1) != 0 ? 8 : 0; }
};

// Each at most once; REX last.
bool ReadPrefixes(Reader& reader, Prefixes& prefixes) {
  const auto set = [](bool& flag) { return !std::exchange(flag, true); };
  while (true) {
    const uint8_t byte = reader.Peek();
    bool fresh = true;
    switch (byte) {
      case 0x65:
        fresh = set(prefixes.window);
        break;
      case 0x67:
        fresh = set(prefixes.address32);
        break;
      case 0xF0:
        fresh = set(prefixes.lock);
        break;
      case 0x66:
        fresh = set(prefixes.size);
        break;
      case 0xF2:
      case 0xF3:
        fresh = std::exchange(prefixes.repeat, byte) == 0;
        break;
      default:
        if ((byte & 0xF0) == 0x40) {
          prefixes.rex = byte;
          (void)reader.Byte();
        }
        return !reader.failed();
    }
    if (!fresh) return false;
    (void)reader.Byte();
    if (reader.failed()) return false;
  }
}

// ModRM, SIB and displacement (SDM vol. 2, 2.1.5 and 2.2.1.3).
struct ModRm {
  bool memory = false;
  uint8_t byte = 0;
  uint8_t reg = 0;  // without REX
  uint8_t rm = 0;
};

bool ReadModRm(Reader& reader, const Prefixes& prefixes, ModRm& modrm, HostInstruction& in) {
  modrm.byte = reader.Byte();
  const uint8_t mod = modrm.byte >> 6;
  modrm.reg = (modrm.byte >> 3) & 7;
  modrm.rm = modrm.byte & 7;
  modrm.memory = mod != 3;
  // REX.X would change nothing.
  if (!modrm.memory) return prefixes.X() == 0;
  bool displacement32 = mod == 2;
  if (modrm.rm == 4) {
    const uint8_t sib = reader.Byte();
    const auto index = static_cast<uint8_t>(((sib >> 3) & 7) | prefixes.X());
    if (index != kRsp) {
      in.index = index;
      in.scale = static_cast<uint8_t>(1u << (sib >> 6));
    }
    if ((sib & 7) == 5 && mod == 0) {
      displacement32 = true;
      if (prefixes.B() != 0) return false;
    } else {
      in.base = static_cast<uint8_t>((sib & 7) | prefixes.B());
    }
  } else {
    if (modrm.rm == 5 && mod == 0) return false;  // relative to rip
    if (prefixes.X() != 0) return false;
    in.base = static_cast<uint8_t>(modrm.rm | prefixes.B());
  }
  if (mod == 1) in.displacement = static_cast<int8_t>(reader.Byte());
  if (displacement32) in.displacement = static_cast<int32_t>(reader.Number<uint32_t>());
  return !reader.failed();
}

bool ReadImmediate(Reader& reader, Immediate kind, HostInstruction& in) {
  switch (kind) {
    case Immediate::kAbsent:
      break;
    case Immediate::kByte:
      in.immediate = static_cast<uint64_t>(int64_t{static_cast<int8_t>(reader.Byte())});
      break;
    case Immediate::kFull:
      in.immediate =
          in.operand16
              ? reader.Number<uint16_t>()
              : static_cast<uint64_t>(int64_t{static_cast<int32_t>(reader.Number<uint32_t>())});
      break;
    case Immediate::kMove:
      in.immediate = in.wide        ? reader.Number<uint64_t>()
                     : in.operand16 ? reader.Number<uint16_t>()
                                    : reader.Number<uint32_t>();
      break;
    case Immediate::kRel8:
      in.branch = static_cast<int8_t>(reader.Byte());
      break;
    case Immediate::kRel32:
      in.branch = static_cast<int32_t>(reader.Number<uint32_t>());
      break;
  }
  return !reader.failed();
}

// How one register operand is used.
void Use(HostInstruction& in, uint8_t reg, bool read, bool write, bool part) {
  if (read) in.reads |= BitOf(reg);
  if (write) (part ? in.partial : in.writes) |= BitOf(reg);
}

// The general register that an 8-bit operand is a part of.
uint8_t WholeOf(uint8_t reg, bool has_rex) {
  return !has_rex && reg >= kFirstHighByte ? static_cast<uint8_t>(reg - kFirstHighByte) : reg;
}

bool FillRegisters(const Form& form, const Prefixes& prefixes, const ModRm& modrm,
                   HostInstruction& in) {
  using namespace form;
  const uint32_t flags = form.flags;
  const bool has_rex = prefixes.rex != 0;
  const bool maybe = (flags & kMaybe) != 0;
  const bool narrow = in.operand16 || maybe;
  if ((flags & (kReadReg | kWriteReg)) != 0) {
    in.reg = static_cast<uint8_t>(modrm.reg | prefixes.R());
    const bool byte = (flags & kByteReg) != 0;
    if (byte) in.reg = WholeOf(in.reg, has_rex);
    Use(in, in.reg, (flags & kReadReg) != 0, (flags & kWriteReg) != 0, byte || narrow);
  } else if (prefixes.R() != 0) {
    return false;  // a vector register above 7, or a digit that REX would not change
  }
  if ((flags & kOpcodeReg) != 0 || !modrm.memory) {
    if ((flags & (kRmGpr | kOpcodeReg)) != 0) {
      in.rm = static_cast<uint8_t>(modrm.rm | prefixes.B());
      const bool byte = (flags & kByteRm) != 0;
      if (byte) in.rm = WholeOf(in.rm, has_rex);
      Use(in, in.rm, (flags & kReadRm) != 0, (flags & kWriteRm) != 0, byte || narrow);
    } else if (prefixes.B() != 0) {
      return false;
    }
  }
  in.reads |= form.reads;
  const bool part = narrow || (flags & (kByteReg | kByteRm)) != 0;
  (part ? in.partial : in.writes) |= form.writes;
  return true;
}

// Prefixes must each have the meaning that the form gives them, and vector registers be 0 to 7.
bool PrefixesFit(const Form& form, const Prefixes& prefixes, const ModRm& modrm, bool mandatory,
                 const HostInstruction& in) {
  using namespace form;
  if (prefixes.size && !mandatory && (form.flags & (k66 | kIgnores66)) == 0) return false;
  if (prefixes.repeat != 0 && !mandatory && (form.flags & kRep) == 0) return false;
  if (prefixes.W() && (form.flags & kWide) == 0) return false;
  if (prefixes.W() && in.operand16) return false;
  if (prefixes.lock && ((form.flags & kLock) == 0 || !modrm.memory)) return false;
  const bool addresses = in.has_memory || in.operation == Operation::kLea;
  if (prefixes.window && !in.has_memory) return false;
  if (prefixes.address32 && !addresses) return false;
  return true;
}

HostInstruction Finish(Reader& reader, const Form& outer, uint8_t opcode, bool x87,
                       const Prefixes& prefixes, bool mandatory) {
  using namespace form;
  HostInstruction in;
  const Form* form = &outer;
  ModRm modrm;
  if ((outer.flags & kModRm) != 0) {
    if (!ReadModRm(reader, prefixes, modrm, in)) return {};
    if (x87 && !modrm.memory) {
      if (!IsX87Register(opcode, modrm.byte) || prefixes.rex != 0) return {};
      static constexpr Form kStackOnly{.operation = Operation::kPlain,
                                       .flags = kModRm | kIgnores66};
      form = &kStackOnly;
      constexpr uint8_t kStoreStatus = 0xE0;  // fnstsw ax
      if (opcode == 0xDF && modrm.byte == kStoreStatus) in.partial = BitOf(0);
    } else if (outer.group != 0) {
      form = &GroupForm(outer.group, modrm.reg);
    }
  } else if ((outer.flags & kOpcodeReg) != 0) {
    modrm.rm = opcode & 7;
    if (prefixes.R() != 0 || prefixes.X() != 0) return {};
  } else if (prefixes.rex != 0) {
    return {};
  }
  if (form->operation == Operation::kInvalid) return {};
  if (modrm.memory && (form->flags & kRegisterOnly) != 0) return {};
  if (!modrm.memory && (form->flags & kMemoryOnly) != 0) return {};
  in.operation = form->operation;
  in.operand16 = prefixes.size && !mandatory && (form->flags & k66) != 0;
  in.wide = prefixes.W();
  in.lock = prefixes.lock;
  in.window = prefixes.window;
  in.address32 = prefixes.address32;
  if (!FillRegisters(*form, prefixes, modrm, in)) return {};
  if (modrm.memory && in.operation != Operation::kLea) {
    in.has_memory = true;
    if ((form->flags & kHint) == 0) {
      in.memory_read = (form->flags & kReadRm) != 0;
      in.memory_write = (form->flags & kWriteRm) != 0;
      const uint8_t by_size = (form->flags & kByteRm) != 0 ? 1 : in.wide ? 8 : in.operand16 ? 2 : 4;
      in.memory_bytes = form->memory_bytes != 0 ? form->memory_bytes : by_size;
    }
  }
  if (!PrefixesFit(*form, prefixes, modrm, mandatory, in)) return {};
  if (!ReadImmediate(reader, form->immediate, in)) return {};
  switch (in.operation) {
    case Operation::kMove:
      in.reg_to_memory = (form->flags & kWriteRm) != 0;
      if (in.operand16) in.operation = Operation::kPlain;
      break;
    case Operation::kAnd:
      if (in.has_memory || in.operand16) in.operation = Operation::kPlain;
      break;
    case Operation::kNot64:
      if (!in.wide) in.operation = Operation::kPlain;
      if (in.wide && in.has_memory) return {};
      break;
    case Operation::kZeroExtend:
      in.immediate = form->memory_bytes == 1 ? 0xFF : 0xFFFF;
      if (in.operand16) in.operation = Operation::kPlain;
      break;
    case Operation::kMoveImmediate:
      if (in.partial != 0) in.operation = Operation::kPlain;
      break;
    case Operation::kMaskedMove:
      in.memory_bytes = form->memory_bytes;
      in.reads |= BitOf(kRdi);
      break;
    default:
      break;
  }
  in.length = reader.at();
  return reader.failed() ? HostInstruction{} : in;
}

// VEX with three bytes and 128-bit length: BMI2 on registers (SDM vol. 2, 2.3.5).
HostInstruction DecodeVex(Reader& reader) {
  const uint8_t second = reader.Byte();
  const uint8_t third = reader.Byte();
  const uint8_t opcode = reader.Byte();
  const uint8_t modrm = reader.Byte();
  if (reader.failed() || (modrm >> 6) != 3 || (third & 4) != 0 || (second & 0x40) == 0) return {};
  HostInstruction in;
  in.reg = static_cast<uint8_t>(((modrm >> 3) & 7) | ((second & 0x80) != 0 ? 0 : 8));
  in.rm = static_cast<uint8_t>((modrm & 7) | ((second & 0x20) != 0 ? 0 : 8));
  in.vvvv = static_cast<uint8_t>((~third >> 3) & 15);
  in.wide = (third & 0x80) != 0;
  constexpr uint8_t kF3 = 2;
  constexpr uint8_t kF2 = 3;
  const uint8_t map = second & 31;
  const uint8_t prefix = third & 3;
  if (map == 3 && opcode == 0xF0 && prefix == kF2 && in.vvvv == 0) {
    in.operation = Operation::kRotate;
    in.immediate = reader.Byte();
  } else if (map == 2 && opcode == 0xF5 && prefix == kF3 && !in.wide) {
    in.operation = Operation::kExtract;
  } else if (map == 2 && opcode == 0xF5 && prefix == kF2 && !in.wide) {
    in.operation = Operation::kDeposit;
  } else if (map == 2 && opcode == 0xF7 && prefix == kF2) {
    in.operation = Operation::kShift;
  } else {
    return {};
  }
  in.length = reader.at();
  return reader.failed() ? HostInstruction{} : in;
}

}  // namespace

HostInstruction Decode(std::span<const uint8_t> code) {
  Reader reader(code);
  Prefixes prefixes;
  if (!ReadPrefixes(reader, prefixes)) return {};
  const uint8_t opcode = reader.Byte();
  if (opcode == 0xC4) {
    const bool bare = !prefixes.window && !prefixes.address32 && !prefixes.lock && !prefixes.size &&
                      prefixes.repeat == 0 && prefixes.rex == 0;
    return bare ? DecodeVex(reader) : HostInstruction{};
  }
  if (opcode != 0x0F) {
    // jecxz is the one instruction that 67 changes without a memory operand; jrcxz is not needed.
    if (opcode == 0xE3) {
      if (!std::exchange(prefixes.address32, false)) return {};
    }
    const bool x87 = (opcode & 0xF8) == 0xD8;
    HostInstruction in = Finish(reader, OneByteForm(opcode), opcode, x87, prefixes, false);
    // Not an exchange at all.
    if (opcode == 0x90 && in.rm == 0) in.reads = in.writes = in.partial = 0;
    return in;
  }
  uint8_t map = 1;
  uint8_t second = reader.Byte();
  if (second == 0x38 || second == 0x3A) {
    map = second == 0x38 ? 2 : 3;
    second = reader.Byte();
  }
  if (prefixes.repeat != 0 && prefixes.size) return {};
  const uint8_t prefix = prefixes.repeat == 0xF3   ? 2
                         : prefixes.repeat == 0xF2 ? 3
                         : prefixes.size           ? 1
                                                   : 0;
  const auto form_of = [&](uint8_t with) -> const Form& {
    return map == 1 ? TwoByteForm(with, second) : ThreeByteForm(map, with, second);
  };
  const Form* form = &form_of(prefix);
  bool mandatory = prefix != 0;
  if (form->operation == Operation::kInvalid && prefix == 1) {
    form = &form_of(0);  // 66 as operand size
    mandatory = false;
  }
  return Finish(reader, *form, second, false, prefixes, mandatory);
}

}  // namespace verbatim::validator
