// SPDX-License-Identifier: Apache-2.0
#include "engine/block_guard.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/log.h"
#include "base/monotonic_clock.h"

namespace verbatim {

void BlockGuard::Check(const TranslatedBlock& translated) {
  Check(translated, CodeOf(translated.block));
}

// As it would have been emitted, and each link for itself.
void BlockGuard::CheckMoved(const TranslatedBlock& translated) {
  const Block& block = translated.block;
  const std::span<const uint8_t> code = CodeOf(block);
  std::vector<uint8_t> unchained(code.begin(), code.end());
  for (const Link& link : block.links) {
    StoreLittle(&unchained[link.source_offset], link.stub_offset - (link.source_offset + 4));
  }
  Check(translated, unchained);
  for (const Link& link : block.links) OnPatched(block, link.source_offset);
}

void BlockGuard::Check(const TranslatedBlock& translated, std::span<const uint8_t> code) {
  const uint64_t before = MonotonicNowNs();
  const Block& block = translated.block;
  const Validation valid = validator_.Check(block, code);
  if (!valid) {
    Stop(block, valid.error(),
         describe_ != nullptr
             ? describe_(translated)
             : fmt::format("guest code: {:02x}\n", fmt::join(translated.guest_bytes, " ")));
  }
  ++statistics_.blocks_validated;
  statistics_.validated_bytes += block.host_bytes;
  statistics_.validation_ns += MonotonicNowNs() - before;
}

void BlockGuard::OnPatched(const Block& block, uint32_t offset) {
  const uint64_t before = MonotonicNowNs();
  const Validation valid = validator_.CheckPatch(block, CodeOf(block), offset, store_);
  if (!valid) Stop(block, valid.error(), "");
  ++statistics_.patches_validated;
  statistics_.patch_validation_ns += MonotonicNowNs() - before;
}

void BlockGuard::Stop(const Block& block, const ValidationError& error, const std::string& text) {
  Log(LogLevel::kError,
      "engine: the code of the block at eip {:08x} (linear {:08x}, mode {:x}) is not confined: {}, "
      "at offset {:x}: {:02x}\n{}host code at {}: {:02x}",
      block.eip, block.key.linear.value, block.key.mode, error.reason, error.offset,
      fmt::join(error.bytes, " "), text, static_cast<const void*>(block.host_start),
      fmt::join(CodeOf(block), " "));
  CheckFailed("translated code is confined", __FILE__, __LINE__);
}

}  // namespace verbatim
