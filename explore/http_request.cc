// SPDX-License-Identifier: Apache-2.0
#include "explore/http_request.h"

#include <algorithm>

namespace verbatim {
namespace {

constexpr std::string_view kEnd = "\r\n";

// Up to the next line end, which is taken away with it.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find(kEnd), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + kEnd.size(), text.size()));
  return line;
}

std::string_view TakeWord(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool IsPrintable(char c) { return c > ' ' && c <= '~'; }

bool NamesThisServer(std::string_view host, std::string_view authority) {
  const std::string_view port = authority.substr(authority.rfind(':'));
  return SameName(host, authority) || SameName(host, "localhost" + std::string(port));
}

}  // namespace

std::string_view ReasonOf(HttpStatus status) {
  switch (status) {
    case HttpStatus::kOk:
      return "OK";
    case HttpStatus::kBadRequest:
      return "Bad Request";
    case HttpStatus::kForbidden:
      return "Forbidden";
    case HttpStatus::kNotFound:
      return "Not Found";
    case HttpStatus::kMethodNotAllowed:
      return "Method Not Allowed";
    case HttpStatus::kTooLarge:
      return "Request Header Fields Too Large";
  }
  return "";
}

std::expected<HttpRequest, HttpStatus> ParseHttpRequest(std::string_view head,
                                                        std::string_view authority) {
  std::string_view line = TakeLine(head);
  const std::string_view method = TakeWord(line);
  const std::string_view path = TakeWord(line);
  if (line != "HTTP/1.1" && line != "HTTP/1.0") return std::unexpected(HttpStatus::kBadRequest);
  if (!path.starts_with('/') || !std::ranges::all_of(path, IsPrintable)) {
    return std::unexpected(HttpStatus::kBadRequest);
  }
  unsigned hosts = 0;
  bool ours = false;
  bool contents = false;
  while (!head.empty()) {
    line = TakeLine(head);
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos ||
        !std::ranges::all_of(line.substr(0, colon), IsPrintable)) {
      return std::unexpected(HttpStatus::kBadRequest);
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trim(line.substr(colon + 1));
    if (SameName(name, "host")) {
      ++hosts;
      ours = NamesThisServer(value, authority);
    }
    contents = contents || SameName(name, "transfer-encoding") ||
               (SameName(name, "content-length") && value != "0");
  }
  if (hosts != 1) return std::unexpected(HttpStatus::kBadRequest);
  if (!ours) return std::unexpected(HttpStatus::kForbidden);
  if (method != "GET" && method != "HEAD") return std::unexpected(HttpStatus::kMethodNotAllowed);
  if (contents) return std::unexpected(HttpStatus::kBadRequest);
  return HttpRequest{.path = std::string(path), .head_only = method == "HEAD"};
}

}  // namespace verbatim
