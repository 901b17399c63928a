// SPDX-License-Identifier: Apache-2.0
#include "trace/linux_processes.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr std::string_view kFunction = "bpf_get_current_task";
// Of the function, behind what ftrace and others put in front: mov eax, fs:[moffs] or [disp32].
constexpr uint32_t kPrologue = 24;
constexpr std::array<uint8_t, 2> kLoad = {0x64, 0xA1};
constexpr std::array<uint8_t, 3> kOtherLoad = {0x64, 0x8B, 0x05};
constexpr uint32_t kTaskBytes = 4096;  // of it are searched
constexpr size_t kNameBytes = 16;      // TASK_COMM_LEN
constexpr std::string_view kFirstTask = "swapper";

}  // namespace

LinuxProcesses::LinuxProcesses(const SymbolTable& symbols) {
  if (const auto found = symbols.Find(kFunction)) function_ = found->first;
}

std::optional<uint32_t> LinuxProcesses::FindPointer(const GuestMemory& memory) const {
  std::array<uint8_t, kPrologue> code{};
  if (!memory.Read(*function_, code)) return std::nullopt;
  for (const std::span<const uint8_t> load :
       {std::span<const uint8_t>(kLoad), std::span<const uint8_t>(kOtherLoad)}) {
    const auto at = std::ranges::search(code, load);
    if (!at.empty() && code.end() - at.end() >= 4) return LoadLittle<uint32_t>(&*at.end());
  }
  return std::nullopt;
}

std::optional<uint32_t> LinuxProcesses::FindName(const GuestMemory& memory, uint32_t task) {
  std::array<uint8_t, kTaskBytes> bytes{};
  if (!memory.Read(task, bytes)) return std::nullopt;
  const auto found = std::ranges::search(bytes, kFirstTask);
  if (found.empty() || bytes.end() - found.end() < 2) return std::nullopt;
  // "swapper" at first, then "swapper/0".
  const uint8_t behind = *found.end();
  if (behind != 0 && behind != '/') return std::nullopt;
  return static_cast<uint32_t>(found.begin() - bytes.begin());
}

void LinuxProcesses::Look(const CpuState& cpu, Mmu& mmu) {
  if (!function_ || cpu.cpl != 0 || (cpu.cr0 & cr0::kPg) == 0) return;
  // On the way in, FS is still the process's.
  const SegmentRegister& fs = cpu.segments[kFs];
  if (fs.selector == 0 || (fs.selector & 3) != 0) return;
  const GuestMemory memory(mmu, Privilege::kSupervisor);
  if (!pointer_) pointer_ = FindPointer(memory);
  if (!pointer_) return;
  base_ = fs.base;
  if (name_) return;
  const auto task = memory.Read32(base_ + *pointer_);
  if (!task || *task == task_) return;
  task_ = *task;
  name_ = FindName(memory, task_);
}

std::string LinuxProcesses::Running(Mmu& mmu) const {
  if (!name_) return {};
  const GuestMemory memory(mmu, Privilege::kSupervisor);
  std::array<uint8_t, kNameBytes> bytes{};
  const auto task = memory.Read32(base_ + *pointer_);
  if (!task || !memory.Read(*task + *name_, bytes)) return {};
  std::string name;
  for (const uint8_t byte : bytes) {
    if (byte == 0) break;
    name += byte > ' ' && byte < 0x7F ? static_cast<char>(byte) : '?';
  }
  return name.substr(0, kNameBytes - 1);
}

}  // namespace verbatim
