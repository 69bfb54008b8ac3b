// Every engine that there is, and the fixture of the suites that run over all of them.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#ifdef CUBBY_WITH_RADOS
#include "rados/rados_engine.hpp"
#endif
#include "store/memory_engine.hpp"
#include "store/rocksdb_engine.hpp"
#include "tests/support/engine_calls.hpp"
#include "tests/support/fresh_directory.hpp"
#include "tests/support/rocksdb_rows.hpp"

namespace cubby {

struct EngineKind {
  const char* name;
  Result<std::unique_ptr<Engine>> (*open)(const std::filesystem::path& directory);
  bool is_durable;  // opened again, it has everything that it acknowledged
};

inline Result<std::unique_ptr<Engine>> open_rocksdb(const std::filesystem::path& directory) {
  return open_rocksdb_engine({.data_directory = directory, .storage_threads = 4, .cache_bytes = 8u << 20});
}

#ifdef CUBBY_WITH_RADOS
// A store of its own for each directory, on the cluster that the suite `rados` of ./dev test has started.
inline RadosOptions rados_options(const std::filesystem::path& directory, RadosSharding sharding = {}) {
  return {.conf_file = std::getenv("CUBBY_TEST_RADOS_CONF"),
          .pool = "cubby",
          .data_pool = {},
          .rados_namespace = directory.filename().string(),
          .sharding = std::move(sharding)};
}
inline Result<std::unique_ptr<Engine>> open_rados(const std::filesystem::path& directory) {
  return open_rados_engine(rados_options(directory));
}
// Shards that hold hardly anything, so that they split and merge all the time.
inline RadosSharding tiny_shards() {
  RadosSharding sharding;
  sharding.split_keys = 4;
  sharding.merge_keys = 3;
  sharding.merge_after = std::chrono::milliseconds(0);
  return sharding;
}
inline Result<std::unique_ptr<Engine>> open_rados_in_tiny_shards(const std::filesystem::path& directory) {
  return open_rados_engine(rados_options(directory, tiny_shards()));
}
inline Result<std::unique_ptr<Engine>> open_rados_in_shards_of_50(const std::filesystem::path& directory) {
  RadosSharding sharding = tiny_shards();
  sharding.split_keys = 50;
  sharding.merge_keys = 30;
  return open_rados_engine(rados_options(directory, sharding));
}
#endif

// A new engine is one line here.
inline std::vector<EngineKind> engines() {
  std::vector<EngineKind> all = {
      {"Memory",
       [](const std::filesystem::path&) -> Result<std::unique_ptr<Engine>> { return make_memory_engine(); },
       false},
      {"RocksDb", open_rocksdb, true},
  };
#ifdef CUBBY_WITH_RADOS
  if (std::getenv("CUBBY_TEST_RADOS_CONF")) all.push_back({"Rados", open_rados_in_shards_of_50, true});
#endif
  return all;
}
inline const std::vector<EngineKind> every_engine = engines();

inline std::string name_of(const testing::TestParamInfo<EngineKind>& info) {
  return info.param.name;
}
inline void PrintTo(const EngineKind& kind, std::ostream* out) {
  *out << kind.name;
}

// Opens and closes a data directory until its background work is done: each time does at least a step of it.
inline void settle(const std::filesystem::path& directory) {
  for (int time = 0; time < 100; ++time) {
    open_rocksdb(directory).value().reset();
    const RocksDbRows rows(directory);
    if (rows.of("removals").empty() && rows.of("garbage").empty()) return;
  }
  ADD_FAILURE() << "there is always more to do in " << directory;
}

// An engine with one empty namespace, `store`.
class EngineConformance : public testing::TestWithParam<EngineKind> {
 protected:
  FreshDirectory directory;
  std::unique_ptr<Engine> engine = GetParam().open(directory.path()).value();
  Store store = new_store(*engine);
};

}  // namespace cubby
