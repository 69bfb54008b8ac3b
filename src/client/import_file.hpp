// Reads what `cubby export` writes, other JSON Lines of pairs, and arrays of pairs as wrangler takes them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/export_file.hpp"
#include "client/upload.hpp"

namespace cubby::client {

// Pairs as text, to be taken apart by read_pair.
struct ImportUnit {
  std::vector<std::string> pairs;  // at least one, all of one namespace
  std::size_t namespace_index = 0;
  std::uint64_t first_number = 0;  // of the first pair in the file
  std::uint64_t end = 0;           // where the next unit begins; only the reader knows what it means
};

// Used by one thread at a time.
class ImportReader {
 public:
  virtual ~ImportReader() = default;
  // Nothing at the end. Errors: usage, if the file is damaged, incomplete, or something else.
  virtual Outcome<std::optional<ImportUnit>> next() = 0;
  // Those that the units so far are of; none for files that name none.
  virtual const std::vector<NamespaceInfo>& namespaces() const = 0;
};

// `start` is 0 or the end of a unit of this file. With `is_partial` an export that was cut short is read as
// far as it goes. The first byte of the file decides what it is. Errors: usage.
Outcome<std::unique_ptr<ImportReader>> open_import(const std::string& path, std::uint64_t start,
                                                   bool is_partial);

// What is in a file, after all of it has been read and checked.
struct ImportSummary {
  std::vector<NamespaceInfo> namespaces;
  std::uint64_t pairs = 0;
  std::uint64_t bytes = 0;  // of values
  std::uint64_t expired = 0;
};

// Errors: usage, with the number of the pair that is wrong.
Outcome<ImportSummary> inspect_import(const std::string& path, bool is_partial, Instant now);

}  // namespace cubby::client
