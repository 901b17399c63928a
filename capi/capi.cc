// SPDX-License-Identifier: Apache-2.0
// The functions of verbatim.h. Each catches what C++ throws, checks what it is given, and leaves
// the rest to MachineThread.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "capi/machine_thread.h"
#include "capi/structures.h"
#include "capi/verbatim.h"
#include "machine/guest_image.h"
#include "machine/host_checks.h"
#include "vcpu/cpu_state.h"

namespace {

using verbatim::MachineEnd;
using verbatim::Result;

class SerialFunction final : public verbatim::ByteSink {
 public:
  SerialFunction(verbatim_serial_fn function, void* user) : function_(function), user_(user) {}
  // Called from within translated code, through which nothing can be thrown.
  void Write(std::span<const uint8_t> bytes) noexcept override {
    if (function_ != nullptr) function_(user_, bytes.data(), bytes.size());
  }

 private:
  verbatim_serial_fn function_;
  void* user_;
};

struct NamedFigure {
  std::string group;
  std::string name;
  std::string description;
  double value = 0;
};

}  // namespace

struct verbatim_machine {
  explicit verbatim_machine(const verbatim_config& config)
      : serial(config.on_serial, config.user) {}

  SerialFunction serial;
  std::string crash_report;
  std::vector<NamedFigure> figures;
  std::unique_ptr<verbatim::MachineThread> thread;  // ends first
};

namespace {

// The sizes of version 1.
constexpr size_t kConfigBytes = offsetof(verbatim_config, user) + sizeof(void*);
constexpr size_t kOutcomeBytes = offsetof(verbatim_outcome, debug_value) + sizeof(uint32_t);
constexpr size_t kRegistersBytes = offsetof(verbatim_registers, idtr_limit) + sizeof(uint32_t);
constexpr size_t kStatisticBytes = offsetof(verbatim_statistic, value) + sizeof(double);
static_assert(sizeof(verbatim_config) == kConfigBytes && sizeof(verbatim_outcome) == kOutcomeBytes);
static_assert(sizeof(verbatim_registers) == kRegistersBytes &&
              sizeof(verbatim_statistic) == kStatisticBytes);

constexpr uint32_t kKnownFlags = VERBATIM_NO_REBOOT | VERBATIM_APIC | VERBATIM_VALIDATE;
constexpr uint64_t kMiB = uint64_t{1} << 20;

// A pointer's worth of thread-local memory: see the options of the layers in CMakeLists.txt.
thread_local std::string last_error;

verbatim_status Refuse(verbatim_status status, std::string_view why) noexcept {
  try {
    last_error = why;
  } catch (...) {
    last_error.clear();  // verbatim_status_text still tells the kind
  }
  return status;
}

verbatim_status Busy() noexcept {
  return Refuse(VERBATIM_BUSY, "the guest runs: verbatim_stop ends that");
}

verbatim_status NullPointer() noexcept {
  return Refuse(VERBATIM_INVALID_ARGUMENT, "a pointer is null that must not be");
}

verbatim_status WrongSize(std::string_view structure) noexcept {
  try {
    return Refuse(VERBATIM_INVALID_ARGUMENT,
                  std::string(structure) +
                      ": its size is less than that of version 1, or unknown fields are used");
  } catch (...) {
    return Refuse(VERBATIM_INVALID_ARGUMENT, structure);
  }
}

template <typename Function>
verbatim_status Guarded(Function function) noexcept {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return Refuse(VERBATIM_NO_MEMORY, "the host has no memory left");
  } catch (const std::exception& error) {
    return Refuse(VERBATIM_INTERNAL, error.what());
  } catch (...) {
    return Refuse(VERBATIM_INTERNAL, "an exception of an unknown type");
  }
}

verbatim_config Defaults() noexcept {
  const verbatim::MachineConfig machine;
  verbatim_config config{};
  config.struct_size = sizeof(verbatim_config);
  config.memory_bytes = machine.memory_bytes;
  config.code_cache_bytes = machine.code_cache_bytes;
  return config;
}

