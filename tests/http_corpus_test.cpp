// Thousands of malformed and ambiguous requests over real sockets: each is read as a strict second parser
// reads it, and what follows it on its connection is answered once or not at all.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "core/limits.hpp"
#include "net/http_server.hpp"
#include "tests/support/http_corpus.hpp"
#include "tests/support/strict_agreement.hpp"
#include "tests/support/wire_client.hpp"
#include "tests/support/wire_world.hpp"

namespace cubby::wire {
namespace {

const std::string following = "GET /following HTTP/1.1\r\nHost: h\r\n\r\n";

class Listener {
 public:
  Listener(std::string address, Leniencies leniencies, std::size_t head_bytes_max, bool echoes)
      : address_(std::move(address)), reader_(leniencies, head_bytes_max), echoes_(echoes) {}

  // What is wrong; empty: nothing.
  std::string check(const CorpusCase& each, std::mt19937& random) const {
    const std::string bytes = each.bytes + following;
    const auto stream = StrictStream::read(reader_, bytes);
    try {
      const auto answers = split_answers(exchange(bytes, random), stream);
      return echoes_ ? find_disagreement(stream, answers) : find_disorder(stream, answers);
    } catch (const std::exception& error) {
      return error.what();
    }
  }

 private:
  std::string exchange(std::string_view bytes, std::mt19937& random) const {
    Client client(address_);
    for (unsigned pieces = random() % 4; pieces > 0; --pieces) {
      const std::size_t size = random() % std::min<std::size_t>(bytes.size() + 1, 200);
      client.send(bytes.substr(0, size));
      bytes.remove_prefix(size);
      ::sched_yield();
    }
    client.send(bytes);
    client.finish_sending();
    return client.read_to_end();
  }

  const std::string address_;
  const StrictReader reader_;
  const bool echoes_;
};

std::string readable(const std::string& bytes) {
  std::string text;
  for (const char c : bytes.substr(0, 300)) {
    if (c >= ' ' && c <= '~' && c != '\\') {
      text += c;
    } else {
      constexpr char digits[] = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      text += c == '\r'   ? "\\r"
              : c == '\n' ? "\\n"
                          : std::string("\\x") + digits[byte >> 4] + digits[byte & 15];
    }
  }
  return text;
}

class HttpCorpusRun : public testing::Test {
 protected:
  HttpCorpusRun() {
    const auto listen = [this](HttpHandler& handler, const ConnectionRules& rules) {
      return server_.listen({.handler = handler, .rules = rules}).value();
    };
    const auto rest = Leniencies::of_rest();
    const auto binding = Leniencies::of_binding();
    listeners_.emplace_back(listen(echo_, {}), rest, limits::request_head_bytes_max, true);
    listeners_.emplace_back(listen(echo_, binding_connection_rules()), binding,
                            limits::binding_head_bytes_max, true);
    listeners_.emplace_back(listen(world_.site, {}), rest, limits::request_head_bytes_max, false);
    listeners_.emplace_back(listen(world_.binding, binding_connection_rules()), binding,
                            limits::binding_head_bytes_max, false);
    server_.start();
  }

  void report(const CorpusCase& each, std::size_t listener, const std::string& complaint) {
    const std::scoped_lock lock(mutex_);
    if (++failures_ <= 30)
      ADD_FAILURE() << each.family << ", listener " << listener << ": " << complaint << "\n  "
                    << readable(each.bytes);
  }

  World world_;
  ExactEcho echo_;
  HttpServer server_{2};
  std::vector<Listener> listeners_;
  std::mutex mutex_;
  int failures_ = 0;
};

TEST_F(HttpCorpusRun, IsReadAsTheStrictReaderReadsIt) {
  const char* const given = std::getenv("CUBBY_SEED");
  const auto seed = static_cast<unsigned>(given ? std::stoul(given) : std::random_device{}());
  SCOPED_TRACE("CUBBY_SEED=" + std::to_string(seed));
  const std::vector<CorpusCase> cases = http_corpus();
  ASSERT_GE(cases.size(), 1'500u);
  constexpr std::size_t threads = 4;
  const auto work = [&](std::size_t thread) {
    std::mt19937 random(seed + static_cast<unsigned>(thread));
    for (std::size_t i = thread; i < cases.size(); i += threads) {
      for (std::size_t listener = 0; listener < listeners_.size(); ++listener) {
        const auto complaint = listeners_[listener].check(cases[i], random);
        if (!complaint.empty()) report(cases[i], listener, complaint);
      }
    }
  };
  std::vector<std::jthread> clients;
  for (std::size_t i = 0; i < threads; ++i) clients.emplace_back(work, i);
  clients.clear();
  EXPECT_EQ(failures_, 0);
}

// So that nothing passes by being refused, or taken, as a whole.
TEST(HttpCorpusItself, HasRequestsOfEachOutcome) {
  const StrictReader reader(Leniencies::of_rest(), limits::request_head_bytes_max);
  std::map<StrictReading::Outcome, std::size_t> count;
  std::set<std::string> distinct;
  for (const CorpusCase& each : http_corpus()) {
    ++count[reader.read(each.bytes).outcome];
    distinct.insert(each.bytes);
  }
  EXPECT_GE(distinct.size(), 1'500u);
  EXPECT_GE(count[StrictReading::Outcome::request], 300u);
  EXPECT_GE(count[StrictReading::Outcome::refused], 1'000u);
  EXPECT_GE(count[StrictReading::Outcome::incomplete], 30u);
}

// The strict reader refuses what it should, so that agreement with it means something.
TEST(StrictReader, KnowsTheGrammar) {
  const auto outcome = [](const std::string& bytes) {
    return StrictReader(Leniencies{}, 1000).read(bytes).outcome;
  };
  using Outcome = StrictReading::Outcome;
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), Outcome::request);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: h\r\n\r"), Outcome::incomplete);
  EXPECT_EQ(outcome("GET / HTTP/1.1\nHost: h\n\r\n\r\n"), Outcome::refused);
  EXPECT_EQ(outcome("GET /[ HTTP/1.1\r\nHost: h\r\n\r\n"), Outcome::refused);
  EXPECT_EQ(outcome("GET http://h/ HTTP/1.1\r\n\r\n"), Outcome::refused);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: h\r\nA: \x7f\r\n\r\n"), Outcome::refused);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n"), Outcome::refused);
  const std::string put = "PUT / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(outcome(put + "Content-Length: 2\r\n\r\nx"), Outcome::incomplete);
  EXPECT_EQ(outcome(put + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nxx"), Outcome::refused);
  EXPECT_EQ(outcome(put + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            Outcome::refused);
  const StrictReading chunks =
      StrictReader(Leniencies{}, 1000)
          .read(put + "Transfer-Encoding: chunked\r\n\r\n2;a=\"b\"\r\nxy\r\n1\r\nz\r\n0\r\nT: t\r\n\r\nGET");
  EXPECT_EQ(chunks.outcome, Outcome::request);
  EXPECT_EQ(chunks.body, "xyz");
  EXPECT_EQ(outcome(put + "Transfer-Encoding: chunked\r\n\r\n2\r\nxyz\r\n0\r\n\r\n"), Outcome::refused);
}

}  // namespace
}  // namespace cubby::wire
