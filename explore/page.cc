// SPDX-License-Identifier: Apache-2.0
#include "explore/page.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <vector>

#include "base/check.h"

// page_parts.S
#define PART(name)                          \
  extern const char verbatim_page_##name[]; \
  extern const char verbatim_page_##name##_end[];
extern "C" {
PART(html)
PART(style)
PART(source)
PART(model)
PART(list)
PART(code)
PART(graph)
PART(timeline)
PART(exits)
PART(main)
}
#undef PART

namespace verbatim {
namespace {

#define PART(name) std::string_view(verbatim_page_##name, verbatim_page_##name##_end)

constexpr std::string_view kStylePlace = "/*STYLE*/";
constexpr std::string_view kScriptPlace = "/*SCRIPT*/";
constexpr std::string_view kDataPlace = "<!--DATA-->";

// The place becomes `text`.
void Fill(std::string& page, std::string_view place, std::string_view text) {
  const size_t at = page.find(place);
  CHECK(at != std::string::npos);
  page.replace(at, place.size(), text);
}

std::vector<uint8_t> Compress(std::string_view text) {
  constexpr int kFast = 4;
  constexpr int kGzip = 16;
  constexpr int kMemory = 8;
  z_stream stream{};
  CHECK(deflateInit2(&stream, kFast, Z_DEFLATED, MAX_WBITS + kGzip, kMemory, Z_DEFAULT_STRATEGY) ==
        Z_OK);
  CHECK(text.size() < UINT32_MAX);
  std::vector<uint8_t> compressed(deflateBound(&stream, text.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = compressed.data();
  stream.avail_out = static_cast<uInt>(compressed.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  return compressed;
}

// RFC 4648, section 4.
void AppendBase64(std::string& to, const std::vector<uint8_t>& bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(bytes.size() - i, 3);
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? bytes[i + k] : 0);
    for (size_t k = 0; k < 4; ++k) {
      to += k <= count ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
    }
  }
}

}  // namespace

PageFrame MakePageFrame() {
  std::string script;
  for (const std::string_view part : {PART(source), PART(model), PART(list), PART(code),
                                      PART(graph), PART(timeline), PART(exits), PART(main)}) {
    script += part;
  }
  std::string page(PART(html));
  Fill(page, kStylePlace, PART(style));
  Fill(page, kScriptPlace, script);
  const size_t data = page.find(kDataPlace);
  CHECK(data != std::string::npos);
  return {page.substr(0, data), page.substr(data + kDataPlace.size())};
}

std::string PageData(std::string_view id, std::string_view json) {
  std::string element = fmt::format("<script type=\"text/plain\" id=\"data-{}\">", id);
  AppendBase64(element, Compress(json));
  element += "</script>\n";
  return element;
}

}  // namespace verbatim
