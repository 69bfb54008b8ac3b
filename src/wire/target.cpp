#include "wire/target.hpp"

namespace cubby {

std::string_view path_of(std::string_view target) {
  std::string_view path = target.substr(0, target.find('?'));
  if (const auto scheme = path.find("://"); scheme != path.npos && !path.starts_with('/')) {
    const auto slash = path.find('/', scheme + 3);
    path = slash == path.npos ? "/" : path.substr(slash);
  }
  return path;
}

std::string_view query_of(std::string_view target) {
  const auto mark = target.find('?');
  return mark == target.npos ? std::string_view{} : target.substr(mark + 1);
}

}  // namespace cubby
