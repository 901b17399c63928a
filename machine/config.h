// SPDX-License-Identifier: Apache-2.0
// What a machine is made of, as its user says it.
#ifndef VERBATIM_MACHINE_CONFIG_H_
#define VERBATIM_MACHINE_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "translator/optimisations.h"

namespace verbatim {

class EngineObserver;
class ByteSink;
class Debugger;
struct TranslatedBlock;

// A disk image or, with `cdrom`, a disc.
struct DiskConfig {
  std::string path;
  bool cdrom = false;
  bool read_only = false;
  bool snapshot = false;  // what the guest writes is forgotten at the end
  // The IDE channel (0 or 1) and the drive on it (0 or 1); without a channel any free place.
  std::optional<unsigned> bus;
  unsigned unit = 0;
  std::vector<std::string> next{};  // discs that wait to be put into the drive, in that order
};

// A floppy disk in a drive of its own.
struct FloppyConfig {
  std::string path;
  bool read_only = false;
  bool snapshot = false;
  std::optional<unsigned> unit;     // 0: A, 1: B; without, any free one
  std::vector<std::string> next{};  // disks that wait to be put into the drive, in that order
};

// A drive whose medium the user can change.
enum class MediaSlot : uint8_t { kFloppyA, kFloppyB, kCdrom };

// Firmware to start instead of this program's own.
struct FirmwareConfig {
  std::string path;  // of the ROM
  std::optional<std::string> vgabios_path;
  std::optional<std::string> linuxboot_path;  // the option ROM that boots kernel_path
};

inline constexpr std::string_view kDefaultBootOrder = "acd";

struct MachineConfig {
  std::optional<FirmwareConfig> firmware = std::nullopt;
  std::string kernel_path;  // empty: the BIOS boots from the drives
  std::optional<std::string> initrd_path;
  std::string command_line;
  std::vector<DiskConfig> disks{};
  std::vector<FloppyConfig> floppies{};
  // Letters: a floppy disk, c disk, d disc, n network. Not given: kDefaultBootOrder.
  std::optional<std::string> boot_order = std::nullopt;
  bool boot_menu = false;
  uint64_t memory_bytes = 256ull << 20;
  std::string cpu_model = "core2";
  bool apic = false;  // a local APIC, an I/O APIC and an HPET
  uint64_t code_cache_bytes = 64ull << 20;
  bool anonymous_code = false;      // code memory in which Linux' perf looks for names
  OptimisationSet optimisations{};  // in force
  bool reboot = true;               // a guest's reset starts it again; false: it ends the run
  bool dynamic_statistics = false;  // counts what generated code does
  bool end_at_branches = false;     // blocks are executed as a whole (slower)
  bool account_time = false;        // where the time goes, for the statistics
  // Validates translated code before it runs (docs/validator.md). Not given: in debug builds only.
  std::optional<bool> validate = std::nullopt;
  // For the report on code that is not confined; see engine/block_guard.h.
  std::string (*describe_block)(const TranslatedBlock& translated) = nullptr;
  ByteSink* bios_trace = nullptr;    // a line for each call of the virtual BIOS. Outlives it too
  ByteSink* firmware_log = nullptr;  // of the debug consoles; null: there are none. Outlives it too
  EngineObserver* observer = nullptr;  // outlives the machine; see engine/engine_observer.h
  Debugger* debugger = nullptr;        // outlives the machine; see machine/debugger.h
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_CONFIG_H_
