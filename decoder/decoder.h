// SPDX-License-Identifier: Apache-2.0
// Guest bytes to GuestInstruction. Pure: the same bytes, code size and features always give the
// same result.
#ifndef VERBATIM_DECODER_DECODER_H_
#define VERBATIM_DECODER_DECODER_H_

#include <cstdint>
#include <span>

#include "decoder/features.h"
#include "decoder/form_table.h"
#include "decoder/instruction.h"

namespace verbatim {

class Decoder {
 public:
  explicit Decoder(const CpuFeatures& features);

  // Decodes the instruction at the start of `bytes` (at most 15 are looked at) for a code segment
  // with the given default size. An undefined instruction comes back as handling kUndefined with
  // `error` set and `length` at least 1. nullopt-like: if `bytes` ends before the instruction does,
  // the result has length 0 (the caller then supplies more, or raises the fault of fetching them).
  [[nodiscard]] GuestInstruction Decode(std::span<const uint8_t> bytes, bool code32) const {
    GuestInstruction result;
    DecodeInto(bytes, code32, result);
    return result;
  }
  // Likewise; all of `out` is overwritten.
  void DecodeInto(std::span<const uint8_t> bytes, bool code32, GuestInstruction& out) const;

 private:
  const FormTable& forms_;
  uint32_t offered_;  // a bit for each Extension
};

}  // namespace verbatim

#endif  // VERBATIM_DECODER_DECODER_H_
