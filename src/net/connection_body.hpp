// The body of the request that a connection serves.
#pragma once

#include <optional>

#include "net/connection_rules.hpp"
#include "net/memory_budget.hpp"
#include "net/request_parser.hpp"
#include "net/socket_stream.hpp"
#include "net/traffic.hpp"
#include "wire/http_message.hpp"

namespace cubby {

// What no budget counts of a request that has come, since every connection has it.
inline constexpr std::size_t uncounted_input_bytes = 8 * limits::KiB;

// Reads from the stream as the handler asks. Lives on the connection's loop, no longer than its request.
class ConnectionBody final : public RequestBody {
 public:
  // REQUIRES: the parser is done with the head. All arguments outlive it.
  ConnectionBody(SocketStream& stream, RequestParser& parser, HeldMemory& memory, Traffic& traffic,
                 const ConnectionRules& rules)
      : stream_(stream), parser_(parser), memory_(memory), traffic_(traffic), rules_(rules) {}

  void allow(std::uint64_t bytes_max) override { bytes_max_ = bytes_max; }
  void keep_all() override { keeps_all_ = true; }
  Result<void> hold(std::size_t bytes) override { return memory_.hold(bytes); }
  Task<Result<std::string_view>> read() override;
  Task<bool> client_leaves_within(std::chrono::milliseconds time) override;

  // Whether all of it has been read and nothing of it is left in the input.
  bool is_at_end() const;

  // Reads what the handler left, so that the client gets to see the answer. False if the connection is of no
  // use after.
  Task<bool> discard_rest();

  // In all, for the client to send it.
  SteadyTime::duration waited() const { return waited_; }

 private:
  Result<std::string_view> count(std::string_view piece);
  Result<void> hold_what_is_kept();
  Task<Result<void>> parse_more();
  Task<Result<void>> receive_more();
  Task<Result<void>> ask_for_body();

  // How much is read at first. A client that sends little keeps little memory.
  static constexpr std::size_t first_read_bytes = 16 * limits::KiB;

  SocketStream& stream_;
  RequestParser& parser_;
  HeldMemory& memory_;
  Traffic& traffic_;
  const ConnectionRules& rules_;
  std::uint64_t bytes_max_ = 0;
  std::uint64_t bytes_count_ = 0;
  std::uint64_t held_bytes_ = 0;  // of these
  bool keeps_all_ = false;
  bool is_dropping_ = false;
  std::size_t read_bytes_ = first_read_bytes;
  std::size_t next_piece_ = 0;
  std::size_t parsed_ = 0;  // bytes of the input that the current pieces are views of
  bool needs_more_ = false;
  bool has_asked_for_body_ = false;
  SteadyTime::duration waited_{};
  std::optional<Error> failure_;
};

}  // namespace cubby
