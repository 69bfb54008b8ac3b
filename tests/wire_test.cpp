// Runs every transcript of tests/wire against the router in memory and against a server over a socket.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/wire_checks.hpp"
#include "tests/support/wire_memory_target.hpp"
#include "tests/support/wire_socket_target.hpp"
#include "tests/support/wire_transcript.hpp"
#include "tests/support/wire_world.hpp"
#include "wire/error_table.hpp"

namespace cubby::wire {
namespace {

const std::string rest_transcripts = CUBBY_WIRE_TESTS;
const std::string binding_transcripts = CUBBY_WIRE_TESTS "/binding";

std::vector<std::string> transcript_files(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".http") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Without those that say that they need a socket. What does not parse stays, so as to fail.
std::vector<std::string> transcript_files_in_memory(const std::string& directory) {
  std::vector<std::string> files = transcript_files(directory);
  std::erase_if(files, [](const std::string& path) {
    try {
      return load_transcript(path).is_for_socket_only;
    } catch (const TranscriptError&) {
      return false;
    }
  });
  return files;
}

enum class Dialect { rest, binding };

// One run of one transcript.
class Playback {
 public:
  Playback(std::string path, World& world, Target& target, Dialect dialect)
      : path_(std::move(path)),
        clock_(world.clock),
        target_(target),
        dialect_(dialect),
        variables_(world.variables()) {}

  void all(const Transcript& transcript) {
    for (const Step& each : transcript.steps) {
      std::visit([this](const auto& step) { take(step); }, each);
      if (testing::Test::HasFailure()) return;
    }
    target_.finish();
  }

 private:
  void take(const Advance& advance) { clock_.advance(advance.by); }
  void take(const As& as) { who_ = as.who; }
  void take(const Base& base) { base_ = expand(base.prefix, variables_); }
  void take(const InNamespace& in) { namespace_ = in.name; }

  void take(const Exchange& exchange) {
    const auto complain = [&](int line, const std::string& what) {
      ADD_FAILURE_AT(path_.c_str(), line) << what;
    };
    try {
      const Answer answer = target_.exchange(request_of(exchange));
      AnswerCheck check(answer, variables_);
      if (answer.status != exchange.status) {
        complain(exchange.line,
                 "answered " + std::to_string(answer.status) + ": " + answer.body.substr(0, 2000));
      }
      if (answer.was_told_to_continue != exchange.expects_continue) complain(exchange.line, "100 or not");
      const auto form = dialect_ == Dialect::rest ? check.check_rest_form() : check.check_binding_form();
      if (!form.empty()) complain(exchange.line, form);
      for (const Expectation& each : exchange.expectations) {
        if (auto complaint = check.check(each); !complaint.empty()) complain(each.line, complaint);
      }
    } catch (const std::exception& error) {
      complain(exchange.line, error.what());
    }
  }

  Request request_of(const Exchange& exchange) const {
    Request request{exchange.method, base_ + expand(exchange.target, variables_), {}, {}, exchange.has_body};
    for (const auto& [name, value] : exchange.headers) {
      request.headers.emplace_back(name, expand(value, variables_));
    }
    if (who_ != "nobody" && !find_header(request.headers, "authorization")) {
      request.headers.emplace_back("authorization", "Bearer " + expand("{" + who_ + "_token}", variables_));
    }
    const bool names_namespace =
        dialect_ == Dialect::rest || find_header(request.headers, "cubby-namespace") || namespace_.empty();
    if (!names_namespace) request.headers.emplace_back("Cubby-Namespace", expand(namespace_, variables_));
    request.body = expand(exchange.body, variables_);
    return request;
  }

