// SPDX-License-Identifier: Apache-2.0
// The head of an HTTP/1.1 request (RFC 9112), as far as a page needs it: GET and HEAD without
// contents. Whoever sent it is not trusted.
#ifndef VERBATIM_EXPLORE_HTTP_REQUEST_H_
#define VERBATIM_EXPLORE_HTTP_REQUEST_H_

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace verbatim {

struct HttpRequest {
  std::string path;  // begins with a slash; printable ASCII, nothing of it decoded
  bool head_only = false;
};

enum class HttpStatus : uint16_t {
  kOk = 200,
  kBadRequest = 400,
  kForbidden = 403,
  kNotFound = 404,
  kMethodNotAllowed = 405,
  kTooLarge = 431,
};
[[nodiscard]] std::string_view ReasonOf(HttpStatus status);

// `head` ends with the empty line. `authority` is this server's, "127.0.0.1:8080": a request that
// names another host comes from a page of that host, whose name leads here now ("DNS rebinding"),
// and is refused. "localhost" with the port is taken too.
[[nodiscard]] std::expected<HttpRequest, HttpStatus> ParseHttpRequest(std::string_view head,
                                                                      std::string_view authority);

}  // namespace verbatim

#endif  // VERBATIM_EXPLORE_HTTP_REQUEST_H_
