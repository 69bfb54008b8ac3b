#include "client/pair_writer.hpp"

#include "core/json_text.hpp"

namespace cubby::client {
namespace {

bool is_about_pairs(const Failure& failure) {
  if (failure.kind == Failure::Kind::refused) return false;
  return failure.status == 400 || failure.status == 413 || failure.status == 414;
}

}  // namespace

Outcome<void> PairWriter::add(Pair pair) {
  if (is_due(pair, whole_seconds(clock_.now()))) {
    ++report_.expired;
    return {};
  }
  Written written{.key = pair.key, .json = {}, .value_bytes = pair.value.size()};
  append_pair(written.json, pair);
  if (pairs_.size() == write_pairs_max || bytes_ + written.json.size() > write_bytes_max)
    if (auto flushed = flush(); !flushed) return flushed;
  bytes_ += written.json.size();
  pairs_.push_back(std::move(written));
  return {};
}

Outcome<void> PairWriter::flush() {
  if (pairs_.empty()) return {};
  auto written = write(0, pairs_.size());
  pairs_.clear();
  bytes_ = 0;
  return written;
}

Outcome<void> PairWriter::write(std::size_t begin, std::size_t end) {
  std::string json = "[";
  for (std::size_t i = begin; i < end; ++i) {
    if (i > begin) json += ',';
    json += pairs_[i].json;
  }
  json += ']';
  const auto written = client_.bulk_put(id_, std::move(json));
  if (written) {
    for (std::size_t i = begin; i < end; ++i) report_.bytes += pairs_[i].value_bytes;
    report_.keys += end - begin;
    return {};
  }
  if (!is_about_pairs(written.error())) return written.error();
  if (end - begin == 1) {
    ++report_.refused;
    report_.say("refused: " + json::quoted(pairs_[begin].key) + ": " + written.error().message);
    return {};
  }
  const std::size_t middle = begin + (end - begin) / 2;
  if (auto first = write(begin, middle); !first) return first;
  return write(middle, end);
}

}  // namespace cubby::client
