// SPDX-License-Identifier: Apache-2.0
#include "explore/executions.h"

#include <algorithm>

namespace verbatim {

void Executions::Define(uint32_t number, const Entry& entry) {
  if (number >= kMaxNumber || entries_.size() >= kMaxEntries) return;
  if (places_.size() <= number) {
    places_.resize(
        std::max<size_t>(number + size_t{1}, std::min<size_t>(kMaxNumber, 2 * places_.size())));
  }
  places_[number] = static_cast<uint32_t>(entries_.size());
  entries_.push_back(entry);
  flows_.emplace_back();
}

void Executions::Follow(uint32_t place) {
  if (last_ == kUnknown || place == kUnknown) return;
  Flow& flow = flows_[last_];
  for (size_t i = 0; i < flow.next.size(); ++i) {
    if (flow.next[i] == kUnknown) flow.next[i] = place;
    if (flow.next[i] == place) {
      ++flow.times[i];
      return;
    }
  }
  const uint64_t places = uint64_t{last_} << 32 | place;
  if (others_.size() < kMaxOthers || others_.contains(places)) ++others_[places];
}

void Executions::Add(std::span<const uint32_t> numbers) {
  total_ += numbers.size();
  for (const uint32_t number : numbers) {
    const uint32_t place = number < places_.size() ? places_[number] : kUnknown;
    if (flows_[place].interval++ == 0) touched_.push_back(place);
    ++entries_[place].count;
    Follow(place);
    last_ = place;
  }
}

void Executions::Share(uint64_t ns) {
  double instructions = 0;
  for (const uint32_t place : touched_) {
    instructions += static_cast<double>(flows_[place].interval) * entries_[place].instructions;
  }
  const double each = instructions > 0 ? static_cast<double>(ns) / instructions : 0;
  for (const uint32_t place : touched_) {
    entries_[place].ns +=
        each * static_cast<double>(flows_[place].interval) * entries_[place].instructions;
    flows_[place].interval = 0;
  }
  touched_.clear();
}

template <typename Visit>
void Executions::VisitSteps(Visit visit) const {
  for (size_t i = 1; i < flows_.size(); ++i) {
    for (size_t k = 0; k < flows_[i].next.size(); ++k) {
      if (flows_[i].times[k] == 0) continue;
      visit(Step{entries_[i].block, entries_[flows_[i].next[k]].block, flows_[i].times[k]});
    }
  }
  for (const auto& [places, times] : others_) {
    visit(Step{entries_[static_cast<uint32_t>(places >> 32)].block,
               entries_[static_cast<uint32_t>(places)].block, times});
  }
}

std::vector<Executions::Step> Executions::Steps() const {
  std::vector<Step> steps;
  VisitSteps([&steps](const Step& step) { steps.push_back(step); });
  return steps;
}

std::vector<Executions::Step> Executions::StepsAt(uint32_t block) const {
  std::vector<Step> steps;
  VisitSteps([&steps, block](const Step& step) {
    if (step.from == block || step.to == block) steps.push_back(step);
  });
  return steps;
}

}  // namespace verbatim
