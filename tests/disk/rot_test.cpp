// A data directory in which one bit has changed, in a file of any kind: the right bytes come back, or an
// error; never wrong bytes, and nothing that was acknowledged is silently not there. Whatever a reader gets
// an error for, `cubby check` names too; a damaged log, manifest or table is refused by its name.
//
//   ./dev torture --only rot
//   CUBBY_SEED=1 CUBBY_COUNT=100 build/release/cubby_disk_tests --gtest_filter=Rot.*   (see run_length.hpp)
//
// A round is one bit.
#include <gtest/gtest.h>

#include <iostream>

#include "store/rocksdb_check.hpp"
#include "store/rocksdb_engine.hpp"
#include "tests/disk/fault_file_system.hpp"
#include "tests/disk/run_length.hpp"
#include "tests/disk/workload.hpp"
#include "tests/support/fresh_directory.hpp"

namespace cubby::disk {
namespace {

Result<std::unique_ptr<Engine>> open(const fs::path& data, std::shared_ptr<FaultFileSystem> disk = {}) {
  return open_rocksdb_engine({.data_directory = data,
                              .storage_threads = 2,
                              .cache_bytes = 8u << 20,
                              .log_bytes_max = 1u << 20,
                              .file_system = std::move(disk)});
}

// A store that has lived: tables on several levels, blob files, value files, a manifest with a past.
class Rotten {
 public:
  explicit Rotten(std::uint64_t seed) {
    const auto disk = std::make_shared<FaultFileSystem>(root_.path() / "attic");
    auto engine = open(killed_, disk).value();
    for (int life = 0; life < 3; ++life) {
      const Namespace of = some_namespace("rot " + std::to_string(life));
      run(engine->create_namespace(of)).value();
      workloads_.push_back(std::make_unique<Workload>(
          *engine, of.id,
          WorkloadOptions{.seed = seed * 10 + static_cast<std::uint64_t>(life), .steps = 40}));
      workloads_.back()->run_all();
      for (auto& earlier : workloads_) {
        if (earlier != workloads_.back()) earlier->note_sweeps_of(*workloads_.back());
      }
    }
    // Nothing changes any more: this is what a kill leaves, with much in the log.
    disk->cut_power_now();
    engine.reset();
    copy(killed_, closed_, {});
    open(closed_).value().reset();
    for (const fs::path* each : {&closed_, &killed_}) {
      for (const auto& entry : fs::recursive_directory_iterator(*each)) {
        if (!entry.is_regular_file() || entry.file_size() == 0) continue;
        const fs::path path = entry.path().lexically_relative(*each);
        // RocksDB's own diary is read by people.
        if (path.filename().string().starts_with("LOG")) continue;
        files_[kind_of(path)].emplace_back(each, path);
      }
    }
  }

  // One bit of a file of any kind; kinds have equal parts.
  void flip(std::mt19937_64& random) {
    auto kind = std::next(files_.begin(), static_cast<std::ptrdiff_t>(random() % files_.size()));
    const auto& [source, path] = kind->second[random() % kind->second.size()];
    const fs::path data = root_.path() / "flipped";
    fs::remove_all(data);
    copy(*source, data, path);
    const auto size = fs::file_size(data / path);
    // The beginning and the end of a file are more interesting than their size says.
    const std::uint64_t ends[] = {random() % size, random() % std::min<std::uint64_t>(size, 64),
                                  size - 1 - random() % std::min<std::uint64_t>(size, 256)};
    const std::uint64_t at = ends[random() % 3];
    const unsigned bit = random() % 8;
    SCOPED_TRACE(path.string() + ", bit " + std::to_string(bit) + " of byte " + std::to_string(at) + " of " +
                 std::to_string(size));
    flip_bit(data / path, at, bit);
    const Outcome outcome = look(data, path);
    ++outcomes_[kind->first + std::string(outcome == Outcome::right     ? ": right"
                                          : outcome == Outcome::refused ? ": refused"
                                                                        : ": error of a read")];
  }

  const std::map<std::string, int>& outcomes() const { return outcomes_; }

 private:
  enum class Outcome { right, refused, error };

  static std::string kind_of(const fs::path& path) {
    if (path.begin()->string() == "values") return "value file";
    const std::string name = path.filename();
    if (name.starts_with("MANIFEST")) return "MANIFEST";
    if (name.starts_with("OPTIONS")) return "OPTIONS";
    return path.has_extension() ? path.extension().string().substr(1) : name;
  }

  // Files that nobody changes in place are linked.
  static void copy(const fs::path& from, const fs::path& to, const fs::path& whole) {
    fs::create_directories(to);
    for (const auto& entry : fs::recursive_directory_iterator(from)) {
      const fs::path path = entry.path().lexically_relative(from);
      const std::string extension = path.extension();
      const bool is_linked = (extension == ".sst" || extension == ".blob" || extension.empty()) &&
                             path != whole && path.has_parent_path() && path.filename() != "LOCK" &&
                             !path.filename().string().starts_with("LOG");
      if (entry.is_directory())
        fs::create_directories(to / path);
      else if (is_linked)
        fs::create_hard_link(entry.path(), to / path);
      else
        fs::copy_file(entry.path(), to / path);
    }
  }

  static void flip_bit(const fs::path& path, std::uint64_t at, unsigned bit) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ (1 << bit)));
  }

  Outcome look(const fs::path& data, const fs::path& path) {
    auto engine = open(data);
    if (!engine) {
      const bool is_named = path.extension() == ".log" || path.extension() == ".sst" ||
                            path.filename().string().starts_with("MANIFEST");
      if (is_named) {
        EXPECT_NE(engine.error().argument.find(path.filename().string()), std::string::npos)
            << engine.error().argument;
      }
      return Outcome::refused;
    }
    bool has_errors = false;
    for (auto& each : workloads_) {
      for (const std::string& finding : each->verify(**engine)) {
        // An error is an honest answer; `verify` says so in these words.
        if (finding.find("cannot be read") != finding.npos || finding.find("cannot list") != finding.npos)
          has_errors = true;
        else
          ADD_FAILURE() << finding;
      }
    }
    engine->reset();
    expect_named(data, has_errors);
    return has_errors ? Outcome::error : Outcome::right;
  }

  // What a reader was told, `cubby check` tells too.
  static void expect_named(const fs::path& data, bool has_errors) {
    std::string told;
    const auto report = check_data_directory({.data_directory = data},
                                             [&told](const std::string& what) { told += what + "\n"; });
    if (!has_errors) return;
    EXPECT_TRUE(!report || report->damaged > 0) << told;
  }

  const FreshDirectory root_;
  const fs::path closed_ = root_.path() / "closed";
  const fs::path killed_ = root_.path() / "killed";
  std::vector<std::unique_ptr<Workload>> workloads_;
  std::map<std::string, std::vector<std::pair<const fs::path*, fs::path>>> files_;  // by kind
  std::map<std::string, int> outcomes_;
};

TEST(Rot, IsNeverTakenForData) {
  const RunLength length(45);
  std::uint64_t flips = 0;
  std::mt19937_64 random(length.seed());
  SCOPED_TRACE("CUBBY_SEED=" + std::to_string(length.seed()));
  Rotten store(length.seed());
  for (; length.goes_on(flips) && !testing::Test::HasFailure(); ++flips) store.flip(random);
  std::cout << "seed " << length.seed() << ": " << flips << " flips";
  for (const auto& [outcome, count] : store.outcomes()) std::cout << ", " << count << " " << outcome;
  std::cout << std::endl;
}

}  // namespace
}  // namespace cubby::disk
