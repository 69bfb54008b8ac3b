// What transcripts of the worker binding cannot say: its options, clients that leave, and the end of a
// server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>

#include "net/http_server.hpp"
#include "tests/support/fresh_directory.hpp"
#include "tests/support/wire_client.hpp"
#include "tests/support/wire_world.hpp"

namespace cubby::wire {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Binding : public testing::Test {
 protected:
  explicit Binding(unsigned loops = 2) : server_(loops) {}

  // Serves the binding with these options, on a port of its own or at `address`.
  void serve(BindingOptions options, const ListenAddress& address = TcpAddress{"127.0.0.1", 0}) {
    api_.emplace(world_.kv, world_.namespaces, world_.access, std::move(options));
    address_ =
        server_.listen({.address = address, .handler = *api_, .rules = binding_connection_rules()}).value();
    server_.start();
  }

  void serve() {
    serve({.account = world_.account, .auth = BindingAuth::none, .default_namespace = "a namespace"});
  }

  Client connect() const { return Client(address_); }

  Answer ask(Client& client, const std::string& method, const std::string& target,
             const std::string& headers = "", const std::string& body = "") const {
    client.send(method + " " + target + " HTTP/1.1\r\nHost: fake-host\r\n" + headers +
                (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" +
                body);
    return client.read_answer(method);
  }

  Answer ask(const std::string& method, const std::string& target, const std::string& headers = "",
             const std::string& body = "") const {
    Client client = connect();
    return ask(client, method, target, headers, body);
  }

  World world_;
  std::optional<BindingApi> api_;
  HttpServer server_;
  std::string address_;
};

TEST_F(Binding, WithoutAuthNeedsNoToken) {
  serve();
  EXPECT_EQ(ask("PUT", "/k", "", "v").status, 200u);
  EXPECT_EQ(ask("GET", "/k").body, "v");
  EXPECT_EQ(ask("GET", "/k", "Cubby-Namespace: of another account\r\n").status, 400u);
  EXPECT_EQ(ask("GET", "/k", "Cubby-Namespace: " + world_.other_ns.text() + "\r\n").status, 404u);
}

TEST_F(Binding, TheRequestsNamespaceWinsOverTheDefault) {
  serve();
  EXPECT_EQ(ask("GET", "/ns/" + world_.other_ns.text() + "/k").status, 404u);
  EXPECT_EQ(ask("GET", "/ns/nowhere/k").reason, "Unknown namespace: nowhere");
}

TEST_F(Binding, CreatesANamespaceOnceHoweverManyUseItFirst) {
  serve({.account = world_.account, .auth = BindingAuth::none, .creates_namespaces = true});
  std::vector<std::future<unsigned>> first_uses;
  for (int i = 0; i < 16; ++i) {
    first_uses.push_back(std::async(std::launch::async, [&, i] {
      return ask("PUT", "/k" + std::to_string(i), "Cubby-Namespace: new\r\n", "v").status;
    }));
  }
  for (auto& each : first_uses) EXPECT_EQ(each.get(), 200u);
  EXPECT_EQ(run(world_.engine->namespaces(world_.account)).value().size(), 2u);
  EXPECT_EQ(ask("GET", "/", "Cubby-Namespace: read first\r\n").body, R"({"keys":[],"list_complete":true})");
  EXPECT_EQ(run(world_.engine->namespaces(world_.account)).value().size(), 3u);
  EXPECT_EQ(ask("GET", "/k", "Cubby-Namespace: " + std::string(513, 't') + "\r\n").status, 400u);
}

TEST_F(Binding, AReadersTokenCreatesNoNamespace) {
  serve({.account = world_.account, .creates_namespaces = true});
  const std::string reader = "Authorization: Bearer " + World::token_of("reader") + "\r\n";
  EXPECT_EQ(ask("GET", "/k", reader + "Cubby-Namespace: new\r\n").reason, "Unknown namespace: new");
  EXPECT_EQ(run(world_.engine->namespaces(world_.account)).value().size(), 1u);
}

class BindingOnOneLoop : public Binding {
 protected:
  BindingOnOneLoop() : Binding(1) {}
};

TEST_F(BindingOnOneLoop, AValueWhoseTokenIsRevokedBeforeAllOfItHasComeIsNotStored) {
  serve({.account = world_.account, .default_namespace = "a namespace"});
  const std::string text = World::token_of("writer");
  Client slow = connect();
  slow.send("PUT /k HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + text +
            "\r\nContent-Length: 4\r\n\r\nva");
  EXPECT_EQ(ask("GET", "/k").status, 401u);  // so the loop has the head
  Token token = *run(world_.engine->find_token(hash_token(text))).value();
  token.revoked = true;
  ASSERT_TRUE(run(world_.engine->put_token(token)));
  slow.send("lu");
  EXPECT_EQ(slow.read_answer("PUT").status, 401u);
  EXPECT_FALSE(run(world_.kv.get({world_.account, world_.ns}, Key::parse("k").value())));
}

// As workerds before October 2026 send a stream that fails: complete, and gone before there can be an answer.
TEST_F(Binding, AChunkedPutWhoseClientIsGoneIsDropped) {
  serve();
  const std::string put = "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  Client stays = connect();
  stays.send(put + "5\r\nwhole\r\n0\r\n\r\n");
  ASSERT_EQ(stays.read_answer("PUT").status, 200u);
  for (const char* body : {"4\r\npart\r\n0\r\n\r\n", "0\r\n\r\n", "4\r\npart\r\n"}) {
    {
      Client leaves = connect();
      leaves.send(put + body);
    }
    {
      Client half_closes = connect();
      half_closes.send(put + body);
      half_closes.finish_sending();
      EXPECT_EQ(half_closes.read_to_end().find("200"), std::string::npos);
    }
  }
  EXPECT_EQ(ask("GET", "/k").body, "whole");
}

TEST_F(Binding, APutThatEndsBeforeItsLengthIsDropped) {
  serve();
  {
    Client leaves = connect();
    leaves.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
  }
  server_.stop(10s);  // nobody is left
  EXPECT_FALSE(run(world_.kv.get({world_.account, world_.ns}, Key::parse("k").value())));
}

TEST_F(Binding, NeverSendsA100) {
  serve();
  Client client = connect();
  client.send("PUT /k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nv");
  const Answer answer = client.read_answer("PUT");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_FALSE(answer.was_told_to_continue);
}

TEST_F(Binding, SaysInAPhraseWhatIsWrongWithTheHttp) {
  serve();
  Client client = connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\nx: " + std::string(300'000, 'x') + "\r\n\r\n");
  const Answer answer = client.read_answer("GET");
  EXPECT_EQ(answer.status, 431u);
  EXPECT_EQ(answer.reason, "request head too large");
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(ask("CONNECT", "fake-host:80").status, 405u);
}

TEST_F(Binding, AtAStopAnIdleConnectionIsGoodForOneMoreCall) {
  serve();
  Client idle = connect();
  EXPECT_EQ(ask(idle, "PUT", "/k", "", "v").status, 200u);
  Client unused = connect();
  auto stopped = std::async(std::launch::async, [&] { server_.stop(1h); });
  while (true) {  // until the listener is closed, so the stop has begun
    try {
      const Client probe = connect();
    } catch (const std::runtime_error&) {
      break;
    }
  }
  const Answer answer = ask(idle, "GET", "/k");
  EXPECT_EQ(answer.body, "v");
  EXPECT_EQ(find_header(answer.headers, "connection"), "close");
  EXPECT_EQ(ask(unused, "GET", "/k").body, "v");
  EXPECT_EQ(idle.read_to_end(), "");
  idle.finish_sending();
  unused.finish_sending();
  stopped.get();
}

TEST_F(Binding, ServesAUnixSocketOfMode0660AndRemovesIt) {
  const FreshDirectory directory;
  const std::string path = directory.path() / "kv.sock";
  serve({.account = world_.account, .auth = BindingAuth::none, .default_namespace = "a namespace"},
        UnixAddress{path});
  EXPECT_EQ(address_, "unix:" + path);
  EXPECT_EQ(ask("PUT", "/k", "", "v").status, 200u);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660u);
  server_.stop(0s);
  EXPECT_NE(::stat(path.c_str(), &status), 0);
}

TEST_F(Binding, ReplacesAStaleSocketAndNothingElse) {
  const FreshDirectory directory;
  const std::string path = directory.path() / "kv.sock";
  auto stale = std::make_unique<ListeningSocket>(ListeningSocket::open(UnixAddress{path}, 1).value());
  const auto taken = ListeningSocket::open(UnixAddress{path}, 1);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().argument, HasSubstr("another process does"));
  stale.reset();  // as a killed server does, it leaves the file
  EXPECT_TRUE(ListeningSocket::open(UnixAddress{path}, 1));
  const std::string file = directory.path() / "file";
  std::ofstream(file) << "mine";
  EXPECT_FALSE(ListeningSocket::open(UnixAddress{file}, 1));
  EXPECT_FALSE(ListeningSocket::open(UnixAddress{std::string(108, 'p')}, 1));
}

TEST_F(Binding, LeavesAnInheritedSocketListening) {
  auto parent = ListeningSocket::open(TcpAddress{"127.0.0.1", 0}, 1).value();
  const auto descriptors = parent.take_descriptors();
  const auto inherit = [&] { return InheritedSocket{::dup(descriptors[0].number())}; };
  serve({.account = world_.account, .auth = BindingAuth::none, .default_namespace = "a namespace"},
        inherit());
  EXPECT_EQ(address_, parent.address());
  EXPECT_EQ(ask("PUT", "/k", "", "v").status, 200u);
  server_.stop(0s);
  Client waits = connect();
  HttpServer next(1);
  next.listen({.address = inherit(), .handler = *api_, .rules = binding_connection_rules()}).value();
  next.start();
  EXPECT_EQ(ask(waits, "GET", "/k").body, "v");
}

}  // namespace
}  // namespace cubby::wire
