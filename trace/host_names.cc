// SPDX-License-Identifier: Apache-2.0
#include "trace/host_names.h"

#include <cstddef>

#include "translator/execution_context.h"

namespace verbatim {
namespace {

struct FieldRow {
  size_t offset;
  std::string_view name;
};

constexpr size_t SegmentBase(Segment segment) {
  return offsetof(ExecutionContext, cpu.segments) + segment * sizeof(SegmentRegister) +
         offsetof(SegmentRegister, base);
}

constexpr size_t Selector(Segment segment) {
  return offsetof(ExecutionContext, cpu.segments) + segment * sizeof(SegmentRegister) +
         offsetof(SegmentRegister, selector);
}

constexpr FieldRow kFields[] = {
    {Selector(kEs), "es"},
    {Selector(kCs), "cs"},
    {Selector(kSs), "ss"},
    {Selector(kDs), "ds"},
    {Selector(kFs), "fs"},
    {Selector(kGs), "gs"},
    {SegmentBase(kEs), "es.base"},
    {SegmentBase(kCs), "cs.base"},
    {SegmentBase(kSs), "ss.base"},
    {SegmentBase(kDs), "ds.base"},
    {SegmentBase(kFs), "fs.base"},
    {SegmentBase(kGs), "gs.base"},
    {offsetof(ExecutionContext, minus_one), "minus_one"},
    {offsetof(ExecutionContext, fs_base), "&fs.base"},
    {offsetof(ExecutionContext, gs_base), "&gs.base"},
    {offsetof(ExecutionContext, cpu.tsc_offset), "tsc_offset"},
    {offsetof(ExecutionContext, cpu.cr0), "cr0"},
    {offsetof(ExecutionContext, cpu.cr2), "cr2"},
    {offsetof(ExecutionContext, cpu.cr3), "cr3"},
    {offsetof(ExecutionContext, cpu.cr4), "cr4"},
    {offsetof(ExecutionContext, virtual_flags), "virtual_flags"},
    {offsetof(ExecutionContext, flags_if_clear), "flags_if_clear"},
    {offsetof(ExecutionContext, flags_if_set), "flags_if_set"},
    {offsetof(ExecutionContext, interrupt_pending), "interrupt_pending"},
    {offsetof(ExecutionContext, record_next), "record_next"},
};

template <typename Rows>
std::string_view NameIn(const Rows& rows, uint64_t place) {
  for (const auto& [at, name] : rows) {
    if (at == place) return name;
  }
  return {};
}

}  // namespace

std::string_view HostNames::StubAt(uint64_t address) const { return NameIn(stubs, address); }
std::string_view HostNames::FieldAt(uint32_t offset) const { return NameIn(fields, offset); }

HostNames NamesFor(const StubTable& stubs) {
  HostNames names;
  for (const NamedStub& stub : kStubs) {
    names.stubs.emplace_back(reinterpret_cast<uintptr_t>(stubs.*stub.address), stub.name);
  }
  for (const FieldRow& row : kFields) {
    names.fields.emplace_back(static_cast<uint32_t>(row.offset), row.name);
  }
  return names;
}

}  // namespace verbatim
