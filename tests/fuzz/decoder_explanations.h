// SPDX-License-Identifier: Apache-2.0
// Why this project's decoder and Capstone may differ. Each row was judged by the manual; what no
// row explains is a defect of one of the two, and the fuzz target fails.
#ifndef VERBATIM_TESTS_FUZZ_DECODER_EXPLANATIONS_H_
#define VERBATIM_TESTS_FUZZ_DECODER_EXPLANATIONS_H_

#include <capstone/capstone.h>

#include "tests/fuzz/encoding.h"

namespace verbatim {

// Capstone sees an instruction where the decoder says #UD. nullptr: no reason is known.
[[nodiscard]] const char* WhyOnlyCapstone(const Encoding& encoding, csh handle,
                                          const cs_insn& instruction);
// The other way round.
[[nodiscard]] const char* WhyOnlyOurs(const Encoding& encoding);
// Both see one, of different lengths.
[[nodiscard]] const char* WhyLengthsDiffer(const Encoding& encoding);

}  // namespace verbatim

#endif  // VERBATIM_TESTS_FUZZ_DECODER_EXPLANATIONS_H_
