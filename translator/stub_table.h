// SPDX-License-Identifier: Apache-2.0
// Addresses of the engine's stubs, as blocks refer to them. All lie in the code memory's prologue,
// in the low 2 GiB.
#ifndef VERBATIM_TRANSLATOR_STUB_TABLE_H_
#define VERBATIM_TRANSLATOR_STUB_TABLE_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace verbatim {

struct StubTable {
  // Jumped to.
  const uint8_t* dispatch = nullptr;     // r8d = guest eip: through the jump table
  const uint8_t* miss = nullptr;         // r8d = guest eip: exit kLookup
  const uint8_t* return_miss = nullptr;  // as dispatch, and drops the shadow stack
  // A target check by a sum that carried: r8d = guest eip, r9d = sum, r10d = distance, r11 = where
  // the block goes on if the distance is 0; else as miss and return_miss.
  const uint8_t* entry_doubt = nullptr;
  const uint8_t* return_doubt = nullptr;
  const uint8_t* guess_doubt = nullptr;  // likewise, else as guess
  // r8d = guest eip, r9d = address behind the branch that was to lead to a guess.
  const uint8_t* guess = nullptr;
  const uint8_t* link = nullptr;       // r8d = target eip, r9d = address of the link's stub
  const uint8_t* dead = nullptr;       // r8d = eip of the dead block
  const uint8_t* stale = nullptr;      // r8d = eip, r9d = address of the block's body
  const uint8_t* block_end = nullptr;  // r8d = next eip
  const uint8_t* exception = nullptr;  // r8d = eip, r9d = vector
  // Called (the return address goes on the shadow stack); r9d = site. All preserve the guest state
  // that the callout does not change, flags included; r8-r11 are lost except as told.
  const uint8_t* callout = nullptr;       // a sensitive instruction
  const uint8_t* load_segment = nullptr;  // likewise, one with the selector in r8d: keeps r11
  // Likewise, a far transfer in real or virtual-8086 mode: r8d = eip, r10d = esp and r11d =
  // selector behind it.
  const uint8_t* far_transfer = nullptr;
  const uint8_t* access_begin = nullptr;  // returns r8 = host pointer to the operand
  const uint8_t* access_end = nullptr;    // completes a write
};

struct NamedStub {
  std::string_view name;
  const uint8_t* StubTable::*address;
};
inline constexpr std::array kStubs{
    NamedStub{"dispatch", &StubTable::dispatch},
    NamedStub{"miss", &StubTable::miss},
    NamedStub{"return_miss", &StubTable::return_miss},
    NamedStub{"entry_doubt", &StubTable::entry_doubt},
    NamedStub{"return_doubt", &StubTable::return_doubt},
    NamedStub{"guess_doubt", &StubTable::guess_doubt},
    NamedStub{"guess", &StubTable::guess},
    NamedStub{"link", &StubTable::link},
    NamedStub{"dead", &StubTable::dead},
    NamedStub{"stale", &StubTable::stale},
    NamedStub{"block_end", &StubTable::block_end},
    NamedStub{"exception", &StubTable::exception},
    NamedStub{"callout", &StubTable::callout},
    NamedStub{"load_segment", &StubTable::load_segment},
    NamedStub{"far_transfer", &StubTable::far_transfer},
    NamedStub{"access_begin", &StubTable::access_begin},
    NamedStub{"access_end", &StubTable::access_end},
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_STUB_TABLE_H_
