// SPDX-License-Identifier: Apache-2.0
// A PC: memory, processor, devices and firmware wired together, and its life from power-on to the
// end of the run.
//
// Threads: Create, Run and the destructor on one thread, whose x87 registers are the guest's from
// Run on. Queue..., SerialInputRoom, KeyRoom, what is about the screen and RequestStop on any;
// RequestStop from signal handlers too.
#ifndef VERBATIM_MACHINE_MACHINE_H_
#define VERBATIM_MACHINE_MACHINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "devices/device.h"
#include "devices/input_events.h"
#include "machine/config.h"
#include "machine/statistic.h"

namespace verbatim {

struct CpuState;
struct Image;
struct ScreenView;

enum class MachineEnd : uint8_t {
  kPowerOff,   // the guest powered off
  kReset,      // the guest reset itself and MachineConfig::reboot is false
  kDied,       // triple fault with no way on
  kDebugExit,  // the guest wrote to the debug-exit port
  kStopped,    // RequestStop
  kKilled,     // the debugger ended the run
};

struct MachineOutcome {
  MachineEnd end = MachineEnd::kStopped;
  uint8_t debug_value = 0;   // kDebugExit
  std::string crash_report;  // kDied: registers and the last blocks, for a human
};

class Machine {
 public:
  // Reads the kernel and the initrd, and prepares everything up to the guest's first instruction.
  // What the guest sends to COM1 goes to `serial`, on the thread of Run. Input files and sizes that
  // do not fit give an error that names the file, the field and what was expected.
  [[nodiscard]] static Result<std::unique_ptr<Machine>> Create(const MachineConfig& config,
                                                               ByteSink& serial);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Runs until the guest ends or a stop is requested. After a stop it may be called again: the
  // guest goes on as if no time had passed. After another end the outcome is the same again.
  [[nodiscard]] Result<MachineOutcome> Run();
  // Ends the run in progress, or the next one if there is none.
  void RequestStop();
  // Has MachineConfig::debugger called, between two instructions; without a debugger nothing
  // happens. Any thread, signal handlers too.
  void RequestPause();

  // Bytes for COM1's receiver. Takes at most SerialInputRoom() bytes and returns how many it took;
  // nothing that was taken is lost.
  size_t QueueSerialInput(std::span<const uint8_t> bytes);
  [[nodiscard]] size_t SerialInputRoom() const;

  // Keys for the keyboard (devices/key_text.h makes them of text). Takes at most KeyRoom() events
  // and returns how many it took; nothing that was taken is lost. They are typed one after the
  // other at 100 events a second.
  size_t QueueKeys(std::span<const KeyEvent> events);
  [[nodiscard]] size_t KeyRoom() const;
  // False, and forgotten, if the guest does not read its mouse.
  bool QueueMouse(const MouseEvent& event);

  // Puts the next of its media into a drive (MachineConfig's `next`): its path, or nullopt if there
  // is no other.
  std::optional<std::string> ChangeMedium(MediaSlot slot);

  // Pictures of the screen. RequestView and RequestPicture have one taken at the next chance, which
  // the observer then hears of, on the thread of Run; it is set before Run. ScreenChanged says
  // whether a view may look different from the last one, and costs the guest nothing.
  void SetPictureObserver(std::function<void()> on_picture);
  [[nodiscard]] bool ScreenChanged() const;
  void RequestView();
  void RequestPicture();
  // The last view, null before the first.
  [[nodiscard]] std::shared_ptr<const ScreenView> View() const;
  // The picture requested last, drawn now; once.
  [[nodiscard]] std::optional<Image> TakePicture();

  // These only while Run does not run.
  [[nodiscard]] std::vector<Statistic> Statistics() const;
  [[nodiscard]] const CpuState& Cpu() const;
  // How many bytes could be read, from the first on: RAM and ROM, no devices. Linear addresses are
  // looked up in the page tables of the moment, as the guest's kernel would.
  [[nodiscard]] size_t ReadPhysical(PhysicalAddress address, std::span<uint8_t> bytes) const;
  [[nodiscard]] size_t ReadLinear(LinearAddress address, std::span<uint8_t> bytes) const;

 private:
  class Board;
  explicit Machine(std::unique_ptr<Board> board);
  std::unique_ptr<Board> board_;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_MACHINE_H_
