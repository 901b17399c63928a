// SPDX-License-Identifier: Apache-2.0
// What the emitter writes is what was asked for, as Capstone reads it, for every register and every
// shape of memory operand; a buffer that is too small is noticed and not overrun.
#include "translator/host_emitter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "tests/translator/host_code.h"

namespace verbatim {
namespace {

constexpr uint64_t kAddress = 0x10000000;
constexpr uint8_t kRegisters = 16;
constexpr std::array<int32_t, 9> kDisplacements{0,    1,      127,        128,        -128,
                                                -129, 0x1234, 0x7FFFFFFF, -0x7FFFFFFF};

constexpr std::array<const char*, kRegisters> k64{"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                                  "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                                  "r12", "r13", "r14", "r15"};
constexpr std::array<const char*, kRegisters> k32{"eax",  "ecx",  "edx",  "ebx", "esp",  "ebp",
                                                  "esi",  "edi",  "r8d",  "r9d", "r10d", "r11d",
                                                  "r12d", "r13d", "r14d", "r15d"};
constexpr std::array<const char*, kRegisters> k16{"ax",   "cx",   "dx",   "bx",  "sp",   "bp",
                                                  "si",   "di",   "r8w",  "r9w", "r10w", "r11w",
                                                  "r12w", "r13w", "r14w", "r15w"};
constexpr std::array<const char*, kRegisters> k8{"al",   "cl",   "dl",   "bl",  "spl",  "bpl",
                                                 "sil",  "dil",  "r8b",  "r9b", "r10b", "r11b",
                                                 "r12b", "r13b", "r14b", "r15b"};

const uint8_t* Exec() { return reinterpret_cast<const uint8_t*>(kAddress); }

// Numbers as Capstone writes them.
std::string Number(uint64_t value) {
  return value < 10 ? fmt::format("{}", value) : fmt::format("{:#x}", value);
}

std::string Text(const HostMemory& memory) {
  const auto& names = memory.window ? k32 : k64;
  std::string text;
  if (memory.base != kNoReg) text = names[memory.base];
  if (memory.index != kNoReg) {
    if (!text.empty()) text += " + ";
    text += names[memory.index];
    if (memory.scale != 1) text += fmt::format("*{}", memory.scale);
  }
  const int64_t displacement = memory.displacement;
  if (text.empty()) {
    text = Number(static_cast<uint64_t>(displacement));
  } else if (displacement != 0) {
    text += displacement < 0 ? " - " : " + ";
    text += Number(static_cast<uint64_t>(displacement < 0 ? -displacement : displacement));
  }
  return fmt::format("{}[{}]", memory.window ? "gs:" : "", text);
}

HostInstruction Only(const std::function<void(HostEmitter&)>& emit) {
  std::array<uint8_t, 32> buffer{};
  HostEmitter out(buffer, Exec());
  emit(out);
  EXPECT_FALSE(out.overflowed());
  std::vector<HostInstruction> code = Disassemble(std::span(buffer).first(out.offset()), kAddress);
  if (code.size() != 1 || code[0].length != out.offset()) {
    ADD_FAILURE() << "not one instruction:\n" << TextOf(code);
    return {};
  }
  return code[0];
}

std::string TextFrom(const std::function<void(HostEmitter&)>& emit) { return Only(emit).text; }

// Every base and index, plain and through the window.
std::vector<HostMemory> AllOperands() {
  std::vector<HostMemory> operands;
  for (const bool window : {false, true}) {
    for (uint8_t base = 0; base < kRegisters; ++base) {
      for (const int32_t displacement : kDisplacements) {
        operands.push_back({.base = base, .displacement = displacement, .window = window});
        for (uint8_t index = 0; index < kRegisters; ++index) {
          if (index == kRsp) continue;  // not encodable
          const auto scale = static_cast<uint8_t>(1u << (index & 3));
          operands.push_back({base, index, scale, displacement, window});
        }
      }
    }
    for (uint8_t index = 0; index < kRegisters; ++index) {
      if (index == kRsp) continue;
      for (const uint8_t scale : std::array<uint8_t, 3>{2, 4, 8}) {
        operands.push_back({kNoReg, index, scale, 0x1234, window});
      }
    }
  }
  return operands;
}

TEST(HostEmitter, EncodesEveryMemoryOperand) {
  for (const HostMemory& memory : AllOperands()) {
    const HostInstruction in = Only([&](HostEmitter& out) { out.Load32(kRbx, memory); });
    ASSERT_EQ(in.text, "mov ebx, dword ptr " + Text(memory));
    ASSERT_EQ(in.detail.addr_size, memory.window ? 4 : 8) << in.text;
    ASSERT_EQ(in.detail.operands[1].mem.segment, memory.window ? X86_REG_GS : X86_REG_INVALID);
  }
}

TEST(HostEmitter, EncodesAddressesWithoutRegistersAbsolutely) {
  for (const bool window : {false, true}) {
    for (const int32_t displacement : {0, 0x1234, -4}) {
      const HostMemory memory{.displacement = displacement, .window = window};
      const HostInstruction in = Only([&](HostEmitter& out) { out.Load32(kR9, memory); });
      ASSERT_NE(in.Memory(1), nullptr) << in.text;
      const x86_op_mem& operand = in.Memory(1)->mem;
      EXPECT_EQ(operand.base, X86_REG_INVALID) << in.text;
      EXPECT_TRUE(operand.index == X86_REG_INVALID || operand.index == X86_REG_EIZ ||
                  operand.index == X86_REG_RIZ)
          << in.text;
      EXPECT_EQ(static_cast<int32_t>(operand.disp), displacement) << in.text;
      EXPECT_EQ(operand.segment, window ? X86_REG_GS : X86_REG_INVALID);
      EXPECT_EQ(in.detail.addr_size, window ? 4 : 8);
    }
  }
}

TEST(HostEmitter, UsesTheShortestDisplacement) {
  const auto length = [](int32_t displacement) {
    return Only([&](HostEmitter& out) {
             out.Load32(kRax, {.base = kRbx, .displacement = displacement});
           })
        .length;
  };
  EXPECT_EQ(length(0), 2);
  for (const int32_t near : {1, -1, 127, -128}) EXPECT_EQ(length(near), 3) << near;
  for (const int32_t far : {128, -129}) EXPECT_EQ(length(far), 6) << far;
}

TEST(HostEmitter, NamesItsOperandsAsTheirMakersSay) {
  EXPECT_EQ(Text(HostMemory::Context(0x18)), "[r15 + 0x18]");
  EXPECT_EQ(Text(HostMemory::Window(kR12, -4)), "gs:[r12d - 4]");
  EXPECT_EQ(Text(HostMemory::Pointer(kR8)), "[r8]");
}

TEST(HostEmitter, MovesBetweenAnyTwoRegisters) {
  for (uint8_t to = 0; to < kRegisters; ++to) {
    for (uint8_t from = 0; from < kRegisters; ++from) {
      const auto text = [&](auto method) {
        return TextFrom([&](HostEmitter& out) { (out.*method)(to, from); });
      };
      ASSERT_EQ(text(&HostEmitter::Move32), fmt::format("mov {}, {}", k32[to], k32[from]));
      ASSERT_EQ(text(&HostEmitter::Move64), fmt::format("mov {}, {}", k64[to], k64[from]));
      ASSERT_EQ(text(&HostEmitter::Move16), fmt::format("mov {}, {}", k16[to], k16[from]));
      ASSERT_EQ(text(&HostEmitter::ZeroExtend16), fmt::format("movzx {}, {}", k32[to], k16[from]));
      ASSERT_EQ(text(&HostEmitter::MoveLowByte), fmt::format("mov {}, {}", k8[to], k8[from]));
    }
  }
}

TEST(HostEmitter, RotatesAndScattersWithAnyRegisters) {
  for (uint8_t to = 0; to < kRegisters; ++to) {
    for (uint8_t from = 0; from < kRegisters; ++from) {
      ASSERT_EQ(TextFrom([&](HostEmitter& out) { out.RotateRight(to, from, 8); }),
                fmt::format("rorx {}, {}, 8", k32[to], k32[from]));
      ASSERT_EQ(TextFrom([&](HostEmitter& out) { out.RotateRight64(to, from, 32); }),
                fmt::format("rorx {}, {}, 0x20", k64[to], k64[from]));
      for (uint8_t mask = 0; mask < kRegisters; ++mask) {
        const auto operands = fmt::format("{}, {}, {}", k32[to], k32[from], k32[mask]);
        ASSERT_EQ(TextFrom([&](HostEmitter& out) { out.ExtractBits(to, from, mask); }),
                  "pext " + operands);
        ASSERT_EQ(TextFrom([&](HostEmitter& out) { out.DepositBits(to, from, mask); }),
                  "pdep " + operands);
      }
    }
  }
}

TEST(HostEmitter, ShiftsAndInvertsAllRegisters) {
  for (uint8_t to = 0; to < kRegisters; ++to) {
    ASSERT_EQ(TextFrom([&](HostEmitter& out) { out.Not64(to); }), fmt::format("not {}", k64[to]));
    for (uint8_t from = 0; from < kRegisters; ++from) {
      ASSERT_EQ(TextFrom([&](HostEmitter& out) { out.ShiftRight64(to, from, kR10); }),
                fmt::format("shrx {}, {}, r10", k64[to], k64[from]));
      ASSERT_EQ(TextFrom([&](HostEmitter& out) { out.ShiftRight32(to, from, kR10); }),
                fmt::format("shrx {}, {}, r10d", k32[to], k32[from]));
      ASSERT_EQ(TextFrom([&](HostEmitter& out) { out.ShiftRight64(to, kRax, from); }),
                fmt::format("shrx {}, rax, {}", k64[to], k64[from]));
    }
  }
}

TEST(HostEmitter, ReachesTheGuardThrough64BitAddresses) {
  const HostInstruction in =
      Only([](HostEmitter& out) { out.Load32(kRbx, HostMemory::Guarded(kR8, kR9)); });
  EXPECT_EQ(in.text, "mov ebx, dword ptr gs:[r8 + r9]");
  EXPECT_EQ(in.detail.addr_size, 8);
}

TEST(HostEmitter, LoadsAndStoresAnyRegister) {
  for (const HostMemory& memory :
       {HostMemory::Context(0x200), HostMemory::Window(kR12, -4), HostMemory::Pointer(kR8)}) {
    const std::string m = Text(memory);
    for (uint8_t reg = 0; reg < kRegisters; ++reg) {
      const auto with = [&](auto method) {
        return TextFrom([&](HostEmitter& out) { (out.*method)(reg, memory); });
      };
      EXPECT_EQ(with(&HostEmitter::Load32), fmt::format("mov {}, dword ptr {}", k32[reg], m));
      EXPECT_EQ(with(&HostEmitter::Load64), fmt::format("mov {}, qword ptr {}", k64[reg], m));
      EXPECT_EQ(with(&HostEmitter::LoadZeroExtended16),
                fmt::format("movzx {}, word ptr {}", k32[reg], m));
      EXPECT_EQ(with(&HostEmitter::Xor32), fmt::format("xor {}, dword ptr {}", k32[reg], m));
      EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.Store32(memory, reg); }),
                fmt::format("mov dword ptr {}, {}", m, k32[reg]));
      EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.Store16(memory, reg); }),
                fmt::format("mov word ptr {}, {}", m, k16[reg]));
    }
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.StoreImmediate32(memory, 0x89ABCDEF); }),
              fmt::format("mov dword ptr {}, 0x89abcdef", m));
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.StoreImmediate16(memory, 0xCDEF); }),
              fmt::format("mov word ptr {}, 0xcdef", m));
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.CompareMemoryZero(memory); }),
              fmt::format("cmp dword ptr {}, 0", m));
  }
}

