// SPDX-License-Identifier: Apache-2.0
// Flags that the manual leaves undefined after an instruction, for those instructions that the
// engine simulates in C++. Everything else runs on the very processor that it is compared with, and
// must agree in every flag, defined or not.
//
// A case masks these only at its end: `Case::flags`. A program that stores them, or branches on
// them, must not be made.
#ifndef VERBATIM_TESTS_ORACLE_UNDEFINED_FLAGS_H_
#define VERBATIM_TESTS_ORACLE_UNDEFINED_FLAGS_H_

#include <Zydis/Mnemonic.h>

#include <cstdint>

#include "decoder/instruction.h"

namespace verbatim::test {

// As a set of EFLAGS bits; the sections are those of SDM vol. 2.
[[nodiscard]] constexpr uint32_t UndefinedAfterSimulation(Mnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_AAA:  // 3.2, AAA
    case ZYDIS_MNEMONIC_AAS:  // AAS
      return flag::kOf | flag::kSf | flag::kZf | flag::kPf;
    case ZYDIS_MNEMONIC_AAD:  // AAD
    case ZYDIS_MNEMONIC_AAM:  // AAM
      return flag::kOf | flag::kAf | flag::kCf;
    case ZYDIS_MNEMONIC_DAA:  // DAA
    case ZYDIS_MNEMONIC_DAS:  // DAS
      return flag::kOf;
    default:
      return 0;
  }
}

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_UNDEFINED_FLAGS_H_
