#include "client/export_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "client/export_lines.hpp"

namespace cubby::client {
namespace {

Failure cannot_write(const std::string& path) {
  return failed(path + ": " + std::strerror(errno));
}

// Takes one line after the other of an export that may end anywhere.
class StateReader {
 public:
  Outcome<void> take(const std::string& line, std::uint64_t number) {
    const auto damaged = [number](const std::string& why) {
      return usage("line " + std::to_string(number) + ": " + why, "the file is damaged: begin it anew");
    };
    const auto read = read_export_line(line);
    if (!read) return damaged(read.error().message);
    using Kind = ExportLine::Kind;
    if ((number == 1) != (read->kind == Kind::head)) return damaged("not an export");
    if (read->kind == Kind::head && read->version != export_version)
      return damaged("an export of version " + std::to_string(read->version));
    if (read->kind == Kind::chunk && read->sum != chunk_sum_.text()) return damaged("the checksum is wrong");
    if (read->kind == Kind::end && read->sum != sum_.text()) return damaged("the checksum is wrong");
    for (Sha256* sum : {&sum_, &chunk_sum_}) {
      sum->add(line);
      sum->add("\n");
    }
    bytes_ += line.size() + 1;
    if (read->kind == Kind::pair) return {};
    chunk_sum_ = Sha256();
    note(*read);
    return {};
  }

  ExportState state;

 private:
  void note(const ExportLine& line) {
    using Kind = ExportLine::Kind;
    state.bytes = bytes_;
    state.sum = sum_;
    if (line.kind == Kind::head) state.prefix = line.prefix;
    if (line.kind == Kind::begin_namespace) {
      state.namespaces.push_back(line.info.id);
      state.position = {};
      state.is_last_finished = false;
    }
    if (line.kind == Kind::chunk) {
      state.keys += line.keys;
      state.position = line.position;
    }
    if (line.kind == Kind::end_namespace) state.is_last_finished = true;
    if (line.kind == Kind::end) state.is_complete = true;
  }

  Sha256 sum_;
  Sha256 chunk_sum_;
  std::uint64_t bytes_ = 0;
};

Outcome<ExportState> read_lines_state(std::ifstream& file) {
  StateReader reader;
  std::string line;
  for (std::uint64_t number = 1; std::getline(file, line) && !file.eof(); ++number)
    if (auto taken = reader.take(line, number); !taken) return taken.error();
  return std::move(reader.state);
}

// "[\n{…},\n{…},\n": what ends with a comma is a whole pair.
Outcome<ExportState> read_array_state(std::ifstream& file) {
  ExportState state;
  std::uint64_t bytes = 0;
  std::string line;
  while (std::getline(file, line) && !file.eof()) {
    if (bytes == 0 && line != "[")
      return usage("not an export of ours: it does not begin with [ alone in a line");
    bytes += line.size() + 1;
    if (line == "]") state.is_complete = true;
    if (!line.ends_with("},")) continue;
    line.pop_back();
    JsonReader reader(line);
    const auto pair = read_pair(reader, Instant{});
    if (!pair) return usage(pair.error().message, "the file is damaged: begin it anew");
    state.position.after = pair->key;
    state.bytes = bytes - 2;  // without the comma
    ++state.keys;
  }
  if (state.bytes == 0) state.bytes = std::min<std::uint64_t>(bytes, 2);
  return state;
}

}  // namespace

Outcome<ExportState> read_export_state(const std::string& path, FileFormat format) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return usage(path + ": " + std::strerror(errno));
  auto state = format == FileFormat::jsonl ? read_lines_state(file) : read_array_state(file);
  if (!state) return usage(path + ": " + state.error().message, state.error().advice);
  return state;
}

Outcome<ExportFile> ExportFile::open(const std::string& path, FileFormat format, const std::string& prefix,
                                     std::optional<ExportState> state) {
  ExportFile made;
  made.path_ = path;
  made.format_ = format;
  if (path == "-") {
    made.file_.reset(stdout);
  } else if (state) {
    std::error_code error;
    std::filesystem::resize_file(path, state->bytes, error);
    if (error) return failed(path + ": " + error.message());
    made.file_.reset(std::fopen(path.c_str(), "ab"));
  } else {
    made.file_.reset(std::fopen(path.c_str(), "wbx"));
    if (!made.file_ && errno == EEXIST)
      return usage(path + " is there already", "--resume goes on with an export that was cut short");
  }
  if (!made.file_) return cannot_write(path);
  std::setvbuf(made.file_.get(), nullptr, _IOFBF, 256 * 1024);
  if (state && state->bytes > 0) {
    made.sum_ = state->sum;
    made.keys_ = state->keys;
    made.has_pairs_ = state->keys > 0;
    return made;
  }
  const std::string head = format == FileFormat::jsonl ? head_line(prefix) : "[\n";
  if (auto written = made.put(head); !written) return written.error();
  made.chunk_sum_ = Sha256();
  return made;
}

Outcome<void> ExportFile::put(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) return cannot_write(path_);
  if (format_ == FileFormat::wrangler) return {};
  sum_.add(text);
  chunk_sum_.add(text);
  return {};
}

Outcome<void> ExportFile::begin_namespace(const NamespaceInfo& info) {
  if (format_ == FileFormat::wrangler) return {};
  auto written = put(namespace_line(info));
  chunk_sum_ = Sha256();
  return written;
}

Outcome<void> ExportFile::write(std::string_view pairs) {
  if (format_ == FileFormat::wrangler && !has_pairs_ && !pairs.empty()) pairs.remove_prefix(2);
  has_pairs_ = has_pairs_ || !pairs.empty();
  return put(pairs);
}

Outcome<void> ExportFile::end_chunk(std::uint64_t keys, const Position& position) {
  keys_ += keys;
  if (format_ == FileFormat::jsonl) {
    if (auto written = put(chunk_line(keys, position, chunk_sum_.text())); !written) return written;
    chunk_sum_ = Sha256();
  }
  if (std::fflush(file_.get()) != 0) return cannot_write(path_);
  return {};
}

Outcome<void> ExportFile::end_namespace() {
  if (format_ == FileFormat::wrangler) return {};
  auto written = put(end_namespace_line());
  chunk_sum_ = Sha256();
  return written;
}

Outcome<void> ExportFile::finish() {
  const std::string last = format_ == FileFormat::jsonl ? end_line(keys_, sum_.text())
                           : has_pairs_                 ? "\n]\n"
                                                        : "]\n";
  if (auto written = put(last); !written) return written;
  const bool is_file = file_.get() != stdout;
  if (std::fflush(file_.get()) != 0 || (is_file && ::fsync(::fileno(file_.get())) != 0))
    return cannot_write(path_);
  return {};
}

void append_export_pair(std::string& out, const Pair& pair, FileFormat format) {
  if (format == FileFormat::wrangler) out += ",\n";
  append_pair(out, pair);
  if (format == FileFormat::jsonl) out += '\n';
}

}  // namespace cubby::client
