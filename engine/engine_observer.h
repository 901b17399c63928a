// SPDX-License-Identifier: Apache-2.0
// Who wants to see what the engine does, as data: each block as it is translated, and events.
// Called on the thread of Engine::Run; an observer looks and changes nothing. What nobody asked for
// costs one comparison, on paths that are slow anyway.
#ifndef VERBATIM_ENGINE_ENGINE_OBSERVER_H_
#define VERBATIM_ENGINE_ENGINE_OBSERVER_H_

#include <cstdint>
#include <span>
#include <variant>

#include "codecache/block.h"
#include "decoder/decoder.h"
#include "translator/execution_context.h"
#include "translator/site.h"
#include "translator/stub_table.h"
#include "vcpu/exception.h"

namespace verbatim {

// All valid during the call only.
struct TranslatedBlock {
  const Block& block;                    // its host code is in place; key.mode holds BlockMode bits
  std::span<const uint8_t> guest_bytes;  // that it stands for
  const Decoder& decoder;                // of the guest's processor
  const SiteTable& sites;                // with the block's own
  const StubTable& stubs;                // that its host code names
  uint32_t cr3 = 0;
};

// What can be asked for.
enum class Observation : uint8_t {
  kBlocks,       // translations and links
  kExits,        // ways out of translated code
  kFaults,       // host faults in translated code
  kInterrupts,   // from outside
  kExceptions,   // and software interrupts that the virtual CPU delivers
  kPorts,        // accesses by instructions
  kDevices,      // accesses to device memory that windows do not show
  kControl,      // writes of control registers; model-specific registers
  kCodeChanges,  // writes to code, and blocks that are dropped
  kModes,        // changes of the processor's mode
  kExecution,    // every entry into a block
  kResumes,      // ways back into translated code
  kKicks,        // each time that a signal made the run loop look around
};
using Observations = uint32_t;  // a set of bits
[[nodiscard]] constexpr Observations BitOf(Observation what) {
  return 1u << static_cast<unsigned>(what);
}

// kBlocks: a jump of `source` leads straight into `target` from now on, to its instruction `eip`.
struct LinkMade {
  const Block* source;
  const Block* target;
  uint32_t eip;
};

// kExits. Left to the run loop.
struct ExitSeen {
  ExitReason reason;
  uint32_t argument;  // kException: the vector
};
// A sensitive instruction is simulated.
struct CalloutSeen {
  const GuestInstruction* instruction;
};
// An instruction's memory access is done in software.
struct SoftwareAccessSeen {
  const GuestInstruction* instruction;
};

// kResumes: translated code goes on, at its instruction `eip`. What lies between an exit and this
// is what the exit cost.
struct Resumed {};

// kFaults: what a host fault turned out to be.
enum class FaultMeaning : uint8_t {
  kMapped,      // the window shows the page now; the access is repeated
  kGuestFault,  // the guest's own page fault
  kDevice,      // device, unassigned or read-only memory: done in software
  kCodePage,    // a write to a page of translated code: done in software
  kStraddle,    // runs over the end of the address space: done in software
  kSegment,     // FS or GS are restricted: done in software
  kOwnBytes,    // a block that looks at its own bytes cannot read them
  kException,   // an exception of the guest: #DE, #MF, #XM, #GP, #AC, #UD
};
struct HostFaultSeen {
  FaultMeaning meaning;
  uint32_t trap;  // x86 vector
  bool write;
  uint32_t address;  // linear; of page faults
};

// kInterrupts
struct InterruptSeen {
  uint8_t vector;
};

// kExceptions, about to be delivered
struct ExceptionSeen {
  Exception exception;
};
struct SoftwareInterruptSeen {
  uint8_t vector;
};

// kPorts
struct PortSeen {
  uint16_t port;
  uint8_t bytes;
  bool write;
  uint32_t value;
};

// kDevices
struct DeviceSeen {
  PhysicalAddress address;
  uint8_t bytes;
  bool write;
  uint64_t value;
};

// kControl
enum class ControlRegister : uint8_t { kCr0, kCr2, kCr3, kCr4 };
struct ControlSeen {
  ControlRegister which;
  uint32_t before;
  uint32_t after;
};
struct MsrSeen {
  uint32_t index;
  bool write;
  uint64_t value;
};

// kCodeChanges
struct CodeWriteSeen {
  PhysicalAddress address;
  uint32_t bytes;
  bool by_device;  // outside of any instruction
};
enum class DropCause : uint8_t {
  kWritten,    // the store told of before
  kStale,      // found its own bytes changed
  kRemapped,   // other memory is there now
  kMoved,      // it cannot go where its page is mapped now
  kAdapted,    // an access goes over to software form
  kForgiven,   // or back from it
  kCheckMode,  // its page goes over to blocks that check their bytes, or back
};
struct BlockDropped {
  const Block* block;
  DropCause cause;
};
struct CacheFlushed {
  uint64_t blocks;  // that it held
};

// kModes
enum class ProcessorMode : uint8_t { kReal, kProtected, kPaging, kVirtual8086 };
struct ModeChanged {
  ProcessorMode from;
  ProcessorMode to;
};

using EngineEvent =
    std::variant<LinkMade, ExitSeen, CalloutSeen, SoftwareAccessSeen, HostFaultSeen, InterruptSeen,
                 ExceptionSeen, SoftwareInterruptSeen, PortSeen, DeviceSeen, ControlSeen, MsrSeen,
                 CodeWriteSeen, BlockDropped, CacheFlushed, ModeChanged, Resumed>;

class Mmu;

class EngineObserver {
 public:
  virtual ~EngineObserver() = default;
  // Asked once, when the engine is made.
  [[nodiscard]] virtual Observations Wants() const { return BitOf(Observation::kBlocks); }
  // Once, before anything else: the memory of the guest that it will hear of, for Peek, and for
  // what that leads to, during the calls below.
  virtual void OnMemory(Mmu& /*mmu*/) {}
  virtual void OnBlockTranslated(const TranslatedBlock& translated) = 0;
  // kExecution: entries since the last call, in order, each as Block::number; for the n-th return
  // site of a block n + 1 more. Events come between those that they came between.
  virtual void OnExecuted(std::span<const uint32_t> /*entries*/) {}
  // At the instruction `eip` of the guest, whose state is `cpu`; behind what the event says of it.
  virtual void OnEvent(const CpuState& /*cpu*/, uint32_t /*eip*/, const EngineEvent& /*event*/) {}
  // kKicks: between two instructions, or halted, after KickSignal() (host_signals.h), whoever sent
  // it. `mmu` is for Peek, and for the memory that it leads to.
  virtual void OnKicked(const CpuState& /*cpu*/, Mmu& /*mmu*/) {}
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_ENGINE_OBSERVER_H_
