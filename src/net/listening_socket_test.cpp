#include "net/listening_socket.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "core/limits.hpp"

namespace cubby {
namespace {

TEST(ListeningSocket, BoundsWhatTheKernelHoldsForASlowReader) {
  auto socket = ListeningSocket::open(TcpAddress{"127.0.0.1", 0}, 1).value();
  const auto listening = socket.take_descriptors();
  const Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(TcpAddress::parse(socket.address()).value().port);
  ASSERT_EQ(::connect(client.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);

  const Descriptor accepted(::accept(listening.at(0).number(), nullptr, nullptr));

  int bytes = 0;
  socklen_t size = sizeof bytes;
  ASSERT_EQ(::getsockopt(accepted.number(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, &size), 0);
  EXPECT_EQ(bytes, limits::unsent_bytes_max);
}

}  // namespace
}  // namespace cubby
