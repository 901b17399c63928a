// SPDX-License-Identifier: Apache-2.0
// Exceptions as values (SDM vol. 3, chapter 6): what an instruction or a delivery raises, before
// the IDT is consulted, and the two macros that pass one on.
//
// Invariant of every function that returns a Faultable: if it returns an Exception, the guest state
// is as before the call, except where its comment says otherwise (task switches).
#ifndef VERBATIM_VCPU_EXCEPTION_H_
#define VERBATIM_VCPU_EXCEPTION_H_

#include <cstdint>
#include <expected>

#include "base/address.h"
#include "memory/paging.h"

namespace verbatim {

// Exception vectors (SDM vol. 3, table 6-1).
enum class Vector : uint8_t {
  kDivideError = 0,
  kDebug = 1,
  kNmi = 2,
  kBreakpoint = 3,
  kOverflow = 4,
  kBound = 5,
  kInvalidOpcode = 6,
  kDeviceNotAvailable = 7,
  kDoubleFault = 8,
  kInvalidTss = 10,
  kSegmentNotPresent = 11,
  kStackFault = 12,
  kGeneralProtection = 13,
  kPageFault = 14,
  kMathFault = 16,
  kAlignmentCheck = 17,
  kMachineCheck = 18,
  kSimdFault = 19,
};

// An exception that an instruction raises, before it is delivered. So large that a Faultable comes
// back in memory. In two registers (System V psABI, 3.2.3) it would be loaded from where its flag,
// one byte, was just stored, and such a load waits until the store is through: 13 cycles a call.
struct alignas(2 * sizeof(uint64_t)) Exception {
  Vector vector = Vector::kInvalidOpcode;
  uint32_t error_code = 0;      // where the vector has one
  LinearAddress fault_address;  // kPageFault: goes to CR2

  friend bool operator==(const Exception&, const Exception&) = default;
};

template <typename T>
using Faultable = std::expected<T, Exception>;

[[nodiscard]] constexpr bool HasErrorCode(Vector vector) {
  // 8, 10 to 14 and 17.
  return ((0x00027D00u >> static_cast<unsigned>(vector)) & 1) != 0;
}

[[nodiscard]] inline std::unexpected<Exception> Raise(Vector vector, uint32_t error_code = 0) {
  return std::unexpected(Exception{vector, error_code, {}});
}
[[nodiscard]] inline std::unexpected<Exception> RaiseGeneralProtection(uint32_t error_code = 0) {
  return Raise(Vector::kGeneralProtection, error_code);
}
[[nodiscard]] inline std::unexpected<Exception> RaiseUndefined() {
  return Raise(Vector::kInvalidOpcode);
}

// The macros below use it within the full expression only.
[[nodiscard]] constexpr const Exception& ToException(const Exception& exception) {
  return exception;  // NOLINT(bugprone-return-const-ref-from-parameter)
}
[[nodiscard]] constexpr Exception ToException(const PageFault& fault) {
  return {Vector::kPageFault, fault.error_code, fault.address};
}

}  // namespace verbatim

#define VERBATIM_JOIN2(a, b) a##b
#define VERBATIM_JOIN(a, b) VERBATIM_JOIN2(a, b)

// Returns the exception (or page fault) of `expression` from the enclosing function, if any.
#define RETURN_IF_FAULT(expression)                                        \
  do {                                                                     \
    if (const auto& faultable_ = (expression); !faultable_) {              \
      return std::unexpected(::verbatim::ToException(faultable_.error())); \
    }                                                                      \
  } while (false)

// Likewise; otherwise initialises `declaration` with the value.
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses
#define ASSIGN_OR_FAULT(declaration, expression)                                                  \
  auto VERBATIM_JOIN(faultable_, __LINE__) = (expression);                                        \
  if (!VERBATIM_JOIN(faultable_, __LINE__)) {                                                     \
    return std::unexpected(::verbatim::ToException(VERBATIM_JOIN(faultable_, __LINE__).error())); \
  }                                                                                               \
  declaration = *VERBATIM_JOIN(faultable_, __LINE__)
// NOLINTEND(bugprone-macro-parentheses)

#endif  // VERBATIM_VCPU_EXCEPTION_H_