TEST(HostEmitter, ComputesAddressesOutsideTheWindow) {
  for (HostMemory memory : AllOperands()) {
    const HostInstruction lea32 = Only([&](HostEmitter& out) { out.Lea32(kR10, memory); });
    const HostInstruction lea64 = Only([&](HostEmitter& out) { out.Lea64(kR10, memory); });
    memory.window = false;
    ASSERT_EQ(lea32.text, "lea r10d, " + Text(memory));
    ASSERT_EQ(lea64.text, "lea r10, " + Text(memory));
  }
  for (uint8_t to = 0; to < kRegisters; ++to) {
    const HostMemory memory{.base = kR12, .displacement = 4};
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.Lea32(to, memory); }),
              fmt::format("lea {}, [r12 + 4]", k32[to]));
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.Lea64(to, memory); }),
              fmt::format("lea {}, [r12 + 4]", k64[to]));
  }
}

TEST(HostEmitter, TakesImmediates) {
  for (uint8_t reg = 0; reg < kRegisters; ++reg) {
    const auto with = [&](auto method, auto value) {
      return TextFrom([&](HostEmitter& out) { (out.*method)(reg, value); });
    };
    EXPECT_EQ(with(&HostEmitter::MoveImmediate, 0x89ABCDEFu),
              fmt::format("mov {}, 0x89abcdef", k32[reg]));
    EXPECT_EQ(with(&HostEmitter::MoveImmediate64, 0x123456789ABCDEF0ull),
              fmt::format("movabs {}, 0x123456789abcdef0", k64[reg]));
    EXPECT_EQ(with(&HostEmitter::And32, 0x12345678u), fmt::format("and {}, 0x12345678", k32[reg]));
    EXPECT_EQ(with(&HostEmitter::Test32, 0x12345678u),
              fmt::format("test {}, 0x12345678", k32[reg]));
  }
}