  const std::string path_;
  ManualClock& clock_;
  Target& target_;
  const Dialect dialect_;
  Variables variables_;
  std::string who_ = "admin";
  std::string base_ = dialect_ == Dialect::rest ? "/client/v4" : "";
  std::string namespace_ = "{ns}";
};

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  return std::filesystem::path(info.param).stem().string();
}

class WireInMemory : public testing::TestWithParam<std::string> {};
class WireOverSocket : public testing::TestWithParam<std::string> {};
class BindingInMemory : public testing::TestWithParam<std::string> {};
class BindingOverSocket : public testing::TestWithParam<std::string> {};

TEST_P(WireInMemory, AnswersAsWritten) {
  const Transcript transcript = load_transcript(GetParam());
  World world;
  MemoryTarget target(world.site);
  Playback(GetParam(), world, target, Dialect::rest).all(transcript);
}

TEST_P(WireOverSocket, AnswersAsWritten) {
  const Transcript transcript = load_transcript(GetParam());
  World world;
  SocketTarget target(world.site);
  Playback(GetParam(), world, target, Dialect::rest).all(transcript);
}

TEST_P(BindingInMemory, AnswersAsWritten) {
  const Transcript transcript = load_transcript(GetParam());
  World world;
  MemoryTarget target(world.binding);
  Playback(GetParam(), world, target, Dialect::binding).all(transcript);
}

TEST_P(BindingOverSocket, AnswersAsWritten) {
  const Transcript transcript = load_transcript(GetParam());
  World world;
  SocketTarget target(world.binding, binding_connection_rules());
  Playback(GetParam(), world, target, Dialect::binding).all(transcript);
}

INSTANTIATE_TEST_SUITE_P(Transcript, WireInMemory,
                         testing::ValuesIn(transcript_files_in_memory(rest_transcripts)), test_name);
INSTANTIATE_TEST_SUITE_P(Transcript, WireOverSocket, testing::ValuesIn(transcript_files(rest_transcripts)),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Transcript, BindingInMemory,
                         testing::ValuesIn(transcript_files_in_memory(binding_transcripts)), test_name);
INSTANTIATE_TEST_SUITE_P(Transcript, BindingOverSocket,
                         testing::ValuesIn(transcript_files(binding_transcripts)), test_name);

// Errors that no request brings about; what shows them instead.
constexpr Errc out_of_reach[] = {
    Errc::cache_ttl_too_short,  // the binding's: tests/wire/binding
    Errc::namespace_missing,    // the binding's: tests/wire/binding
    Errc::request_timed_out,    // tests/http_strictness_test.cpp
    Errc::client_gone,          // nobody is left to read the answer
    Errc::overloaded,           // tests/budget_test.cpp
    Errc::storage_failed,       // needs a disk that fails
    Errc::storage_full,         // tests/disk
    Errc::storage_corrupt,      // tests/rocksdb_damage_test.cpp
    Errc::storage_unavailable,  // tests/torture/cluster_faults.cpp
    Errc::internal,             // tests/http_strictness_test.cpp
};

struct ExpectedError {
  unsigned status;
  std::string code;
  std::string message;
};

std::vector<ExpectedError> errors_in_transcripts() {
  std::vector<ExpectedError> errors;
  for (const std::string& path : transcript_files(rest_transcripts)) {
    for (const Step& step : load_transcript(path).steps) {
      const auto* const exchange = std::get_if<Exchange>(&step);
      if (!exchange) continue;
      for (const Expectation& each : exchange->expectations) {
        if (each.kind != Expectation::Kind::error) continue;
        errors.push_back({exchange->status, each.subject, each.text});
      }
    }
  }
  return errors;
}

bool is_said_in(const ErrorRow& row, const ExpectedError& error) {
  const auto hole = row.text.find("{}");
  const auto before = row.text.substr(0, hole);
  const auto after = hole == row.text.npos ? std::string_view() : row.text.substr(hole + 2);
  const auto first = error.message.find(before);
  return row.status == error.status && std::to_string(row.rest_code) == error.code &&
         first != std::string::npos && error.message.find(after, first + before.size()) != std::string::npos;
}

TEST(WireTranscripts, ShowEveryErrorThatARequestCanMeet) {
  const auto errors = errors_in_transcripts();
  for (int i = 0; i <= static_cast<int>(Errc::last); ++i) {
    const ErrorRow& row = error_row(static_cast<Errc>(i));
    const bool is_shown = std::any_of(errors.begin(), errors.end(),
                                      [&](const ExpectedError& error) { return is_said_in(row, error); });
    const bool is_out_of_reach =
        std::find(std::begin(out_of_reach), std::end(out_of_reach), row.code) != std::end(out_of_reach);
    EXPECT_NE(is_shown, is_out_of_reach) << row.status << " " << row.rest_code << " " << row.text;
  }
}

TEST(WireTranscripts, AreThere) {
  EXPECT_GE(transcript_files(rest_transcripts).size(), 50u);
  EXPECT_GE(transcript_files(binding_transcripts).size(), 15u);
}

TEST(WireTranscriptParser, RefusesWhatItDoesNotUnderstand) {
  const std::string start = "# A title.\n> GET /x\n";
  EXPECT_NO_THROW(parse_transcript(start + "< 200\n"));
  EXPECT_THROW(parse_transcript(""), TranscriptError);
  EXPECT_THROW(parse_transcript("# A title.\n"), TranscriptError);
  EXPECT_THROW(parse_transcript("> GET /x\n< 200\n"), TranscriptError);
  EXPECT_THROW(parse_transcript(start), TranscriptError);
  EXPECT_THROW(parse_transcript(start + "\n< 200\n"), TranscriptError);
  EXPECT_THROW(parse_transcript(start + "> no header\n< 200\n"), TranscriptError);
  EXPECT_THROW(parse_transcript(start + "< body = x\n"), TranscriptError);
  EXPECT_THROW(parse_transcript(start + "< 200\n< nonsense\n"), TranscriptError);
  EXPECT_THROW(parse_transcript(start + "< 200\n< body.x is 1\n"), TranscriptError);
  EXPECT_THROW(parse_transcript(start + "<200\n"), TranscriptError);
  EXPECT_THROW(parse_transcript(start + "< 200\nwait 60s\n"), TranscriptError);
  EXPECT_THROW(parse_transcript(start + "< 200\nadvance soon\n"), TranscriptError);
}

TEST(WireTranscriptText, IsExpandedInOnePass) {
  const Variables variables{{"name", "{other}\\n"}};
  EXPECT_EQ(expand("a{name}b", variables), "a{other}\\nb");
  EXPECT_EQ(expand("\\x41\\0\\r\\n\\t\\\\", variables), std::string("A\0\r\n\t\\", 6));
  EXPECT_EQ(expand("{3*ab*}{10*{i}*}", variables), "ababab01020304050607080910");
  EXPECT_EQ(expand("{\"a\":{}}", variables), "{\"a\":{}}");
  EXPECT_THROW(expand("{unknown}", variables), TranscriptError);
  EXPECT_THROW(expand("\\q", variables), TranscriptError);
}

}  // namespace
}  // namespace cubby::wire
