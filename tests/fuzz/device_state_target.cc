// SPDX-License-Identifier: Apache-2.0
// Saved states are files, and files come from anywhere. Input: which device, accesses that bring it
// into some state, then changes to the bytes it saves. Loading these is refused and leaves the
// device as it was, or gives a state that it saves again and can live with.
#include <algorithm>
#include <vector>

#include "base/log.h"
#include "tests/devices/all_devices.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

constexpr unsigned kMostChanges = 16;
constexpr uint64_t kLifeNs = 500'000;

void Use(AllDevices& set, FuzzInput& input) {
  for (unsigned left = input.Byte() % 16; left != 0; --left) {
    const auto port = input.Take<uint16_t>();
    set.bus.WritePort(port % 0x1000, 1, input.Byte());
  }
}

std::vector<uint8_t> Changed(std::vector<uint8_t> bytes, FuzzInput& input) {
  if (const auto cut = input.Take<uint16_t>(); cut != 0) {
    bytes.resize(std::min<size_t>(bytes.size(), cut));
  }
  for (unsigned i = 0; i < kMostChanges && !input.AtEnd() && !bytes.empty(); ++i) {
    const auto at = input.Take<uint16_t>();
    bytes[at % bytes.size()] = input.Byte();
  }
  return bytes;
}

void Run(FuzzInput input) {
  FakeClock clock;
  clock.now_ns = 1'000'000;
  AllDevices set(clock);
  Device& device = *set.devices[input.Below(set.devices.size())];
  Use(set, input);
  const std::vector<uint8_t> before = Saved(device);
  const std::vector<uint8_t> bytes = Changed(before, input);
  StateReader reader(bytes);
  if (!device.Load(reader)) {
    Demand(Saved(device) == before, "{}: changed though it refused a state", device.name());
    return;
  }
  const std::vector<uint8_t> after = Saved(device);
  StateReader again(after);
  Demand(device.Load(again).has_value(), "{}: refuses what it saved", device.name());
  Demand(Saved(device) == after, "{}: saves something else than it loaded", device.name());
  RunTo(clock, device, clock.now_ns + kLifeNs);
  for (uint32_t port = 0; port < 0x1000; ++port) {
    set.bus.ReadPort(static_cast<uint16_t>(port), 1);
  }
  RunTo(clock, device, clock.now_ns + kLifeNs);
}

}  // namespace
}  // namespace verbatim

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::SetLogLevel(verbatim::LogLevel::kError);
  verbatim::Run({data, size});
  return 0;
}
