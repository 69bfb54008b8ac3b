#include "wire/percent.hpp"

#include <algorithm>

namespace cubby {
namespace {

// -1 if it is none.
constexpr int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

// Decodes the escapes of `text`; writes every plus sign as `plus`.
std::optional<std::string> decode(std::string_view text, char plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i] == '+' ? plus : text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

}  // namespace

std::optional<std::string> decode_path_segment(std::string_view text) {
  return decode(text, '+');
}

std::optional<std::string> decode_query_component(std::string_view text) {
  return decode(text, ' ');
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char byte : text) {
    const bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                          (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' || byte == '_' ||
                          byte == '~';
    if (is_plain) {
      out.push_back(byte);
    } else {
      const auto number = static_cast<unsigned char>(byte);
      out += {'%', digits[number >> 4], digits[number & 15]};
    }
  }
}

Query::Query(std::string_view raw) {
  while (!raw.empty()) {
    const std::string_view parameter = raw.substr(0, raw.find('&'));
    raw.remove_prefix(std::min(parameter.size() + 1, raw.size()));
    if (parameter.empty()) continue;
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    std::optional<std::string> name = decode_query_component(parameter.substr(0, equals));
    std::optional<std::string> value =
        decode_query_component(parameter.substr(std::min(equals + 1, parameter.size())));
    if (name && value) {
      parameters_.emplace_back(*std::move(name), *std::move(value));
    } else if (!malformed_) {
      malformed_ = parameter;
    }
  }
}

std::optional<std::string> Query::get(std::string_view name) const {
  const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                  [name](const auto& parameter) { return parameter.first == name; });
  if (found == parameters_.end()) return std::nullopt;
  return found->second;
}

}  // namespace cubby
