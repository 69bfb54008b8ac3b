// Cursors: what was encoded comes back, nothing else is taken, and each text has one meaning.
#include "core/limits.hpp"
#include "fuzz/fuzz.hpp"
#include "service/list_cursor.hpp"

namespace cubby::fuzz {
namespace {

const NamespaceId here = NamespaceId::parse("0123456789abcdef0123456789abcdef").value();
const NamespaceId elsewhere = NamespaceId::parse("fedcba9876543210fedcba9876543210").value();

void check(Input input) {
  const unsigned place = input.number(255);
  const std::string_view text = input.rest();
  if (const auto key = decode_cursor(here, text)) {
    require(encode_cursor(here, *key) == text, "a cursor that is taken is one that would be given");
    require(!decode_cursor(elsewhere, text), "a cursor is good in one namespace");
  }
  if (text.empty() || text.size() > limits::key_bytes_max) return;
  std::string cursor = encode_cursor(here, text);
  require(decode_cursor(here, cursor).value() == text, "a key comes back");
  require(cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
              cursor.npos,
          "a cursor needs no escaping");
  require(!decode_cursor(here, cursor + "A") && !decode_cursor(here, cursor.substr(1)),
          "no cursor is part of another");
  char& changed = cursor[place % cursor.size()];
  changed = changed == 'A' ? 'B' : 'A';
  require(!decode_cursor(here, cursor), "a changed cursor is refused");
}

}  // namespace
}  // namespace cubby::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  cubby::fuzz::check({bytes, size});
  return 0;
}
