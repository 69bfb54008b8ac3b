#include "wire/form_metadata.hpp"

#include <algorithm>
#include <optional>

#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "core/utf8.hpp"

namespace cubby {
namespace {

constexpr std::string_view prefix = "metadata";

// Where a name leads: from the root along the members, then perhaps into an array.
struct Path {
  std::vector<std::string_view> members;
  bool appends = false;
};

std::optional<Path> split_dots(std::string_view rest) {
  Path path;
  path.appends = rest.ends_with("[]");
  if (path.appends) rest.remove_suffix(2);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view member = rest.substr(0, rest.find('.'));
    if (member.ends_with("[]")) return std::nullopt;
    path.members.push_back(member);
    rest.remove_prefix(member.size());
  }
  return path;
}

std::optional<Path> split_brackets(std::string_view rest) {
  Path path;
  while (!rest.empty()) {
    const std::size_t end = rest.find(']');
    if (path.appends || rest.front() != '[' || end == rest.npos) return std::nullopt;
    const std::string_view member = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (member.empty())
      path.appends = true;
    else
      path.members.push_back(member);
  }
  return path;
}

}  // namespace

bool FormMetadata::is_flattened_name(std::string_view name) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return name.starts_with('[') || name.starts_with('.');
}

Result<void> FormMetadata::add(std::string_view name, std::string value) {
  bytes_ += name.size() + value.size();
  if (bytes_ > limits::metadata_parts_bytes_max)
    return fail(Errc::metadata_too_large, std::to_string(bytes_));
  if (!is_utf8(name) || !is_utf8(value)) return fail(Errc::metadata_malformed);
  const std::string_view rest = name.substr(prefix.size());
  const bool dotted = rest.front() == '.';
  const std::optional<Path> path = dotted ? split_dots(rest) : split_brackets(rest);
  if (!path || path->members.size() > nesting_max) return fail(Errc::metadata_malformed);

  std::size_t node = 0;
  for (const std::string_view member : path->members) {
    if (!become(node, Kind::object)) return fail(Errc::metadata_malformed);
    node = member_of(node, member);
  }
  if (dotted && nodes_[node].kind == Kind::text) turn_into_array(node);
  const bool appends = path->appends || (dotted && nodes_[node].kind == Kind::array);
  if (appends) {
    if (!become(node, Kind::array)) return fail(Errc::metadata_malformed);
    node = add_child(node, {});
  }
  if (nodes_[node].kind != Kind::undecided) return fail(Errc::metadata_malformed);
  nodes_[node].kind = Kind::text;
  nodes_[node].text = std::move(value);
  return {};
}

// Whether the node has that shape, which it takes if it has none yet.
bool FormMetadata::become(std::size_t node, Kind kind) {
  if (nodes_[node].kind == Kind::undecided) nodes_[node].kind = kind;
  return nodes_[node].kind == kind;
}

std::size_t FormMetadata::member_of(std::size_t object, std::string_view name) {
  const auto& children = nodes_[object].children;
  const auto found = std::find_if(children.begin(), children.end(),
                                  [name](const auto& child) { return child.first == name; });
  return found != children.end() ? found->second : add_child(object, name);
}

std::size_t FormMetadata::add_child(std::size_t parent, std::string_view name) {
  nodes_.emplace_back();
  nodes_[parent].children.emplace_back(name, nodes_.size() - 1);
  return nodes_.size() - 1;
}

void FormMetadata::turn_into_array(std::size_t node) {
  const std::size_t first = add_child(node, {});
  std::swap(nodes_[first].text, nodes_[node].text);
  nodes_[first].kind = Kind::text;
  nodes_[node].kind = Kind::array;
}

Result<std::string> FormMetadata::to_json() const {
  std::string json;
  append_json(json, 0);
  return json;
}

// Recurses no deeper than nesting_max.
void FormMetadata::append_json(std::string& out, std::size_t index) const {
  const Node& node = nodes_[index];
  if (node.kind == Kind::undecided) out += "null";
  if (node.kind == Kind::text) json::append_string(out, node.text);
  if (node.kind != Kind::object && node.kind != Kind::array) return;
  const bool is_object = node.kind == Kind::object;
  out.push_back(is_object ? '{' : '[');
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out.push_back(',');
    if (is_object) {
      json::append_string(out, node.children[i].first);
      out.push_back(':');
    }
    append_json(out, node.children[i].second);
  }
  out.push_back(is_object ? '}' : ']');
}

}  // namespace cubby
