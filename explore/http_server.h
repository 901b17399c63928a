// SPDX-License-Identifier: Apache-2.0
// A small HTTP server on a thread of its own: one request a connection, few connections, all of it
// bounded in size and time, because any process of this host may connect.
//
// After Start it makes no system call but poll, accept4, read, write and close.
#ifndef VERBATIM_EXPLORE_HTTP_SERVER_H_
#define VERBATIM_EXPLORE_HTTP_SERVER_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "explore/http_request.h"
#include "explore/loopback.h"

namespace verbatim {

struct HttpAnswer {
  HttpStatus status = HttpStatus::kNotFound;
  std::string_view type = "text/plain";
  std::shared_ptr<const std::string> contents{};  // may be shared by connections; null: none
};

class HttpServer {
 public:
  static constexpr size_t kMaxConnections = 16;
  static constexpr size_t kMaxRequestBytes = 8192;
  // Without progress; a request has so long as a whole.
  static constexpr uint64_t kPatienceNs = 10'000'000'000;

  // Both are called on the server's thread: `answer` for each request, `on_wake` after Wake.
  struct Handlers {
    std::function<HttpAnswer(std::string_view path)> answer;
    std::function<void()> on_wake;
  };
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> Create(LoopbackListener listener);
  ~HttpServer();

  void Start(Handlers handlers);
  // Any thread.
  void Wake();

  [[nodiscard]] std::string authority() const { return AuthorityOf(listener_.address); }
  [[nodiscard]] int listening_socket() const { return listener_.socket.get(); }

 private:
  struct Connection {
    FileDescriptor socket;
    uint64_t deadline_ns = 0;
    std::string received;
    std::string head;                               // of the answer; empty: none yet
    std::shared_ptr<const std::string> contents{};  // behind it
    size_t sent = 0;                                // of both
    bool over = false;
  };

  HttpServer(LoopbackListener listener, FileDescriptor wake)
      : listener_(std::move(listener)), wake_(std::move(wake)) {}
  void Loop();
  void Accept();
  void Serve(Connection& connection);
  void Receive(Connection& connection);
  void Answer(Connection& connection);
  void Send(Connection& connection);

  LoopbackListener listener_;
  FileDescriptor wake_;
  Handlers handlers_;
  std::vector<Connection> connections_;
  std::atomic<bool> ends_ = false;
  std::latch started_{1};
  std::thread thread_;
};

}  // namespace verbatim

#endif  // VERBATIM_EXPLORE_HTTP_SERVER_H_
