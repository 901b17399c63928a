// SPDX-License-Identifier: Apache-2.0
// What disks and packet devices have in common at the cable: the command block registers, the way
// data goes through the data port and by DMA, BSY, DRQ and INTRQ (ATA/ATAPI-6, chapters 7 and 9),
// resets, and power modes.
//
// A drive is idle, waits for its disk (BSY), or holds a buffer that the host reads or fills. A
// buffer is handed over in blocks, one interrupt each. When it is used up, the command decides in
// BufferUsed what comes next.
//
// The disk answers later. What was asked before a reset is answered to nobody: each request
// remembers the epoch in which it was made.
#ifndef VERBATIM_DEVICES_IDE_DRIVE_H_
#define VERBATIM_DEVICES_IDE_DRIVE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "devices/ata.h"
#include "devices/state.h"
#include "storage/block_queue.h"

namespace verbatim {

// The other end of the cable.
class IdeCable {
 public:
  virtual ~IdeCable() = default;
  virtual void InterruptChanged() = 0;
  // As IdeBusMaster; 0 if the engine does not run.
  virtual size_t DmaToMemory(std::span<const uint8_t> data) = 0;
  virtual size_t DmaFromMemory(std::span<uint8_t> data) = 0;
};

class IdeDrive {
 public:
  explicit IdeDrive(IdeCable& cable) : cable_(cable) {}
  IdeDrive(const IdeDrive&) = delete;
  IdeDrive& operator=(const IdeDrive&) = delete;
  virtual ~IdeDrive() = default;

  // The channel's side. `reg` is ata::kFeatures to ata::kDevice; reads with HOB set see what was
  // written before the last value.
  [[nodiscard]] uint8_t ReadRegister(unsigned reg, bool high_order) const;
  void WriteRegister(unsigned reg, uint8_t value);
  void WriteCommand(uint8_t command);
  [[nodiscard]] uint8_t status() const { return status_; }
  [[nodiscard]] bool interrupt() const { return interrupt_; }
  void ClearInterrupt() { SetInterrupt(false); }
  // `bytes` is 1, 2 or 4. Without DRQ nothing is transferred.
  [[nodiscard]] uint32_t ReadData(unsigned bytes);
  void WriteData(unsigned bytes, uint32_t value);
  // The bus master was started.
  void DmaReady();

  // RESET- and the two edges of SRST (9.2, 9.3). After power-on the defaults of all settings hold.
  void PowerOn();
  void BeginSoftReset();
  void EndSoftReset();
  // What EXECUTE DEVICE DIAGNOSTIC leaves in both drives (8.9); the channel raises the interrupt.
  void Diagnose();
  void RaiseInterrupt() { SetInterrupt(true); }

  // Nothing is asked of the disk: the state can be saved.
  [[nodiscard]] bool Settled() const { return phase_ != Phase::kBusy; }
  // Settled() must hold.
  void Save(StateWriter& writer) const;
  [[nodiscard]] Status Load(StateReader& reader);

 protected:
  enum class Phase : uint8_t { kIdle, kReset, kBusy, kPioIn, kPioOut, kDmaIn, kDmaOut };
  struct Registers {
    uint8_t features = 0;
    uint8_t count = 0;
    uint8_t low = 0;
    uint8_t mid = 0;
    uint8_t high = 0;
  };

  virtual void Execute(uint8_t command) = 0;
  // The buffer was read or filled to its end.
  virtual void BufferUsed() = 0;
  // Writes the signature (9.12) into the registers; returns the status after a reset.
  [[nodiscard]] virtual uint8_t Signature() = 0;
  // Forgets the command under way; `defaults`: the settings too.
  virtual void Forget(bool defaults) = 0;
  // Commands that may interrupt a busy drive.
  [[nodiscard]] virtual bool AcceptsWhileBusy(uint8_t command) const = 0;
  // Tells the host before each block of data that it may read or fill.
  virtual void BlockReady(size_t bytes, bool to_host);
  virtual void SaveCommand(StateWriter& writer) const = 0;
  // Two steps, so that a failure anywhere leaves all unchanged. The buffer has `buffer_bytes`.
  [[nodiscard]] virtual Status LoadCommand(StateReader& reader, size_t buffer_bytes) = 0;
  virtual void AdoptCommand() = 0;

  // Ends of commands: with the interrupt, or, after data was read by PIO, without.
  void Finish(uint8_t status = ata::kReady | ata::kSeekDone);
  void FinishSilently(uint8_t status = ata::kReady | ata::kSeekDone);
  void FinishWithError(uint8_t error);
  void Abort() { FinishWithError(ata::kAborted); }

  // Hands buffer() to the host in blocks of at most `block_bytes`.
  void SendByPio(size_t block_bytes, bool interrupt = true);
  void SendByDma();
  // Lets the host fill a buffer of `bytes`.
  void ReceiveByPio(size_t bytes, bool interrupt);
  void ReceiveByDma(size_t bytes);

  // BSY until the answer. A read leaves what was read in buffer(); a write takes buffer().
  void Ask(BlockQueue& queue, BlockRequest::Kind kind, uint64_t offset, size_t read_bytes,
           std::function<void(BlockStatus)> then);

  // An answer that is still to come is not wanted any more.
  void DisownRequest() { ++epoch_; }

  [[nodiscard]] std::vector<uint8_t>& buffer() { return buffer_; }

  Registers now_;     // the last values written, or what a command answers
  Registers before_;  // those before them
  uint8_t device_ = 0;

 private:
  struct State;
  template <typename Archive, typename S>
  static void Visit(Archive& archive, S& state);

  void SetInterrupt(bool interrupt);
  void StopCommand(bool defaults);
  void BeginBlock(bool interrupt);
  void AdvanceInBlock(size_t bytes);
  void ContinueDma();

  IdeCable& cable_;
  Phase phase_ = Phase::kIdle;
  uint8_t status_ = 0;
  uint8_t error_ = 0;
  bool interrupt_ = false;
  bool sleeping_ = false;
  uint64_t epoch_ = 0;
  std::vector<uint8_t> buffer_;
  size_t position_ = 0;
  size_t block_end_ = 0;
  size_t block_bytes_ = 0;

 protected:
  // SLEEP (8.42): only a reset is heard from now on.
  void Sleep() { sleeping_ = true; }
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_IDE_DRIVE_H_
