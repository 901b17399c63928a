// SPDX-License-Identifier: Apache-2.0
// The classification table: what the translator does with each instruction of an SSE2-class 32-bit
// processor. Whatever is not named here is in no class and becomes #UD.
#ifndef VERBATIM_DECODER_CLASSIFICATION_H_
#define VERBATIM_DECODER_CLASSIFICATION_H_

#include <cstdint>

#include "decoder/features.h"
#include "decoder/instruction.h"

namespace verbatim {

// Instruction-set extension a row belongs to, for gating by CPU model.
enum class Extension : uint8_t {
  kBase,  // 386 to Pentium, x87
  kCmov,
  kCx8,
  kMmx,
  kFxsr,
  kSse,
  kSse2,
  kSse3,
  kSsse3,
  kSysenter,
  kClflush,
  kCount
};

struct Classification {
  Handling handling = Handling::kUndefined;
  Extension extension = Extension::kBase;
  bool known = false;  // named in the table (UD2 is, and is kUndefined; AESENC is not)
};

// By mnemonic. MOVSD and CMPSD name both a string and an SSE2 instruction: this gives the SSE2 row,
// the decoder tells the string forms by their opcode map.
[[nodiscard]] Classification Classify(Mnemonic mnemonic);

[[nodiscard]] bool Offers(const CpuFeatures& features, Extension extension);

}  // namespace verbatim

#endif  // VERBATIM_DECODER_CLASSIFICATION_H_
