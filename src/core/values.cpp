#include "core/values.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid.hpp>

#include "core/limits.hpp"
#include "core/utf8.hpp"

namespace cubby {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<Key> Key::parse(std::string text) {
  if (text.empty()) return fail(Errc::key_empty);
  if (text == "." || text == "..") return fail(Errc::key_illegal, text);
  if (text.size() > limits::key_bytes_max) return fail(Errc::key_too_long, std::to_string(text.size()));
  if (!is_utf8(text)) return fail(Errc::key_not_decodable);
  return Key(std::move(text));
}

template <class Tag>
std::optional<HexId<Tag>> HexId<Tag>::parse(std::string_view text) {
  if (text.size() != 2 * bytes_count) return std::nullopt;
  Bytes bytes;
  for (std::size_t i = 0; i < bytes_count; ++i) {
    const int high = digit_of(text[2 * i]);
    const int low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return HexId(bytes);
}

template <class Tag>
HexId<Tag> HexId<Tag>::random() {
  // Seeded from the system's entropy for each call: ids are rare and must not repeat after a fork or a
  // restart.
  boost::uuids::random_generator_pure generate;
  const boost::uuids::uuid uuid = generate();
  Bytes bytes;
  std::copy(uuid.begin(), uuid.end(), bytes.begin());
  return HexId(bytes);
}

template <class Tag>
std::string HexId<Tag>::text() const {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes_count);
  for (const std::uint8_t byte : bytes_) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

template class HexId<struct NamespaceTag>;
template class HexId<struct AccountTag>;
template class HexId<struct TokenTag>;

Result<Title> Title::parse(std::string text) {
  if (text.empty()) return fail(Errc::title_missing);
  if (!is_utf8(text)) return fail(Errc::body_not_json, "title is not UTF-8");
  const std::size_t characters = count_characters(text);
  if (characters > limits::title_characters_max)
    return fail(Errc::title_too_long, std::to_string(characters));
  return Title(std::move(text));
}

}  // namespace cubby
