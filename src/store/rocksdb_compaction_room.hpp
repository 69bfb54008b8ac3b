// Keeps compactions from using up the disk that deletes and the log need.
#pragma once

#include <rocksdb/listener.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <thread>

#include "core/limits.hpp"
#include "store/disk_space.hpp"

namespace cubby {

// A compaction takes what there is, and then the next record of the log finds no space, which ends all
// writing. So what it writes is asked for here; where it gets no more it fails as on a full disk: its output
// is dropped, and RocksDB tries again after a second. It reads its input to the end each time, for nothing
// while nothing changes. So the next ones of the family fail when they open their first table, for
// limits::compaction_put_off, and twice as long after each further try up to an hour, unless more is free, or
// somebody has asked for them (RocksDbReclaim).
// RocksDB calls the listener on the thread of the compaction, of which there is one at a time.
class CompactionRoom final : public rocksdb::EventListener {
 public:
  explicit CompactionRoom(DiskSpace& space) : space_(space) {}

  void OnCompactionBegin(rocksdb::DB*, const rocksdb::CompactionJobInfo& job) override;
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& job) override;

  // Whether the last compaction of some family had to end for lack of room. On any thread.
  bool finds_no_room() const { return finds_no_room_; }

  // Whether the calling thread may write so many bytes more of tables: always, unless it is a compaction's.
  bool take(std::uint64_t bytes);

 private:
  struct Refused {
    std::chrono::steady_clock::time_point at;
    std::uint64_t free_bytes;  // when it began
    std::chrono::steady_clock::duration put_off;
  };

  bool is_hopeless() const;
  bool has_grown(const Refused& last) const;
  void note_refused();

  DiskSpace& space_;
  std::atomic<std::thread::id> thread_{};  // of the compaction under way, which alone uses what follows
  std::atomic<bool> finds_no_room_ = false;
  std::uint32_t family_ = 0;
  std::uint64_t free_at_begin_ = 0;
  bool is_wanted_ = false;  // somebody has asked for it
  bool is_put_off_ = false;
  std::map<std::uint32_t, Refused> refused_;  // of each family the last one, if it found no room
};

}  // namespace cubby
