// SPDX-License-Identifier: Apache-2.0
// The guest's registers by the numbers and in the formats that target_description.h tells gdb.
//
// A debugger may change what the present mode lets any value have. Segment registers can be loaded
// where that takes no descriptor (real and virtual-8086 mode); CR0, CR4, EFER, the descriptor
// tables, the debug registers and the bases of segments are to be seen only.
#ifndef VERBATIM_GDB_REGISTERS_H_
#define VERBATIM_GDB_REGISTERS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "machine/debugger.h"

namespace verbatim::gdb {

enum class RegisterGroup : uint8_t { kCore, kSse, kSystem };

struct RegisterDescription {
  std::string_view name;
  uint32_t bytes = 4;
  std::string_view type;  // of the target description
  RegisterGroup group = RegisterGroup::kCore;
  std::string_view gdb_group{};  // "float", "vector", "system"; empty: by type
};

// By number. EFER, which not every processor model has, is the last.
inline constexpr size_t kEspNumber = 4;
inline constexpr size_t kEbpNumber = 5;
inline constexpr size_t kEipNumber = 8;
[[nodiscard]] std::span<const RegisterDescription> Registers(const DebugTarget& target);

// Little-endian. `number` is below Registers().size().
[[nodiscard]] std::vector<uint8_t> ReadRegister(DebugTarget& target, size_t number);
[[nodiscard]] std::vector<uint8_t> ReadAllRegisters(DebugTarget& target);
// False, without effect, if the size is wrong or the register cannot have that value; writing what
// it holds is always fine.
[[nodiscard]] bool WriteRegister(DebugTarget& target, size_t number,
                                 std::span<const uint8_t> value);
// All that can be written; false if a part of it could not, or the size is wrong.
[[nodiscard]] bool WriteAllRegisters(DebugTarget& target, std::span<const uint8_t> values);

}  // namespace verbatim::gdb

#endif  // VERBATIM_GDB_REGISTERS_H_
