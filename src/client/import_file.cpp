#include "client/import_file.hpp"

#include "client/export_lines.hpp"
#include "client/json_elements.hpp"
#include "client/pair_writer.hpp"
#include "core/limits.hpp"

namespace cubby::client {
namespace {

bool is_full(const ImportUnit& unit, std::size_t bytes) {
  return unit.pairs.size() == write_pairs_max || bytes >= write_bytes_max;
}

// Lines of a file, with where each begins.
class Lines {
 public:
  explicit Lines(Upload& source) : source_(source), buffer_(4 * limits::body_piece_bytes) {}

  // False at the end. `is_whole` is whether it ends with a line feed.
  Outcome<bool> next(std::string& line, bool& is_whole) {
    line.clear();
    while (true) {
      const auto end = rest_.find('\n');
      line += rest_.substr(0, end);
      is_whole = end != rest_.npos;
      if (is_whole) {
        rest_.remove_prefix(end + 1);
        offset_ += line.size() + 1;
        return true;
      }
      const auto read = source_.read(buffer_.data(), buffer_.size());
      if (!read) return failed("the file could not be read to its end");
      rest_ = {buffer_.data(), *read};
      if (*read > 0) continue;
      offset_ += line.size();
      return !line.empty();
    }
  }
  std::uint64_t offset() const { return offset_; }  // of the next line

 private:
  Upload& source_;
  std::vector<char> buffer_;
  std::string_view rest_;
  std::uint64_t offset_ = 0;
};

class LineReader final : public ImportReader {
 public:
  LineReader(std::unique_ptr<Upload> source, std::uint64_t start, bool is_partial)
      : source_(std::move(source)), lines_(*source_), start_(start), is_partial_(is_partial) {}

  const std::vector<NamespaceInfo>& namespaces() const override { return namespaces_; }

  Outcome<std::optional<ImportUnit>> next() override {
    ImportUnit unit;
    std::size_t bytes = 0;
    std::string line;
    while (!is_full(unit, bytes)) {
      const auto taken = take_line(line);
      if (!taken) return taken.error();
      if (*taken == Taken::end) break;
      if (*taken == Taken::new_namespace && !unit.pairs.empty()) break;  // the next unit is its
      if (*taken != Taken::pair || lines_.offset() <= start_) continue;
      if (unit.pairs.empty()) {
        unit.first_number = pairs_ - 1;
        unit.namespace_index = namespaces_.empty() ? 0 : namespaces_.size() - 1;
      }
      bytes += line.size();
      unit.pairs.push_back(std::move(line));
      unit.end = lines_.offset();
    }
    if (unit.pairs.empty()) return std::optional<ImportUnit>();
    return std::optional(std::move(unit));
  }

 private:
  enum class Taken { pair, other, new_namespace, end };

  Failure damaged(const std::string& why) const {
    return usage("line " + std::to_string(number_) + ": " + why,
                 "nothing of it should be trusted; export anew");
  }

  Outcome<Taken> take_line(std::string& line) {
    bool is_whole = false;
    const auto any = lines_.next(line, is_whole);
    if (!any) return any.error();
    if (!*any) {
      if (!is_export_ || is_at_end_ || is_partial_) return Taken::end;
      return usage("the export is not complete: its last line is missing",
                   "finish it with `cubby export --resume`, or take what there is with --partial");
    }
    ++number_;
    if (is_at_end_) return damaged("something follows the end");
    if (line.find_first_not_of(" \t\r") == line.npos) return Taken::other;
    if (!is_whole && is_export_) return is_partial_ ? Outcome<Taken>(Taken::end) : damaged("it is cut off");
    const auto read = read_export_line(line);
    if (!read) return damaged(read.error().message);
    return note(*read, line);
  }

  Outcome<Taken> note(const ExportLine& read, const std::string& line) {
    using Kind = ExportLine::Kind;
    if (read.kind == Kind::chunk && read.sum != chunk_sum_.text()) return damaged("the checksum is wrong");
    if (read.kind == Kind::end && read.sum != sum_.text()) return damaged("the checksum is wrong");
    for (Sha256* sum : {&sum_, &chunk_sum_}) {
      sum->add(line);
      sum->add("\n");
    }
    if (read.kind != Kind::pair) chunk_sum_ = Sha256();
    switch (read.kind) {
      case Kind::pair:
        ++pairs_;
        return Taken::pair;
      case Kind::head:
        if (read.version != export_version)
          return damaged("version " + std::to_string(read.version) + " of the format is not known here");
        is_export_ = true;
        return Taken::other;
      case Kind::begin_namespace:
        namespaces_.push_back(read.info);
        return Taken::new_namespace;
      case Kind::end:
        is_at_end_ = true;
        if (read.keys != pairs_) return damaged("the number of keys is wrong");
        return Taken::other;
      default:
        return Taken::other;
    }
  }

