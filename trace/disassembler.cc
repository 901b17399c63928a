// SPDX-License-Identifier: Apache-2.0
#include "trace/disassembler.h"

#include <capstone/capstone.h>

#include "base/check.h"

namespace verbatim {
namespace {

cs_mode ModeOf(Disassembler::Mode mode) {
  switch (mode) {
    case Disassembler::Mode::kGuest16:
      return CS_MODE_16;
    case Disassembler::Mode::kGuest32:
      return CS_MODE_32;
    case Disassembler::Mode::kHost:
      return CS_MODE_64;
  }
  return CS_MODE_64;
}

bool IsBranch(const cs_detail& detail) {
  for (uint8_t i = 0; i < detail.groups_count; ++i) {
    if (detail.groups[i] == CS_GRP_JUMP || detail.groups[i] == CS_GRP_CALL) return true;
  }
  return false;
}

}  // namespace

struct Disassembler::Buffer {
  cs_insn* instruction = nullptr;
};

Disassembler::Disassembler(Mode mode) : buffer_(std::make_unique<Buffer>()) {
  CHECK(cs_open(CS_ARCH_X86, ModeOf(mode), &handle_) == CS_ERR_OK);
  CHECK(cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK);
  buffer_->instruction = cs_malloc(handle_);
  CHECK(buffer_->instruction != nullptr);
}

Disassembler::~Disassembler() {
  cs_free(buffer_->instruction, 1);
  cs_close(&handle_);
}

DisassembledInstruction Disassembler::At(std::span<const uint8_t> bytes, uint64_t address) {
  const uint8_t* code = bytes.data();
  size_t left = bytes.size();
  const cs_insn& in = *buffer_->instruction;
  if (!cs_disasm_iter(handle_, &code, &left, &address, buffer_->instruction)) {
    return {.length = 1, .text = "(unknown)"};
  }
  DisassembledInstruction result{.length = in.size, .text = in.mnemonic};
  if (in.op_str[0] != '\0') result.text += std::string(" ") + in.op_str;
  const cs_x86& x86 = in.detail->x86;
  for (uint8_t i = 0; i < x86.op_count; ++i) {
    const cs_x86_op& operand = x86.operands[i];
    if (operand.type == X86_OP_IMM && IsBranch(*in.detail)) {
      result.branch_target = static_cast<uint64_t>(operand.imm);
    } else if (operand.type == X86_OP_MEM && operand.mem.base == X86_REG_R15 &&
               operand.mem.index == X86_REG_INVALID) {
      result.context_offset = static_cast<uint32_t>(operand.mem.disp);
    }
  }
  return result;
}

}  // namespace verbatim
