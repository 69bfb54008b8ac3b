// Group commit: many waiting writers, one synced write.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/counters.hpp"
#include "core/error.hpp"
#include "core/resume.hpp"

namespace cubby {

// One thread takes all changes that wait, lets each add its rows to a batch, writes the batch once and
// answers all of them. Changes run one after the other in the order of `push`, so a change may read before it
// writes.
template <class Batch>
class CommitQueue {
 public:
  struct Change {
    // Adds rows to the batch, or refuses: then it must have added none. Runs on the commit thread.
    std::function<Result<void>(Batch&)> stage;
    // Told once the batch is on stable storage, or that the change was refused or not written. Same thread.
    std::function<void(Result<void>)> done;
    // Changes what later changes check against: it gets a batch of its own.
    bool is_exclusive = false;
  };

  // `begin` makes an empty batch; `write` puts one on stable storage. Both run on the commit thread.
  CommitQueue(std::function<Batch()> begin, std::function<Result<void>(Batch&)> write)
      : begin_(std::move(begin)), write_(std::move(write)), thread_([this] { run(); }) {}

  // Commits what still waits, then ends.
  ~CommitQueue() {
    {
      const std::scoped_lock lock(mutex_);
      is_stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  // Thread-safe.
  void push(Change change) {
    {
      const std::scoped_lock lock(mutex_);
      waiting_.push_back(std::move(change));
    }
    wake_.notify_one();
  }

  // For who watches; thread-safe.
  std::size_t waiting() {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }
  const DurationCounter& writes() const { return writes_; }   // of batches
  std::uint64_t changes() const { return changes_.value(); }  // that were written

 private:
  void run() {
    for (;;) {
      // Gone before the next wait: they keep their callers' loops running.
      std::vector<Change> changes = take();
      if (changes.empty()) return;
      auto group = changes.begin();
      while (group != changes.end()) group = commit_group(group, changes.end());
    }
  }

  // Everything that waits; nothing when it is time to end.
  std::vector<Change> take() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
    return std::exchange(waiting_, {});
  }

  using Iterator = typename std::vector<Change>::iterator;

  // Commits from `first` up to the next exclusive change, or that change alone; returns where the next group
  // begins.
  Iterator commit_group(Iterator first, Iterator last) {
    const ResumeTogether answers;
    Batch batch = begin_();
    std::vector<Change*> staged;
    Iterator each = first;
    for (; each != last && (each == first || !(each->is_exclusive || first->is_exclusive)); ++each) {
      const auto accepted = each->stage(batch);
      if (accepted)
        staged.push_back(&*each);
      else
        each->done(accepted.error());
    }
    if (staged.empty()) return each;
    const auto begin = std::chrono::steady_clock::now();
    const auto written = write_(batch);
    writes_.add(std::chrono::steady_clock::now() - begin);
    if (written) changes_.add(staged.size());
    for (Change* change : staged) change->done(written);
    return each;
  }

  const std::function<Batch()> begin_;
  const std::function<Result<void>(Batch&)> write_;

  DurationCounter writes_;
  Counter changes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Change> waiting_;
  bool is_stopping_ = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace cubby