  std::unique_ptr<Upload> source_;
  Lines lines_;
  std::uint64_t start_;
  bool is_partial_;
  std::vector<NamespaceInfo> namespaces_;
  Sha256 sum_;
  Sha256 chunk_sum_;
  std::uint64_t number_ = 0;
  std::uint64_t pairs_ = 0;
  bool is_export_ = false;
  bool is_at_end_ = false;
};

class ArrayReader final : public ImportReader {
 public:
  ArrayReader(std::unique_ptr<Upload> source, std::uint64_t start)
      : source_(std::move(source)), elements_(*source_), start_(start) {}

  const std::vector<NamespaceInfo>& namespaces() const override { return namespaces_; }

  Outcome<std::optional<ImportUnit>> next() override {
    ImportUnit unit;
    std::size_t bytes = 0;
    while (!is_full(unit, bytes)) {
      auto element = elements_.next();
      if (!element) return element.error();
      if (!*element) break;
      if (elements_.count() <= start_) continue;
      if (unit.pairs.empty()) unit.first_number = elements_.count() - 1;
      bytes += (*element)->size();
      unit.pairs.push_back(**std::move(element));
      unit.end = elements_.count();
    }
    if (unit.pairs.empty()) return std::optional<ImportUnit>();
    return std::optional(std::move(unit));
  }

 private:
  std::unique_ptr<Upload> source_;
  JsonElements elements_;
  std::uint64_t start_;
  std::vector<NamespaceInfo> namespaces_;
};

// Gives back what was read to find out what a file is.
class Peeked final : public Upload {
 public:
  Peeked(std::unique_ptr<Upload> source, std::string begin)
      : source_(std::move(source)), begin_(std::move(begin)) {}
  std::optional<std::uint64_t> size() const override { return source_->size(); }
  bool rewind() override { return false; }
  std::optional<std::size_t> read(char* buffer, std::size_t bytes_max) override {
    if (begin_.empty()) return source_->read(buffer, bytes_max);
    const std::size_t count = begin_.copy(buffer, bytes_max);
    begin_.erase(0, count);
    return count;
  }

 private:
  std::unique_ptr<Upload> source_;
  std::string begin_;
};

}  // namespace

Outcome<std::unique_ptr<ImportReader>> open_import(const std::string& path, std::uint64_t start,
                                                   bool is_partial) {
  auto file = FileUpload::open(path);
  if (!file) return file.error();
  std::string begin;
  char first = ' ';
  while (begin.size() < limits::KiB && (first == ' ' || first == '\n' || first == '\r' || first == '\t')) {
    const auto read = (*file)->read(&first, 1);
    if (!read || *read == 0) break;
    begin += first;
  }
  auto source = std::make_unique<Peeked>(*std::move(file), begin);
  if (first == '[') return std::unique_ptr<ImportReader>(new ArrayReader(std::move(source), start));
  if (first == '{')
    return std::unique_ptr<ImportReader>(new LineReader(std::move(source), start, is_partial));
  return usage(path + " is neither JSON Lines nor a JSON array");
}

Outcome<ImportSummary> inspect_import(const std::string& path, bool is_partial, Instant now) {
  auto reader = open_import(path, 0, is_partial);
  if (!reader) return reader.error();
  ImportSummary summary;
  while (true) {
    const auto unit = (*reader)->next();
    if (!unit) return usage(path + ": " + unit.error().message, unit.error().advice);
    if (!*unit) break;
    for (const std::string& text : (*unit)->pairs) {
      JsonReader json(text);
      const auto pair = read_pair(json, now);
      if (!pair) return usage(path + ": pair " + std::to_string(summary.pairs) + ": " + pair.error().message);
      ++summary.pairs;
      summary.bytes += pair->value.size();
      if (is_due(*pair, now)) ++summary.expired;
    }
  }
  summary.namespaces = (*reader)->namespaces();
  return summary;
}

}  // namespace cubby::client
