// SPDX-License-Identifier: Apache-2.0
// The firmware configuration device of QEMU's PC at ports 510h to 51Bh (QEMU documentation,
// "QEMU Firmware Configuration (fw_cfg) Device"): numbered items of bytes, some of them named
// files, by which the machine tells its firmware what it is made of.
//
// A 16-bit write to 510h selects an item, each byte read from 511h is its next one, and reads
// behind the end give zero. The registers at 514h transfer by DMA and are big-endian. No item can
// be written: the data port ignores it, DMA reports an error. A transfer takes no guest time.
#ifndef VERBATIM_DEVICES_FW_CFG_H_
#define VERBATIM_DEVICES_FW_CFG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "devices/device.h"
#include "devices/dma_memory.h"
#include "devices/port_bus.h"

namespace verbatim {

// Items with numbers of their own. Integers are little-endian.
enum class FwCfgItem : uint16_t {
  kSignature = 0x00,
  kId = 0x01,
  kRamBytes = 0x03,  // 64 bits, below 4 GiB
  kNoGraphic = 0x04,
  kProcessors = 0x05,  // 16 bits
  kKernelAddress = 0x07,
  kKernelBytes = 0x08,
  kInitrdAddress = 0x0A,
  kInitrdBytes = 0x0B,
  kBootMenu = 0x0E,       // 16 bits
  kMaxProcessors = 0x0F,  // 16 bits
  kKernelData = 0x11,
  kInitrdData = 0x12,
  kCommandLineAddress = 0x13,
  kCommandLineBytes = 0x14,
  kCommandLineData = 0x15,
  kSetupAddress = 0x16,
  kSetupBytes = 0x17,
  kSetupData = 0x18,
  kFileDirectory = 0x19,
  kFirstFile = 0x20,
};

class FwCfg final : public Device, public PortDevice {
 public:
  using Bytes = std::vector<uint8_t>;
  static constexpr size_t kMaxNameBytes = 55;
  static constexpr size_t kMaxFiles = 256;

  // `memory` must outlive the device.
  explicit FwCfg(DmaMemory& memory);

  void Attach(PortBus& bus);
  // Each item once, before the machine runs.
  void AddItem(FwCfgItem item, Bytes contents);
  void AddInteger(FwCfgItem item, unsigned bytes, uint64_t value);
  // `name`: 1 to kMaxNameBytes characters, of no other file.
  void AddFile(const std::string& name, Bytes contents);
  // A file that is made anew, of always the same size, when it is selected.
  void AddFile(const std::string& name, std::function<Bytes()> make);

  [[nodiscard]] std::string_view name() const override { return "fw_cfg"; }
  void Reset() override;
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  struct Item {
    Bytes contents;
    std::function<Bytes()> make;  // empty: the contents stay
  };
  struct State {
    uint16_t selected = 0;
    uint32_t offset = 0;
    uint32_t dma_high = 0;  // the upper half of the DMA address
  };
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  void Select(uint16_t key);
  void MakeSelected();
  [[nodiscard]] const Bytes& Selected() const;
  // Zero behind the end.
  [[nodiscard]] uint8_t NextByte();
  void RunDma(PhysicalAddress descriptor);
  // The operation of a descriptor; false for an error.
  [[nodiscard]] bool Transfer(uint32_t control, uint32_t length, PhysicalAddress address);
  [[nodiscard]] bool ReadTo(PhysicalAddress address, uint32_t length);
  void Skip(uint32_t length);

  DmaMemory& memory_;
  std::map<uint16_t, Item> items_;
  std::vector<std::string> files_;  // their keys follow each other from kFirstFile
  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_FW_CFG_H_