TEST(HostEmitter, PushesPopsAndJumpsByAnyRegister) {
  for (uint8_t reg = 0; reg < kRegisters; ++reg) {
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.Push(reg); }), fmt::format("push {}", k64[reg]));
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.Pop(reg); }), fmt::format("pop {}", k64[reg]));
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.JumpRegister(reg); }),
              fmt::format("jmp {}", k64[reg]));
  }
  EXPECT_EQ(TextFrom([](HostEmitter& out) { out.PushFlags(); }), "pushfq");
  EXPECT_EQ(TextFrom([](HostEmitter& out) { out.PopFlags(); }), "popfq");
  EXPECT_EQ(TextFrom([](HostEmitter& out) { out.Return(); }), "ret");
  EXPECT_EQ(TextFrom([](HostEmitter& out) { out.Undefined(); }), "ud2");
}

TEST(HostEmitter, PutsPrefixesAndMapsInOrder) {
  using Opcode = HostEmitter::Opcode;
  const HostMemory window = HostMemory::Window(kR12, 8);
  const auto memory = [&](const Opcode& opcode, uint8_t reg) {
    return TextFrom([&](HostEmitter& out) { out.Memory(opcode, reg, window); });
  };
  EXPECT_EQ(memory({.prefix = 0xF2, .map = 1, .byte = 0x10}, 3),
            "movsd xmm3, qword ptr gs:[r12d + 8]");
  EXPECT_EQ(memory({.prefix = 0xF3, .map = 1, .byte = 0x10}, 3),
            "movss xmm3, dword ptr gs:[r12d + 8]");
  EXPECT_EQ(memory({.prefix = 0x66, .map = 2, .byte = 0x00}, 3),
            "pshufb xmm3, xmmword ptr gs:[r12d + 8]");
  EXPECT_EQ(memory({.byte = 0x01, .lock = true}, kRsi), "lock add dword ptr gs:[r12d + 8], esi");
  EXPECT_EQ(memory({.byte = 0x01, .operand16 = true, .lock = true}, kR9),
            "lock add word ptr gs:[r12d + 8], r9w");
  EXPECT_EQ(TextFrom([](HostEmitter& out) {
              out.Registers({.prefix = 0x66, .map = 3, .byte = 0x0F}, 1, 2);
              out.Byte(5);
            }),
            "palignr xmm1, xmm2, 5");
}

