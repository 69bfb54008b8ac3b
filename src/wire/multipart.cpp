#include "wire/multipart.hpp"

#include <algorithm>
#include <utility>

namespace cubby {
namespace {

constexpr std::size_t boundary_characters_max = 70;  // RFC 2046
constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view last_mark = "--";  // follows the delimiter after the last part

Error malformed(std::string why) {
  return fail(Errc::form_malformed, std::move(why));
}

constexpr char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

bool same_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t";
  const std::size_t begin = std::min(text.find_first_not_of(blank), text.size());
  return text.substr(begin, text.find_last_not_of(blank) + 1 - begin);
}

// A header's value is `first; name=value; name="value"`. Takes the first part off `rest`.
std::string_view take_first(std::string_view& rest) {
  const std::string_view first = rest.substr(0, rest.find(';'));
  rest.remove_prefix(first.size());
  return trim(first);
}

struct Parameter {
  std::string_view name;
  std::string value;  // backslash escapes decoded
};

// Takes the value that `rest` begins with and its quotes. Nothing if the closing quote is missing.
//
// A backslash escapes a quote or another backslash (curl before 7.81, Go, Python) and is itself otherwise:
// browsers escape neither and may send a file name with backslashes.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string value;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    const bool escapes =
        rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\');
    if (escapes) ++i;
    value.push_back(rest[i]);
  }
  return std::nullopt;
}

// Takes the next `;name=value` off `rest`. Nothing at the end, or if no parameter can be read, when `rest` is
// then not empty.
std::optional<Parameter> take_parameter(std::string_view& rest) {
  while (!rest.empty() && (rest.front() == ';' || rest.front() == ' ' || rest.front() == '\t'))
    rest.remove_prefix(1);
  const std::size_t equals = rest.find('=');
  if (equals == rest.npos) return std::nullopt;
  Parameter parameter{trim(rest.substr(0, equals)), {}};
  std::string_view value = rest.substr(equals + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  if (value.starts_with('"')) {
    auto quoted = take_quoted(value);
    if (!quoted) return std::nullopt;
    parameter.value = *std::move(quoted);
  } else {
    parameter.value = take_first(value);
  }
  const std::size_t after = std::min(value.find_first_not_of(" \t"), value.size());
  if (after < value.size() && value[after] != ';') return std::nullopt;
  rest = value.substr(after);
  return parameter;
}

// Decodes %22 and the escapes of control characters, as browsers, undici and httpx write them. Others stay:
// these clients do not escape the percent sign itself, so `%41` is three characters of a name.
std::string decode_name(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view escape = text.substr(i, 3);
    const bool is_quote = escape == "%22";
    const bool is_control = escape.size() == 3 && escape[0] == '%' &&
                            (escape[1] == '0' || escape[1] == '1') &&
                            std::string_view("0123456789abcdefABCDEF").find(escape[2]) != escape.npos;
    if (!is_quote && !is_control) {
      name.push_back(text[i]);
      continue;
    }
    const char low = lower(escape[2]);
    const int low_bits = low >= 'a' ? low - 'a' + 10 : low - '0';
    name.push_back(static_cast<char>((escape[1] - '0') * 16 + low_bits));
    i += 2;
  }
  return name;
}

Result<PartHeader> parse_disposition(std::string_view value) {
  if (!same_ignoring_case(take_first(value), "form-data")) return malformed("a part that is no form-data");
  std::optional<std::string> name;
  PartHeader header;
  while (auto parameter = take_parameter(value)) {
    if (same_ignoring_case(parameter->name, "name")) name = decode_name(parameter->value);
    if (same_ignoring_case(parameter->name, "filename")) header.filename = decode_name(parameter->value);
  }
  if (!value.empty()) return malformed("a part's Content-Disposition does not parse");
  if (!name) return malformed("a part without a name");
  header.name = *std::move(name);
  return header;
}

// `head` is what stands between the delimiter and the content: the rest of the delimiter's line, then the
// headers, each with its line end.
Result<PartHeader> parse_head(std::string_view head) {
  const auto take_line = [&head] {
    const std::string_view line = head.substr(0, head.find(line_end));
    head.remove_prefix(line.size() + line_end.size());
    return line;
  };
  if (!trim(take_line()).empty()) return malformed("characters after a boundary");
  std::optional<Result<PartHeader>> found;
  while (!head.empty()) {
    const std::string_view line = take_line();
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) return malformed("a part's header line does not parse");
    if (!same_ignoring_case(line.substr(0, colon), "content-disposition")) continue;
    if (found) return malformed("a part with two Content-Dispositions");
    found = parse_disposition(line.substr(colon + 1));
  }
  if (!found) return malformed("a part without a Content-Disposition");
  return *std::move(found);
}

}  // namespace

bool is_multipart_form(std::string_view content_type) {
  return same_ignoring_case(take_first(content_type), "multipart/form-data");
}

