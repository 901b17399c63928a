// SPDX-License-Identifier: Apache-2.0
#include "explore/run_model.h"

#include <algorithm>
#include <string_view>

namespace verbatim {
namespace {

// Of texts that come from the trace.
constexpr size_t kMaxCauses = 1024;
constexpr size_t kMaxCauseBytes = 80;
// Of Verbatim's blocks each has a few.
constexpr size_t kMaxChains = 1u << 22;

constexpr std::string_view kTranslated = "translated";
constexpr std::string_view kLink = "link";
constexpr std::string_view kDrop = "drop";
constexpr std::string_view kCallout = "callout";
constexpr std::string_view kHostFault = "host fault";
// Where faults are told, one that none is told of is the recorder's of executions.
constexpr std::string_view kRecorderFault = "host fault: the buffer of this trace was full";
// Follows the callout that it is about, which has been told already.
constexpr std::string_view kLeftByCallout = "left by callout";

const TraceField* FieldOf(const TraceEvent& event, std::string_view name) {
  const auto found = std::ranges::find(event.fields, name, &TraceField::name);
  return found == event.fields.end() ? nullptr : &*found;
}

uint64_t NumberOf(const TraceEvent& event, std::string_view name) {
  const TraceField* field = FieldOf(event, name);
  return field == nullptr ? 0 : field->number;
}

// "hlt" of "hlt", "out" of "out dx, al".
std::string MnemonicOf(const TraceEvent& event) {
  const TraceField* field = FieldOf(event, "instruction");
  return field == nullptr ? std::string() : field->text.substr(0, field->text.find(' '));
}

// What an exec trace without translations says of a block.
std::shared_ptr<const BlockCode> GuestCodeOf(const BlockDefinition& block) {
  auto code = std::make_shared<BlockCode>();
  code->number = block.number;
  code->eip = block.eip;
  code->linear = block.linear;
  code->physical = block.physical;
  code->cpl = block.cpl;
  code->code32 = block.code32;
  code->guest = block.bytes;
  for (const BlockDefinition::Instruction& in : block.instructions) {
    code->instructions.push_back({in.length, in.outcome, 0});
    if (in.outcome == Outcome::kIdent) ++code->ident_count;
  }
  return code;
}

}  // namespace

uint32_t RunModel::IndexOf(uint64_t number) const {
  const auto found = indices_.find(static_cast<uint32_t>(number));
  return found == indices_.end() ? kNoBlock : found->second;
}

uint32_t RunModel::Append(Block block, uint32_t number) {
  if (blocks_.size() == kMaxBlocks) {
    ++left_out_;
    return kNoBlock;
  }
  const auto index = static_cast<uint32_t>(blocks_.size());
  blocks_.push_back(std::move(block));
  indices_[number] = index;
  return index;
}

void RunModel::OnBlock(const BlockDefinition& block) {
  const uint32_t index =
      Append({.code = GuestCodeOf(block), .time_ns = now_ns_, .cr3 = 0}, block.number);
  if (index == kNoBlock) return;
  const auto count = static_cast<uint32_t>(block.instructions.size());
  executions_.Define(block.number, {.block = index, .first = 0, .instructions = count});
  for (size_t i = 0; i < block.return_eips.size(); ++i) {
    uint32_t first = 0;
    for (uint32_t at = block.eip; first < count && at != block.return_eips[i]; ++first) {
      at += block.instructions[first].length;
    }
    executions_.Define(block.number + 1 + static_cast<uint32_t>(i),
                       {.block = index, .first = first, .instructions = count - first});
  }
}

void RunModel::OnEntries(std::span<const uint32_t> entries) {
  executions_.Add(entries);
  executed_ = executed_ || !entries.empty();
}

void RunModel::Advance(uint64_t time_ns, bool translated) {
  const uint64_t begin = now_ns_;
  now_ns_ = std::max(now_ns_, time_ns);
  const uint64_t ns = now_ns_ - begin;
  // A trace that does not tell when code goes on shows it by what was executed.
  Phase phase = phase_;
  if (!resumes_ && executed_) phase = Phase::kExecuting;
  executed_ = false;
  if (translated && phase != Phase::kExecuting) phase = Phase::kTranslating;
  timeline_.AddTime(phase, begin, now_ns_);
  executions_.Share(phase == Phase::kExecuting ? ns : 0);
  if (exit_ && phase != Phase::kExecuting && phase != Phase::kIdle) exit_ns_ += ns;
}

void RunModel::OnEvent(const TraceEvent& event) {
  const bool translated = event.category == TraceCategory::kBlocks && event.name == kTranslated;
  Advance(event.time_ns, translated);
  switch (event.category) {
    case TraceCategory::kBlocks:
      if (translated) {
        OnTranslated(event);
      } else if (event.name == kLink) {
        OnLink(event);
      }
      break;
    case TraceCategory::kExits:
      OnExit(event);
      break;
    case TraceCategory::kResumes:
      EndExit();
      resumes_ = true;
      phase_ = Phase::kExecuting;
      break;
    case TraceCategory::kFaults:
      faults_ = true;
      if (exit_ && causes_[exit_->cause] == kHostFault) {
        exit_->cause = CauseOf("host fault: " + event.name);
      }
      break;
    case TraceCategory::kIrq:
      ++timeline_.At(now_ns_).interrupts;
      if (phase_ == Phase::kIdle) phase_ = Phase::kServing;
      break;
    case TraceCategory::kSmc:
      if (event.name == kDrop) OnDrop(event);
      break;
    default:
      break;
  }
}

// With executions, a block has been defined just before: then this is its code.
void RunModel::OnTranslated(const TraceEvent& event) {
  ++timeline_.At(now_ns_).blocks;
  if (event.code == nullptr) return;
  const BlockCode& code = *event.code;
  host_code_ = host_code_ || !code.host.empty();
  uint32_t index = IndexOf(code.number);
  const bool defined = index != kNoBlock && index + 1 == blocks_.size() &&
                       blocks_[index].code->host.empty() &&
                       blocks_[index].code->linear == code.linear &&
                       blocks_[index].code->instructions.size() == code.instructions.size();
  if (!defined) index = Append({}, code.number);
  if (index == kNoBlock) return;
  blocks_[index].code = event.code;
  blocks_[index].time_ns = now_ns_;
  blocks_[index].cr3 = event.cr3;
}

void RunModel::OnLink(const TraceEvent& event) {
  const uint32_t from = IndexOf(NumberOf(event, "block"));
  const uint32_t to = IndexOf(NumberOf(event, "to_block"));
  if (from != kNoBlock && to != kNoBlock && chains_.size() < kMaxChains) chains_.insert({from, to});
}

void RunModel::OnDrop(const TraceEvent& event) {
  const uint32_t index = IndexOf(NumberOf(event, "block"));
  const TraceField* cause = FieldOf(event, "cause");
  if (index != kNoBlock && cause != nullptr)
    blocks_[index].dropped = cause->text.substr(0, kMaxCauseBytes);
}

uint32_t RunModel::CauseOf(std::string name) {
  name.resize(std::min(name.size(), kMaxCauseBytes));
  if (causes_.size() >= kMaxCauses && !cause_indices_.contains(name)) name = "other";
  const auto [found, is_new] =
      cause_indices_.try_emplace(name, static_cast<uint32_t>(causes_.size()));
  if (is_new) causes_.push_back(name);
  return found->second;
}

void RunModel::OnExit(const TraceEvent& event) {
  if (event.name == kLeftByCallout) return;
  EndExit();
  ++timeline_.At(now_ns_).exits;
  const Executions::Entry* last = executions_.last();
  std::string cause = event.name;
  const std::string mnemonic = event.name == kCallout ? MnemonicOf(event) : std::string();
  if (!mnemonic.empty()) cause += ": " + mnemonic;
  exit_ = {.block = last == nullptr ? kNoBlock : last->block,
           .linear = event.linear,
           .cause = CauseOf(cause)};
  phase_ = event.name == kHostFault ? Phase::kFaulting
           : mnemonic == "hlt"      ? Phase::kIdle
                                    : Phase::kServing;
}

void RunModel::EndExit() {
  if (!exit_) return;
  if (faults_ && causes_[exit_->cause] == kHostFault) {
    exit_->cause = CauseOf(std::string(kRecorderFault));
  }
  if (exits_.size() < kMaxExits || exits_.contains(*exit_)) {
    ExitFigures& figures = exits_[*exit_];
    ++figures.count;
    figures.ns += exit_ns_;
  } else {
    ++left_out_;
  }
  exit_.reset();
  exit_ns_ = 0;
}

}  // namespace verbatim
