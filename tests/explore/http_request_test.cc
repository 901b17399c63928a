// SPDX-License-Identifier: Apache-2.0
// Requests of peers that nobody trusts.
#include "explore/http_request.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "explore/loopback.h"

namespace verbatim {
namespace {

constexpr std::string_view kAuthority = "127.0.0.1:8080";

std::string With(std::string_view line, std::string_view fields) {
  return std::string(line) + "\r\n" + std::string(fields) + "\r\n";
}

HttpStatus StatusOf(std::string_view line, std::string_view fields) {
  const auto request = ParseHttpRequest(With(line, fields), kAuthority);
  return request ? HttpStatus::kOk : request.error();
}

TEST(HttpRequest, GivesPathAndMethod) {
  const auto request = ParseHttpRequest(
      With("HEAD /code/12 HTTP/1.1", "Accept: *\r\nhOsT:  127.0.0.1:8080 \r\n"), kAuthority);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->path, "/code/12");
  EXPECT_TRUE(request->head_only);
}

TEST(HttpRequest, AnswersOnlyWhoNamesThisServer) {
  constexpr std::string_view kGet = "GET / HTTP/1.1";
  EXPECT_EQ(StatusOf(kGet, "Host: 127.0.0.1:8080\r\n"), HttpStatus::kOk);
  EXPECT_EQ(StatusOf(kGet, "Host: localhost:8080\r\n"), HttpStatus::kOk);
  EXPECT_EQ(StatusOf(kGet, "Host: localhost:80\r\n"), HttpStatus::kForbidden);
  EXPECT_EQ(StatusOf(kGet, "Host: localhost\r\n"), HttpStatus::kForbidden);
  EXPECT_EQ(StatusOf(kGet, "Host: a.example:8080\r\n"), HttpStatus::kForbidden);
  EXPECT_EQ(StatusOf(kGet, "Host: 127.0.0.1:80801\r\n"), HttpStatus::kForbidden);
  EXPECT_EQ(StatusOf(kGet, ""), HttpStatus::kBadRequest);
  EXPECT_EQ(StatusOf(kGet, "Host: localhost:8080\r\nHost: localhost:8080\r\n"),
            HttpStatus::kBadRequest);
  EXPECT_TRUE(ParseHttpRequest(With(kGet, "Host: [::1]:99\r\n"), "[::1]:99"));
}

TEST(HttpRequest, TakesNoContentsAndNoOtherMethods) {
  constexpr std::string_view kHost = "Host: 127.0.0.1:8080\r\n";
  EXPECT_EQ(StatusOf("POST / HTTP/1.1", kHost), HttpStatus::kMethodNotAllowed);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1", std::string(kHost) + "content-length: 1\r\n"),
            HttpStatus::kBadRequest);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1", std::string(kHost) + "Content-Length: 0\r\n"),
            HttpStatus::kOk);
  for (const std::string_view line :
       {"GET / HTTP/2.0", "GET /", "GET  / HTTP/1.1", "GET x HTTP/1.1", "GET /\x01 HTTP/1.1", ""}) {
    EXPECT_EQ(StatusOf(line, kHost), HttpStatus::kBadRequest) << line;
  }
}

TEST(HttpRequest, SurvivesAnything) {
  std::mt19937 random(3);
  const std::string good = With("GET /figures HTTP/1.1", "Host: 127.0.0.1:8080\r\nAccept: a\r\n");
  unsigned refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = good.substr(0, random() % (good.size() + 1));
    for (unsigned k = 0; k < random() % 4 && !damaged.empty(); ++k) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const auto request = ParseHttpRequest(damaged, kAuthority);
    if (request) {
      EXPECT_TRUE(request->path.starts_with('/'));
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10000u);
}

TEST(Loopback, ListensOnThisHostOnly) {
  EXPECT_EQ(ParseLoopback("8080")->port, 8080);
  EXPECT_FALSE(ParseLoopback("127.0.0.1:1")->v6);
  EXPECT_TRUE(ParseLoopback("[::1]:1")->v6);
  for (const std::string_view text :
       {"", ":", "0.0.0.0:1", "[::]:1", "::1:1", "10.0.0.1:1", "localhost:1", "65536", "-1",
        "127.0.0.1", "127.0.0.1:1x", "127.0.0.1:1:1"}) {
    EXPECT_FALSE(ParseLoopback(text)) << text;
  }
}

TEST(Loopback, FindsAFreePort) {
  const auto listener = ListenOn({});
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_NE(listener->address.port, 0);
  EXPECT_FALSE(ListenOn(listener->address)) << "that one is taken";
}

}  // namespace
}  // namespace verbatim
