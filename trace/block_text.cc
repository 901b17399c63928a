// SPDX-License-Identifier: Apache-2.0
#include "trace/block_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include "trace/host_names.h"
#include "trace/outcome.h"
#include "translator/block_mode.h"

namespace verbatim {
namespace {

constexpr size_t kGuestByteColumns = 24;
constexpr size_t kGuestTextColumns = 40;
constexpr size_t kHostByteColumns = 34;

std::string Hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x} ", byte);
  return text;
}

template <typename... Args>
void Append(std::string& text, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
}

std::string_view NameOf(SegmentClass type) {
  switch (type) {
    case SegmentClass::kFlat:
      return "flat";
    case SegmentClass::kBased:
      return "with a base";
    case SegmentClass::k64K:
      return "of 64 KiB";
    case SegmentClass::kLimited:
      return "with a limit";
    case SegmentClass::kChecked:
      return "checked";
    case SegmentClass::kDynamic:
      return "looked up";
  }
  return "";
}

std::string ModeText(BlockMode mode) {
  std::string text = fmt::format("CPL {}, {}-bit code, {}-bit stack", mode.cpl(),
                                 mode.code32() ? 32 : 16, mode.stack32() ? 32 : 16);
  constexpr std::string_view kNames[] = {"es", "cs", "ss", "ds", "fs", "gs"};
  for (uint8_t segment = 0; segment < kSegmentCount; ++segment) {
    const SegmentClass type = mode.segment_class(segment);
    if (type == SegmentClass::kFlat || type == SegmentClass::kDynamic) continue;
    Append(text, ", {} {}", kNames[segment], NameOf(type));
  }
  if (mode.task_switched()) text += ", CR0.TS";
  if (mode.emulate_fpu()) text += ", CR0.EM";
  if (mode.single()) text += ", single instruction";
  if (mode.software()) text += ", accesses in software";
  return text;
}

uint64_t HostAddress(const Block& block, uint32_t offset) {
  return reinterpret_cast<uintptr_t>(block.host_start) + offset;
}

void WriteHeading(const Block& block, uint64_t number, std::string& text) {
  Append(text, "block {}  eip {:08x}  linear {:08x}  physical {:08x}\n", number, block.eip,
         block.key.linear.value, block.key.physical.value);
  Append(text, "  {}\n", ModeText(BlockMode(block.key.mode)));
  if (block.crosses_page) {
    Append(text, "  crosses into physical page {:08x}\n", block.second_page.value);
  }
  Append(text, "  guest: {} instructions, {} of them copied, {} bytes; host: {} bytes at {:08x}\n",
         block.instruction_count, block.ident_count, block.guest_bytes, block.host_bytes,
         HostAddress(block, 0));
}

}  // namespace

// `begin` and `end` are offsets from the block's start.
void BlockTextWriter::WriteHost(const TranslatedBlock& translated, uint32_t begin, uint32_t end,
                                std::string& text) {
  const Block& block = translated.block;
  while (begin < end) {
    const std::span<const uint8_t> bytes(block.host_start + begin, end - begin);
    const DisassembledInstruction in = host_.At(bytes, HostAddress(block, begin));
    Append(text, "      {:08x}  {:<{}}{}", HostAddress(block, begin), Hex(bytes.first(in.length)),
           kHostByteColumns, in.text);
    std::string_view name;
    if (in.branch_target) name = StubName(translated.stubs, *in.branch_target);
    if (in.context_offset) name = ContextFieldName(*in.context_offset);
    if (!name.empty()) Append(text, "  ; {}", name);
    text += '\n';
    begin += in.length;
  }
}

std::string BlockTextWriter::Write(const TranslatedBlock& translated, uint64_t number) {
  const Block& block = translated.block;
  std::string text;
  WriteHeading(block, number, text);
  text += "    entry\n";
  WriteHost(translated, 0, block.body_offset, text);

  Disassembler& guest = BlockMode(block.key.mode).code32() ? guest32_ : guest16_;
  for (const InstructionOutcome& at : OutcomesOf(translated)) {
    const uint32_t offset = at.eip - block.eip;
    const size_t left = translated.guest_bytes.size() - offset;
    const auto bytes =
        translated.guest_bytes.subspan(offset, std::min<size_t>(at.instruction.length, left));
    Append(text, "    {:08x}  {:<{}}{:<{}}{}\n", at.eip, Hex(bytes), kGuestByteColumns,
           guest.At(translated.guest_bytes.subspan(offset), at.eip).text, kGuestTextColumns,
           OutcomeName(at.outcome));
    WriteHost(translated, at.host_begin, at.host_end, text);
  }

  text += "    out of line\n";
  WriteHost(translated, block.stubs_offset, block.host_bytes, text);
  for (const Link& link : block.links) {
    Append(text, "    link to {:08x}: field at {:08x}, unchained to {:08x}\n", link.target_eip,
           HostAddress(block, link.source_offset), HostAddress(block, link.stub_offset));
  }
  for (const uint32_t site : block.return_sites) {
    Append(text, "    return site {:08x}\n", HostAddress(block, site));
  }
  text += '\n';
  return text;
}

}  // namespace verbatim
