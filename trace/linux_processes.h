// SPDX-License-Identifier: Apache-2.0
// What a Linux guest calls the process that runs, where its kernel's symbols allow to know.
//
// No symbol tells it outright, since /proc/kallsyms of a distribution's kernel has functions only.
// But bpf_get_current_task() begins with `mov eax, fs:[current_task]`, from which the place of the
// pointer to the running task is read; FS is the kernel's per-CPU segment there. Where in a task
// its name stands follows from the first task, which every kernel calls "swapper".
//
// All of it is memory of the guest, thus nothing that can be relied on: a guest may be called
// anything, and a kernel made otherwise has no names.
#ifndef VERBATIM_TRACE_LINUX_PROCESSES_H_
#define VERBATIM_TRACE_LINUX_PROCESSES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "trace/guest_memory.h"
#include "trace/symbol_table.h"
#include "vcpu/cpu_state.h"

namespace verbatim {

class LinuxProcesses {
 public:
  explicit LinuxProcesses(const SymbolTable& symbols);

  // Learns from a guest that is in its kernel, now and then; costs little.
  void Look(const CpuState& cpu, Mmu& mmu);
  // Of a guest that is in a process; empty if that is not known (yet). Printable, 15 bytes at most.
  [[nodiscard]] std::string Running(Mmu& mmu) const;

 private:
  [[nodiscard]] std::optional<uint32_t> FindPointer(const GuestMemory& memory) const;
  [[nodiscard]] static std::optional<uint32_t> FindName(const GuestMemory& memory, uint32_t task);

  std::optional<uint32_t> function_;  // bpf_get_current_task
  std::optional<uint32_t> pointer_;   // offset in the per-CPU segment of the pointer to the task
  uint32_t base_ = 0;                 // of that segment
  uint32_t task_ = 0;                 // that has been searched last for its name
  std::optional<uint32_t> name_;      // offset in a task
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_LINUX_PROCESSES_H_