Result<std::string> boundary_of(std::string_view content_type) {
  if (!is_multipart_form(content_type)) return malformed("no multipart/form-data");
  take_first(content_type);
  while (auto parameter = take_parameter(content_type)) {
    if (!same_ignoring_case(parameter->name, "boundary")) continue;
    const std::string& boundary = parameter->value;
    const bool is_printable =
        std::all_of(boundary.begin(), boundary.end(), [](char byte) { return byte >= 0x20 && byte < 0x7F; });
    if (boundary.empty() || boundary.size() > boundary_characters_max || !is_printable ||
        boundary.back() == ' ') {
      return malformed("an illegal boundary");
    }
    return std::move(parameter->value);
  }
  return malformed("no boundary");
}

// Before the first delimiter stands no line end if the preamble is empty, so the reader begins as if it had
// read one.
MultipartReader::MultipartReader(ByteSource& source, std::string_view boundary)
    : source_(source), delimiter_("\r\n--" + std::string(boundary)), matched_(line_end.size()) {}

Task<Result<std::optional<PartHeader>>> MultipartReader::next_part() {
  while (at_ == At::content) {
    const auto skipped = co_await read_part();
    if (!skipped) co_return skipped.error();
    if (skipped->empty()) break;
  }
  if (at_ == At::after_last_part) co_return std::optional<PartHeader>();
  const auto has_part = co_await read_head();
  if (!has_part) co_return has_part.error();
  if (!*has_part) {
    const auto ended = co_await read_to_end();
    if (!ended) co_return ended.error();
    co_return std::optional<PartHeader>();
  }
  if (++parts_ > form_parts_max)
    co_return malformed("more than " + std::to_string(form_parts_max) + " parts");
  auto header = parse_head(head_);
  if (!header) co_return header.error();
  at_ = At::content;
  co_return std::optional<PartHeader>(*std::move(header));
}

Task<Result<std::string_view>> MultipartReader::read_part() {
  while (at_ == At::content) {
    if (piece_.empty()) {
      const auto filled = co_await fill();
      if (!filled) co_return filled.error();
    }
    const std::string_view content = matched_ > 0 ? continue_delimiter() : take_content();
    if (!content.empty()) co_return content;
  }
  co_return std::string_view();
}

// Compares on with a delimiter that has begun in an earlier piece. What was held back for it is returned if
// it turns out to be content. No byte of it has to be looked at again, because the only CR of the delimiter
// is its first byte.
std::string_view MultipartReader::continue_delimiter() {
  const std::string_view expected = std::string_view(delimiter_).substr(matched_, piece_.size());
  const auto differs = std::mismatch(expected.begin(), expected.end(), piece_.begin());
  const auto equal = static_cast<std::size_t>(differs.first - expected.begin());
  matched_ += equal;
  piece_.remove_prefix(equal);
  if (matched_ == delimiter_.size()) {
    matched_ = 0;
    at_ = At::after_delimiter;
    return {};
  }
  if (equal < expected.size()) return std::string_view(delimiter_).substr(0, std::exchange(matched_, 0));
  return {};
}

// Takes from the piece what surely is content, up to a delimiter or to what may be the beginning of one.
std::string_view MultipartReader::take_content() {
  const std::size_t found = piece_.find(delimiter_);
  const bool complete = found != piece_.npos;
  std::size_t length = found;
  if (!complete) {
    // Only the last CR can begin a delimiter that goes on in the next piece: the delimiter contains no other.
    const std::size_t tail = piece_.size() - std::min(piece_.size(), delimiter_.size() - 1);
    const std::size_t last = piece_.substr(tail).rfind('\r');
    const bool begins = last != piece_.npos && delimiter_.starts_with(piece_.substr(tail + last));
    length = begins ? tail + last : piece_.size();
    matched_ = piece_.size() - length;
  }
  const std::string_view content = piece_.substr(0, length);
  piece_.remove_prefix(complete ? length + delimiter_.size() : piece_.size());
  if (complete) at_ = At::after_delimiter;
  return content;
}

// Reads to the end of the part's headers; they are then in head_. False if there is no further part.
Task<Result<bool>> MultipartReader::read_head() {
  head_.clear();
  while (true) {
    if (piece_.empty()) {
      const auto filled = co_await fill();
      if (!filled) co_return filled.error();
    }
    const std::size_t before = head_.size();
    head_ += piece_.substr(0, part_head_bytes_max + head_end.size() - before);
    if (head_.starts_with(last_mark)) co_return false;
    const std::size_t found = head_.find(head_end, before - std::min(before, head_end.size() - 1));
    if (found != head_.npos) {
      piece_.remove_prefix(found + head_end.size() - before);
      head_.resize(found + line_end.size());
      co_return true;
    }
    piece_.remove_prefix(head_.size() - before);
    if (head_.size() >= part_head_bytes_max + head_end.size())
      co_return malformed("the headers of a part are too long");
  }
}

// Leaves nothing of the form in the source, so that an error there comes to light.
Task<Result<void>> MultipartReader::read_to_end() {
  at_ = At::after_last_part;
  piece_ = {};
  while (true) {
    const auto piece = co_await source_.read();
    if (!piece) co_return piece.error();
    if (piece->empty()) co_return Result<void>();
  }
}

Task<Result<void>> MultipartReader::fill() {
  const auto piece = co_await source_.read();
  if (!piece) co_return piece.error();
  if (piece->empty()) co_return malformed("it ends early");
  piece_ = *piece;
  co_return Result<void>();
}

}  // namespace cubby
