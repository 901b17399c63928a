// SPDX-License-Identifier: Apache-2.0
#include "tests/translator/host_code.h"

#include "base/check.h"

namespace verbatim {
namespace {

bool IsTransfer(const cs_detail& detail) {
  for (uint8_t i = 0; i < detail.groups_count; ++i) {
    if (detail.groups[i] == CS_GRP_JUMP || detail.groups[i] == CS_GRP_CALL) return true;
  }
  return false;
}

}  // namespace

std::vector<HostInstruction> Disassemble(std::span<const uint8_t> code, uint64_t address) {
  csh handle = 0;
  CHECK(cs_open(CS_ARCH_X86, CS_MODE_64, &handle) == CS_ERR_OK);
  CHECK(cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK);
  cs_insn* in = cs_malloc(handle);
  CHECK(in != nullptr);
  std::vector<HostInstruction> result;
  const uint8_t* at = code.data();
  size_t left = code.size();
  while (left != 0 && cs_disasm_iter(handle, &at, &left, &address, in)) {
    std::string text = in->mnemonic;
    if (in->op_str[0] != '\0') text += std::string(" ") + in->op_str;
    result.push_back({.offset = static_cast<uint32_t>(at - code.data()) - in->size,
                      .length = in->size,
                      .id = in->id,
                      .text = std::move(text),
                      .detail = in->detail->x86,
                      .transfer = IsTransfer(*in->detail)});
  }
  cs_free(in, 1);
  cs_close(&handle);
  return result;
}

std::string TextOf(const std::vector<HostInstruction>& code) {
  std::string text;
  for (const HostInstruction& in : code) text += in.text + "\n";
  return text;
}

}  // namespace verbatim
