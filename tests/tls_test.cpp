// TLS as clients meet it: what passes, what is refused, how it ends, and how certificates change under it.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "net/http_server.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/echo_handler.hpp"
#include "tests/support/fresh_directory.hpp"
#include "tests/support/tls_client.hpp"

namespace cubby::wire {
namespace {

using namespace std::chrono_literals;

const std::string host = "Host: h\r\n";
const std::string get = "GET /x HTTP/1.1\r\n" + host + "\r\n";

std::string put(std::string_view target, const std::string& body) {
  return "PUT " + std::string(target) + " HTTP/1.1\r\n" + host +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// The files that a server and its clients need.
class TlsFolder {
 public:
  TlsFolder() {
    std::signal(SIGPIPE, SIG_IGN);
    authority_.write_certificate(ca());
    show("first");
  }

  void show(const std::string& name) {
    const Certificate shown = authority_.sign(name);
    shown.write_certificate(files().certificate);
    shown.write_key(files().key);
    serial_ = shown.serial();
  }

  std::filesystem::path path(const char* name) const { return folder_.path() / name; }
  std::filesystem::path ca() const { return path("ca.pem"); }
  TlsFiles files() const { return {.certificate = path("cert.pem"), .key = path("key.pem")}; }
  long serial() const { return serial_; }

 private:
  FreshDirectory folder_;
  Certificate authority_ = Certificate::authority("Cubby's tests");
  long serial_ = 0;
};

class Tls : public testing::Test {
 protected:
  explicit Tls(ConnectionPatience patience = {}) : patience_(patience) { serve(folder_.files()); }

  void serve(const TlsFiles& files) {
    server_ = std::make_unique<HttpServer>(1);
    tls_ = TlsContext::open(files).value();
    handler_.body_bytes_max = limits::request_body_bytes_max;
    const HttpListener listener{.handler = handler_, .rules = {.patience = patience_}, .tls = tls_.get()};
    address_ = server_->listen(listener).value();
    server_->start();
  }

  TlsClient client(const TlsClientSettings& settings = {}) const {
    return TlsClient(address_, folder_.ca(), settings);
  }

  static void expect_service(TlsClient& client) {
    client.send(get);
    EXPECT_EQ(client.read_answer("GET").body, "/x ");
  }

  TlsFolder folder_;
  ConnectionPatience patience_;
  EchoHandler handler_;
  std::unique_ptr<TlsContext> tls_;
  std::unique_ptr<HttpServer> server_;
  std::string address_;
};

TEST_F(Tls, ServesOverBothVersionsThatAreSafe) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client = this->client({.version_min = version, .version_max = version});
    ASSERT_TRUE(client.handshake()) << client.reason();
    EXPECT_EQ(client.version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    expect_service(client);
    expect_service(client);
  }
}

TEST_F(Tls, RefusesOlderVersions) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    TlsClient client = this->client({.version_min = version, .version_max = version});
    EXPECT_FALSE(client.handshake());
    EXPECT_EQ(client.reason(), "tlsv1 alert protocol version");
  }
}

TEST_F(Tls, LargeBodiesPassBothWays) {
  std::string body;
  for (unsigned i = 0; body.size() < 8 * limits::MiB; ++i) body += std::to_string(i * 2654435761u);
  TlsClient client = this->client();
  ASSERT_TRUE(client.handshake());
  for (int turn = 0; turn < 2; ++turn) {
    client.send(put("/x", body));
    EXPECT_TRUE(client.read_answer("PUT").body == "/x " + body);
  }
}

TEST_F(Tls, ManyLargeAnswersAtOnceComeWhole) {
  std::vector<std::future<std::size_t>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::async(std::launch::async, [this] {
      TlsClient client = this->client();
      client.receive_little();
      if (!client.handshake()) return std::size_t{0};
      client.send("GET /pieces HTTP/1.1\r\n" + host + "\r\n");
      return client.read_answer("GET").body.size();
    }));
  }
  for (auto& each : clients) EXPECT_EQ(each.get(), 8 * limits::MiB);
}

