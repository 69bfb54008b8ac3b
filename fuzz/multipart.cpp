// Forms: read the same however they are cut, and the parts of a form that was written come back.
#include "wire/multipart.hpp"

#include <vector>

#include "fuzz/fuzz.hpp"
#include "tests/support/piecewise_source.hpp"
#include "tests/support/run_task.hpp"

namespace cubby::fuzz {
namespace {

struct Part {
  PartHeader header;
  std::string content;
  bool operator==(const Part&) const = default;
};

const std::string boundary = "b";

Task<Result<std::vector<Part>>> read_parts(ByteSource& source) {
  MultipartReader reader(source, boundary);
  std::vector<Part> parts;
  while (true) {
    auto header = co_await reader.next_part();
    if (!header) co_return header.error();
    if (!*header) co_return parts;
    Part part{std::move(**header), {}};
    while (true) {
      const auto piece = co_await reader.read_part();
      if (!piece) co_return piece.error();
      if (piece->empty()) break;
      part.content += *piece;
    }
    parts.push_back(std::move(part));
  }
}

Result<std::vector<Part>> parts_of(const std::string& body, std::size_t piece_bytes) {
  PiecewiseSource source(body, piece_bytes);
  return run(read_parts(source));
}

// The input cut at each NUL, as the contents of parts.
void check_round_trip(std::string_view text) {
  std::vector<Part> parts;
  std::string body;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\0', begin), text.size());
    parts.push_back({{"part" + std::to_string(parts.size())}, std::string(text.substr(begin, end - begin))});
    if (("\r\n" + parts.back().content + "\r\n").find("\r\n--" + boundary) != std::string::npos) return;
    body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + parts.back().header.name +
            "\"\r\n\r\n" + parts.back().content + "\r\n";
    begin = end + 1;
  }
  if (parts.size() > form_parts_max) return;
  const auto read = parts_of(body + "--" + boundary + "--\r\n", 7);
  require(read && *read == parts, "the parts of a form come back");
}

void check(Input input) {
  const std::size_t piece_bytes = 1 + input.number(40);
  const std::string body(input.rest());
  const auto whole = parts_of(body, body.size() + 1);
  require(parts_of(body, piece_bytes) == whole, "pieces make no difference");
  require(parts_of(body, 1) == whole, "single bytes make no difference");
  require(whole || whole.error().code == Errc::form_malformed, "a form is malformed, or it is read");
  if (whole) require(whole->size() <= form_parts_max, "a form has few parts");
  check_round_trip(body);
}

}  // namespace
}  // namespace cubby::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  cubby::fuzz::check({bytes, size});
  return 0;
}
