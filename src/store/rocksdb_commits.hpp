// The group commit of the RocksDB engine, and changes that are alone in their group.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/resume.hpp"
#include "core/task.hpp"
#include "store/commit_queue.hpp"
#include "store/rocksdb_batch.hpp"

namespace cubby {

using RocksDbCommits = CommitQueue<RocksDbBatch>;

// A change that later ones are checked against. Both functions run on the commit thread.
template <class T>
struct LoneChange {
  // Adds rows and answers what it made, or refuses and has added none.
  std::function<Result<T>(RocksDbBatch&)> stage;
  // What is to be done once that is written; may be empty.
  std::function<void(const T&)> then{};
};

// Resumes the caller once the change is on stable storage, refused or not written.
// Errors: those of `stage` and of the write.
template <class T>
Task<Result<T>> commit_alone(RocksDbCommits& commits, LoneChange<T> change) {
  using Answer = Result<T>;
  auto staged = std::make_shared<std::optional<T>>();
  // Named: GCC 12 destroys the captures of a temporary lambda twice when it stands in a `co_await`
  // expression.
  auto start = [&commits, staged, &change](std::function<void(Answer)> resume) {
    commits.push({.stage = [staged, stage = std::move(change.stage)](RocksDbBatch& batch) -> Result<void> {
                    auto result = stage(batch);
                    if (!result) return result.error();
                    staged->emplace(std::move(*result));
                    return {};
                  },
                  .done =
                      [staged, then = std::move(change.then), resume](Result<void> written) {
                        if (!written) return resume(written.error());
                        if (then) then(**staged);
                        resume(std::move(**staged));
                      },
                  .is_exclusive = true});
  };
  co_return co_await resume_later<Answer>(std::move(start));
}

}  // namespace cubby
