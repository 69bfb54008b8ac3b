// What a listener asks of its connections.
#pragma once

#include <chrono>

#include "core/limits.hpp"
#include "wire/request_kind.hpp"

namespace cubby {

// How long a connection waits. Ours; a client that is slower than this is not served.
struct ConnectionPatience {
  using Duration = std::chrono::steady_clock::duration;
  Duration idle = std::chrono::seconds(75);    // for the first byte of the next request
  Duration head = std::chrono::seconds(15);    // for the rest of its head, and for the handshake of TLS
  Duration body = std::chrono::seconds(30);    // for the next bytes of a request's body
  Duration write = std::chrono::seconds(30);   // for the client to take the next bytes of an answer
  Duration unread = std::chrono::seconds(30);  // in all, for a body that nobody wants but that must be read
  Duration linger =
      std::chrono::seconds(2);  // for the client to close, after an answer that ends the connection
  Duration undisturbed = std::chrono::seconds(1);  // idle, before another may have its place at the limit
};

// What a listener's protocol asks of its connections beyond HTTP's own rules.
struct ConnectionRules {
  // What becomes, at a stop, of a connection on which no request is under way.
  enum class AtStop {
    end,   // it ends
    last,  // it is good for one more request, which its client may be about to send
  };

  ConnectionPatience patience{};
  Dialect dialect = Dialect::rest;  // for who counts
  std::chrono::steady_clock::duration slow_after =
      std::chrono::steady_clock::duration::max();  // a request that takes longer is logged
  AtStop idle_at_stop = AtStop::end;
  std::size_t head_bytes_max = limits::request_head_bytes_max;
  bool sends_continue = true;  // answers `Expect: 100-continue` with a 100; otherwise the body is awaited
  bool accepts_delete_byte = false;  // takes the byte 0x7F in the values of headers
};

}  // namespace cubby
