// More at once than a server has room for: refused with 503 and `Retry-After`, never held.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <list>

#include "core/limits.hpp"
#include "net/http_server.hpp"
#include "tests/support/wire_client.hpp"
#include "tests/support/wire_world.hpp"
#include "wire/rest_response.hpp"

namespace cubby::wire {
namespace {

using namespace std::chrono_literals;

const std::string get = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";

void expect_overloaded(const Answer& answer, std::string_view of_what) {
  EXPECT_EQ(answer.status, 503u) << answer.body;
  EXPECT_EQ(find_header(answer.headers, "retry-after"), "2");
  EXPECT_NE((answer.body + answer.reason).find("too much at once: " + std::string(of_what)),
            std::string::npos)
      << answer.reason << answer.body;
}

class Connections : public testing::Test {
 protected:
  explicit Connections(unsigned loops) : server_(loops) {}

  static void expect_served(Client& client) {
    client.send(get);
    EXPECT_EQ(client.read_answer("GET").status, 200u);
  }

  World world_;
  HttpServer server_;
};

class ConnectionsMax : public Connections {
 protected:
  // Two loops, which share the limit.
  ConnectionsMax() : Connections(2) {
    api_ =
        server_
            .listen({.handler = world_.api, .rules = {.patience = {.undisturbed = 1h}}, .connections_max = 3})
            .value();
    binding_ =
        server_.listen({.handler = world_.binding, .rules = binding_connection_rules(), .connections_max = 1})
            .value();
    server_.start();
  }

  std::string api_;
  std::string binding_;
};

TEST_F(ConnectionsMax, OneMoreIsToldToComeLater) {
  Client first(api_);
  Client second(api_);
  expect_served(first);
  expect_served(second);
  {
    Client third(api_);
    expect_served(third);
    Client one_more(api_);
    one_more.send(get + get);
    const Answer refused = one_more.read_answer("GET");
    expect_overloaded(refused, "connections");
    EXPECT_EQ(find_header(refused.headers, "connection"), "close");
    EXPECT_EQ(one_more.read_to_end(), "");
    expect_served(first);  // who is in stays in
    third.finish_sending();
    EXPECT_EQ(third.read_to_end(), "");
  }
  // The place of the third is free as soon as the server has seen its end, which the client cannot see.
  for (unsigned status = 503; status != 200;) {
    Client again(api_);
    again.send(get);
    status = again.read_answer("GET").status;
    ASSERT_TRUE(status == 200 || status == 503);
  }
}

TEST_F(ConnectionsMax, OfEachListenerIsItsOwn) {
  Client first(api_);
  Client second(api_);
  Client third(api_);
  for (Client* each : {&first, &second, &third}) expect_served(*each);
  Client worker(binding_);
  worker.send("GET /k HTTP/1.1\r\nHost: fake-host\r\n\r\n");
  EXPECT_EQ(worker.read_answer("GET").status, 401u);
  Client other_worker(binding_);
  other_worker.send("GET /k HTTP/1.1\r\nHost: fake-host\r\n\r\n");
  expect_overloaded(other_worker.read_answer("GET"), "connections");
}

TEST_F(ConnectionsMax, ThoseWhoSayNothingAreNotAnsweredWithoutEnd) {
  std::list<Client> silent;
  for (int i = 0; i < 300; ++i) silent.emplace_back(api_);
  // Three are served, at most 64 of each loop get an answer, and the rest are gone already.
  constexpr std::ptrdiff_t expected = 300 - 3 - 2 * 64;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::ptrdiff_t gone = 0;
  while (gone < expected && std::chrono::steady_clock::now() < until) {
    gone = std::ranges::count_if(silent, [](const Client& each) { return each.has_ended(); });
  }
  EXPECT_GE(gone, expected);
}

class IdleConnections : public Connections {
 protected:
  // One loop, which has all of them.
  IdleConnections() : Connections(1) {
    address_ =
        server_
            .listen({.handler = world_.api, .rules = {.patience = {.undisturbed = 0s}}, .connections_max = 3})
            .value();
    server_.start();
  }

  std::string address_;
};

TEST_F(IdleConnections, MakeRoomForNewOnesTheLongestIdleFirst) {
  Client first(address_);
  Client second(address_);
  Client third(address_);
  for (Client* each : {&first, &second, &third, &first}) expect_served(*each);
  Client one_more(address_);
  expect_served(one_more);
  EXPECT_EQ(second.read_to_end(), "");
  Client another(address_);
  expect_served(another);
  EXPECT_EQ(third.read_to_end(), "");
  expect_served(first);
}

// Answers `/wait` when it is told to, and keeps the loop until then.
class WaitingHandler final : public HttpHandler {
 public:
  Task<Response> handle(const RequestHead& head, RequestBody&, RememberedCaller&) override {
    if (head.target == "/wait") {
      waits_.set_value();
      goes_on.get_future().wait();
    }
    co_return Response{};
  }
  Response refusal(const Error& error) override { return error_response("", error); }

