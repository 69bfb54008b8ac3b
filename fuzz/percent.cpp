// Percent escapes: agree with a second decoder, and give back what was escaped.
#include "wire/percent.hpp"

#include "fuzz/fuzz.hpp"

namespace cubby::fuzz {
namespace {

std::string escape_all(std::string_view bytes, bool in_lower_case) {
  const char* const digits = in_lower_case ? "0123456789abcdef" : "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return text;
}

// By strtol and a look at the shape.
std::optional<std::string> decode_again(std::string_view text, bool plus_is_space) {
  std::string decoded;
  while (!text.empty()) {
    if (text.front() == '%') {
      const std::string digits(text.substr(1, 2));
      if (digits.size() != 2 || digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos)
        return std::nullopt;
      decoded += static_cast<char>(std::strtol(digits.c_str(), nullptr, 16));
      text.remove_prefix(3);
    } else {
      decoded += plus_is_space && text.front() == '+' ? ' ' : text.front();
      text.remove_prefix(1);
    }
  }
  return decoded;
}

std::optional<std::string> find_again(std::string_view query, std::string_view name) {
  for (std::size_t begin = 0; begin <= query.size();) {
    const auto end = std::min(query.find('&', begin), query.size());
    const auto parameter = query.substr(begin, end - begin);
    begin = end + 1;
    const auto equals = parameter.find('=');
    const auto key = decode_again(parameter.substr(0, equals), true);
    const auto value = decode_again(equals == parameter.npos ? "" : parameter.substr(equals + 1), true);
    if (!parameter.empty() && key == name && value) return value;
  }
  return std::nullopt;
}

void check(std::string_view text) {
  require(decode_path_segment(text) == decode_again(text, false),
          "a path is decoded as by the second decoder");
  require(decode_query_component(text) == decode_again(text, true),
          "a query is decoded as by the second decoder");
  for (const bool in_lower_case : {false, true}) {
    const std::string escaped = escape_all(text, in_lower_case);
    require(decode_path_segment(escaped) == text, "escapes give back what was escaped, in a path");
    require(decode_query_component(escaped) == text, "escapes give back what was escaped, in a query");
    require(Query("a=b&" + escaped + "=" + escaped).get(text) == (text == "a" ? "b" : text),
            "a parameter is found");
  }
  const Query query(text);
  for (const std::string_view name : {"prefix", "a", "", "%"})
    require(query.get(name) == find_again(text, name), "a query is read as by the second reader");
}

}  // namespace
}  // namespace cubby::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  cubby::fuzz::check({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
