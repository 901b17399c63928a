// SPDX-License-Identifier: Apache-2.0
// The figures of a run, gathered from the layers.
#include <string>
#include <string_view>
#include <vector>

#include "machine/board.h"

namespace verbatim {
namespace {

double Ratio(double part, double whole) { return whole == 0 ? 0 : part / whole; }

}  // namespace

std::vector<Statistic> Machine::Board::Statistics() const {
  std::vector<Statistic> list;
  const auto add = [&list](std::string_view group, std::string name, auto value,
                           std::string description) {
    list.push_back({group, std::move(name), static_cast<double>(value), std::move(description)});
  };

  const TranslatorStatistics& t = engine_->translator_statistics();
  const BlockStoreStatistics& b = engine_->store().statistics();
  const EngineStatistics& e = engine_->statistics();
  add("translation", "instructions", t.instructions, "guest instructions translated");
  add("translation", "ident_share",
      Ratio(static_cast<double>(t.ident), static_cast<double>(t.instructions)),
      "share of them copied unchanged");
  add("translation", "guest_bytes", t.guest_bytes, "bytes of guest code translated");
  add("translation", "host_bytes", t.host_bytes, "bytes of host code made of them");
  add("translation", "software_sites", t.software_sites, "accesses emitted in software form");
  add("translation", "unknown_instructions", t.unknown_instructions,
      "instructions in no class, #UD to the guest");
  add("translation", "ns_per_instruction",
      Ratio(static_cast<double>(e.translation_ns), static_cast<double>(t.instructions)),
      "nanoseconds per guest instruction translated");
  if (e.blocks_validated != 0) {
    add("translation", "validation_ns_per_byte",
        Ratio(static_cast<double>(e.validation_ns), static_cast<double>(e.validated_bytes)),
        "nanoseconds per byte of host code validated");
    add("translation", "validation_share",
        Ratio(static_cast<double>(e.validation_ns), static_cast<double>(e.translation_ns)),
        "time validating blocks, as a share of the time translating");
  }
  if (config_.dynamic_statistics) {
    const DynamicStatistics d = engine_->Executed();
    add("translation", "instructions_executed", d.instructions,
        "guest instructions executed, by whole blocks");
    add("translation", "ident_share_executed",
        Ratio(static_cast<double>(d.copied), static_cast<double>(d.instructions)),
        "share of them copied unchanged");
    add("cache", "blocks_executed", d.blocks, "blocks executed from their start");
    add("cache", "table_hits", d.table_hits,
        "of them, reached by hashed entries of the jump table");
    add("cache", "return_hits", d.return_hits, "returns to where the shadow stack said");
    add("cache", "return_misses", d.return_misses, "returns to elsewhere, by the jump table");
  }

  add("cache", "blocks_translated", b.blocks_translated, "blocks translated");
  add("cache", "blocks_invalidated", b.blocks_invalidated, "blocks invalidated");
  add("cache", "blocks_moved", b.blocks_moved, "blocks made to fit another address of their code");
  add("cache", "links_chained", b.links_chained, "jumps chained");
  add("cache", "links_inside", b.links_inside, "of them, into the middle of a block");
  add("cache", "links_to_pages", b.links_to_pages, "of them, to another page");
  add("cache", "targets_guessed", b.targets_guessed, "guesses where an indirect jump leads");
  add("cache", "guesses_given_up", b.guesses_given_up, "of the jumps, have too many targets");
  add("cache", "page_links_undone", b.page_links_undone,
      "of those, undone: not all who come by have the page");
  add("cache", "flushes", b.flushes, "whole-cache flushes");
  add("cache", "used_bytes", engine_->code_memory().used_bytes(), "bytes of code memory in use");

#define VERBATIM_ADD(name, description) add("engine", #name, e.name, description);
  VERBATIM_ENGINE_COUNTERS(VERBATIM_ADD)
#undef VERBATIM_ADD

  if (config_.account_time) {
#define VERBATIM_ADD(name, enumerator, description) \
  add("time", #name, engine_->time().Seconds(Activity::enumerator), "seconds: " description);
    VERBATIM_ACTIVITIES(VERBATIM_ADD)
#undef VERBATIM_ADD
  }

  const WindowStatistics& w = windows_->statistics();
  add("windows", "runs_mapped", w.runs_mapped, "mmap calls");
  add("windows", "pages_mapped", w.pages_mapped, "pages mapped by them");
  add("windows", "mapped_ahead", w.mapped_ahead,
      "of the calls, made before a faulting access was repeated");
  add("windows", "pages_dropped", w.pages_dropped, "pages dropped after flushes");
  add("windows", "protections", w.protections, "mprotect calls");
  add("windows", "evictions", w.evictions, "windows or slots emptied for lack of mappings");
  add("windows", "comparisons", w.comparisons, "windows compared with the guest's tables");
  add("windows", "live_mappings", w.live_mappings, "host mappings in use at the end");

  const CpuStatistics& c = engine_->cpu().statistics();
  for (unsigned vector = 0; vector < 32; ++vector) {
    if (c.exceptions[vector] == 0) continue;
    add("cpu", "exception_" + std::to_string(vector), c.exceptions[vector],
        "exceptions of vector " + std::to_string(vector));
  }
  add("cpu", "software_interrupts", c.software_interrupts, "INT n executed");
  add("cpu", "task_switches", c.task_switches, "hardware task switches");
  add("cpu", "cr3_loads", c.cr3_loads, "CR3 loads");
  add("cpu", "unknown_msr", c.unknown_msr, "accesses to unknown MSRs");

  const DisplayStatistics& d = display_.statistics();
  add("display", "views", d.views, "times that the text screen was read");
  add("display", "view_ns", d.view_ns, "nanoseconds of the virtual processor for that");
  add("display", "pictures", d.pictures, "whole pictures copied");
  add("display", "window_maps", d.window_maps, "times that A0000h was mapped into the guest");
  add("display", "region_moves", d.region_moves,
      "times that the frame buffer or the registers were moved");

  const PortStatistics& p = bus_.statistics();
  add("ports", "reads", p.reads, "port reads");
  add("ports", "writes", p.writes, "port writes");
  add("ports", "unclaimed_reads", p.unclaimed_reads, "reads of ports without a device");
  add("ports", "unclaimed_writes", p.unclaimed_writes, "writes to ports without a device");
  return list;
}

}  // namespace verbatim
