// SPDX-License-Identifier: Apache-2.0
#include "trace/event_description.h"

#include <fmt/format.h>

#include <array>
#include <memory>

namespace verbatim {
namespace {

using F = TraceField;

std::string_view NameOf(ExitReason reason) {
  switch (reason) {
    case ExitReason::kLookup:
      return "lookup";
    case ExitReason::kLink:
      return "link";
    case ExitReason::kGuess:
      return "guess";
    case ExitReason::kDead:
      return "dead";
    case ExitReason::kStale:
      return "stale";
    case ExitReason::kCallout:
      return "left by callout";
    case ExitReason::kKicked:
      return "kicked";
    case ExitReason::kBlockEnd:
      return "end of single instruction";
    case ExitReason::kHostFault:
      return "host fault";
    case ExitReason::kException:
      return "exception";
  }
  return "";
}

std::string_view NameOf(FaultMeaning meaning) {
  switch (meaning) {
    case FaultMeaning::kMapped:
      return "mapped";
    case FaultMeaning::kGuestFault:
      return "page fault of the guest";
    case FaultMeaning::kDevice:
      return "device or read-only memory";
    case FaultMeaning::kCodePage:
      return "page of code";
    case FaultMeaning::kStraddle:
      return "beyond the end of the address space";
    case FaultMeaning::kSegment:
      return "restricted FS or GS";
    case FaultMeaning::kOwnBytes:
      return "block cannot read its bytes";
    case FaultMeaning::kException:
      return "exception of the guest";
  }
  return "";
}

std::string_view NameOf(DropCause cause) {
  switch (cause) {
    case DropCause::kWritten:
      return "written";
    case DropCause::kStale:
      return "found its bytes changed";
    case DropCause::kRemapped:
      return "other memory is there";
    case DropCause::kMoved:
      return "its page is mapped elsewhere";
    case DropCause::kAdapted:
      return "access goes over to software";
    case DropCause::kForgiven:
      return "access returns from software";
    case DropCause::kCheckMode:
      return "page is checked otherwise";
  }
  return "";
}

std::string_view NameOf(ProcessorMode mode) {
  static constexpr std::array<std::string_view, 4> kNames = {"real", "protected", "paging",
                                                             "virtual-8086"};
  return kNames[static_cast<unsigned>(mode)];
}

std::string_view NameOf(ControlRegister which) {
  static constexpr std::array<std::string_view, 4> kNames = {"cr0", "cr2", "cr3", "cr4"};
  return kNames[static_cast<unsigned>(which)];
}

// SDM vol. 3, table 6-1.
std::string_view MnemonicOf(Vector vector) {
  static constexpr std::array<std::string_view, 20> kNames = {
      "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "",
      "#TS", "#NP", "#SS", "#GP", "#PF", "",    "#MF", "#AC", "#MC", "#XM"};
  const auto number = static_cast<size_t>(vector);
  return number < kNames.size() ? kNames[number] : std::string_view();
}

struct Describer {
  const CpuState& cpu;
  BlockLister& lister;

  [[nodiscard]] std::string Text(const GuestInstruction& in) const {
    return lister.Disassemble(std::span(in.bytes).first(in.length), cpu.eip,
                              cpu.segments[kCs].Big());
  }

