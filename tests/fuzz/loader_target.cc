// SPDX-License-Identifier: Apache-2.0
// Kernel files, initrds and command lines of any content: loading refuses them with a message or
// gives a state to start in, and never writes outside usable memory. Input: a few bytes that shape
// the machine, then either a file as it is or changes to one of three files that load.
#include <array>
#include <string>
#include <vector>

#include "base/bits.h"
#include "firmware/loader.h"
#include "tests/firmware/guest_ram.h"
#include "tests/firmware/synthetic_bzimage.h"
#include "tests/firmware/synthetic_multiboot.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

constexpr unsigned kMostChanges = 32;

void Change(std::vector<uint8_t>& file, FuzzInput& input) {
  // The headers, where most of what is read lies, are hit more often.
  for (unsigned i = 0; i < kMostChanges && !input.AtEnd(); ++i) {
    const uint8_t how = input.Byte();
    const size_t reach = (how & 1) != 0 ? file.size() : size_t{0x400};
    const size_t at = input.Take<uint16_t>() % reach;
    const auto value = input.Take<uint32_t>();
    const unsigned bytes = 1u << ((how >> 1) % 3);
    for (unsigned k = 0; k < bytes && at + k < file.size(); ++k) {
      file[at + k] = static_cast<uint8_t>(value >> (8 * k));
    }
    if (how == 0xFF) file.resize(at + 1);
  }
}

std::vector<uint8_t> KernelFile(FuzzInput& input) {
  std::vector<uint8_t> file;
  switch (input.Below(4)) {
    case 0: {
      const std::span<const uint8_t> rest = input.Rest();
      return {rest.begin(), rest.end()};
    }
    case 1:
      file = SyntheticBzImage().bytes();
      break;
    case 2:
      file = SyntheticMultiboot::Elf().bytes();
      break;
    case 3:
      file = SyntheticMultiboot::Flat().bytes();
      break;
  }
  Change(file, input);
  return file;
}

void Run(FuzzInput input) {
  // Filled anew for each input: to allocate it anew would take ten times as long.
  static std::array<GuestRam, 3> memories{GuestRam(2 << 20), GuestRam(3 << 20), GuestRam(4 << 20)};
  GuestRam& memory = memories[input.Below(memories.size())];
  memory.Refill();
  (void)input.Byte();  // inputs that were found have one here
  const std::span<const uint8_t> text = input.Bytes(input.Byte());
  const size_t initrd_bytes = input.Take<uint16_t>() * size_t{64};
  const std::vector<uint8_t> kernel = KernelFile(input);
  const std::vector<uint8_t> initrd(initrd_bytes, 0x5A);
  BootFiles files{.kernel = {.name = "kernel", .bytes = kernel}};
  files.command_line = std::string(text.begin(), text.end());
  if (initrd_bytes != 0) files.initrd = InputFile{.name = "initrd", .bytes = initrd};
  const Result<BootState> boot = LoadGuest(memory.ram(), files, memory.environment());
  Demand(memory.Intact(), "wrote outside usable memory");
  if (!boot) {
    Demand(!boot.error().message.empty(), "refused without a reason");
    return;
  }
  if (boot->mode == BootMode::kReal) return;
  const uint64_t table_end = uint64_t{boot->gdt_base.value} + boot->gdt_limit;
  Demand(table_end < memory.ram().size(), "descriptor table ends at {:x}", table_end);
  Demand(boot->code_selector < boot->gdt_limit && boot->data_selector < boot->gdt_limit,
         "selectors {:x} and {:x} beyond the table", boot->code_selector, boot->data_selector);
}

}  // namespace
}  // namespace verbatim

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::Run({data, size});
  return 0;
}
