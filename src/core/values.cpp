#include "core/values.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid.hpp>

#include "core/limits.hpp"
#include "core/utf8.hpp"

namespace cubby {
namespace {

constexpr std::uint8_t no_digit = 0xFF;

// The value of each byte as a hexadecimal digit. A table, for two ids are parsed on every request.
constexpr auto digit_values = [] {
  std::array<std::uint8_t, 256> values;
  values.fill(no_digit);
  for (std::uint8_t i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = i;
  for (std::uint8_t i = 0; i < 6; ++i) {
    values[static_cast<std::size_t>('a' + i)] = values[static_cast<std::size_t>('A' + i)] =
        static_cast<std::uint8_t>(10 + i);
  }
  return values;
}();

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
  std::uint8_t seen = 0;  // has an upper half only if a byte was no digit
  for (std::size_t i = 0; i < bytes_count; ++i) {
    const std::uint8_t high = digit_values[static_cast<std::uint8_t>(text[2 * i])];
    const std::uint8_t low = digit_values[static_cast<std::uint8_t>(text[2 * i + 1])];
    seen |= high | low;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (seen > 0xF) return std::nullopt;
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
