// Seeded random operations on an engine and on a model of a few maps: both must always answer the same. A
// failure prints its seed; CUBBY_SEED=<number> runs that seed alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <list>
#include <map>
#include <random>

#include "tests/support/engine_fixture.hpp"
#include "tests/support/store_model.hpp"

namespace cubby {
namespace {

constexpr int steps_per_seed = 300;

std::vector<std::uint64_t> seeds() {
  if (const char* const given = std::getenv("CUBBY_SEED")) return {std::strtoull(given, nullptr, 10)};
  return {1, 2, 3};
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t end) { return engine_() % end; }
  bool one_in(std::size_t count) { return below(count) == 0; }

  // Not HexId::random(): a seed must give the same run each time.
  template <class Id>
  Id id() {
    typename Id::Bytes bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(below(256));
    return Id(bytes);
  }

  template <class Range>
  auto any_of(const Range& range) {
    return *std::next(std::begin(range), static_cast<std::ptrdiff_t>(below(std::size(range))));
  }

 private:
  std::mt19937_64 engine_;
};

// Few keys, so that operations meet; each is a prefix, a neighbour or an end of something.
const std::string model_keys[] = {"a",
                                  "a/",
                                  "a/b",
                                  "a/b/c",
                                  "aa",
                                  "b",
                                  std::string("b\0", 2),
                                  "b\x01",
                                  "c\x7F",
                                  "c\xC2\x80",
                                  "\xC3\xA9",
                                  "\xC3\xA9t",
                                  "\xF4\x8F\xBF\xBF",
                                  std::string(limits::key_bytes_max, 'k')};
const std::string model_prefixes[] = {"",  "", "", "a", "a/", "a/b", "b", "c", "\xC3", "\xF4\x8F\xBF\xBF",
                                      "zz"};
const std::string model_titles[] = {"one", "two", "three"};
const std::size_t model_sizes[] = {0,
                                   1,
                                   100,
                                   limits::inline_value_bytes_max,
                                   limits::inline_value_bytes_max + 1,
                                   5000,
                                   limits::value_piece_bytes - 1,
                                   limits::value_piece_bytes,
                                   limits::value_piece_bytes + 1,
                                   2 * limits::value_piece_bytes + 100};

// With what is removed meanwhile, in the background, left out. Values first: a head that is copied later
// names none that is younger.
void copy_directory(const std::filesystem::path& from, const std::filesystem::path& to) {
  namespace fs = std::filesystem;
  fs::create_directories(to);
  std::error_code is_gone;
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(from)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end(), std::greater<>());
  for (const fs::path& entry : entries) {
    if (fs::is_directory(entry, is_gone))
      copy_directory(entry, to / entry.filename());
    else
      fs::copy_file(entry, to / entry.filename(), is_gone);
  }
}

// The files of the database, with the length of its manifest: while it stays the same, no table comes or
// goes. None where the data is in a cluster.
std::map<std::string, std::uintmax_t> tables_in(const std::filesystem::path& database) {
  namespace fs = std::filesystem;
  std::map<std::string, std::uintmax_t> files;
  std::error_code is_gone;
  for (const auto& entry : fs::directory_iterator(database, is_gone)) {
    const std::string name = entry.path().filename();
    files[name] = name.starts_with("MANIFEST") ? fs::file_size(entry, is_gone) : 0;
  }
  return files;
}

// One run: does a random step on both sides, and compares what they answer.
class ModelRun {
 public:
  ModelRun(const EngineKind& kind, const std::filesystem::path& directory, std::uint64_t seed)
      : kind_(kind), directory_(directory), random_(seed), engine_(kind.open(directory).value()) {}

  void run_steps() {
    for (int step = 0; step < steps_per_seed && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      do_step();
      compare_usage();
    }
    for (const auto& [id, each] : known_) compare_all_keys(id);
  }

 private:
  void do_step() {
    const std::size_t dice = random_.below(100);
    if (dice < 40) return apply();
    if (dice < 55) return get_or_head();
    if (dice < 70) return scan_pages();
    if (dice < 75) return begin_reading();
    if (dice < 80) return end_reading();
    if (dice < 86) return move_clock();
    if (dice < 89) return sweep();
    if (dice < 90) return abandon_upload();
    if (dice < 91) return recount();
    if (dice < 94) return create_namespace();
    if (dice < 96) return rename_namespace();
    if (dice < 98) return remove_namespace();
    return random_.one_in(2) ? reopen() : reopen_after_a_kill();
  }

  Instant now() const { return whole_seconds(clock_.now()); }

  // Mostly one that exists; also removed ones, and ones that never were.
  NamespaceId any_namespace() {
    if (known_.empty() || random_.one_in(20)) return random_.id<NamespaceId>();
    return random_.any_of(known_).first;
  }

  // ---- Data

