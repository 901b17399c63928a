// SPDX-License-Identifier: Apache-2.0
// What the decoder is judged by: GuestInstruction filled from what Zydis, another decoder, says of
// the same bytes. Only the classification by mnemonic is shared.
#ifndef VERBATIM_TESTS_DECODER_REFERENCE_DECODER_H_
#define VERBATIM_TESTS_DECODER_REFERENCE_DECODER_H_

#include <Zydis/Decoder.h>

#include <cstdint>
#include <span>

#include "decoder/features.h"
#include "decoder/instruction.h"

namespace verbatim {

class ReferenceDecoder {
 public:
  explicit ReferenceDecoder(const CpuFeatures& features);

  // As Decoder::Decode.
  [[nodiscard]] GuestInstruction Decode(std::span<const uint8_t> bytes, bool code32) const;

 private:
  CpuFeatures features_;
  ZydisDecoder decoder16_;
  ZydisDecoder decoder32_;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_DECODER_REFERENCE_DECODER_H_
