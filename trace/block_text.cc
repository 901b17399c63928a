// SPDX-License-Identifier: Apache-2.0
#include "trace/block_text.h"

#include "base/append.h"

namespace verbatim {
namespace {

constexpr size_t kGuestByteColumns = 24;
constexpr size_t kGuestTextColumns = 40;
constexpr size_t kHostByteColumns = 34;

void WriteHeading(const BlockListing& listing, std::string& text) {
  Append(text, "block {}  eip {:08x}  linear {:08x}  physical {:08x}\n", listing.number,
         listing.eip, listing.linear, listing.physical);
  Append(text, "  {}\n", listing.mode);
  if (listing.second_page) {
    Append(text, "  crosses into physical page {:08x}\n", *listing.second_page);
  }
  Append(text, "  guest: {} instructions, {} of them copied, {} bytes", listing.instructions.size(),
         listing.ident_count, listing.guest_bytes);
  if (listing.host_bytes != 0) {
    Append(text, "; host: {} bytes at {:08x}", listing.host_bytes, listing.host_start);
  }
  text += '\n';
}

void WriteHost(std::span<const HostLine> lines, std::string& text) {
  for (const HostLine& line : lines) {
    Append(text, "      {:08x}  {:<{}}{}", line.address, HexBytes(line.bytes), kHostByteColumns,
           line.text);
    if (!line.name.empty()) Append(text, "  ; {}", line.name);
    text += '\n';
  }
}

}  // namespace

std::string HexBytes(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) Append(text, "{:02x} ", byte);
  return text;
}

std::string BlockText(const BlockListing& listing) {
  std::string text;
  WriteHeading(listing, text);
  if (!listing.entry.empty()) text += "    entry\n";
  WriteHost(listing.entry, text);
  for (const GuestLine& line : listing.instructions) {
    Append(text, "    {:08x}  {:<{}}{:<{}}{}\n", line.eip, HexBytes(line.bytes), kGuestByteColumns,
           line.text, kGuestTextColumns, OutcomeName(line.outcome));
    WriteHost(line.host, text);
  }
  if (!listing.out_of_line.empty()) text += "    out of line\n";
  WriteHost(listing.out_of_line, text);
  for (const LinkLine& link : listing.links) {
    Append(text, "    link to {:08x}: field at {:08x}, unchained to {:08x}\n", link.target_eip,
           link.field, link.stub);
  }
  for (const uint64_t site : listing.return_sites) Append(text, "    return site {:08x}\n", site);
  text += '\n';
  return text;
}

std::string DescribeTranslatedBlock(const TranslatedBlock& translated) {
  return BlockText(BlockLister().List(translated));
}

}  // namespace verbatim
