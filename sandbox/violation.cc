// SPDX-License-Identifier: Apache-2.0
#include "sandbox/violation.h"

#include <linux/audit.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace verbatim {
namespace {

constexpr size_t kCalls = 512;
constexpr size_t kNameBytes = 32;
constexpr int kSeccompCode = 1;  // SYS_SECCOMP, which the C library does not name

struct CallName {
  std::array<char, kNameBytes> text{};
  bool listed = false;  // allowed with other arguments
};

// Written before the filter is installed, then only read, by a handler that may run on any thread.
std::array<CallName, kCalls> call_names;

// Text of limited length, made without the heap.
class Line {
 public:
  Line& operator<<(std::string_view text) {
    const size_t count = std::min(text.size(), buffer_.size() - size_);
    std::copy_n(text.begin(), count, buffer_.begin() + size_);
    size_ += count;
    return *this;
  }
  Line& operator<<(uint32_t number) {
    std::array<char, 10> digits;
    size_t at = digits.size();
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    return *this << std::string_view(digits.data() + at, digits.size() - at);
  }
  void Print() const {
    [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, buffer_.data(), size_);
  }

 private:
  std::array<char, 160> buffer_;
  size_t size_ = 0;
};

// Async-signal-safe. The disposition is the default one again, and the signal is not blocked.
void OnViolation(int signal, siginfo_t* info, void* /*context*/) {
  const auto number = static_cast<uint32_t>(info->si_syscall);
  Line line;
  line << "verbatim: sandbox: system call " << number;
  bool listed = false;
  if (info->si_code != kSeccompCode) {
    line << " (SIGSYS was sent from outside)";
  } else if (info->si_arch != AUDIT_ARCH_X86_64) {
    line << " of another architecture";
  } else if (number < kCalls && call_names[number].text[0] != '\0') {
    listed = call_names[number].listed;
    line << " (" << call_names[number].text.data() << ")";
  }
  line << (listed ? " with these arguments" : "") << " is not allowed, the process ends\r\n";
  line.Print();
  ::raise(signal);
}

void LookUpNames(std::span<const AllowedCall> allowed) {
  for (size_t number = 0; number < kCalls; ++number) {
    char* name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, static_cast<int>(number));
    if (name == nullptr) continue;
    std::strncpy(call_names[number].text.data(), name, kNameBytes - 1);
    std::free(name);
  }
  for (const AllowedCall& call : allowed)
    call_names[static_cast<size_t>(call.number)].listed = true;
}

}  // namespace

Status InstallViolationHandler(std::span<const AllowedCall> allowed) {
  LookUpNames(allowed);
  struct sigaction action {};
  action.sa_sigaction = OnViolation;
  // One shot: what the handler cannot finish ends by the default action.
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
  if (::sigaction(SIGSYS, &action, nullptr) != 0) {
    return Fail("cannot handle SIGSYS: {}", std::strerror(errno));
  }
  return {};
}

}  // namespace verbatim
