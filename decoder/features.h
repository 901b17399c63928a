// SPDX-License-Identifier: Apache-2.0
// The instruction-set extensions a CPU model offers. The decoder gates by them: an instruction of
// an extension that the model lacks is #UD.
#ifndef VERBATIM_DECODER_FEATURES_H_
#define VERBATIM_DECODER_FEATURES_H_

namespace verbatim {

struct CpuFeatures {
  bool cmov = true;
  bool cx8 = true;
  bool mmx = true;
  bool fxsr = true;
  bool sse = true;
  bool sse2 = true;
  bool sse3 = true;
  bool ssse3 = true;
  bool sysenter = true;
  bool clflush = true;
  bool nx = true;
};

}  // namespace verbatim

#endif  // VERBATIM_DECODER_FEATURES_H_