// Without REX, 4 to 7 name ah, ch, dh and bh: as the guest means them.
TEST(HostEmitter, NamesHighBytesUnlessLowOnesAreAskedFor) {
  constexpr std::array<const char*, 4> kHigh{"ah", "ch", "dh", "bh"};
  const HostMemory window = HostMemory::Window(kRbx);
  for (uint8_t reg = 4; reg < 8; ++reg) {
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.Memory({.byte = 0x88}, reg, window); }),
              fmt::format("mov byte ptr gs:[ebx], {}", kHigh[reg - 4u]));
    EXPECT_EQ(TextFrom([&](HostEmitter& out) {
                out.Memory({.byte = 0x88, .byte_regs = true}, reg, window);
              }),
              fmt::format("mov byte ptr gs:[ebx], {}", k8[reg]));
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.Registers({.byte = 0x8A}, kRax, reg); }),
              fmt::format("mov al, {}", kHigh[reg - 4u]));
  }
}

TEST(HostEmitter, BranchesToWhereTheCodeWillRun) {
  for (const uint64_t target : {kAddress, kAddress + 0x1000, kAddress - 0x1000}) {
    const auto* to = reinterpret_cast<const uint8_t*>(target);
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.Jump(to); }), fmt::format("jmp {:#x}", target));
    EXPECT_EQ(TextFrom([&](HostEmitter& out) { out.Call(to); }), fmt::format("call {:#x}", target));
  }
}