// Between two tries of one write others may have come, for whom it is cut short.
TEST_F(Tls, AWriteThatHasToWaitMayGoOnWithLess) {
  // A unix socket wakes its writer for each record that was read.
  const std::string path = folder_.path("socket");
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listening, 1), 0);
  TlsClient client("unix:" + path, folder_.ca());
  const int served = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK);
  const int bytes = 16 * 1024;
  ASSERT_EQ(::setsockopt(served, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
  auto met = std::async(std::launch::async, [&] { return client.handshake(); });
  const auto session = tls_->begin(served);
  pollfd ready{served, POLLIN, 0};
  while (session->handshake() != IoStep::done) ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  ASSERT_TRUE(met.get());

  const std::string value(limits::MiB, 'x');
  std::string_view left = value;
  std::string records;
  for (unsigned tries = 0; left.size() > 64 * limits::KiB; ++tries) {
    const std::size_t whole = left.size();
    std::string_view some = tries % 8 == 7 ? left.substr(0, 64 * limits::KiB) : left;
    const std::size_t given = some.size();
    std::string_view none;
    const IoStep step = session->write(some, none);
    ASSERT_NE(step, IoStep::failed) << whole << " bytes before the end";
    left.remove_prefix(given - some.size());
    const bool is_received = step != IoStep::needs_output || client.receive_raw(records, 4 * limits::KiB);
    ASSERT_TRUE(is_received);
  }
  ::close(served);
  ::close(listening);
}

TEST_F(Tls, AnAnswerWaitsForASlowReader) {
  TlsClient client = this->client();
  ASSERT_TRUE(client.handshake());
  client.send("GET /large HTTP/1.1\r\n" + host + "\r\n");
  // The server can send no more; others are served meanwhile.
  TlsClient other = this->client();
  ASSERT_TRUE(other.handshake());
  expect_service(other);
  EXPECT_TRUE(client.read_answer("GET").body == std::string(64 * limits::MiB, 'x'));
}

TEST_F(Tls, PipelinedRequestsAreAnsweredInOrder) {
  TlsClient client = this->client();
  ASSERT_TRUE(client.handshake());
  std::string requests;
  constexpr std::size_t count = 100;
  for (std::size_t i = 0; i < count; ++i) requests += put("/" + std::to_string(i), std::string(i * 40, 'b'));
  client.send(requests);  // records end anywhere
  for (std::size_t i = 0; i < count; ++i)
    EXPECT_EQ(client.read_answer("PUT").body, "/" + std::to_string(i) + " " + std::string(i * 40, 'b'));
}

TEST_F(Tls, RecordsMayComeByteByByte) {
  TlsClient client = this->client();
  ASSERT_TRUE(client.handshake());
  client.send_byte_by_byte(client.encrypted("PUT /x HTTP/1.1\r\nHo"));
  client.send_byte_by_byte(client.encrypted("st: h\r\nContent-Length: 2\r\n\r\na"));
  client.send_byte_by_byte(client.encrypted("b"));
  EXPECT_EQ(client.read_answer("PUT").body, "/x ab");
}

TEST_F(Tls, AnEndWithinARecordIsTheClientsEnd) {
  {
    TlsClient client = this->client();
    ASSERT_TRUE(client.handshake());
    const std::string record = client.encrypted(put("/x", "body"));
    client.send_raw(record.substr(0, record.size() / 2));
    client.finish_sending();
    EXPECT_EQ(client.read_to_end(), "");
  }
  TlsClient client = this->client();
  ASSERT_TRUE(client.handshake());
  expect_service(client);
}

TEST_F(Tls, AChangedByteEndsTheConnectionUnserved) {
  TlsClient client = this->client();
  ASSERT_TRUE(client.handshake());
  std::string record = client.encrypted(get);
  record.back() ^= 1;
  client.send_raw(record);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(client.reason(), "sslv3 alert bad record mac");
}

TEST_F(Tls, RenegotiationIsRefused) {
  TlsClient client = this->client({.version_max = TLS1_2_VERSION});
  ASSERT_TRUE(client.handshake());
  expect_service(client);
  EXPECT_FALSE(client.renegotiate());
  EXPECT_EQ(client.reason(), "no renegotiation");
}

TEST_F(Tls, TheProtocolIsHttp11OrNone) {
  TlsClient both = client({.protocols = "\x02h2\x08http/1.1"});
  ASSERT_TRUE(both.handshake());
  EXPECT_EQ(both.protocol(), "http/1.1");
  expect_service(both);
  TlsClient newer = client({.protocols = "\x02h2"});
  EXPECT_FALSE(newer.handshake());
  EXPECT_EQ(newer.reason(), "tlsv1 alert no application protocol");
}

TEST_F(Tls, SessionsAreResumed) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient first = client({.version_min = version, .version_max = version});
    ASSERT_TRUE(first.handshake());
    expect_service(first);
    TlsClient second = client({.version_min = version, .version_max = version});
    second.resume(first);
    ASSERT_TRUE(second.handshake());
    EXPECT_TRUE(second.is_resumed());
    expect_service(second);
  }
}

