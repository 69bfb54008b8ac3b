// Accounts, namespaces and tokens in one RADOS object, a copy of which every process keeps.
//
// Who changes it tells the others and waits for them, for a second at most: what is acknowledged is known
// everywhere. Whatever breaks, a copy is trusted for a second after the moment it was last known to be the
// newest; it is looked at three times a second, and a process that cannot look does not answer from it. So a
// revoked token is refused everywhere within a second at worst.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "rados/rados_layout.hpp"
#include "rados/rados_pool.hpp"
#include "rados/rados_watch.hpp"
#include "store/catalog.hpp"
#include "store/storage_pool.hpp"

namespace cubby {

// Thread-safe.
class RadosCatalog {
 public:
  struct Removal {
    IndexId index{};
    rados_layout::RemovalEntry entry;
  };

  // The catalog as it was at one moment.
  struct Copy {
    std::string generation;
    Catalog catalog;
    std::map<NamespaceId, IndexId> indexes;
    std::vector<Removal> removals;
    Version last_version{};  // given out by a process that has ended in order
  };
  using Shared = std::shared_ptr<const Copy>;

  // What a change writes.
  struct Rows {
    std::map<std::string, std::string> set;
    std::set<std::string> removed;
  };
  using Change = std::function<Result<Rows>(const Copy&)>;

  // `before_look` is called before each look, on the thread that follows the object; it may block.
  explicit RadosCatalog(
      RadosPool& pool, std::function<void()> before_look = [] {})
      : pool_(pool), before_look_(std::move(before_look)) {}
  ~RadosCatalog();

  // Makes the object if it is not there, and begins to follow it. Blocks. Called once, before anything else.
  Result<void> open();

  // A copy that is trusted.
  Task<Result<Shared>> current();
  // A copy that is not older than this call.
  Task<Result<Shared>> newest();

  // Calls `change` on the newest copy and writes its rows, unless another process has changed the catalog
  // meanwhile: then once more.
  Task<Result<void>> apply(Change change);

  // See Engine::access_generation: a number never given before while the copy is not trusted.
  std::uint64_t access_generation() const;

  // Blocks; for the end of a process.
  void keep_last_version(Version version);

  // As `newest` and `apply`. Block.
  Result<Shared> newest_blocking() { return refresh(Clock::now()); }
  Result<void> apply_blocking(const Change& change);

 private:
  using Clock = std::chrono::steady_clock;

  Shared copy() const;
  bool is_trusted() const;
  void follow(std::stop_token stop);
  Result<Shared> refresh(Clock::time_point asked);
  Result<Shared> read_copy();
  Result<std::string> read_generation();

  void look_when_told();

  RadosPool& pool_;
  const std::function<void()> before_look_;

  std::mutex reading_;  // one look at the object at a time
  Clock::time_point last_look_{};
  Result<void> last_result_;

  mutable std::mutex copy_mutex_;
  Shared copy_;
  std::atomic<Clock::rep> confirmed_{0};
  mutable std::atomic<std::uint64_t> untrusted_answers_{0};

  StoragePool threads_{2};
  StoragePool changing_{2};  // may have to wait for others
  std::mutex wait_mutex_;
  std::condition_variable_any wait_;
  bool is_told_ = false;  // that somebody has changed the object
  RadosWatch watch_{pool_, rados_layout::catalog_object, [this] { look_when_told(); }};
  std::jthread follower_;  // last: it uses all of the above
};

}  // namespace cubby
