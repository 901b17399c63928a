// SPDX-License-Identifier: Apache-2.0
#include "decoder/mnemonic.h"

#include <array>
#include <cstddef>
#include <string>

namespace verbatim {
namespace {

constexpr auto kCount = static_cast<size_t>(Mnemonic::kCount);

std::array<std::string, kCount> LowerCaseNames() {
  std::array<std::string, kCount> names = {"Invalid",
#define V(name) #name,
                                           VERBATIM_MNEMONICS(V)
#undef V
  };
  for (std::string& name : names) {
    for (char& letter : name) {
      if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
  }
  return names;
}

}  // namespace

std::string_view MnemonicName(Mnemonic mnemonic) {
  static const std::array<std::string, kCount> names = LowerCaseNames();
  return names[static_cast<size_t>(mnemonic)];
}

}  // namespace verbatim
