// The storage engine: what keeps the data, behind one small asynchronous interface.
//
//   write:  begin_upload ─► append… ─► finish ─► apply ──────────────────► acknowledged
//                                                 │ on stable storage,      │
//                                                 │ then visible to all     │
//   read:                                         └─► get, head and scan see it from here on
//
// Promises of every engine; the conformance suite (tests/engine_conformance_test.cpp) holds them to it:
//  * Durability: when `apply` or a catalog change has answered without an error, its effect survives a crash
//  of the
//    process and, for engines that keep data, of the machine.
//  * Atomicity: all mutations of one `apply` become visible together or not at all, with one version.
//  * Order: a read that starts after an `apply` was acknowledged sees it; versions only grow.
//  * One write, one record: value, metadata and expiration of a key always come from the same write.
//  * Expiry: `now` is an argument; a value whose `expiration <= now` does not exist for the reader.
//
// Threads: every method may be called from any loop at any time; a `Task` resumes on the loop that awaits it.
// An engine never blocks a loop and never reads a clock. Lifetime: the engine outlives every task, value,
// upload and source that it gave out. Errors of every method: storage_failed (after a failed write or sync
// nothing is acknowledged until the engine is opened again), storage_corrupt (what was read fails its
// checksum); of those that write: storage_full (nothing was written; deletes are refused last).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/engine_figures.hpp"
#include "core/entry.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "store/backup.hpp"

namespace cubby {

// A value on its way in. Nobody sees it before an `apply` names it; destroyed without that, it leaves nothing
// behind. Used by one coroutine at a time.
class Upload {
 public:
  virtual ~Upload() = default;

  // Adds bytes at the end. They are copied or written before this answers.
  virtual Task<Result<void>> append(std::string_view bytes) = 0;

  // Writes what is still held back. REQUIRES: no `append` follows.
  virtual Task<Result<void>> finish() = 0;
};

// REQUIRES: `value` comes from the same engine and namespace, and its `finish` has answered without an error.
struct Put {
  Key key;
  std::unique_ptr<Upload> value;
  std::optional<Metadata> metadata;
  std::optional<Instant> expiration;
};

// Deleting an absent key is no error.
struct Delete {
  Key key;
};

using Mutation = std::variant<Put, Delete>;

struct ScanRequest {
  NamespaceId namespace_id;
  std::string prefix;         // empty: every key
  std::string after;          // exclusive; any bytes, need not be a key; empty: from the start
  std::uint32_t entries_max;  // at least 1
  Instant now;
};

struct ScanSlice {
  std::vector<Entry> entries;               // live ones, by key bytes
  std::optional<std::string> resume_after;  // pass as `after` to go on; nothing: no key follows
};

struct Swept {
  std::uint32_t rows = 0;  // removed
  bool is_done = true;     // nothing else is due
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Data. These do not ask whether the namespace exists, `apply` excepted: an unknown one is empty.

  virtual Task<Result<std::optional<StoredValue>>> get(NamespaceId namespace_id, Key key, Instant now) = 0;
  virtual Task<Result<std::optional<Head>>> head(NamespaceId namespace_id, Key key, Instant now) = 0;

  // Looks at a bounded number of rows (limits::list_rows_per_slice), so that a long run of expired keys is
  // worked off in turns: a slice may be empty and still name where to resume.
  virtual Task<Result<ScanSlice>> scan(ScanRequest request) = 0;

  virtual std::unique_ptr<Upload> begin_upload(NamespaceId namespace_id) = 0;

  // In order; for the same key twice, the later wins. `written_at` becomes part of the version.
  // Errors: namespace_not_found, then nothing is applied.
  virtual Task<Result<Version>> apply(NamespaceId namespace_id, std::vector<Mutation> mutations,
                                      Timestamp written_at) = 0;

  // Live keys and bytes, exact at any moment, or, where counting costs much, as old as they say. An unknown
  // namespace is empty. Cost: constant, and the seconds that are due and not yet swept.
  virtual Task<Result<CountedUsage>> usage(NamespaceId namespace_id, Instant now) = 0;

  // The same, counted from the heads; where the counters say something else, they are corrected.
  // Cost: every row of the namespace, beside the writes that go on.
  virtual Task<Result<Usage>> recount(NamespaceId namespace_id, Instant now) = 0;

  // Removes at most `rows_max` of the values that are due, of all namespaces: the earliest first, in one
  // second by namespace and key. What is gone stays gone, should the clock go back. Cost: what is removed.
  virtual Task<Result<Swept>> sweep(Instant now, std::uint32_t rows_max) = 0;

  // Whether puts are taken now. Errors: why not, storage_failed, storage_full or storage_unavailable.
  virtual Task<Result<void>> check_writable() { return Task<Result<void>>::ready(Result<void>{}); }

  // What there is to tell about the engine; `now` decides what is due. Costs little, but may wait for the
  // disk.
  virtual Task<Result<EngineFigures>> figures(Instant now) = 0;

  // Backups, of engines that have them (store/backup.hpp): adds one to `folder`, beside the writes that go
  // on, and leaves the newest `keep` (0: all).
  virtual Task<Result<BackupInfo>> back_up(std::filesystem::path folder, std::size_t keep) {
    static_cast<void>(folder);
    static_cast<void>(keep);
    co_return fail(Errc::internal, "this engine makes no backups");
  }
  virtual Task<Result<std::vector<BackupInfo>>> backups(std::filesystem::path folder) {
    static_cast<void>(folder);
    co_return std::vector<BackupInfo>{};
  }
  // Ends the one that is being made, and refuses all later ones. Thread-safe.
  virtual void stop_backups() {}

  // Namespaces. Each change is atomic and durable like `apply`, and in one order with it.

  // Errors: title_taken (in the same account); internal, if the id is in use or its namespace is being
  // removed.
  virtual Task<Result<void>> create_namespace(Namespace created) = 0;
  // Answers the namespace as it now is. Errors: namespace_not_found, title_taken. Its own title again is no
  // error.
  virtual Task<Result<Namespace>> rename_namespace(NamespaceId id, Title title) = 0;
  // Removes its data too: nobody sees it from here on, and it leaves the disk in the background; values being
  // read stay readable to their end. Errors: namespace_not_found.
  virtual Task<Result<void>> remove_namespace(NamespaceId id) = 0;
  virtual Task<Result<std::optional<Namespace>>> find_namespace(NamespaceId id) = 0;
  virtual Task<Result<std::optional<Namespace>>> find_namespace_by_title(AccountId account, Title title) = 0;
  virtual Task<Result<std::vector<Namespace>>> namespaces(AccountId account) = 0;  // in no order

  // Accounts and tokens: written whole, replacing what has the same id.

  // Another number after each change of one: what was found out about a caller holds as long as this stays
  // the same. Never waits.
  virtual std::uint64_t access_generation() const = 0;

  virtual Task<Result<void>> put_account(Account account) = 0;
  virtual Task<Result<std::optional<Account>>> find_account(AccountId id) = 0;
  virtual Task<Result<std::vector<Account>>> accounts() = 0;  // by id
  virtual Task<Result<void>> put_token(Token token) = 0;
  virtual Task<Result<std::optional<Token>>> find_token(TokenHash hash) = 0;
  virtual Task<Result<std::vector<Token>>> tokens() = 0;  // in no order
};

}  // namespace cubby
