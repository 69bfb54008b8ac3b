// The calls of an engine as plain functions that wait, for tests. An error that a test does not ask about is
// thrown.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/limits.hpp"
#include "store/engine.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run_task.hpp"

namespace cubby {

using namespace std::chrono_literals;

inline constexpr Timestamp written_at = ManualClock::default_start;
inline constexpr Instant t0{std::chrono::seconds(1'800'000'000)};  // the same moment, as readers tell it

inline Key key(std::string text) {
  return Key::parse(std::move(text)).value();
}
inline Title title(std::string text) {
  return Title::parse(std::move(text)).value();
}
inline std::optional<Metadata> metadata(std::string_view json) {
  return Metadata::parse(json).value();
}
// A JSON string of so many bytes, quotes included.
inline std::optional<Metadata> metadata_of(std::size_t bytes) {
  std::string text(bytes, 'm');
  text.front() = text.back() = '"';
  return metadata(text);
}
inline Namespace some_namespace(std::string name, AccountId account = AccountId::random()) {
  return {NamespaceId::random(), account, title(std::move(name)), Jurisdiction::none, NamespaceMode::classic};
}

// Bytes of every value, different for every seed, and without a period that fits a piece.
inline std::string some_bytes(std::size_t count, std::uint64_t seed = 1) {
  std::string bytes(count, '\0');
  std::uint64_t state = seed * 0x9E3779B97F4A7C15 + 1;
  for (char& byte : bytes) {
    state = state * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

inline Task<Result<std::string>> read_to_end(StoredValue value) {
  std::string bytes(value.bytes.view());
  while (value.rest) {
    const auto piece = co_await value.rest->read();
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    bytes += *piece;
  }
  co_return bytes;
}

// A value as it was read: everything in one place.
struct Found {
  Head head;
  std::string bytes;
};

struct PutOptions {
  std::optional<Metadata> metadata = std::nullopt;
  std::optional<Instant> expiration = std::nullopt;
  Timestamp at = written_at;
};

// One namespace of an engine.
class Store {
 public:
  Store(Engine& engine, NamespaceId id) : engine_(&engine), id_(id) {}

  Engine& engine() const { return *engine_; }
  NamespaceId id() const { return id_; }

  // Takes `bytes` in as a connection does: piece by piece.
  std::unique_ptr<Upload> upload(std::string_view bytes,
                                 std::size_t piece_bytes = limits::body_piece_bytes) const {
    auto upload = engine_->begin_upload(id_);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_bytes, bytes.size()))) {
      run(upload->append(bytes.substr(0, piece_bytes))).value();
    }
    run(upload->finish()).value();
    return upload;
  }

  Put new_put(std::string text, std::string_view bytes, PutOptions options = {}) const {
    return {key(std::move(text)), upload(bytes), std::move(options.metadata), options.expiration};
  }

  Result<Version> apply(std::vector<Mutation> mutations, Timestamp at = written_at) const {
    return run(engine_->apply(id_, std::move(mutations), at));
  }

  Version put(std::string text, std::string_view bytes, PutOptions options = {}) const {
    std::vector<Mutation> mutations;
    mutations.emplace_back(new_put(std::move(text), bytes, options));
    return apply(std::move(mutations), options.at).value();
  }

  Version remove(std::string text, Timestamp at = written_at) const {
    std::vector<Mutation> mutations;
    mutations.emplace_back(Delete{key(std::move(text))});
    return apply(std::move(mutations), at).value();
  }

  Result<std::optional<StoredValue>> open(std::string text, Instant now = t0) const {
    return run(engine_->get(id_, key(std::move(text)), now));
  }

  std::optional<Found> get(std::string text, Instant now = t0) const {
    auto value = open(std::move(text), now).value();
    if (!value) return std::nullopt;
    Head head = value->head;
    return Found{std::move(head), run(read_to_end(std::move(*value))).value()};
  }

  std::optional<Head> head(std::string text, Instant now = t0) const {
    return run(engine_->head(id_, key(std::move(text)), now)).value();
  }

  Usage usage(Instant now = t0) const { return run(engine_->usage(id_, now)).value().usage; }

  ScanSlice scan(std::string prefix = {}, std::string after = {}, std::uint32_t entries_max = 1000,
                 Instant now = t0) const {
    return run(engine_->scan({id_, std::move(prefix), std::move(after), entries_max, now})).value();
  }

 private:
  Engine* engine_;
  NamespaceId id_;
};

inline std::vector<std::string> keys_of(const ScanSlice& slice) {
  std::vector<std::string> keys;
  for (const Entry& entry : slice.entries) keys.push_back(entry.key.text());
  return keys;
}

// Removes all that is due, in portions; answers how many values.
inline std::uint32_t sweep_all(Engine& engine, Instant now, std::uint32_t rows_max = 1000) {
  std::uint32_t rows = 0;
  for (;;) {
    const Swept swept = run(engine.sweep(now, rows_max)).value();
    rows += swept.rows;
    if (swept.is_done) return rows;
  }
}

// A new namespace in the engine.
inline Store new_store(Engine& engine, std::string name = "a namespace") {
  const Namespace created = some_namespace(std::move(name));
  run(engine.create_namespace(created)).value();
  return {engine, created.id};
}

}  // namespace cubby
