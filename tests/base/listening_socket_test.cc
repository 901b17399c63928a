// SPDX-License-Identifier: Apache-2.0
#include "base/listening_socket.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace verbatim {
namespace {

TEST(ListeningSocket, AcceptsWhoConnectsAtThePortThatWasFound) {
  for (const std::string host : {"127.0.0.1", "::1"}) {
    const auto any = SocketAddress::Ip(host, 0);
    ASSERT_TRUE(any);
    auto listening = ListeningSocket::Create(*any, 1);
    if (!listening && host == "::1") GTEST_SKIP() << "no IPv6 here";
    ASSERT_TRUE(listening) << listening.error().message;
    const auto nobody = listening->Accept();
    ASSERT_TRUE(nobody);
    EXPECT_FALSE(nobody->valid());

    const auto there = SocketAddress::Ip(host, listening->port());
    ASSERT_TRUE(there);
    const FileDescriptor peer(::socket(there->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(peer.get(), &there->any, there->bytes), 0);
    const auto accepted = listening->Accept();
    ASSERT_TRUE(accepted);
    ASSERT_TRUE(accepted->valid());
    char byte = 0;
    EXPECT_EQ(::read(accepted->get(), &byte, 1), -1) << "does not block";
    EXPECT_TRUE(WouldBlock(errno));
    EXPECT_EQ(::write(accepted->get(), "x", 1), 1);
    EXPECT_EQ(::read(peer.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
  }
}

TEST(ListeningSocket, SaysThatAnAddressIsTaken) {
  const auto first = ListeningSocket::Create(*SocketAddress::Ip("127.0.0.1", 0), 1);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = ListeningSocket::Create(*SocketAddress::Ip("127.0.0.1", first->port()), 1);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "cannot listen there: Address already in use");
}

TEST(ListeningSocket, TakesNumbersAndPathsThatFit) {
  EXPECT_FALSE(SocketAddress::Ip("localhost", 1));
  EXPECT_FALSE(SocketAddress::Ip("127.0.0.1 ", 1));
  EXPECT_TRUE(SocketAddress::Local(std::string(SocketAddress::kMaxPathBytes, 'a')));
  EXPECT_FALSE(SocketAddress::Local(std::string(SocketAddress::kMaxPathBytes + 1, 'a')));
}

}  // namespace
}  // namespace verbatim