  void until_it_waits() { waits_.get_future().wait(); }
  std::promise<void> goes_on;

 private:
  std::promise<void> waits_;
};

TEST(IdleConnection, WhoseRequestHasComeStays) {
  WaitingHandler handler;
  HttpServer server(1, limits::MiB);
  const std::string address =
      server.listen({.handler = handler, .rules = {.patience = {.undisturbed = 0s}}, .connections_max = 2})
          .value();
  server.start();
  Client idle(address);
  idle.send(get);
  ASSERT_EQ(idle.read_answer("GET").status, 200u);
  Client busy(address);
  busy.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  handler.until_it_waits();
  Client one_more(address);  // the loop learns of it first
  idle.send(get);
  handler.goes_on.set_value();
  EXPECT_EQ(idle.read_answer("GET").status, 200u);
  EXPECT_EQ(busy.read_answer("GET").status, 200u);
}

TEST_F(IdleConnections, WithARequestUnderWayStay) {
  std::list<Client> busy;
  for (int i = 0; i < 3; ++i) {
    busy.emplace_back(address_).send("PUT /client/v4" + world_.variables()["store"] +
                                     "/values/k HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
                                     World::token_of("writer") +
                                     "\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
    ASSERT_TRUE(busy.back().is_told_to_continue());
  }
  Client one_more(address_);
  one_more.send(get);
  expect_overloaded(one_more.read_answer("GET"), "connections");
  for (Client& each : busy) {
    each.send("x");
    EXPECT_EQ(each.read_answer("PUT").status, 200u);
  }
}

// Memory for requests, as small as the test wants it.
class RequestMemoryMax : public testing::Test {
 protected:
  static constexpr std::size_t bytes_max = 1 * limits::MiB;

  // Answers how many bytes the body had.
  class Handler final : public HttpHandler {
   public:
    Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller&) override {
      body.allow(limits::request_body_bytes_max);
      if (head.target == "/large") co_return answer_of(std::string(bytes_max + 1, 'x'));
      if (head.target == "/figures") {
        Response figures = answer_of(std::string(bytes_max + 1, 'x'));
        figures.kind = RequestKind::operations;
        co_return figures;
      }
      if (head.target == "/hold") {
        const auto held = body.hold(bytes_max + 1);
        co_return held ? answer_of("held") : error_response("", held.error());
      }
      if (head.target != "/stream") body.keep_all();
      std::size_t count = 0;
      while (true) {
        const auto piece = co_await body.read();
        if (!piece) co_return error_response("", piece.error());
        if (piece->empty()) co_return answer_of(std::to_string(count));
        count += piece->size();
        if (head.target == "/wait" && count == bytes_max - 1) waits.set_value();
      }
    }
    Response refusal(const Error& error) override { return error_response("", error); }

    std::promise<void> waits;  // for the last byte of a request for /wait

   private:
    static Response answer_of(std::string text) {
      Response response;
      response.content_type = "text/plain";
      response.body = std::move(text);
      return response;
    }
  };

  RequestMemoryMax() {
    address_ = server_.listen({.handler = handler_, .rules = {.head_bytes_max = 4 * bytes_max}}).value();
    server_.start();
  }

  static std::string put(const std::string& target, std::size_t bytes) {
    return "PUT " + target + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
           std::string(bytes, 'b');
  }

  Answer answer_to(const std::string& request) {
    Client client(address_);
    client.send(request);
    return client.read_answer("PUT");
  }

  Handler handler_;
  HttpServer server_{1, bytes_max};
  std::string address_;
};

TEST_F(RequestMemoryMax, BoundsBodiesThatAreKept) {
  EXPECT_EQ(answer_to(put("/keep", bytes_max)).status, 200u);
  Client client(address_);
  // By the pieces in which it arrives up to 8 KiB of a body are not counted.
  client.send(put("/keep", bytes_max + 16 * limits::KiB) + put("/next", 5));
  expect_overloaded(client.read_answer("PUT"), "memory for requests");
  EXPECT_EQ(client.read_answer("PUT").body, "5");  // the rest was read, and the connection lives
}

TEST_F(RequestMemoryMax, CountsOfAStreamedBodyTheFirstPieceOnly) {
  EXPECT_EQ(answer_to(put("/stream", 3 * bytes_max)).body, std::to_string(3 * bytes_max));
}

TEST_F(RequestMemoryMax, IsSharedAndGivenBack) {
  Client waiting(address_);
  const std::string request = put("/wait", bytes_max);
  waiting.send(std::string_view(request).substr(0, request.size() - 1));
  handler_.waits.get_future().wait();
  expect_overloaded(answer_to(put("/keep", 100'000)), "memory for requests");
  EXPECT_EQ(answer_to(put("/keep", 100)).body, "100");  // what every request needs is not counted
  waiting.send("b");
  EXPECT_EQ(waiting.read_answer("PUT").body, std::to_string(bytes_max));
  waiting.send(put("/keep", 100'000));  // so the one before is over
  EXPECT_EQ(waiting.read_answer("PUT").body, "100000");
}

// The REST API with a megabyte for requests.
class RequestMemoryOfTheApi : public testing::Test {
 protected:
  RequestMemoryOfTheApi() : address_(server_.listen({.handler = world_.api}).value()) { server_.start(); }

  Answer call(const std::string& method, const std::string& route, const std::string& body = "") {
    Client client(address_);
    client.send(method + " /client/v4" + world_.variables()["store"] + route +
                " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + World::token_of("writer") +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.read_answer(method);
  }

  // `#` in the item is its number.
  Answer call(const std::string& method, const std::string& route, const std::string& item, int count) {
    std::string body;
    for (int i = 0; i < count; ++i) {
      body += i == 0 ? "[" : ",";
      body += item;
      body.replace(body.rfind('#'), 1, std::to_string(i));
    }
    return call(method, route, body + "]");
  }

  World world_;
  HttpServer server_{1, limits::MiB};
  const std::string address_;
};

TEST_F(RequestMemoryOfTheApi, HoldsOfAListWhatItHasFound) {
  const std::string large = R"({"key":"large#","value":"","metadata":")" + std::string(1000, 'm') + R"("})";
  EXPECT_EQ(call("GET", "/keys").status, 200u) << "there may be a thousand";
  for (int i = 0; i < 5; ++i) {
    const std::string part = std::to_string(i) + "-#";
    EXPECT_EQ(call("PUT", "/bulk", R"({"key":")" + part + R"(","value":""})", 200).status, 200u);
    EXPECT_EQ(call("PUT", "/bulk", std::string(large).replace(large.find('#'), 1, part), 200).status, 200u);
  }
  expect_overloaded(call("GET", "/keys?prefix=large"), "memory for requests");
  EXPECT_EQ(call("GET", "/keys?prefix=large&limit=400").status, 200u);
}

TEST_F(RequestMemoryOfTheApi, HoldsMoreForABulkCallThanWhatWasSent) {
  const std::string pair = R"({"key":"k#","value":""})";
  EXPECT_EQ(call("PUT", "/bulk", pair, 1000).status, 200u);
  expect_overloaded(call("PUT", "/bulk", pair, 5000), "memory for requests");
  EXPECT_EQ(call("POST", "/bulk/delete", R"("k#")", 1000).status, 200u);
  expect_overloaded(call("POST", "/bulk/delete", R"("k#")", 5000), "memory for requests");
}

TEST_F(RequestMemoryMax, BoundsWhatAHandlerGathersAndAnswers) {
  expect_overloaded(answer_to(put("/hold", 0)), "memory for requests");
  expect_overloaded(answer_to(put("/large", 0)), "memory for requests");
}

TEST_F(RequestMemoryMax, DoesNotBoundWhatOperatorsAreAnswered) {
  EXPECT_EQ(answer_to(put("/figures", 0)).status, 200u);
}

TEST_F(RequestMemoryMax, KeepsHalfFromWhoHasNotSaidWhoItIs) {
  const auto head = [](std::size_t bytes) {
    return "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nx: " + std::string(bytes, 'x');
  };
  Client large(address_);
  large.send(head(bytes_max / 2 + 16 * limits::KiB));
  expect_overloaded(large.read_answer("PUT"), "memory for requests");
  const std::string small = head(bytes_max / 2 - 32 * limits::KiB) + "\r\n\r\n";
  EXPECT_EQ(answer_to(small).status, 200u);
  // Who has been let in may have all of it.
  EXPECT_EQ(answer_to(put("/keep", bytes_max)).status, 200u);
}

TEST_F(RequestMemoryMax, BoundsHeads) {
  const std::string head =
      "PUT / HTTP/1.1\r\nHost: h\r\nx: " + std::string(bytes_max * 3 / 2, 'x') + "\r\n\r\n";
  expect_overloaded(answer_to(head), "memory for requests");
}

}  // namespace
}  // namespace cubby::wire
