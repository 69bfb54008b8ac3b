// Metadata that an SDK has flattened into the names of form parts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace cubby {

// Rebuilds the JSON from parts such as `metadata[b][c][]` (the TypeScript SDK), `metadata.b.c[]` (Python) or
// `metadata.b.c` (Go, Python).
//
// The types of the leaves are lost on the client's side, so all leaves become strings. Members keep the order
// in which they were first seen. `[]` at the end of a name appends to an array; a dotted name that comes
// again makes an array. The Go SDK writes the elements of arrays as members "0", "1", ...; they stay members,
// as nothing tells them apart.
class FormMetadata {
 public:
  // Whether a part with this name belongs here: "metadata[..." or "metadata....". A part "metadata" does not.
  [[nodiscard]] static bool is_flattened_name(std::string_view name);

  // Adds one part. REQUIRES is_flattened_name(name). After an error the object is useless.
  // Errors: metadata_malformed for a name of no known shape (among them `[]` in the middle, which does not
  // say which element it means), for shapes that contradict each other (`metadata[a]` and `metadata[a][b]`)
  // and for what is not UTF-8; metadata_too_large, with the length so far. Limits:
  // limits::metadata_parts_bytes_max (64 KiB) of names and values in total; nesting_max levels.
  [[nodiscard]] Result<void> add(std::string_view name, std::string value);

  // The JSON without insignificant white space; `null` if empty. It may still be too large for Metadata.
  [[nodiscard]] Result<std::string> to_json() const;

  bool empty() const { return nodes_.size() == 1; }

  static constexpr std::size_t nesting_max = 32;

 private:
  enum class Kind { undecided, text, object, array };
  struct Node {
    Kind kind = Kind::undecided;
    std::string text{};                                           // of a text
    std::vector<std::pair<std::string, std::size_t>> children{};  // name and node; without names in an array
  };

  bool become(std::size_t node, Kind kind);
  std::size_t member_of(std::size_t object, std::string_view name);
  std::size_t add_child(std::size_t parent, std::string_view name);
  void turn_into_array(std::size_t node);
  void append_json(std::string& out, std::size_t index) const;

  std::vector<Node> nodes_{1};  // the first is the root
  std::size_t bytes_ = 0;
};

}  // namespace cubby
