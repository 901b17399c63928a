// SPDX-License-Identifier: Apache-2.0
// Every counter of the engine, in one list. Each slow path has one.
#ifndef VERBATIM_ENGINE_STATISTICS_H_
#define VERBATIM_ENGINE_STATISTICS_H_

#include <cstdint>

// X(name, description)
#define VERBATIM_ENGINE_COUNTERS(X)                                        \
  X(exits_lookup, "exits: no entry in the jump table")                     \
  X(exits_link, "exits: direct jump not chained yet")                      \
  X(exits_guess, "exits: indirect jump to another target than guessed")    \
  X(exits_dead, "exits: block was invalidated")                            \
  X(exits_stale, "exits: block found its bytes changed")                   \
  X(exits_callout, "exits: sensitive instruction changed mode or flow")    \
  X(exits_kicked, "exits: interrupt request")                              \
  X(exits_block_end, "exits: end of a single-instruction block")           \
  X(exits_host_fault, "exits: host signal in generated code")              \
  X(exits_exception, "exits: instruction known to fault")                  \
  X(callouts, "sensitive instructions simulated")                          \
  X(callouts_resumed, "of them, execution went on in the same block")      \
  X(callouts_transferred, "of them, execution went on in another block")   \
  X(software_accesses, "memory accesses in software form")                 \
  X(software_accesses_bounced, "of them, through the bounce buffer")       \
  X(software_strings, "string instructions simulated")                     \
  X(faults_mapped, "faults: window filled")                                \
  X(faults_guest, "faults: page fault delivered to the guest")             \
  X(faults_device, "faults: device, unassigned or read-only memory")       \
  X(faults_code_page, "faults: write to a page of translated code")        \
  X(faults_straddle, "faults: access beyond the end of the address space") \
  X(faults_segment, "faults: restricted FS or GS")                         \
  X(faults_arithmetic, "faults: divide, x87 or SIMD exception")            \
  X(faults_protection, "faults: misaligned SSE access")                    \
  X(sites_adapted, "sites retranslated into software form")                \
  X(sites_forgiven, "sites returned to direct form")                       \
  X(code_writes, "writes to pages of translated code")                     \
  X(flushes_of_dead, "flushes because much of the code was dead")          \
  X(pages_checked, "pages whose blocks were made to check their bytes")    \
  X(pages_unchecked, "of them, write-protected again")                     \
  X(interrupts, "external interrupts delivered")                           \
  X(halts, "HLT executed")                                                 \
  X(halted_ns, "nanoseconds spent halted")                                 \
  X(translation_ns, "nanoseconds spent translating")                       \
  X(blocks_validated, "blocks validated")                                  \
  X(validated_bytes, "bytes of host code in them")                         \
  X(validation_ns, "nanoseconds spent validating them")                    \
  X(patches_validated, "patches of blocks validated")                      \
  X(patch_validation_ns, "nanoseconds spent validating patches")           \
  X(shadow_overflows, "shadow return stack ran full")                      \
  X(lookups, "block lookups")                                              \
  X(entries, "blocks entered from the run loop")

namespace verbatim {

// What generated code counts if asked to.
struct DynamicStatistics {
  uint64_t blocks = 0;        // executed, from their start
  uint64_t instructions = 0;  // in them, whether or not they were left on the way
  uint64_t copied = 0;        // of these
  uint64_t table_hits = 0;    // arrivals by hashed entries of the jump table
  uint64_t return_hits = 0;   // returns to where the shadow stack said
  uint64_t return_misses = 0;
};

struct EngineStatistics {
#define VERBATIM_COUNTER(name, description) uint64_t name = 0;
  VERBATIM_ENGINE_COUNTERS(VERBATIM_COUNTER)
#undef VERBATIM_COUNTER
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_STATISTICS_H_
