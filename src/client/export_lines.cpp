#include "client/export_lines.hpp"

#include "core/json_text.hpp"

namespace cubby::client {
namespace {

using json::quoted;

constexpr std::string_view head_name = "cubby_export";
constexpr std::string_view namespace_name = "namespace";
constexpr std::string_view chunk_name = "chunk";
constexpr std::string_view end_namespace_name = "end_namespace";
constexpr std::string_view end_name = "end";

void read_rest(JsonReader& reader, ExportLine& line) {
  std::string name;
  while (reader.next_member(name)) {
    if (name == "prefix")
      line.prefix = reader.string().value_or("");
    else if (name == "title")
      line.info.title = reader.string().value_or("");
    else if (name == "cursor")
      line.position.cursor = reader.string().value_or("");
    else if (name == "after")
      line.position.after = reader.string().value_or("");
    else if (name == "sha256")
      line.sum = reader.string().value_or("");
    else
      reader.skip();
  }
}

}  // namespace

std::string head_line(const std::string& prefix) {
  return R"({"cubby_export":1,"prefix":)" + quoted(prefix) + "}\n";
}

std::string namespace_line(const NamespaceInfo& info) {
  return R"({"namespace":)" + quoted(info.id) + R"(,"title":)" + quoted(info.title) + "}\n";
}

std::string chunk_line(std::uint64_t keys, const Position& position, const std::string& sum) {
  return R"({"chunk":)" + std::to_string(keys) + R"(,"after":)" + quoted(position.after) + R"(,"cursor":)" +
         quoted(position.cursor) + R"(,"sha256":")" + sum + "\"}\n";
}

std::string end_namespace_line() {
  return "{\"end_namespace\":true}\n";
}

std::string end_line(std::uint64_t keys, const std::string& sum) {
  return R"({"end":)" + std::to_string(keys) + R"(,"sha256":")" + sum + "\"}\n";
}

Outcome<ExportLine> read_export_line(std::string_view text) {
  using Kind = ExportLine::Kind;
  ExportLine line;
  if (text.starts_with(R"({"key")")) return line;
  JsonReader reader(text);
  std::string name;
  reader.enter_object();
  if (!reader.next_member(name)) return usage(reader.ok() ? "an empty object" : reader.error());
  if (name == head_name) {
    line.kind = Kind::head;
    line.version = static_cast<int>(reader.integer().value_or(0));
  } else if (name == namespace_name) {
    line.kind = Kind::begin_namespace;
    line.info.id = reader.string().value_or("");
  } else if (name == chunk_name || name == end_name) {
    line.kind = name == chunk_name ? Kind::chunk : Kind::end;
    line.keys = static_cast<std::uint64_t>(reader.integer().value_or(0));
  } else if (name == end_namespace_name) {
    line.kind = Kind::end_namespace;
    reader.skip();
  } else {
    return line;  // a pair, with its members in another order
  }
  read_rest(reader, line);
  if (!reader.at_end()) return usage(reader.error());
  return line;
}

}  // namespace cubby::client
