// One HTTP/1.1 request: Beast's parser, used for views instead of containers, under stricter rules than its
// own.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/http_message.hpp"

namespace cubby {

// Fed with `put`: the head in one piece, which must outlive the parser, for `head` is views of it; then the
// body, which arrives as views of what was fed.
//
// Refused beyond what Beast refuses (it would let a request be smuggled past another server's reading of it):
// a Transfer-Encoding other than one plain `chunked`, or together with a Content-Length, or in HTTP/1.0;
// Content-Length or Host more than once; HTTP/1.1 without Host, unless the target is absolute; a header over
// several lines; a target that is neither a path nor a URL of http, or has a fragment; control characters in
// a chunk's extension; a trailer larger than a head may be. What a trailer says changes nothing.
// tests/http_corpus_test.cpp holds it against a second parser.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  explicit RequestParser(std::size_t head_bytes_max);

  const RequestHead& head() const { return head_; }

  // The id that the connection gives the request; outlives the parser.
  void set_request_id(std::string_view id) { head_.request_id = id; }

  // Beast refuses the byte 0x7F in a header, as HTTP asks for; workerd sends it in metadata. Called with the
  // head before it is fed: replaces it, until the head has been read, by a byte from 0x80 that Beast lets
  // through and that this head has not. A head that has all of these stays as it is, and Beast refuses it.
  void hide_delete_bytes(std::span<char> head);

  bool expects_continue() const { return expects_continue_; }
  // Whether another request may follow; never in HTTP/1.0, whose ways of saying so are not worth their
  // trouble.
  bool is_persistent() const { return is_persistent_; }

  // Why the head is refused though it parsed; nothing if it is not. REQUIRES: is_header_done().
  std::optional<std::string> refusal() const;

  // The pieces of the body that the last `put` found, in order. They are views of what was fed to it.
  std::vector<std::string_view>& body_pieces() { return body_pieces_; }

 private:
  using ErrorCode = boost::beast::error_code;
  using Field = boost::beast::http::field;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb method, View method_text, View target, int version,
                       ErrorCode& error) override;
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(Field field, View name, View value, ErrorCode& error) override;
  void keep_own_field(View name, View value);
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode& error) override { error = {}; }
  std::size_t on_body_impl(View body, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t size, View extensions, ErrorCode& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remaining, View body, ErrorCode& error) override;
  void on_finish_impl(ErrorCode& error) override { error = {}; }

  RequestHead head_;
  int version_ = 11;
  int hosts_ = 0;
  int content_lengths_ = 0;
  int transfer_encodings_ = 0;
  bool is_plain_chunked_ = true;
  bool expects_continue_ = false;
  bool is_persistent_ = false;
  bool is_in_trailer_ = false;
  std::span<char> hidden_delete_bytes_;
  char stand_in_for_delete_ = 0;  // a byte that the head does not have
  std::size_t trailer_bytes_ = 0;
  std::vector<std::string_view> body_pieces_;
};

}  // namespace cubby