  void apply() {
    const NamespaceId id = any_namespace();
    const bool exists = model_.catalog.contains(id);
    Model::Records expected = exists ? model_.data[id] : Model::Records();
    std::vector<Mutation> mutations;
    std::vector<std::string> put;
    for (std::size_t count = random_.one_in(3) ? 1 + random_.below(5) : 1; count > 0; --count) {
      const std::string text = random_.any_of(model_keys);
      if (random_.one_in(4)) {
        mutations.emplace_back(Delete{key(text)});
        expected.erase(text);
      } else {
        mutations.emplace_back(any_put(id, text, expected));
        put.push_back(text);
      }
    }

    const auto applied = run(engine_->apply(id, std::move(mutations), clock_.now()));

    if (!exists) {
      ASSERT_EQ(applied.error().code, Errc::namespace_not_found);
      return;
    }
    ASSERT_GT(applied.value(), model_.last_version);
    model_.last_version = *applied;
    for (const std::string& each : put) {
      if (expected.contains(each)) expected.at(each).head.version = *applied;
    }
    model_.data[id] = std::move(expected);
  }

  Put any_put(NamespaceId id, const std::string& text, Model::Records& expected) {
    Model::Record record{{}, next_seed_++};
    record.head.value_bytes = random_.any_of(model_sizes);
    if (random_.one_in(3)) record.head.metadata = metadata(std::to_string(next_seed_));
    if (random_.one_in(3)) record.head.expiration = now() + std::chrono::seconds(random_.below(200));
    const std::size_t piece_bytes = 1 + random_.below(2 * limits::value_piece_bytes);
    Put put{key(text), Store(*engine_, id).upload(record.bytes(), std::max<std::size_t>(piece_bytes, 5000)),
            record.head.metadata, record.head.expiration};
    expected.insert_or_assign(text, std::move(record));
    return put;
  }

  void get_or_head() { compare(any_namespace(), random_.any_of(model_keys), random_.one_in(2)); }

  void compare(NamespaceId id, const std::string& text, bool with_bytes) {
    const Store store(*engine_, id);
    const Model::Record* const expected = model_.find(id, text, now());
    const auto head = store.head(text, now());
    ASSERT_EQ(head.has_value(), expected != nullptr);
    if (expected) {
      ASSERT_EQ(*head, expected->head);
    }
    if (!with_bytes) return;
    const auto found = store.get(text, now());
    ASSERT_EQ(found.has_value(), expected != nullptr);
    if (!expected) return;
    ASSERT_EQ(found->head, expected->head);
    ASSERT_TRUE(found->bytes == expected->bytes());
  }

  void scan_pages() {
    const NamespaceId id = any_namespace();
    const std::string prefix = random_.any_of(model_prefixes);
    std::string after = random_.one_in(3) ? random_.any_of(model_keys) : "";
    const auto entries_max = static_cast<std::uint32_t>(1 + random_.below(6));
    const auto expected = model_.list(id, prefix, after, now());

    std::vector<std::pair<std::string, Head>> listed;
    for (;;) {
      const ScanSlice slice = Store(*engine_, id).scan(prefix, after, entries_max, now());
      ASSERT_LE(slice.entries.size(), entries_max);
      for (const Entry& each : slice.entries) listed.emplace_back(each.key.text(), each.head);
      if (!slice.resume_after) break;
      ASSERT_GT(*slice.resume_after, after);
      after = *slice.resume_after;
    }

    ASSERT_EQ(listed, expected);
  }

  // Readers stay open over later steps: nothing may change under them.
  void begin_reading() {
    const NamespaceId id = any_namespace();
    const std::string text = random_.any_of(model_keys);
    const Model::Record* const expected = model_.find(id, text, now());
    auto value = Store(*engine_, id).open(text, now()).value();
    ASSERT_EQ(value.has_value(), expected != nullptr);
    if (expected) readers_.push_back({std::move(*value), expected->bytes()});
  }

  void end_reading() {
    if (readers_.empty()) return;
    ASSERT_TRUE(run(read_to_end(std::move(readers_.front().value))).value() == readers_.front().bytes);
    readers_.pop_front();
  }

  void abandon_upload() {
    const auto upload = engine_->begin_upload(any_namespace());
    run(upload->append(some_bytes(random_.any_of(model_sizes)))).value();
  }

  void move_clock() {
    const auto seconds = static_cast<std::int64_t>(random_.below(120));
    clock_.advance(std::chrono::seconds(random_.one_in(3) ? -seconds : seconds) + 1ms);
  }

  // Mostly less than all that is due: what is left must count as gone all the same.
  void sweep() {
    const auto due = model_.due(now());
    const std::size_t rows_max = random_.one_in(3) ? 1000 : 1 + random_.below(3);

    const Swept swept = run(engine_->sweep(now(), static_cast<std::uint32_t>(rows_max))).value();

    ASSERT_EQ(swept.rows, std::min(due.size(), rows_max));
    ASSERT_FALSE(swept.is_done && due.size() > rows_max);
    for (std::size_t i = 0; i < swept.rows; ++i) model_.data[due[i].first].erase(due[i].second);
  }

