// SPDX-License-Identifier: Apache-2.0
// The decoder against Capstone and against itself. Input: one byte whose lowest bit says 32-bit
// code, then the bytes to decode.
#include <capstone/capstone.h>

#include <array>
#include <span>

#include "decoder/decoder.h"
#include "tests/fuzz/decoder_explanations.h"
#include "tests/fuzz/encoding.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

class Capstone {
 public:
  explicit Capstone(cs_mode mode) {
    Demand(::cs_open(CS_ARCH_X86, mode, &handle_) == CS_ERR_OK, "Capstone cannot be opened");
    ::cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
    instruction_ = ::cs_malloc(handle_);
  }
  ~Capstone() {
    ::cs_free(instruction_, 1);
    ::cs_close(&handle_);
  }
  Capstone(const Capstone&) = delete;
  Capstone& operator=(const Capstone&) = delete;

  // nullptr: no instruction.
  [[nodiscard]] const cs_insn* Decode(std::span<const uint8_t> bytes) const {
    const uint8_t* code = bytes.data();
    size_t left = bytes.size();
    uint64_t address = 0;
    return ::cs_disasm_iter(handle_, &code, &left, &address, instruction_) ? instruction_ : nullptr;
  }
  [[nodiscard]] csh handle() const { return handle_; }

 private:
  csh handle_ = 0;
  cs_insn* instruction_ = nullptr;
};

std::string Hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format(" {:02x}", byte);
  return text;
}

// The bytes behind an instruction mean nothing to it, and without its last one it is incomplete.
void CheckExtent(const Decoder& decoder, const GuestInstruction& in, std::span<const uint8_t> bytes,
                 bool code32) {
  Demand(in.length <= kMaxInstructionBytes && in.length <= bytes.size(), "length {} of{}",
         in.length, Hex(bytes));
  if (in.length == 0 || in.error != DecodeError::kNone) return;
  const GuestInstruction alone = decoder.Decode(bytes.first(in.length), code32);
  Demand(alone.length == in.length && alone.mnemonic == in.mnemonic &&
             alone.handling == in.handling && alone.error == in.error,
         "depends on what follows:{}", Hex(bytes));
  for (unsigned length = 1; length < in.length; ++length) {
    const GuestInstruction cut = decoder.Decode(bytes.first(length), code32);
    Demand(cut.length == 0, "{} bytes suffice for an instruction of {}:{}", length, in.length,
           Hex(bytes));
  }
}

void Compare(const Capstone& capstone, const GuestInstruction& in, std::span<const uint8_t> bytes,
             bool code32) {
  const cs_insn* theirs = capstone.Decode(bytes);
  const bool ours = in.error == DecodeError::kNone && in.handling != Handling::kUndefined;
  const Encoding encoding = EncodingOf(bytes);
  const char* mode = code32 ? "32-bit" : "16-bit";
  if (theirs != nullptr && !ours) {
    Demand(WhyOnlyCapstone(encoding, capstone.handle(), *theirs) != nullptr,
           "{} code: #UD, but Capstone has {} {}:{}", mode, theirs->mnemonic, theirs->op_str,
           Hex(bytes));
  } else if (theirs == nullptr && ours) {
    Demand(WhyOnlyOurs(encoding) != nullptr, "{} code: {}, but Capstone has none:{}", mode,
           MnemonicName(in.mnemonic), Hex(bytes));
  } else if (ours && theirs->size != in.length) {
    Demand(WhyLengthsDiffer(encoding) != nullptr, "{} code: length {}, Capstone {} of {}:{}", mode,
           in.length, theirs->size, theirs->mnemonic, Hex(bytes));
  }
}

void Run(FuzzInput input) {
  static const Decoder decoder{CpuFeatures{}};
  static const std::array<Capstone, 2> capstones{Capstone(CS_MODE_16), Capstone(CS_MODE_32)};
  const bool code32 = (input.Byte() & 1) != 0;
  const std::span<const uint8_t> bytes = input.Rest();
  if (bytes.empty()) return;
  const GuestInstruction in = decoder.Decode(bytes, code32);
  CheckExtent(decoder, in, bytes, code32);
  // Capstone does not tell "incomplete" from "undefined".
  if (in.length != 0) Compare(capstones[code32 ? 1 : 0], in, bytes, code32);
}

}  // namespace
}  // namespace verbatim

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::Run({data, size});
  return 0;
}
