// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/host_segments.h"

#include <unistd.h>

namespace verbatim::test {

uint64_t HostSegment::Descriptor() const {
  constexpr uint32_t kInPages = 1u << 23;
  constexpr uint32_t kRights = 0x00F0FF00;
  const uint32_t units = (rights & kInPages) != 0 ? limit >> 12 : limit;
  const uint32_t high = (rights & kRights) | (units & 0xF0000u);
  return (uint64_t{high} << 32) | (units & 0xFFFFu);
}

std::optional<HostSegment> ReadHostSegment(uint16_t selector) {
  const uint32_t with_rpl = selector | 3u;
  HostSegment segment;
  bool has_rights = false;
  bool has_limit = false;
  __asm__("lar %2, %0" : "=r"(segment.rights), "=@ccz"(has_rights) : "r"(with_rpl), "0"(0));
  __asm__("lsl %2, %0" : "=r"(segment.limit), "=@ccz"(has_limit) : "r"(with_rpl), "0"(0));
  if (!has_rights || !has_limit) return std::nullopt;
  return segment;
}

bool IsProcessorNumber(uint32_t limit) {
  // Linux puts the node above twelve bits of the processor's number.
  constexpr uint32_t kProcessor = 0xFFF;
  constexpr uint32_t kNodes = 1024;
  const auto processors = static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_CONF));
  return (limit & kProcessor) < processors && (limit >> 12) < kNodes;
}

}  // namespace verbatim::test
