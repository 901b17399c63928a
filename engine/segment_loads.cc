// SPDX-License-Identifier: Apache-2.0
// Filling the inline caches of segment loads (translator/segment_load.h).
#include <cstddef>

#include "base/bits.h"
#include "engine/engine.h"
#include "vcpu/descriptor.h"

namespace verbatim {

// Guest memory may be mapped otherwise, and the table lie elsewhere, only after C++ code has run.
void Engine::UpdateSegmentGeneration() {
  const DescriptorTable& gdtr = context_->cpu.gdtr;
  if (gdtr.base != known_gdtr_.base || gdtr.limit != known_gdtr_.limit) {
    known_gdtr_ = gdtr;
    ++table_moves_;
  }
  // A sum of what only grows changes with each of them.
  context_->segment_generation = windows_.generation() + invalidations_ + table_moves_;
}

void Engine::ForgetTables() {
  ++table_moves_;
  UpdateSegmentGeneration();
}

void Engine::KeepSegmentLoad(const Site& site, uint32_t number) {
  CpuState& cpu = context_->cpu;
  const GuestInstruction& in = site.instruction;
  const bool pops = in.mnemonic == Mnemonic::kPop;
  const uint8_t segment = pops ? uint8_t{SegmentOfOpcode(in)} : in.reg;
  const SegmentRegister& loaded = cpu.segments[segment];
  SegmentLoad& entry = context_->segment_loads[number % kSegmentLoads];
  entry.key = 0;
  if (IsNullSelector(loaded.selector)) {
    entry.raw = 0;
    entry.descriptor = reinterpret_cast<const uint8_t*>(&entry.raw);
  } else {
    if ((loaded.selector & kSelectorTableBit) != 0) return;
    const LinearAddress address{cpu.gdtr.base + (loaded.selector & 0xFFF8u)};
    if (address.PageOffset() + sizeof entry.raw > kPageBytes) return;
    const auto at = mmu_.Translate(address, AccessKind::kRead, Privilege::kSupervisor);
    if (!at || mmu_.memory().KindOf(at->address) != PageKind::kRam) return;
    entry.descriptor = mmu_.memory().HostPointerTo(at->address);
    entry.raw = LoadLittle<uint64_t>(entry.descriptor);
  }
  entry.generation = context_->segment_generation;
  entry.value = loaded;
  const auto offset = [](size_t field) { return static_cast<uint16_t>(field); };
  entry.target = offset(offsetof(ExecutionContext, cpu.segments) + segment * sizeof loaded);
  entry.base_pointer = offset(segment == kFs   ? offsetof(ExecutionContext, fs_base)
                              : segment == kGs ? offsetof(ExecutionContext, gs_base)
                                               : offsetof(ExecutionContext, unused_base));
  entry.base = segment == kFs ? context_->fs_base : context_->gs_base;
  entry.popped = pops ? in.operand_bits / 8u : 0;
  entry.key = (uint64_t{loaded.selector} << 32) | (uint64_t{number} + 1);
}

}  // namespace verbatim
