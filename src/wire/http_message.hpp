// A request and an answer as the codecs see them: HTTP without its transport.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/byte_source.hpp"
#include "core/pinned_bytes.hpp"
#include "core/request_memory.hpp"
#include "wire/request_kind.hpp"

namespace cubby {

enum class Method { get, head, put, post, delete_, other };

// What stands before the body. Only the headers that something here reads are kept; of a header that was sent
// twice, the first. Views of the bytes as they came, which live until the request is answered.
struct RequestHead {
  Method method = Method::other;
  std::string_view method_text;
  std::string_view target;
  std::optional<std::string_view> authorization;
  std::optional<std::string_view> auth_email;
  std::optional<std::string_view> auth_key;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> host;
  std::optional<std::string_view> if_none_match;
  std::optional<std::string_view> origin;
  std::optional<std::string_view> request_id;  // the connection gives one where the client does not
  std::optional<std::string_view> traceparent;
  bool is_chunked = false;       // the body has no length in advance
  bool asks_to_upgrade = false;  // to a protocol that is not ours, such as WebSocket
  // Of the worker binding.
  std::optional<std::string_view> binding_namespace;
  std::optional<std::string_view> binding_metadata;
  std::optional<std::string_view> proxied_url;
  std::optional<std::string_view> proxied_metadata;
};

// The body of a request, and what holds the memory of that request. Used by one coroutine at a time.
class RequestBody : public ByteSource, public RequestMemory {
 public:
  // The handler keeps all that it reads, so all of it counts as held; otherwise the first piece of a value
  // does.
  virtual void keep_all() = 0;

  // How many bytes are read before `read` answers request_too_large: small until the caller has proved who it
  // is.
  virtual void allow(std::uint64_t bytes_max) = 0;

  // Waits, and says whether the client has left by then: closed the connection, or its side of it.
  virtual Task<bool> client_leaves_within(std::chrono::milliseconds time) = 0;
};

struct Response {
  unsigned status = 200;
  std::string reason;             // the reason phrase; empty: the usual one of the status
  std::string_view content_type;  // one of names::media; empty when there is no body
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string body;                         // all of it, or its first piece when `rest` is there
  PinnedBytes pinned_body;                  // the same, where it already is; then `body` is empty
  std::unique_ptr<ByteSource> rest;         // what follows
  std::optional<std::uint64_t> body_bytes;  // the length of the whole, when it is not that of the first piece
  RequestKind kind = RequestKind::other;    // of the request, for who counts

  std::string_view first_piece() const { return body.empty() ? pinned_body.view() : body; }
  std::uint64_t content_length() const { return body_bytes.value_or(first_piece().size()); }
};

}  // namespace cubby
