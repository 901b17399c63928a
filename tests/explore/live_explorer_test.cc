// SPDX-License-Identifier: Apache-2.0
// A guest's thread that hands over faster than the server's thread can count.
#include "explore/live_explorer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"

namespace verbatim {
namespace {

// The contents of what the server answers.
std::string Ask(const LiveExplorer& explorer, const std::string& path) {
  sockaddr_in address{};
  socklen_t bytes = sizeof address;
  EXPECT_EQ(
      ::getsockname(explorer.listening_socket(), reinterpret_cast<sockaddr*>(&address), &bytes), 0);
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), bytes), 0);
  const std::string authority = explorer.url().substr(7, explorer.url().size() - 8);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
  EXPECT_EQ(::write(socket.get(), request.data(), request.size()),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t count = ::read(socket.get(), buffer.data(), buffer.size());
    if (count <= 0) break;
    answer.append(buffer.data(), static_cast<size_t>(count));
  }
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

TEST(LiveExplorer, LosesNothingOfAGuestThatIsFasterThanItCounts) {
  auto explorer = LiveExplorer::Create({.v6 = false, .port = 0}, SymbolTable(), "guest");
  ASSERT_TRUE(explorer) << explorer.error().message;
  (*explorer)->Start();
  // 400 MiB of executions; copying one is several times faster than counting it.
  constexpr uint64_t kTimes = 3200;
  const std::vector<uint32_t> entries(32768);
  for (uint64_t i = 0; i < kTimes; ++i) (*explorer)->OnExecuted(entries);
  const auto figures = nlohmann::json::parse(Ask(**explorer, "/figures"));
  EXPECT_EQ(figures["entries"], kTimes * entries.size());
}

TEST(LiveExplorer, TakesWhatIsMoreThanItsLimitAtOnce) {
  auto explorer = LiveExplorer::Create({.v6 = false, .port = 0}, SymbolTable(), "guest");
  ASSERT_TRUE(explorer) << explorer.error().message;
  (*explorer)->Start();
  const std::vector<uint32_t> entries(20 << 20);
  (*explorer)->OnExecuted(entries);
  (*explorer)->OnExecuted(entries);
  const auto figures = nlohmann::json::parse(Ask(**explorer, "/figures"));
  EXPECT_EQ(figures["entries"], 2 * entries.size());
}

}  // namespace
}  // namespace verbatim