TEST(HostEmitter, BindsForwardBranches) {
  constexpr std::array<const char*, 16> kConditions{"jo",  "jno", "jb",  "jae", "je", "jne",
                                                    "jbe", "ja",  "js",  "jns", "jp", "jnp",
                                                    "jl",  "jge", "jle", "jg"};
  std::array<uint8_t, 256> buffer{};
  HostEmitter out(buffer, Exec());
  std::vector<uint32_t> to_end{out.JumpForward(), out.CallForward()};
  for (uint8_t condition = 0; condition < 16; ++condition) {
    to_end.push_back(out.JumpIfForward(condition));
  }
  const uint32_t short_reach = out.JumpIfEcxZeroForward();
  const uint32_t to_middle = out.JumpForward();
  const uint32_t middle = out.offset();
  out.Undefined();
  out.Bind8(short_reach);
  const uint32_t after_undefined = out.offset();
  out.Return();
  const uint32_t end = out.offset();
  for (const uint32_t field : to_end) out.Bind32(field);
  out.BindTo32(to_middle, middle);

  const std::vector<HostInstruction> code = Disassemble(std::span(buffer).first(end), kAddress);
  ASSERT_EQ(code.size(), 22u) << TextOf(code);
  EXPECT_EQ(code[0].text, fmt::format("jmp {:#x}", kAddress + end));
  EXPECT_EQ(code[1].text, fmt::format("call {:#x}", kAddress + end));
  for (size_t i = 0; i < kConditions.size(); ++i) {
    EXPECT_EQ(code[2 + i].text, fmt::format("{} {:#x}", kConditions[i], kAddress + end));
  }
  EXPECT_EQ(code[18].text, fmt::format("jecxz {:#x}", kAddress + after_undefined));
  EXPECT_EQ(code[19].text, fmt::format("jmp {:#x}", kAddress + middle));
}

