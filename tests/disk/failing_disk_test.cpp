// A disk on which one call fails: the k-th sync, or the k-th write, of the log, a table, the manifest, a
// value file or a directory. After it nothing may be acknowledged until the store was opened again, whatever
// later calls say; reads go on, and after a cut and a new start everything acknowledged is there.
//
//   ./dev torture --only failing-disk
//   CUBBY_SEED=1 CUBBY_COUNT=100 build/release/cubby_disk_tests --gtest_filter=FailingDisk.*   (see
//   run_length.hpp)
//
// A round is one call, with each of the faults.
#include <gtest/gtest.h>

#include <iostream>

#include "store/rocksdb_engine.hpp"
#include "tests/disk/fault_file_system.hpp"
#include "tests/disk/run_length.hpp"
#include "tests/disk/workload.hpp"
#include "tests/support/fresh_directory.hpp"

namespace cubby::disk {
namespace {

struct Kind {
  const char* name;
  Call call;
  IOStatus error;
  bool is_full = false;  // what a disk says that has no space left for us
};

const Kind kinds[] = {{"sync, EIO", Call::sync, IOStatus::IOError("Input/output error")},
                      {"write, EIO", Call::write, IOStatus::IOError("Input/output error")},
                      {"sync, ENOSPC", Call::sync, IOStatus::NoSpace("No space left on device"), true},
                      {"write, ENOSPC", Call::write, IOStatus::NoSpace("No space left on device"), true},
                      {"write, EDQUOT", Call::write, IOStatus::IOError("Disk quota exceeded"), true}};

class FailingDisk : public testing::Test {
 protected:
  // False: so many calls were not made.
  bool fail_once(const Kind& kind, std::uint64_t k) {
    const FreshDirectory root;
    disk = std::make_shared<FaultFileSystem>(root.path() / "attic");
    disk->fail_at(kind.call, k, kind.error);
    std::unique_ptr<Workload> workload;
    auto engine = open(root.path());
    if (engine) workload = work(**engine, kind, k);
    const std::string failed = disk->failed();
    if (engine) engine->reset();
    std::mt19937_64 random(k);
    disk->cut_power_now();
    disk->lose_what_is_not_synced(random);
    const auto again = open(root.path());
    EXPECT_TRUE(again) << failed << ": " << again.error().argument;
    if (again && workload) {
      for (const std::string& each : workload->verify(**again)) ADD_FAILURE() << failed << ": " << each;
    }
    const std::string extension = fs::path(failed).extension();
    ++by_file[extension.empty() ? "other" : extension];
    return !failed.empty();
  }

  Result<std::unique_ptr<Engine>> open(const fs::path& root) {
    return open_rocksdb_engine({.data_directory = root / "data",
                                .storage_threads = 3,
                                .cache_bytes = 8u << 20,
                                .log_bytes_max = 1u << 20,
                                .file_system = disk});
  }

  std::unique_ptr<Workload> work(Engine& engine, const Kind& kind, std::uint64_t k) {
    const Namespace of = some_namespace("a");
    if (!run(engine.create_namespace(of))) return expect_stopped(engine), nullptr;
    auto workload = std::make_unique<Workload>(engine, of.id, WorkloadOptions{.seed = k + 1, .steps = 250});
    std::atomic<std::uint64_t> failed_at = 0;
    std::atomic<std::uint64_t> told_at = 0;
    disk->on_fault([&] { failed_at = workload->clock().next(); });
    workload->on_refused = [&](const Error& error) {
      if (error.code == Errc::storage_failed && told_at == 0) told_at = workload->clock().next();
    };
    workload->on_acknowledged = [&](std::uint64_t began) {
      const std::uint64_t since = is_noticed_later() ? told_at : failed_at;
      if (since > 0 && began > since && stops(kind))
        ADD_FAILURE() << "acknowledged after " << disk->failed() << " had failed";
    };
    if (!disk->failed().empty()) failed_at = 1;  // by now, behind our back
    workload->run_all();
    disk->on_fault([] {});
    if (disk->failed().empty()) return workload;
    if (stops(kind)) expect_stopped(engine);
    for (const std::string& each : workload->verify(engine))
      ADD_FAILURE() << disk->failed() << ", before the restart: " << each;
    return workload;
  }

  // Only the log is written by the commits themselves. What is written beside them has no part in a commit
  // that is acknowledged before its thread has got hold of the processor again; from the first writer that is
  // told on, nothing is.
  bool is_noticed_later() const { return !disk->failed().ends_with(".log"); }

  // A value or a compaction that finds no space harms nobody else.
  bool stops(const Kind& kind) const {
    const std::string failed = disk->failed();
    if (fs::path(failed).filename() == "LOG") return false;  // of events, which nothing depends on
    const bool is_log = failed.ends_with(".log") || failed.find("MANIFEST") != failed.npos;
    return kind.call == Call::sync || !kind.is_full || is_log;
  }

  void expect_stopped(Engine& engine) {
    const auto created = run(engine.create_namespace(some_namespace("later")));
    ASSERT_FALSE(created) << "acknowledged long after " << disk->failed() << " had failed";
    EXPECT_EQ(created.error().code, Errc::storage_failed);
    const auto writable = run(engine.check_writable());
    ASSERT_FALSE(writable) << disk->failed();
    EXPECT_EQ(writable.error().code, Errc::storage_failed);
    EXPECT_TRUE(run(engine.figures(t0)).value().has_failed);
  }

  std::shared_ptr<FaultFileSystem> disk;
  std::map<std::string, int> by_file;
};

TEST_F(FailingDisk, AcknowledgesNothingMoreAndLosesNothing) {
  const RunLength length(6);
  // A short round meets calls of an open, and of the load.
  const std::uint64_t step = length.is_long() ? 1 : 23;
  std::uint64_t faults = 0;
  std::uint64_t k = length.seed() - 1;
  for (std::uint64_t rounds = 0; length.goes_on(rounds) && !HasFailure(); ++rounds, k += step) {
    for (const Kind& kind : kinds) {
      SCOPED_TRACE(std::string(kind.name) + ", call " + std::to_string(k));
      if (fail_once(kind, k)) ++faults;
    }
  }
  std::cout << "calls " << length.seed() - 1 << " to " << k - step << ": " << faults << " faults";
  for (const auto& [file, count] : by_file) std::cout << ", " << count << " " << file;
  std::cout << std::endl;
  EXPECT_GT(faults, 0u);
}

}  // namespace
}  // namespace cubby::disk
