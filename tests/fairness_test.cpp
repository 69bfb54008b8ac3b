// Many clients that want much, on one loop with one that wants little.
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>
#include <string>

#include "net/connection.hpp"
#include "tests/support/strict_agreement.hpp"

namespace cubby::wire {
namespace {

// Answers `/large` with more than any socket takes.
class Handler final : public HttpHandler {
 public:
  Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) override {
    return head.target == "/large" ? large() : echo_.handle(head, body, caller);
  }
  Response refusal(const Error& error) override { return echo_.refusal(error); }

 private:
  Task<Response> large() {
    Response response;
    response.pinned_body = value_;
    co_return response;
  }

  const PinnedBytes value_{std::string(4 * limits::MiB, 'x')};
  ExactEcho echo_;
};

class Fairness : public testing::Test {
 protected:
  struct Client {
    int end = -1;
    std::optional<Connection> connection;
  };

  ~Fairness() override {
    for (Client& each : clients_) {
      if (each.connection) each.connection->abort();
    }
    loop_.restart();
    loop_.run();
    for (const Client& each : clients_) ::close(each.end);
  }

  Client& connect() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
      throw std::runtime_error("socketpair");
    Client& client = clients_.emplace_back();
    client.end = ends[0];
    const int bytes = 128 * limits::KiB;
    if (::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) != 0)
      throw std::runtime_error("SO_SNDBUF");
    SocketStream::Socket socket(loop_, boost::asio::generic::stream_protocol(AF_UNIX, 0), ends[1]);
    client.connection.emplace(SocketStream(std::move(socket), nullptr, turnstile_), handler_, rules_,
                              traffic_, memory_, Connection::Admission::served);
    spawn(loop_, client.connection->run(), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
    return client;
  }

  static void ask(const Client& client, const std::string& target) {
    const std::string request = "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
    ASSERT_EQ(::send(client.end, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  }

  static std::size_t received(const Client& client) {
    int bytes = 0;
    return ::ioctl(client.end, FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
  }

  static std::size_t take(const Client& client) {
    std::string bytes(limits::MiB, '\0');
    std::size_t taken = 0;
    for (ssize_t count = 0; (count = ::recv(client.end, bytes.data(), bytes.size(), MSG_DONTWAIT)) > 0;)
      taken += static_cast<std::size_t>(count);
    return taken;
  }

  std::size_t received_by_all() const {
    std::size_t sum = 0;
    for (const Client& each : clients_) sum += received(each);
    return sum;
  }

  boost::asio::io_context loop_{1};
  Turnstile turnstile_{loop_};
  Handler handler_;
  const ConnectionRules rules_;
  Traffic traffic_;
  MemoryBudget memory_{1024 * limits::MiB};
  std::list<Client> clients_;
};

TEST_F(Fairness, WhoWantsLittleDoesNotWaitForAllWhoWantMuch) {
  for (int i = 0; i < 50; ++i) ask(connect(), "/large");
  const Client& last = connect();
  ask(last, "/small");
  while (received(last) == 0) ASSERT_GT(loop_.poll_one(), 0u);
  // The first took what its socket takes, since it was alone.
  EXPECT_LT(received_by_all(), limits::MiB / 2);

  loop_.poll();
  EXPECT_GT(received_by_all(), 50 * limits::KiB * 64) << "and all of those are served too";
}

TEST_F(Fairness, NobodyIsLateWhoWaitsForATurn) {
  Client& client = connect();
  ask(client, "/large");
  loop_.poll();  // until its socket is full, and a deadline is set
  std::size_t received = take(client);
  // Comes again and again, until the client is behind it.
  auto hog = [](Turnstile& turnstile, Connection& connection) -> Task<void> {
    do co_await turnstile.pass();
    while (!turnstile.others_wait());
    EXPECT_TRUE(connection.check_deadline(std::chrono::steady_clock::now() + std::chrono::hours(1)));
  };
  spawn(loop_, hog(turnstile_, *client.connection), [](std::exception_ptr) {});
  loop_.restart();
  loop_.poll();
  while (const std::size_t more = take(client)) {
    received += more;
    loop_.poll();
  }
  EXPECT_GT(received, 4 * limits::MiB);
}

TEST_F(Fairness, WhoWaitsForATurnMayGoAway) {
  for (int i = 0; i < 20; ++i) ask(connect(), "/large");
  while (!turnstile_.others_wait()) ASSERT_GT(loop_.poll_one(), 0u);
  for (Client& each : clients_) each.connection->abort();
  loop_.run();  // comes to an end
  for (Client& each : clients_) each.connection.reset();
  EXPECT_EQ(memory_.taken(), 0u);
}

}  // namespace
}  // namespace cubby::wire