TEST_F(Tls, PlainHttpIsToldSoAndEndsInOrder) {
  Client client(address_);
  client.send(put("/x", std::string(limits::MiB / 2, 'b')));
  const Answer answer = client.read_answer("PUT");
  EXPECT_EQ(answer.status, 400u);
  EXPECT_NE(answer.body.find("plain HTTP where TLS is spoken: use https"), std::string::npos) << answer.body;
  EXPECT_EQ(find_header(answer.headers, "connection"), "close");
  client.finish_sending();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(Tls, WhatIsNeitherEnds) {
  for (const std::string& bytes :
       {std::string("hello\r\n\r\n"), std::string(100, '\0'), std::string(50'000, '\x16')}) {
    Client client(address_);
    client.send(bytes);
    client.finish_sending();
    EXPECT_LT(client.read_to_end().size(), 16u);  // an alert
  }
  Client client(address_);
  client.finish_sending();
  EXPECT_LT(client.read_to_end().size(), 16u);
  EXPECT_EQ(server_->traffic().tls_failures, 4u);
}

TEST_F(Tls, TheEndOfTheConnectionIsSaid) {
  TlsClient client = this->client();
  ASSERT_TRUE(client.handshake());
  client.send("GET /x HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
  EXPECT_EQ(client.read_answer("GET").body, "/x ");
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(client.was_told_of_the_end());
}

TEST_F(Tls, AStopIsSaid) {
  TlsClient idle = client();
  ASSERT_TRUE(idle.handshake());
  expect_service(idle);
  server_->stop(1h);
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.was_told_of_the_end());
}

TEST_F(Tls, AnAnswerThatIsCutIsNotCalledAnEnd) {
  TlsClient stuck = client();
  ASSERT_TRUE(stuck.handshake());
  stuck.send("PUT /started HTTP/1.1\r\n" + host + "Content-Length: 4\r\n\r\nbo");
  handler_.started.get_future().wait();
  server_->stop(10ms);
  EXPECT_EQ(stuck.read_to_end(), "");
  EXPECT_FALSE(stuck.was_told_of_the_end());
}

class SlowTls : public Tls {
 protected:
  SlowTls()
      : Tls({.idle = 50ms, .head = 50ms, .body = 50ms, .write = 50ms, .unread = 50ms, .linger = 50ms}) {}
};

TEST_F(SlowTls, ClientsAreNotWaitedFor) {
  Client silent(address_);
  TlsClient idle = client();
  ASSERT_TRUE(idle.handshake());
  TlsClient in_body = client();
  ASSERT_TRUE(in_body.handshake());
  in_body.send("PUT / HTTP/1.1\r\n" + host + "Content-Length: 10\r\n\r\nhalf");
  Client in_handshake(address_);
  in_handshake.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  TlsClient in_answer = client();
  ASSERT_TRUE(in_answer.handshake());
  in_answer.send("GET /large HTTP/1.1\r\n" + host + "\r\n");

  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_EQ(in_handshake.read_to_end(), "");
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.was_told_of_the_end());
  EXPECT_EQ(in_body.read_answer("PUT").status, 408u);
  server_->stop(1h);
  EXPECT_LT(in_answer.read_to_end().size(), 64 * limits::MiB);
  EXPECT_FALSE(in_answer.was_told_of_the_end());
}

TEST_F(Tls, UnixSocketsStayPlain) {
  EchoHandler handler;
  HttpServer server(1);
  const UnixAddress address{folder_.path("socket")};
  const std::string bound =
      server.listen({.address = address, .handler = handler, .tls = tls_.get()}).value();
  server.start();
  Client client(bound);
  client.send(get);
  EXPECT_EQ(client.read_answer("GET").body, "/x ");
}

TEST_F(Tls, AnotherCertificateIsForNewConnections) {
  TlsClient old = client();
  ASSERT_TRUE(old.handshake());
  const long before = folder_.serial();
  folder_.show("second");
  ASSERT_TRUE(tls_->reload());
  expect_service(old);
  EXPECT_EQ(old.server_serial(), before);
  TlsClient fresh = client();
  ASSERT_TRUE(fresh.handshake());
  EXPECT_EQ(fresh.server_serial(), folder_.serial());
  expect_service(fresh);
}

TEST_F(Tls, ABadFileLeavesTheCertificateInUse) {
  const long before = folder_.serial();
  Certificate::authority("another").write_key(folder_.files().key);
  EXPECT_FALSE(tls_->reload());
  std::filesystem::remove(folder_.files().certificate);
  EXPECT_FALSE(tls_->reload());
  TlsClient client = this->client();
  ASSERT_TRUE(client.handshake());
  EXPECT_EQ(client.server_serial(), before);
}

TEST_F(Tls, ClientsShowACertificateWhereOneIsAskedFor) {
  const Certificate authority = Certificate::authority("clients");
  authority.write_certificate(folder_.path("client-ca.pem"));
  TlsFiles files = folder_.files();
  files.client_ca = folder_.path("client-ca.pem");
  serve(files);
  const auto with = [&](const Certificate& own, const TlsClientSettings& settings) {
    own.write_certificate(folder_.path("own.pem"));
    own.write_key(folder_.path("own-key.pem"));
    TlsClientSettings more = settings;
    more.certificate = folder_.path("own.pem");
    more.key = folder_.path("own-key.pem");
    return client(more);
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const TlsClientSettings settings{.version_min = version, .version_max = version};
    TlsClient known = with(authority.sign("known"), settings);
    ASSERT_TRUE(known.handshake()) << known.reason();
    expect_service(known);
    TlsClient stranger = with(Certificate::authority("others").sign("stranger"), settings);
    const bool stranger_hears_later = stranger.handshake();
    if (stranger_hears_later) stranger.read_to_end();
    EXPECT_EQ(stranger.reason(), "tlsv1 alert unknown ca");
    TlsClient nobody = client(settings);
    const bool nobody_hears_later = nobody.handshake();
    if (nobody_hears_later) nobody.read_to_end();
    EXPECT_NE(nobody.reason().find("alert"), std::string::npos) << nobody.reason();
  }
}

TEST(TlsFilesThatAreWrong, AreNamed) {
  TlsFolder folder;
  const TlsFiles good = folder.files();
  const auto why = [](const TlsFiles& files) {
    const auto opened = TlsContext::open(files);
    return opened ? std::string("nothing is wrong") : opened.error().argument;
  };
  EXPECT_EQ(why(good), "nothing is wrong");
  const auto missing = folder.path("missing.pem");
  EXPECT_EQ(why({missing, good.key}), "TLS: " + missing.string() + ": No such file or directory");
  EXPECT_EQ(why({good.certificate, missing}), "TLS: " + missing.string() + ": No such file or directory");
  EXPECT_EQ(why({good.certificate, good.key, missing}),
            "TLS: " + missing.string() + ": No such file or directory");
  EXPECT_TRUE(
      why({good.key, good.key}).starts_with("TLS: " + good.key.string() + ": no certificate in PEM form: "));
  const auto other = folder.path("other.pem");
  Certificate::authority("other").write_key(other);
  EXPECT_EQ(
      why({good.certificate, other}),
      "TLS: " + other.string() + ": does not belong to the certificate in " + good.certificate.string());
  Certificate::authority("other").write_key(other, "a passphrase");
  EXPECT_TRUE(
      why({good.certificate, other})
          .starts_with("TLS: " + other.string() + ": no private key in PEM form without a passphrase"));
  EXPECT_TRUE(why({good.certificate, good.key, good.key})
                  .starts_with("TLS: " + good.key.string() + ": no certificates in PEM form: "));
}

}  // namespace
}  // namespace cubby::wire