Result<verbatim::MachineConfig> MachineConfigOf(const verbatim_config& from) {
  verbatim::MachineConfig config;
  config.memory_bytes = from.memory_bytes;
  config.code_cache_bytes = from.code_cache_bytes;
  if (from.kernel_path != nullptr) config.kernel_path = from.kernel_path;
  if (from.initrd_path != nullptr) config.initrd_path = from.initrd_path;
  if (from.command_line != nullptr) config.command_line = from.command_line;
  if (from.cpu_model != nullptr) config.cpu_model = from.cpu_model;
  config.reboot = (from.flags & VERBATIM_NO_REBOOT) == 0;
  config.apic = (from.flags & VERBATIM_APIC) != 0;
  if ((from.flags & VERBATIM_VALIDATE) != 0) config.validate = true;
  if (config.code_cache_bytes < kMiB || config.code_cache_bytes > 1024 * kMiB ||
      config.code_cache_bytes % kMiB != 0) {
    return verbatim::Fail("code_cache_bytes: {} is not a multiple of 1 MiB from 1 MiB to 1 GiB",
                          config.code_cache_bytes);
  }
  if (config.kernel_path.empty() && from.image_path == nullptr) {
    return verbatim::Fail("kernel_path and image_path: there is nothing to boot");
  }
  if (config.kernel_path.empty() && (config.initrd_path || !config.command_line.empty())) {
    return verbatim::Fail("initrd_path and command_line: need kernel_path");
  }
  if (from.image_path == nullptr) return config;
  verbatim::DiskConfig image{.path = from.image_path, .bus = {}};
  image.read_only = from.image_read_only != 0;
  image.snapshot = from.image_snapshot != 0;
  // With a kernel the image is its disk; alone it is looked at, and may be a kernel itself.
  if (!config.kernel_path.empty()) {
    config.disks.push_back(std::move(image));
    return config;
  }
  if (verbatim::Status added = verbatim::AddGuestImage(image, config); !added) {
    return std::unexpected(added.error());
  }
  return config;
}

uint32_t EndOf(MachineEnd end) {
  switch (end) {
    case MachineEnd::kPowerOff:
      return VERBATIM_POWER_OFF;
    case MachineEnd::kReset:
      return VERBATIM_RESET;
    case MachineEnd::kDied:
      return VERBATIM_DIED;
    case MachineEnd::kDebugExit:
      return VERBATIM_DEBUG_EXIT;
    case MachineEnd::kStopped:
    case MachineEnd::kKilled:  // by a debugger, which there is none of
      break;
  }
  return VERBATIM_STOPPED;
}

verbatim_segment SegmentOf(const verbatim::SegmentRegister& from) {
  return {from.selector, from.attributes, from.base, from.limit};
}

verbatim_registers RegistersOf(const verbatim::CpuState& cpu) {
  verbatim_registers to{};
  // In the order of the encodings, as in the structure.
  uint32_t* const general[] = {&to.eax, &to.ecx, &to.edx, &to.ebx,
                               &to.esp, &to.ebp, &to.esi, &to.edi};
  for (size_t i = 0; i < std::size(general); ++i) *general[i] = cpu.gpr[i];
  to.eip = cpu.eip;
  to.eflags = cpu.eflags;
  to.cpl = cpu.cpl;
  to.cr0 = cpu.cr0;
  to.cr2 = cpu.cr2;
  to.cr3 = cpu.cr3;
  to.cr4 = cpu.cr4;
  to.es = SegmentOf(cpu.segments[verbatim::kEs]);
  to.cs = SegmentOf(cpu.segments[verbatim::kCs]);
  to.ss = SegmentOf(cpu.segments[verbatim::kSs]);
  to.ds = SegmentOf(cpu.segments[verbatim::kDs]);
  to.fs = SegmentOf(cpu.segments[verbatim::kFs]);
  to.gs = SegmentOf(cpu.segments[verbatim::kGs]);
  to.ldtr = SegmentOf(cpu.ldtr);
  to.tr = SegmentOf(cpu.tr);
  to.gdtr_base = cpu.gdtr.base;
  to.gdtr_limit = cpu.gdtr.limit;
  to.idtr_base = cpu.idtr.base;
  to.idtr_limit = cpu.idtr.limit;
  return to;
}

