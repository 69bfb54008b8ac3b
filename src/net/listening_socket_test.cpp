#include "net/listening_socket.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "core/limits.hpp"

namespace cubby {
namespace {

// Bytes that the kernel holds of what a client of it does not take, at most.
int unsent_bytes_of(ListeningSocket socket) {
  const auto listening = socket.take_descriptors();
  const Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(TcpAddress::parse(socket.address()).value().port);
  EXPECT_EQ(::connect(client.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);

  const Descriptor accepted(::accept(listening.at(0).number(), nullptr, nullptr));

  int bytes = 0;
  socklen_t size = sizeof bytes;
  EXPECT_EQ(::getsockopt(accepted.number(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, &size), 0);
  return bytes;
}

TEST(ListeningSocket, BoundsWhatTheKernelHoldsForASlowReader) {
  EXPECT_EQ(unsent_bytes_of(ListeningSocket::open(TcpAddress{"127.0.0.1", 0}, 1).value()),
            limits::unsent_bytes_max);
}

TEST(ListeningSocket, BoundsThatOfASocketThatSystemdHolds) {
  const int held = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(held, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  ASSERT_EQ(::listen(held, 1), 0);
  EXPECT_EQ(unsent_bytes_of(ListeningSocket::open(InheritedSocket{held}, 1).value()),
            limits::unsent_bytes_max);
}

}  // namespace
}  // namespace cubby