  TraceEvent operator()(const LinkMade& e) const {
    return {.category = TraceCategory::kBlocks,
            .name = "link",
            .fields = {F::Decimal("block", e.source->number),
                       F::Code("from", e.source->key.linear.value),
                       F::Decimal("to_block", e.target->number),
                       F::Code("to", e.target->key.linear.value + (e.eip - e.target->eip))}};
  }
  TraceEvent operator()(const ExitSeen& e) const {
    TraceEvent event{.category = TraceCategory::kExits, .name = std::string(NameOf(e.reason))};
    if (e.reason == ExitReason::kException) event.fields = {F::Hex("vector", e.argument)};
    return event;
  }
  TraceEvent operator()(const CalloutSeen& e) const {
    return {.category = TraceCategory::kExits,
            .name = "callout",
            .fields = {F::Text("instruction", Text(*e.instruction))}};
  }
  TraceEvent operator()(const SoftwareAccessSeen& e) const {
    return {.category = TraceCategory::kExits,
            .name = "access",
            .fields = {F::Text("instruction", Text(*e.instruction))}};
  }
  TraceEvent operator()(const Resumed& /*e*/) const {
    return {.category = TraceCategory::kResumes, .name = "goes on"};
  }
  TraceEvent operator()(const HostFaultSeen& e) const {
    TraceEvent event{.category = TraceCategory::kFaults, .name = std::string(NameOf(e.meaning))};
    if (e.trap == static_cast<uint32_t>(Vector::kPageFault)) {
      event.fields = {F::Text("access", e.write ? "write" : "read"), F::Hex("at", e.address)};
    } else {
      event.fields = {F::Hex("vector", e.trap)};
    }
    return event;
  }
  TraceEvent operator()(const InterruptSeen& e) const {
    return {.category = TraceCategory::kIrq,
            .name = "interrupt",
            .fields = {F::Hex("vector", e.vector)}};
  }
  TraceEvent operator()(const ExceptionSeen& e) const {
    const Vector vector = e.exception.vector;
    TraceEvent event{.category = TraceCategory::kExceptions,
                     .name = "exception",
                     .fields = {F::Text("name", MnemonicOf(vector)),
                                F::Hex("vector", static_cast<uint64_t>(vector))}};
    if (HasErrorCode(vector)) event.fields.push_back(F::Hex("error", e.exception.error_code));
    if (vector == Vector::kPageFault) {
      event.fields.push_back(F::Hex("cr2", e.exception.fault_address.value));
    }
    return event;
  }
  TraceEvent operator()(const SoftwareInterruptSeen& e) const {
    return {.category = TraceCategory::kExceptions,
            .name = "software interrupt",
            .fields = {F::Hex("vector", e.vector), F::Hex("eax", cpu.gpr[kEax])}};
  }
  TraceEvent operator()(const PortSeen& e) const {
    return {
        .category = TraceCategory::kIo,
        .name = e.write ? "out" : "in",
        .fields = {F::Hex("port", e.port), F::Hex("value", e.value), F::Decimal("bytes", e.bytes)}};
  }
  TraceEvent operator()(const DeviceSeen& e) const {
    return {.category = TraceCategory::kMmio,
            .name = e.write ? "write" : "read",
            .fields = {F::Hex("physical", e.address.value), F::Hex("value", e.value),
                       F::Decimal("bytes", e.bytes)}};
  }
  TraceEvent operator()(const ControlSeen& e) const {
    return {.category = TraceCategory::kCr,
            .name = std::string(NameOf(e.which)),
            .fields = {F::Hex("from", e.before), F::Hex("to", e.after)}};
  }
  TraceEvent operator()(const MsrSeen& e) const {
    return {.category = TraceCategory::kCr,
            .name = e.write ? "wrmsr" : "rdmsr",
            .fields = {F::Hex("msr", e.index), F::Hex("value", e.value)}};
  }
  TraceEvent operator()(const CodeWriteSeen& e) const {
    return {.category = TraceCategory::kSmc,
            .name = "write",
            .fields = {F::Text("by", e.by_device ? "by a device" : "by this instruction"),
                       F::Hex("physical", e.address.value), F::Decimal("bytes", e.bytes)}};
  }
  TraceEvent operator()(const BlockDropped& e) const {
    return {
        .category = TraceCategory::kSmc,
        .name = "drop",
        .fields = {F::Decimal("block", e.block->number), F::Code("at", e.block->key.linear.value),
                   F::Text("cause", NameOf(e.cause))}};
  }
  TraceEvent operator()(const CacheFlushed& e) const {
    return {.category = TraceCategory::kSmc,
            .name = "flush",
            .fields = {F::Decimal("blocks", e.blocks)}};
  }
  TraceEvent operator()(const ModeChanged& e) const {
    return {.category = TraceCategory::kModes,
            .name = std::string(NameOf(e.to)),
            .fields = {F::Text("from", fmt::format("(was {})", NameOf(e.from)))}};
  }
};

struct Categorizer {
  TraceCategory operator()(const LinkMade&) const { return TraceCategory::kBlocks; }
  TraceCategory operator()(const ExitSeen&) const { return TraceCategory::kExits; }
  TraceCategory operator()(const CalloutSeen&) const { return TraceCategory::kExits; }
  TraceCategory operator()(const SoftwareAccessSeen&) const { return TraceCategory::kExits; }
  TraceCategory operator()(const Resumed&) const { return TraceCategory::kResumes; }
  TraceCategory operator()(const HostFaultSeen&) const { return TraceCategory::kFaults; }
  TraceCategory operator()(const InterruptSeen&) const { return TraceCategory::kIrq; }
  TraceCategory operator()(const ExceptionSeen&) const { return TraceCategory::kExceptions; }
  TraceCategory operator()(const SoftwareInterruptSeen&) const {
    return TraceCategory::kExceptions;
  }
  TraceCategory operator()(const PortSeen&) const { return TraceCategory::kIo; }
  TraceCategory operator()(const DeviceSeen&) const { return TraceCategory::kMmio; }
  TraceCategory operator()(const ControlSeen&) const { return TraceCategory::kCr; }
  TraceCategory operator()(const MsrSeen&) const { return TraceCategory::kCr; }
  TraceCategory operator()(const CodeWriteSeen&) const { return TraceCategory::kSmc; }
  TraceCategory operator()(const BlockDropped&) const { return TraceCategory::kSmc; }
  TraceCategory operator()(const CacheFlushed&) const { return TraceCategory::kSmc; }
  TraceCategory operator()(const ModeChanged&) const { return TraceCategory::kModes; }
};

}  // namespace

Observations ObservationsFor(TraceCategories categories) {
  static constexpr struct {
    TraceCategory category;
    Observation what;
  } kPairs[] = {
      {TraceCategory::kBlocks, Observation::kBlocks},
      {TraceCategory::kExits, Observation::kExits},
      {TraceCategory::kFaults, Observation::kFaults},
      {TraceCategory::kIrq, Observation::kInterrupts},
      {TraceCategory::kExceptions, Observation::kExceptions},
      {TraceCategory::kIo, Observation::kPorts},
      {TraceCategory::kMmio, Observation::kDevices},
      {TraceCategory::kCr, Observation::kControl},
      {TraceCategory::kSmc, Observation::kCodeChanges},
      {TraceCategory::kModes, Observation::kModes},
      {TraceCategory::kExec, Observation::kExecution},
      {TraceCategory::kResumes, Observation::kResumes},
  };
  Observations wanted = 0;
  for (const auto& [category, what] : kPairs) {
    if ((categories & BitOf(category)) != 0) wanted |= BitOf(what);
  }
  return wanted;
}

TraceCategory CategoryOf(const EngineEvent& event) { return std::visit(Categorizer{}, event); }

TraceEvent EventDescriber::Describe(const CpuState& cpu, const EngineEvent& event) {
  return std::visit(Describer{cpu, lister_}, event);
}

TraceEvent EventDescriber::DescribeBlock(const TranslatedBlock& translated) {
  auto code = std::make_shared<const BlockCode>(CodeOf(translated));
  return {.category = TraceCategory::kBlocks,
          .name = "translated",
          .linear = code->linear,
          .cpl = code->cpl,
          .fields = {F::Decimal("block", code->number), F::Hex("physical", code->physical),
                     F::Decimal("instructions", code->instructions.size()),
                     F::Decimal("copied", code->ident_count),
                     F::Decimal("guest_bytes", code->guest.size()),
                     F::Decimal("host_bytes", code->host.size())},
          .code = code};
}

}  // namespace verbatim
