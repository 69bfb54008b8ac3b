// One HTTP connection: request after request, until the client, a deadline or the server ends it.
#pragma once

#include <optional>
#include <string>

#include "net/connection_body.hpp"
#include "net/connection_rules.hpp"
#include "net/http_handler.hpp"
#include "net/memory_budget.hpp"
#include "net/request_parser.hpp"
#include "net/socket_stream.hpp"
#include "net/traffic.hpp"

namespace cubby {

// Lives on one loop, whose thread makes every call.
class Connection {
 public:
  enum class Admission {
    served,
    refused,  // one too many: its first request is answered with `overloaded`, and no other
  };

  // `handler`, `rules`, `traffic` and `memory` outlive the connection.
  Connection(SocketStream stream, HttpHandler& handler, const ConnectionRules& rules, Traffic& traffic,
             MemoryBudget& memory, Admission admission);
  ~Connection() { traffic_.connections_closed.add(); }

  // Serves until the connection ends. Exceptions of the handler end here, as a 500.
  Task<void> run();

  // Whether it has passed, so that what waits is cancelled now.
  bool check_deadline(SteadyTime now) { return stream_.check_deadline(now); }

  // Since when it waits for a request, if it may be ended for another one of the listener with these rules.
  std::optional<SteadyTime> idle_since(const ConnectionRules& rules) const;

  // Whether a request, or the client's end, has come and was not looked at yet.
  bool has_input() { return stream_.has_input(); }

  // No request after the one that is being served, or that has come. If there is none, the rules decide; who
  // has only just connected may still ask once, within `patience.linger`.
  void finish();

  // Ends it although its client may be about to ask. REQUIRES: idle.
  void end_idle();

  // Ends in the middle of whatever it is doing.
  void abort() { stream_.abort(); }

 private:
  Task<bool> begin_tls();
  Task<Result<void>> read_head();
  Result<void> parse_head();
  Task<Response> answer(ConnectionBody& body);
  Task<Result<void>> serve_one();
  Result<void> hold_answer(const Response& response);
  void give_memory_back();
  Task<Result<void>> refuse(const Error& error);
  Task<Result<void>> write(Response response);
  void format_head(const Response& response);
  void name_request();
  void account_for(RequestKind kind, unsigned status, SteadyTime::duration waited_for_body);

  SocketStream stream_;
  HttpHandler& handler_;
  const ConnectionRules& rules_;
  const ConnectionPatience& patience_ = rules_.patience;
  Traffic& traffic_;
  HeldMemory memory_;  // by the request that is being served
  const Admission admission_;
  RememberedCaller caller_;
  std::optional<RequestParser> parser_;
  std::string head_in_;  // what the parser's head is views of
  std::string head_out_;
  std::string id_header_;  // as sent; begins with what all requests of this connection share
  std::size_t id_header_prefix_ = 0;
  bool has_own_id_ = false;  // the request's id is of our making
  std::uint64_t requests_count_ = 0;
  SteadyTime now_;    // when the last request was done with, or the connection made
  SteadyTime begin_;  // when the head of this request was complete
  std::chrono::steady_clock::duration waited_before_{};  // to send earlier answers
  bool is_idle_ = true;
  bool has_served_ = false;
  bool keeps_alive_ = true;
  bool is_finishing_ = false;
};

}  // namespace cubby