verbatim_status Create(const verbatim_config& given, verbatim_machine** machine) {
  verbatim_config config = Defaults();
  if (!verbatim::TakeStructure(given, kConfigBytes, config)) return WrongSize("verbatim_config");
  if ((config.flags & ~kKnownFlags) != 0) {
    return Refuse(VERBATIM_INVALID_ARGUMENT, "verbatim_config: flags has an unknown bit");
  }
  if (const verbatim::Status fit = verbatim::CheckHostCanRun(); !fit) {
    return Refuse(VERBATIM_UNFIT_HOST, fit.error().message);
  }
  const Result<verbatim::MachineConfig> parts = MachineConfigOf(config);
  if (!parts) return Refuse(VERBATIM_BAD_INPUT, parts.error().message);
  auto made = std::make_unique<verbatim_machine>(config);
  auto thread = verbatim::MachineThread::Start(*parts, made->serial);
  if (!thread) return Refuse(VERBATIM_BAD_INPUT, thread.error().message);
  made->thread = *std::move(thread);
  *machine = made.release();
  return VERBATIM_OK;
}

// `read` has a machine and says how many bytes it got.
template <typename Read>
verbatim_status ReadMemory(verbatim_machine* machine, void* bytes, size_t count, size_t* done,
                           Read read) noexcept {
  if (machine == nullptr || (bytes == nullptr && count != 0) || done == nullptr) {
    return NullPointer();
  }
  *done = 0;
  return Guarded([&]() -> verbatim_status {
    const std::span<uint8_t> to(static_cast<uint8_t*>(bytes), count);
    const bool still =
        machine->thread->WhileStill([&](verbatim::Machine& m) { *done = read(m, to); });
    return still ? VERBATIM_OK : Busy();
  });
}

}  // namespace

