// The lines of an export in JSON Lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "client/transfer.hpp"

namespace cubby::client {

struct ExportLine {
  enum class Kind { head, begin_namespace, pair, chunk, end_namespace, end };
  Kind kind = Kind::pair;
  int version = 0;         // head
  std::string prefix{};    // head
  NamespaceInfo info{};    // begin_namespace
  Position position{};     // chunk
  std::uint64_t keys = 0;  // chunk, end
  std::string sum{};       // chunk: of the lines since the last one; end: of all bytes before it
};

std::string head_line(const std::string& prefix);
std::string namespace_line(const NamespaceInfo& info);
std::string chunk_line(std::uint64_t keys, const Position& position, const std::string& sum);
std::string end_namespace_line();
std::string end_line(std::uint64_t keys, const std::string& sum);

// `line` is without its line feed. Pairs are not looked into. Errors: usage.
Outcome<ExportLine> read_export_line(std::string_view line);

}  // namespace cubby::client