  // Also of removed namespaces, and with the clock to both sides.
  void compare_usage() {
    for (const auto& [id, each] : known_) {
      for (const auto seconds : {0s, 50s, -50s}) {
        ASSERT_EQ(run(engine_->usage(id, now() + seconds)).value().usage, model_.usage(id, now() + seconds));
      }
    }
  }

  void recount() {
    const NamespaceId id = any_namespace();
    ASSERT_EQ(run(engine_->recount(id, now())).value(), model_.usage(id, now()));
  }

  // ---- Namespaces

  void create_namespace() {
    Namespace created = some_namespace(random_.any_of(model_titles), random_.any_of(accounts_));
    created.id = random_.id<NamespaceId>();
    const bool is_taken = model_.has_title(created.account, created.title);

    const auto result = run(engine_->create_namespace(created));

    ASSERT_EQ(result.has_value(), !is_taken);
    known_.emplace(created.id, created);
    if (!is_taken) model_.catalog.emplace(created.id, created);
    compare_catalog();
  }

  void rename_namespace() {
    const NamespaceId id = any_namespace();
    const Title wanted = title(random_.any_of(model_titles));

    const auto result = run(engine_->rename_namespace(id, wanted));

    const auto found = model_.catalog.find(id);
    if (found == model_.catalog.end()) {
      ASSERT_EQ(result.error().code, Errc::namespace_not_found);
    } else if (model_.has_title(found->second.account, wanted, id)) {
      ASSERT_EQ(result.error().code, Errc::title_taken);
    } else {
      found->second.title = wanted;
      ASSERT_EQ(result.value(), found->second);
    }
    compare_catalog();
  }

  void remove_namespace() {
    const NamespaceId id = any_namespace();

    const auto result = run(engine_->remove_namespace(id));

    ASSERT_EQ(result.has_value(), model_.catalog.erase(id) == 1);
    model_.data.erase(id);
    compare_catalog();
    compare_all_keys(id);
  }

  void compare_catalog() {
    for (const AccountId& account : accounts_) {
      std::map<NamespaceId, Namespace> found;
      for (const Namespace& each : run(engine_->namespaces(account)).value()) found.emplace(each.id, each);
      std::map<NamespaceId, Namespace> expected;
      for (const auto& [id, each] : model_.catalog) {
        if (each.account == account) expected.emplace(id, each);
      }
      ASSERT_EQ(found, expected);
    }
  }

  void compare_all_keys(NamespaceId id) {
    for (const std::string& each : model_keys) compare(id, each, /*with_bytes=*/true);
    ASSERT_EQ(run(engine_->usage(id, now())).value().usage, model_.usage(id, now()));
  }

  void reopen() {
    if (!kind_.is_durable) return;
    readers_.clear();
    engine_.reset();
    open_again();
  }

  // What a kill leaves is what the files hold at that moment, with the engine still open.
  void reopen_after_a_kill() {
    if (!kind_.is_durable) return;
    readers_.clear();
    const std::filesystem::path left = directory_.string() + "-killed";
    // A copy takes longer than a kill: a compaction in between would make one of no moment at all.
    for (bool is_of_one_moment = false; !is_of_one_moment;) {
      std::filesystem::remove_all(left);
      const auto before = tables_in(directory_ / "db");
      copy_directory(directory_, left);
      is_of_one_moment = tables_in(directory_ / "db") == before;
    }
    engine_.reset();
    std::filesystem::remove_all(directory_);
    std::filesystem::rename(left, directory_);
    open_again();
  }

  void open_again() {
    engine_ = kind_.open(directory_).value();
    compare_catalog();
    for (const auto& [id, each] : known_) compare_all_keys(id);
  }

  struct Reader {
    StoredValue value;
    std::string bytes;  // what it must give
  };

  const EngineKind kind_;
  const std::filesystem::path directory_;
  Random random_;
  ManualClock clock_;
  Model model_;
  std::map<NamespaceId, Namespace> known_;  // removed and refused ones too
  const std::vector<AccountId> accounts_{AccountId({1}), AccountId({2})};
  std::uint64_t next_seed_ = 1;
  std::unique_ptr<Engine> engine_;
  std::list<Reader> readers_;  // after the engine: they end before it
};

class EngineModel : public testing::TestWithParam<EngineKind> {};
std::vector<EngineKind> engines_of_the_model() {
  std::vector<EngineKind> all = every_engine;
#ifdef CUBBY_WITH_RADOS
  // Instead of the one whose shards hold 50 keys: there are 14 here.
  if (all.back().name == std::string("Rados")) all.back().open = open_rados_in_tiny_shards;
#endif
  return all;
}
INSTANTIATE_TEST_SUITE_P(Every, EngineModel, testing::ValuesIn(engines_of_the_model()), name_of);

TEST_P(EngineModel, AgreesOnEveryStep) {
  for (const std::uint64_t seed : seeds()) {
    SCOPED_TRACE("CUBBY_SEED=" + std::to_string(seed));
    const FreshDirectory directory;
    ModelRun(GetParam(), directory.path(), seed).run_steps();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace cubby
