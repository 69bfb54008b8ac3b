// What transcripts cannot say: requests that are not HTTP, slow clients, and the end of a server.
#include <gtest/gtest.h>

#include <future>

#include "core/limits.hpp"
#include "net/http_server.hpp"
#include "tests/support/echo_handler.hpp"
#include "tests/support/wire_client.hpp"

namespace cubby::wire {
namespace {

using namespace std::chrono_literals;

class HttpStrictness : public testing::Test {
 protected:
  explicit HttpStrictness(ConnectionPatience patience = {}) {
    address_ = server_.listen({.handler = handler_, .rules = {.patience = patience}}).value();
    server_.start();
  }

  Client connect() const { return Client(address_); }

  // The only answer to these bytes, which ends the connection.
  Answer last_answer_to(const std::string& bytes, std::string_view method = "GET") const {
    Client client = connect();
    client.send(bytes);
    Answer answer = client.read_answer(method);
    EXPECT_EQ(find_header(answer.headers, "connection"), "close") << bytes.substr(0, 200);
    EXPECT_EQ(client.read_to_end(), "") << bytes.substr(0, 200);
    return answer;
  }

  void expect_refusal(const std::string& bytes) const {
    const Answer answer = last_answer_to(bytes);
    EXPECT_EQ(answer.status, 400u) << bytes.substr(0, 200) << "\n" << answer.body;
    EXPECT_TRUE(answer.body.starts_with(R"({"result":null,"success":false,"errors":[{"code":10029,)"))
        << answer.body;
  }

