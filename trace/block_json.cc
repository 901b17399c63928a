// SPDX-License-Identifier: Apache-2.0
#include "trace/block_json.h"

#include <fmt/format.h>

#include <span>

#include "trace/event_text.h"
#include "trace/json_text.h"

namespace verbatim {
namespace {

void AppendBytes(std::string& json, std::span<const uint8_t> bytes) {
  json += "\"bytes\":";
  AppendHex(json, bytes);
}

void AppendHost(std::string& json, std::span<const HostLine> lines) {
  AppendArray(json, lines, [&json](const HostLine& line) {
    Append(json, "{{\"address\":{},", line.address);
    AppendBytes(json, line.bytes);
    Append(json, ",\"text\":{}", JsonString(line.text));
    if (!line.name.empty()) Append(json, ",\"name\":{}", JsonString(line.name));
    json += '}';
  });
}

}  // namespace

std::string BlockJson(const BlockListing& listing) {
  const bool has_host = listing.host_bytes != 0;
  std::string json = fmt::format("{{\"eip\":{},\"mode\":{},\"instructions\":", listing.eip,
                                 JsonString(listing.mode));
  AppendArray(json, listing.instructions, [&json, has_host](const GuestLine& line) {
    Append(json, "{{\"eip\":{},", line.eip);
    AppendBytes(json, line.bytes);
    Append(json, ",\"text\":{},\"outcome\":\"{}\"", JsonString(line.text),
           OutcomeName(line.outcome));
    if (has_host) {
      json += ",\"host\":";
      AppendHost(json, line.host);
    }
    json += '}';
  });
  if (has_host) {
    Append(json, ",\"host_address\":{},\"entry\":", listing.host_start);
    AppendHost(json, listing.entry);
    json += ",\"out_of_line\":";
    AppendHost(json, listing.out_of_line);
    json += ",\"links\":";
    AppendArray(json, listing.links, [&json](const LinkLine& link) {
      Append(json, "{{\"target\":{},\"field\":{},\"stub\":{}}}", link.target_eip, link.field,
             link.stub);
    });
    json += ",\"return_sites\":";
    AppendArray(json, listing.return_sites,
                [&json](uint64_t address) { Append(json, "{}", address); });
  }
  json += '}';
  return json;
}

}  // namespace verbatim
