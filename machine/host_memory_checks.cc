// SPDX-License-Identifier: Apache-2.0
// Tries the kinds of memory that a machine is made of.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bits.h"
#include "base/file.h"
#include "machine/host_checks.h"

namespace verbatim {
namespace {

constexpr size_t kProbeBytes = 4096;
// The windows that a machine needs at least: 48 of 8 GiB and a guard, in the lower half of the 47
// bits that programs have.
constexpr uint64_t kWindowSpaceStart = 1ull << 45;
constexpr uint64_t kWindowSpaceEnd = 5ull << 44;
constexpr uint64_t kWindowSpaceStep = 64ull << 30;
constexpr uint64_t kWindowSpaceBytes = 388ull << 30;

constexpr std::string_view kExecutableAdvice =
    "allow the process executable shared memory: SELinux execmem, seccomp filters and hardened "
    "kernels can refuse it";

HostCheck Refused(std::string name, std::string_view call, std::string_view advice) {
  return {HostVerdict::kFail, std::move(name), std::string(call) + ": " + std::strerror(errno),
          std::string(advice)};
}

HostCheck CheckMemfd() {
  const FileDescriptor file(::memfd_create("verbatim-probe", MFD_CLOEXEC));
  if (!file.valid()) {
    return Refused("memfd", "memfd_create",
                   "allow memfd_create: seccomp filters and sysctl vm.memfd_noexec=2 refuse it");
  }
  return {HostVerdict::kOk, "memfd", "works", ""};
}

// Writes a function through one mapping and runs it through the other, as the code cache does.
HostCheck CheckExecutableMemory() {
  const std::string name = "executable memory";
  const FileDescriptor file(::memfd_create("verbatim-probe", MFD_CLOEXEC));
  if (!file.valid() || ::ftruncate(file.get(), kProbeBytes) != 0) {
    return Refused(name, "memfd", kExecutableAdvice);
  }
  void* write = ::mmap(nullptr, kProbeBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (write == MAP_FAILED) return Refused(name, "writable mapping", kExecutableAdvice);
  void* exec =
      ::mmap(nullptr, kProbeBytes, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_32BIT, file.get(), 0);
  if (exec == MAP_FAILED) {
    HostCheck refused = Refused(name, "mapping in the low 2 GiB", kExecutableAdvice);
    ::munmap(write, kProbeBytes);
    return refused;
  }
  // mov eax, kAnswer; ret
  constexpr uint32_t kAnswer = 0x5EB1A7E5;
  auto* code = static_cast<uint8_t*>(write);
  code[0] = 0xB8;
  StoreLittle(code + 1, kAnswer);
  code[5] = 0xC3;
  const auto function = reinterpret_cast<uint32_t (*)()>(exec);
  const bool good = function() == kAnswer;
  ::munmap(write, kProbeBytes);
  ::munmap(exec, kProbeBytes);
  if (!good) return {HostVerdict::kFail, name, "does not run what was written", ""};
  return {HostVerdict::kOk, name, "dual mapping in the low 2 GiB works", ""};
}

HostCheck CheckAddressSpace() {
  const std::string name = "address space";
  for (uint64_t at = kWindowSpaceStart; at + kWindowSpaceBytes <= kWindowSpaceEnd;
       at += kWindowSpaceStep) {
    void* const wanted = reinterpret_cast<void*>(at);
    void* const got =
        ::mmap(wanted, kWindowSpaceBytes, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != MAP_FAILED) ::munmap(got, kWindowSpaceBytes);
    if (got == wanted) return {HostVerdict::kOk, name, "388 GiB for windows are free", ""};
    if (got == MAP_FAILED && errno != EEXIST) {
      return Refused(name, "reserving 388 GiB for windows", "raise the limit: ulimit -v unlimited");
    }
  }
  return {HostVerdict::kFail, name, "no 388 GiB in one piece are free for windows",
          "run without what occupies it, such as a sanitizer"};
}

}  // namespace

std::vector<HostCheck> CheckHostMemory() {
  return {CheckMemfd(), CheckExecutableMemory(), CheckAddressSpace()};
}

}  // namespace verbatim