  EchoHandler handler_;
  HttpServer server_{1};
  std::string address_;
};

const std::string host = "Host: h\r\n";

TEST_F(HttpStrictness, OneWayToFrameABodyIsTaken) {
  const std::string put = "PUT /x HTTP/1.1\r\n" + host;
  expect_refusal(put + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n");
  expect_refusal(put + "Transfer-Encoding: gzip\r\n\r\n");
  expect_refusal(put + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
  expect_refusal(put + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n");
  expect_refusal(put + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  expect_refusal(put + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n");
  expect_refusal(put + "Transfer-Encoding: identity\r\n\r\n");
  expect_refusal(put + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
  expect_refusal(put + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  expect_refusal("PUT /x HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

TEST_F(HttpStrictness, OneContentLengthIsTaken) {
  const std::string put = "PUT /x HTTP/1.1\r\n" + host;
  expect_refusal(put + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx");
  expect_refusal(put + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx");
  for (const char* length : {"1, 1", "-1", "+1", "0x1", "1 1", "", "one", "18446744073709551616"}) {
    expect_refusal(put + "Content-Length: " + length + "\r\n\r\nx");
  }
}

TEST_F(HttpStrictness, AValueThatEndsInMidReplyEndsTheConnection) {
  Client client = connect();
  client.send("GET /breaks HTTP/1.1\r\n" + host + "\r\n" + "GET /x HTTP/1.1\r\n" + host + "\r\n");
  const std::string all = client.read_to_end();
  const auto body = all.find("\r\n\r\n") + 4;
  EXPECT_NE(all.find("content-length: " + std::to_string(8 * limits::MiB)), std::string::npos);
  EXPECT_LT(all.size() - body, 8 * limits::MiB);
  EXPECT_EQ(all.find_first_not_of('x', body), std::string::npos)
      << "the next answer would be taken for the value";
}

TEST_F(HttpStrictness, OneHostIsTaken) {
  expect_refusal("GET / HTTP/1.1\r\n\r\n");
  expect_refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
  for (const char* none : {"h/x", "u@h", "h:x", "h i", "[::1", "[::1]x", "[g]", "h:80:80", "\xd0\xba", "h\\"})
    expect_refusal("GET / HTTP/1.1\r\nHost: " + std::string(none) + "\r\n\r\n");
  for (const char* some :
       {"", "h", "h:", "h:80", "my_host.test:8080", "[::1]", "[::1]:80", "%41~!$&'()*+,;="}) {
    const std::string start = "GET / HTTP/1.1\r\nConnection: close\r\nHost: ";
    EXPECT_EQ(last_answer_to(start + some + "\r\n\r\n").status, 200u) << some;
  }
  EXPECT_EQ(last_answer_to("GET / HTTP/1.0\r\n\r\n").status, 200u);
  Client client = connect();
  client.send("GET http://h/x HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.read_answer("GET").body, "http://h/x ");
}

TEST_F(HttpStrictness, WhatIsNotHttpIsRefused) {
  expect_refusal("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n");
  expect_refusal("hello\r\n\r\n");
  expect_refusal("GET / HTTP/2.0\r\n" + host + "\r\n");
  expect_refusal("GET / HTTP/1.2\r\n" + host + "\r\n");
  expect_refusal("GET /\r\n\r\n");
  expect_refusal("GET  / HTTP/1.1\r\n" + host + "\r\n");
  expect_refusal("GET /a b HTTP/1.1\r\n" + host + "\r\n");
  expect_refusal("GET / HTTP/1.1\r\n" + host + "no colon\r\n\r\n");
  expect_refusal("GET / HTTP/1.1\r\n" + host + "space : x\r\n\r\n");
  expect_refusal("GET / HTTP/1.1\r\n" + host + "x: \x01\r\n\r\n");
  expect_refusal("GET / HTTP/1.1\n" + host + "\n\r\n\r\n");
}

TEST_F(HttpStrictness, AHeadIsTakenUpTo32KiB) {
  const std::string start = "GET / HTTP/1.1\r\n" + host + "x: ";
  const std::string end = "\r\n\r\n";
  const std::size_t room = limits::request_head_bytes_max - start.size() - end.size();
  Client client = connect();
  client.send(start + std::string(room, 'x') + end);
  EXPECT_EQ(client.read_answer("GET").status, 200u);
  const Answer answer = last_answer_to(start + std::string(room + 1, 'x') + end);
  EXPECT_EQ(answer.status, 431u);
  EXPECT_NE(answer.body.find("request head too large"), std::string::npos);
  EXPECT_EQ(last_answer_to("GET /" + std::string(40'000, 'x') + " HTTP/1.1\r\n" + host + "\r\n").status,
            431u);
}

TEST_F(HttpStrictness, ABodyOverWhatTheHandlerAllowsIsRefused) {
  const auto put = [](std::size_t bytes) {
    return "PUT / HTTP/1.1\r\n" + host + "Content-Length: " + std::to_string(bytes) + "\r\n\r\n" +
           std::string(bytes, 'x');
  };
  const auto most = limits::request_body_bytes_max_unauthenticated;
  Client client = connect();
  client.send(put(most));
  EXPECT_EQ(client.read_answer("PUT").body.size(), most + 2);
  const Answer answer = last_answer_to(put(most + 1));
  EXPECT_EQ(answer.status, 413u);
  EXPECT_NE(answer.body.find("request body too large"), std::string::npos);
}

TEST_F(HttpStrictness, AChunkedBodyMustParse) {
  const std::string put = "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n";
  expect_refusal(put + "x\r\n");
  expect_refusal(put + "-1\r\nx\r\n0\r\n\r\n");
  expect_refusal(put + "1\r\nxx\r\n0\r\n\r\n");
  expect_refusal(put + "fffffffffffffffff\r\n");
  expect_refusal(put + "1;" + std::string(300, 'x') + "\r\nx\r\n0\r\n\r\n");
  expect_refusal(put + "1;a=\"\n\"\r\nx\r\n0\r\n\r\n");
  expect_refusal(put + "1\r\nx\r\n0;a=\"\x7f\"\r\n\r\n");
  // The smaller ones may arrive in one read.
  for (const std::size_t size : {33'000u, 60'000u, 200'000u}) {
    expect_refusal(put + "0\r\nx: " + std::string(size, 'x') + "\r\n\r\n");
  }
  std::string short_lines;
  while (short_lines.size() <= limits::request_head_bytes_max) short_lines += "name: value\r\n";
  expect_refusal(put + "0\r\n" + short_lines + "\r\n");
  expect_refusal(put + "0\r\nContent-Length: 5\r\n\r\n");
  expect_refusal(put + "0\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST_F(HttpStrictness, ATrailerIsTakenUpTo32KiB) {
  Client client = connect();
  const std::string line = "x: " + std::string(limits::request_head_bytes_max - 5, 'x') + "\r\n";
  client.send("PUT /x HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n" + line +
              "\r\n");
  EXPECT_EQ(client.read_answer("PUT").body, "/x a");
}

TEST_F(HttpStrictness, WhatATrailerSaysChangesNothing) {
  Client client = connect();
  client.send("PUT /x HTTP/1.1\r\n" + host +
              "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nHost: b\r\nHost: c\r\nExpect: "
              "100-continue\r\nConnection: close\r\n\r\n"
              "GET /next HTTP/1.1\r\n" +
              host + "\r\n");
  EXPECT_EQ(client.read_answer("PUT").body, "/x a");
  EXPECT_EQ(client.read_answer("GET").body, "/next ");
}

TEST_F(HttpStrictness, PipelinedRequestsAreAnsweredInOrder) {
  Client client = connect();
  std::string requests;
  constexpr int count = 100;  // more than one turn of the loop
  for (int i = 0; i < count; ++i) {
    const std::string body(static_cast<std::size_t>(i), 'b');
    requests += "PUT /" + std::to_string(i) + " HTTP/1.1\r\n" + host +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  client.send(requests);
  for (int i = 0; i < count; ++i) {
    EXPECT_EQ(client.read_answer("PUT").body,
              "/" + std::to_string(i) + " " + std::string(static_cast<std::size_t>(i), 'b'));
  }
  client.finish_sending();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpStrictness, ABodyThatTheHandlerLeavesDoesNotBecomeTheNextRequest) {
  Client client = connect();
  const std::string hidden = "GET /hidden HTTP/1.1\r\n" + host + "\r\n";
  client.send("PUT /unread HTTP/1.1\r\n" + host + "Content-Length: " + std::to_string(hidden.size()) +
              "\r\n\r\n" + hidden + "GET /next HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(client.read_answer("PUT").body, "unread");
  EXPECT_EQ(client.read_answer("GET").body, "/next ");
}

TEST_F(HttpStrictness, TheClientDecidesWhetherItsConnectionEnds) {
  const std::string get = "GET / HTTP/1.1\r\n" + host;
  EXPECT_EQ(last_answer_to(get + "Connection: close\r\n\r\n" + get + "\r\n").status, 200u);
  EXPECT_EQ(last_answer_to("GET / HTTP/1.0\r\n\r\n").status, 200u);
  // HTTP/1.0 knows no chunks and no reliable way to go on: one request a connection.
  EXPECT_EQ(last_answer_to("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").status, 200u);
}

TEST_F(HttpStrictness, AHandlersExceptionIsA500AndTheConnectionLives) {
  Client client = connect();
  client.send("PUT /throw HTTP/1.1\r\n" + host + "Content-Length: 4\r\n\r\nbody");
  const Answer answer = client.read_answer("PUT");
  EXPECT_EQ(answer.status, 500u);
  EXPECT_NE(answer.body.find(R"("errors":[{"code":10001,"message":"internal error"}])"), std::string::npos);
  EXPECT_EQ(answer.body.find("on purpose"), std::string::npos);
  client.send("GET /next HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(client.read_answer("GET").body, "/next ");
}

TEST_F(HttpStrictness, AClientThatGoesAwayLeavesTheServerServing) {
  {
    Client client = connect();
    client.send("PUT / HTTP/1.1\r\n" + host + "Content-Length: 10\r\n\r\nhalf");
  }
  {
    Client client = connect();
    client.send("GET /large HTTP/1.1\r\n" + host + "\r\n");
  }
  Client client = connect();
  client.send("GET /x HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(client.read_answer("GET").body, "/x ");
}

class SlowClients : public HttpStrictness {
 protected:
  SlowClients()
      : HttpStrictness(
            {.idle = 50ms, .head = 50ms, .body = 50ms, .write = 50ms, .unread = 50ms, .linger = 50ms}) {}
};

// One test, for the clients can be slow at the same time.
TEST_F(SlowClients, AreNotWaitedFor) {
  Client idle = connect();
  Client in_head = connect();
  Client in_body = connect();
  Client in_unread_body = connect();
  Client in_answer = connect();
  in_head.send("GET / HTTP/1.1\r\nHost");
  in_body.send("PUT / HTTP/1.1\r\n" + host + "Content-Length: 10\r\n\r\nhalf");
  in_unread_body.send("PUT /unread HTTP/1.1\r\n" + host + "Content-Length: 10\r\n\r\nhalf");
  in_answer.send("GET /large HTTP/1.1\r\n" + host + "\r\n");

  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(in_head.read_answer("GET").status, 408u);
  EXPECT_EQ(in_head.read_to_end(), "");
  EXPECT_EQ(in_body.read_answer("PUT").status, 408u);
  EXPECT_EQ(in_body.read_to_end(), "");
  const Answer unread = in_unread_body.read_answer("PUT");
  EXPECT_EQ(unread.body, "unread");
  EXPECT_EQ(find_header(unread.headers, "connection"), "close");
  // The server has nobody left; only now is the large answer looked at.
  server_.stop(1h);
  EXPECT_LT(in_answer.read_to_end().size(), 64 * limits::MiB);
}

class ServerStop : public HttpStrictness {
 protected:
  // A client in the middle of a request that the handler has begun.
  void begin_request(Client& client) {
    client.send("PUT /started HTTP/1.1\r\n" + host + "Content-Length: 4\r\n\r\nbo");
    handler_.started.get_future().wait();
  }
};

TEST_F(ServerStop, LetsARequestInFlightFinish) {
  Client idle = connect();
  idle.send("GET / HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(idle.read_answer("GET").status, 200u);
  Client busy = connect();
  begin_request(busy);
  auto stopped = std::async(std::launch::async, [&] { server_.stop(1h); });
  EXPECT_EQ(idle.read_to_end(), "");  // idle connections end at once, so the stop has begun
  busy.send("dyGET /next HTTP/1.1\r\n" + host + "\r\n");
  const Answer answer = busy.read_answer("PUT");
  EXPECT_EQ(answer.body, "/started body");
  EXPECT_EQ(find_header(answer.headers, "connection"), "close");
  EXPECT_EQ(busy.read_to_end(), "");  // and nothing after it is served
  busy.finish_sending();
  stopped.get();
}

TEST_F(ServerStop, EndsIdleConnectionsAtOnce) {
  Client fresh = connect();
  Client used = connect();
  used.send("GET / HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(used.read_answer("GET").status, 200u);
  server_.stop(1h);
  EXPECT_EQ(fresh.read_to_end(), "");
  EXPECT_EQ(used.read_to_end(), "");
}

TEST_F(ServerStop, CutsAClientThatIsStuckWhenItsPatienceEnds) {
  Client stuck = connect();
  begin_request(stuck);
  server_.stop(10ms);
  EXPECT_EQ(stuck.read_to_end(), "");
}

TEST_F(ServerStop, RefusesNewConnections) {
  server_.stop(1h);
  EXPECT_THROW(connect(), std::runtime_error);
}

TEST_F(ServerStop, IsTheEndHoweverOftenItIsAsked) {
  server_.stop(1h);
  server_.stop(1h);
}

TEST(HttpServerStart, RefusesAnAddressThatIsTakenOrUnknown) {
  EchoHandler handler;
  HttpServer first(1);
  const std::string taken = first.listen({.handler = handler}).value();
  HttpServer second(1);
  EXPECT_FALSE(second.listen({.address = TcpAddress::parse(taken).value(), .handler = handler}));
  EXPECT_FALSE(second.listen({.address = TcpAddress{"192.0.2.1", 0}, .handler = handler}));
}

TEST(HttpServerStart, TellsAnIpv6AddressInBrackets) {
  EchoHandler handler;
  HttpServer server(1);
  const auto address = server.listen({.address = TcpAddress{"::1", 0}, .handler = handler});
  if (!address) GTEST_SKIP() << "no IPv6 on this machine: " << address.error().argument;
  EXPECT_TRUE(address->starts_with("[::1]:"));
}

}  // namespace
}  // namespace cubby::wire