extern "C" {

uint32_t verbatim_abi_version(void) { return VERBATIM_ABI_VERSION; }

const char* verbatim_version(void) { return VERBATIM_VERSION; }

const char* verbatim_status_text(verbatim_status status) {
  switch (status) {
    case VERBATIM_OK:
      return "no error";
    case VERBATIM_INVALID_ARGUMENT:
      return "invalid argument";
    case VERBATIM_UNFIT_HOST:
      return "this host cannot run guests";
    case VERBATIM_BAD_INPUT:
      return "bad file or configuration";
    case VERBATIM_BUSY:
      return "the guest runs";
    case VERBATIM_NO_MEMORY:
      return "out of memory";
    case VERBATIM_INTERNAL:
      return "the host refused something";
    default:
      return "not a status";
  }
}

const char* verbatim_last_error(void) { return last_error.c_str(); }

verbatim_status verbatim_config_init(verbatim_config* config, uint32_t size) {
  if (config == nullptr) return NullPointer();
  if (size < kConfigBytes) return WrongSize("verbatim_config");
  verbatim::PutElement(Defaults(), config, size);
  config->struct_size = size;
  return VERBATIM_OK;
}

verbatim_status verbatim_create(const verbatim_config* config, verbatim_machine** machine) {
  if (machine == nullptr) return NullPointer();
  *machine = nullptr;
  if (config == nullptr) return NullPointer();
  return Guarded([&]() -> verbatim_status { return Create(*config, machine); });
}

verbatim_status verbatim_destroy(verbatim_machine* machine) {
  if (machine == nullptr) return VERBATIM_OK;
  if (machine->thread->IsThisThread()) return Busy();
  return Guarded([&]() -> verbatim_status {
    delete machine;
    return VERBATIM_OK;
  });
}

verbatim_status verbatim_run(verbatim_machine* machine, verbatim_outcome* outcome) {
  if (machine == nullptr) return NullPointer();
  if (outcome != nullptr && outcome->struct_size < kOutcomeBytes) {
    return WrongSize("verbatim_outcome");
  }
  return Guarded([&]() -> verbatim_status {
    const auto result = machine->thread->Run([machine](const verbatim::MachineOutcome& ended) {
      machine->crash_report = ended.crash_report;
    });
    if (!result) return Busy();
    if (!*result) return Refuse(VERBATIM_INTERNAL, result->error().message);
    const verbatim_outcome told = {
        .struct_size = 0, .end = EndOf((*result)->end), .debug_value = (*result)->debug_value};
    if (outcome != nullptr)
      static_cast<void>(verbatim::PutStructure(told, kOutcomeBytes, *outcome));
    return VERBATIM_OK;
  });
}

void verbatim_stop(verbatim_machine* machine) {
  if (machine != nullptr) machine->thread->machine().RequestStop();
}

const char* verbatim_crash_report(const verbatim_machine* machine) {
  return machine == nullptr ? "" : machine->crash_report.c_str();
}

size_t verbatim_send_serial(verbatim_machine* machine, const void* bytes, size_t count) {
  if (machine == nullptr || bytes == nullptr) return 0;
  size_t taken = 0;
  static_cast<void>(Guarded([&]() -> verbatim_status {
    taken =
        machine->thread->machine().QueueSerialInput({static_cast<const uint8_t*>(bytes), count});
    return VERBATIM_OK;
  }));
  return taken;
}

verbatim_status verbatim_read_registers(verbatim_machine* machine, verbatim_registers* registers) {
  if (machine == nullptr || registers == nullptr) return NullPointer();
  return Guarded([&]() -> verbatim_status {
    bool good = false;
    const bool still = machine->thread->WhileStill([&](verbatim::Machine& m) {
      good = verbatim::PutStructure(RegistersOf(m.Cpu()), kRegistersBytes, *registers);
    });
    if (!still) return Busy();
    return good ? VERBATIM_OK : WrongSize("verbatim_registers");
  });
}

verbatim_status verbatim_read_physical(verbatim_machine* machine, uint64_t address, void* bytes,
                                       size_t count, size_t* done) {
  return ReadMemory(machine, bytes, count, done,
                    [address](verbatim::Machine& m, std::span<uint8_t> to) {
                      return m.ReadPhysical({address}, to);
                    });
}

verbatim_status verbatim_read_linear(verbatim_machine* machine, uint32_t address, void* bytes,
                                     size_t count, size_t* done) {
  return ReadMemory(machine, bytes, count, done,
                    [address](verbatim::Machine& m, std::span<uint8_t> to) {
                      return m.ReadLinear({address}, to);
                    });
}

verbatim_status verbatim_statistics(verbatim_machine* machine, verbatim_statistic* statistics,
                                    uint32_t element_size, size_t capacity, size_t* count) {
  if (machine == nullptr || count == nullptr || (statistics == nullptr && capacity != 0)) {
    return NullPointer();
  }
  if (element_size < kStatisticBytes) return WrongSize("verbatim_statistic");
  return Guarded([&]() -> verbatim_status {
    const bool still = machine->thread->WhileStill([&](verbatim::Machine& m) {
      machine->figures.clear();
      for (verbatim::Statistic& one : m.Statistics()) {
        machine->figures.push_back(
            {std::string(one.group), std::move(one.name), std::move(one.description), one.value});
      }
    });
    if (!still) return Busy();
    *count = machine->figures.size();
    auto* to = reinterpret_cast<uint8_t*>(statistics);
    for (size_t i = 0; i < std::min(capacity, *count); ++i) {
      const NamedFigure& figure = machine->figures[i];
      const verbatim_statistic element = {figure.group.c_str(), figure.name.c_str(),
                                          figure.description.c_str(), figure.value};
      verbatim::PutElement(element, to + i * element_size, element_size);
    }
    return VERBATIM_OK;
  });
}

}  // extern "C"
