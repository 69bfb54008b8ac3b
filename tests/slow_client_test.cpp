// Deadlines of a connection, with the time as an argument: what a slow client may take, and no more.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "net/connection.hpp"
#include "tests/support/strict_agreement.hpp"

namespace cubby::wire {
namespace {

using namespace std::chrono_literals;

// Answers `/large` with more than any socket takes.
class Handler final : public HttpHandler {
 public:
  Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) override {
    body.allow(limits::MiB);
    if (head.target == "/unread") return unread();
    return head.target == "/large" ? large() : echo_.handle(head, body, caller);
  }
  Response refusal(const Error& error) override { return echo_.refusal(error); }

 private:
  static Task<Response> unread() { co_return Response{}; }
  static Task<Response> large() {
    Response response;
    response.content_type = "text/plain";
    response.body.assign(16 * limits::MiB, 'x');
    co_return response;
  }

  ExactEcho echo_;
};

class SlowClient : public testing::Test {
 protected:
  SlowClient() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_) != 0)
      throw std::runtime_error("socketpair");
    SocketStream::Socket socket(loop_, boost::asio::generic::stream_protocol(AF_UNIX, 0), ends_[1]);
    connection_.emplace(SocketStream(std::move(socket), nullptr, turnstile_), handler_, rules_, traffic_,
                        memory_, Connection::Admission::served);
    spawn(loop_, connection_->run(), [this](std::exception_ptr) { has_ended_ = true; });
    loop_.poll();
  }
  ~SlowClient() override {
    if (connection_) connection_->abort();
    loop_.run();
    ::close(ends_[0]);
  }

  void send(std::string_view bytes) {
    ASSERT_EQ(::send(ends_[0], bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    loop_.restart();
    loop_.poll();
  }

  // What has come, at most so much.
  std::string receive(std::size_t bytes_max = 64 * limits::KiB) {
    std::string bytes(bytes_max, '\0');
    const auto count = ::recv(ends_[0], bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    loop_.restart();
    loop_.poll();
    return bytes;
  }

  // As the loop's tick does, when that much time has passed since now.
  void pass(std::chrono::steady_clock::duration time) {
    connection_->check_deadline(std::chrono::steady_clock::now() + time);
    loop_.restart();
    loop_.poll();
  }

  // The client is gone from the server's view, or told to go: nothing but the goodbye is waited for.
  bool is_refused_with(unsigned status) {
    return receive().starts_with("HTTP/1.1 " + std::to_string(status));
  }

  const ConnectionRules rules_{
      .patience = {.idle = 75s, .head = 15s, .body = 30s, .write = 20s, .unread = 30s}};
  int ends_[2] = {-1, -1};
  boost::asio::io_context loop_{1};
  Turnstile turnstile_{loop_};
  Handler handler_;
  Traffic traffic_;
  MemoryBudget memory_{64 * limits::MiB};
  std::optional<Connection> connection_;
  bool has_ended_ = false;
};

TEST_F(SlowClient, MayBeIdle) {
  pass(74s);
  EXPECT_FALSE(has_ended_);
  pass(76s);
  EXPECT_TRUE(has_ended_);
  EXPECT_EQ(receive(), "");
}

TEST_F(SlowClient, MayBeIdleAgainAfterARequest) {
  send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(receive().starts_with("HTTP/1.1 200"));
  pass(74s);
  EXPECT_FALSE(has_ended_);
  pass(76s);
  EXPECT_TRUE(has_ended_);
}

TEST_F(SlowClient, HasSoMuchTimeForAHeadHoweverItDrips) {
  for (const char c : std::string_view("GET / HTTP/1.1\r\nHost: h\r\nA: b")) {
    send(std::string_view(&c, 1));
    pass(14s);
    ASSERT_EQ(receive(), "");
  }
  pass(16s);
  EXPECT_TRUE(is_refused_with(408));
}

TEST_F(SlowClient, IsLateAlsoWhereMoreBytesWereThereAlready) {
  // Twice what is read at once: the second reading has its bytes before it waits, and its turn after the
  // check.
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(6000, 'b');
  ASSERT_EQ(::send(ends_[0], head.data(), head.size(), MSG_NOSIGNAL), static_cast<ssize_t>(head.size()));
  loop_.restart();
  ASSERT_EQ(loop_.poll_one(), 1u);
  pass(16s);
  EXPECT_TRUE(is_refused_with(408));
}

TEST_F(SlowClient, IsChargedForTheBytesOfAHeadAndNotForTheirPieces) {
  send("GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(9000, 'b'));
  const std::size_t held = memory_.taken();
  EXPECT_GT(held, 0u);
  for (int i = 0; i < 100; ++i) send("b");
  EXPECT_EQ(memory_.taken(), held);
  send(std::string(12'000, 'b'));
  EXPECT_GE(memory_.taken(), held + 8 * limits::KiB);
  send("\r\n\r\n");
  EXPECT_TRUE(receive().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(memory_.taken(), 0u);
}

TEST_F(SlowClient, HasSoMuchTimeForTheNextBytesOfABody) {
  send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
  for (int i = 0; i < 9; ++i) {
    send("x");
    pass(29s);
    ASSERT_EQ(receive(), "");
  }
  pass(31s);
  EXPECT_TRUE(is_refused_with(408));
}

TEST_F(SlowClient, HasSoMuchTimeToTakeTheNextBytesOfAnAnswer) {
  send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_GE(memory_.taken(), 16 * limits::MiB);
  for (int i = 0; i < 5; ++i) {
    pass(19s);
    ASSERT_FALSE(has_ended_);
    for (int k = 0; k < 8; ++k) ASSERT_NE(receive(), "");
  }
  pass(21s);
  EXPECT_TRUE(has_ended_);
  connection_.reset();
  EXPECT_EQ(memory_.taken(), 0u);
}

TEST_F(SlowClient, IsNotWaitedForLongToSendWhatNobodyWants) {
  send("PUT /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nx");
  pass(29s);
  EXPECT_EQ(receive(), "");
  pass(31s);
  const std::string answer = receive();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200"));
  EXPECT_NE(answer.find("connection: close"), std::string::npos);
}

}  // namespace
}  // namespace cubby::wire