TEST(HostEmitter, NoticesAFullBufferAndWritesNothingBehindIt) {
  const HostMemory memory{kR12, kRcx, 4, 0x1234, true};
  const auto* target = reinterpret_cast<const uint8_t*>(kAddress + 0x100);
  const std::vector<std::function<void(HostEmitter&)>> methods{
      [](HostEmitter& out) { out.Byte(1); },
      [](HostEmitter& out) { out.Word(0x1111); },
      [](HostEmitter& out) { out.Dword(0x11111111); },
      [&](HostEmitter& out) { out.Memory({.map = 1, .byte = 0xB7}, kR9, memory); },
      [](HostEmitter& out) { out.Registers({.byte = 0x8B, .wide = true}, kR8, kR9); },
      [](HostEmitter& out) { out.MoveImmediate(kR9, 0x11111111); },
      [](HostEmitter& out) { out.MoveImmediate64(kR9, 0x1111111111111111); },
      [](HostEmitter& out) { out.Move16(kR8, kR9); },
      [](HostEmitter& out) { out.MoveLowByte(kR8, kR9); },
      [&](HostEmitter& out) { out.StoreImmediate32(memory, 0x11111111); },
      [&](HostEmitter& out) { out.StoreImmediate16(memory, 0x1111); },
      [&](HostEmitter& out) { out.Lea32(kR8, memory); },
      [&](HostEmitter& out) { out.Lea64(kR8, memory); },
      [](HostEmitter& out) { out.RotateRight(kR8, kR9, 8); },
      [](HostEmitter& out) { out.ExtractBits(kR8, kR9, kR10); },
      [](HostEmitter& out) { out.And32(kR8, 0x11111111); },
      [](HostEmitter& out) { out.Test32(kR8, 0x11111111); },
      [&](HostEmitter& out) { out.CompareMemoryZero(memory); },
      [](HostEmitter& out) { out.Push(kR8); },
      [](HostEmitter& out) { out.Pop(kR8); },
      [](HostEmitter& out) { out.PushFlags(); },
      [](HostEmitter& out) { out.PopFlags(); },
      [](HostEmitter& out) { out.JumpRegister(kR9); },
      [&](HostEmitter& out) { out.Jump(target); },
      [&](HostEmitter& out) { out.Call(target); },
      [](HostEmitter& out) { out.Return(); },
      [](HostEmitter& out) { out.Undefined(); },
      [](HostEmitter& out) { out.Bind32(out.JumpForward()); },
      [](HostEmitter& out) { out.Bind32(out.CallForward()); },
      [](HostEmitter& out) { out.Bind32(out.JumpIfForward(4)); },
      [](HostEmitter& out) { out.Bind8(out.JumpIfEcxZeroForward()); },
  };
  constexpr uint8_t kUntouched = 0xEE;
  for (size_t i = 0; i < methods.size(); ++i) {
    std::array<uint8_t, 32> ample{};
    HostEmitter measure(ample, Exec());
    methods[i](measure);
    const uint32_t length = measure.offset();
    ASSERT_GT(length, 0u);
    for (uint32_t size = 0; size <= length; ++size) {
      std::array<uint8_t, 48> buffer;
      buffer.fill(kUntouched);
      HostEmitter out(std::span<uint8_t>(buffer).subspan(8, size), Exec());
      methods[i](out);
      EXPECT_EQ(out.overflowed(), size < length) << "method " << i << ", room for " << size;
      EXPECT_LE(out.offset(), size) << "method " << i;
      for (size_t at = 0; at < buffer.size(); ++at) {
        if (at >= 8 && at < 8 + size) continue;
        ASSERT_EQ(buffer[at], kUntouched) << "method " << i << ", room for " << size;
      }
    }
  }
}

}  // namespace
}  // namespace verbatim
