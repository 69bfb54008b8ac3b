// A stop of the server: who has connected before it is served, and nobody holds it up.
#include <gtest/gtest.h>

#include <future>

#include "net/http_server.hpp"
#include "tests/support/wire_client.hpp"
#include "tests/support/wire_world.hpp"

namespace cubby::wire {
namespace {

using namespace std::chrono_literals;

const std::string get = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";

class Stop : public testing::Test {
 protected:
  void serve(std::chrono::steady_clock::duration linger) {
    address_ = server_.listen({.handler = world_.api, .rules = {.patience = {.linger = linger}}}).value();
    server_.start();
  }

  // Begins, and has begun when this returns.
  std::future<void> stop() {
    auto stopped = std::async(std::launch::async, [&] { server_.stop(1h); });
    while (true) {
      try {
        const Client probe(address_);
      } catch (const std::runtime_error&) {
        return stopped;
      }
    }
  }

  World world_;
  HttpServer server_{1};
  std::string address_;
};

TEST_F(Stop, ServesWhoHasConnectedBefore) {
  serve(1h);
  Client client(address_);
  auto stopped = stop();

  client.send(get + get);

  const Answer answer = client.read_answer("GET");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(find_header(answer.headers, "connection"), "close");
  EXPECT_EQ(client.read_to_end(), "");
  client.finish_sending();
  stopped.get();
}

TEST_F(Stop, DoesNotWaitForWhoSaysNothing) {
  serve(10ms);
  Client silent(address_);

  stop().get();

  EXPECT_EQ(silent.read_to_end(), "");
}

TEST_F(Stop, EndsAConnectionThatHasBeenServedAndIsIdle) {
  serve(1h);
  Client idle(address_);
  idle.send(get);
  EXPECT_EQ(idle.read_answer("GET").status, 200u);

  stop().get();

  EXPECT_EQ(idle.read_to_end(), "");
}

}  // namespace
}  // namespace cubby::wire
