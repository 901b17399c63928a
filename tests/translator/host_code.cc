// SPDX-License-Identifier: Apache-2.0
#include "tests/translator/host_code.h"

#include <initializer_list>
#include <utility>

#include "base/check.h"

namespace verbatim {
namespace {

bool InGroup(const cs_detail& detail, std::initializer_list<int> groups) {
  for (uint8_t i = 0; i < detail.groups_count; ++i) {
    for (const int group : groups) {
      if (detail.groups[i] == group) return true;
    }
  }
  return false;
}

}  // namespace

HostDisassembler::HostDisassembler() {
  CHECK(cs_open(CS_ARCH_X86, CS_MODE_64, &handle_) == CS_ERR_OK);
  CHECK(cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK);
  in_ = cs_malloc(handle_);
  CHECK(in_ != nullptr);
}

HostDisassembler::~HostDisassembler() {
  cs_free(in_, 1);
  cs_close(&handle_);
}

std::optional<HostInstruction> HostDisassembler::One(std::span<const uint8_t> code,
                                                     uint64_t address) {
  const uint8_t* at = code.data();
  size_t left = code.size();
  if (left == 0 || !cs_disasm_iter(handle_, &at, &left, &address, in_)) return std::nullopt;
  std::string text = in_->mnemonic;
  if (in_->op_str[0] != '\0') text += std::string(" ") + in_->op_str;
  return HostInstruction{
      .length = in_->size,
      .id = in_->id,
      .text = std::move(text),
      .detail = in_->detail->x86,
      .transfer = InGroup(*in_->detail, {CS_GRP_JUMP, CS_GRP_CALL}),
      .privileged = InGroup(*in_->detail, {CS_GRP_PRIVILEGE, CS_GRP_INT, CS_GRP_IRET})};
}

std::vector<HostInstruction> Disassemble(std::span<const uint8_t> code, uint64_t address) {
  HostDisassembler disassembler;
  std::vector<HostInstruction> result;
  uint32_t offset = 0;
  while (std::optional<HostInstruction> in =
             disassembler.One(code.subspan(offset), address + offset)) {
    in->offset = offset;
    offset += in->length;
    result.push_back(*std::move(in));
  }
  return result;
}

std::string TextOf(const std::vector<HostInstruction>& code) {
  std::string text;
  for (const HostInstruction& in : code) text += in.text + "\n";
  return text;
}

}  // namespace verbatim
