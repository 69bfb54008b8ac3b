// The files that `cubby export` writes. The format is described in docs/using/command_line.md: never change
// what a line means, count the version up.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/sha256.hpp"
#include "client/transfer.hpp"

namespace cubby::client {

inline constexpr int export_version = 1;

enum class FileFormat {
  jsonl,     // JSON Lines, with checksums
  wrangler,  // the JSON array of bulk writes
};

// What an export that was cut short has got done.
struct ExportState {
  std::string prefix{};
  std::vector<std::string> namespaces{};  // ids, in their order; the last one may not be finished
  bool is_last_finished = false;
  Position position{};  // in the last namespace
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;  // of the file that are good
  bool is_complete = false;
  Sha256 sum{};  // of these bytes
};

// Reads an unfinished export and checks it against its checksums; what follows the last good place does not
// count. Errors: usage, if it is no export or is damaged.
Outcome<ExportState> read_export_state(const std::string& path, FileFormat format);

// Writes one. Used by one thread at a time.
class ExportFile {
 public:
  // "-" is standard output. With `state` it goes on there, and cuts off what follows; otherwise the file must
  // be new. Errors: usage, failed.
  static Outcome<ExportFile> open(const std::string& path, FileFormat format, const std::string& prefix,
                                  std::optional<ExportState> state);

  // Only one for the wrangler format.
  Outcome<void> begin_namespace(const NamespaceInfo& info);
  // What append_export_pair made.
  Outcome<void> write(std::string_view pairs);
  // Says how far it has come. `keys` were written since the last time.
  Outcome<void> end_chunk(std::uint64_t keys, const Position& position);
  Outcome<void> end_namespace();
  Outcome<void> finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const {
      if (file != stdout) std::fclose(file);
    }
  };
  Outcome<void> put(std::string_view text);

  std::string path_;
  FileFormat format_ = FileFormat::jsonl;
  std::unique_ptr<std::FILE, Close> file_;
  Sha256 sum_;
  Sha256 chunk_sum_;
  std::uint64_t keys_ = 0;
  bool has_pairs_ = false;  // of the wrangler format: commas stand between them
};

// Appends a pair as write() takes it.
void append_export_pair(std::string& out, const Pair& pair, FileFormat format);

}  // namespace cubby::client
