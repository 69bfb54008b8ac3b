#include "rados/rados_applier.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <span>

namespace cubby {
namespace {

// An error names so many keys.
constexpr std::size_t keys_named = 10;

}  // namespace

std::size_t bytes_of(const RadosItem& item) {
  std::size_t bytes = 200 + 2 * key_of(item).size();
  const auto* const put = std::get_if<Put>(&item);
  if (!put) return bytes;
  const auto& upload = static_cast<const RadosUpload&>(*put->value);
  if (upload.is_inline()) bytes += upload.bytes_count();
  if (put->metadata) bytes += put->metadata->text().size();
  return bytes;
}

struct RadosApplier::Work {
  RadosPlace place;
  Timestamp written_at;
  bool is_first_try = true;
  RadosApplied applied{};
  std::size_t done = 0;               // items
  std::vector<std::string> failed{};  // keys
  Result<void> outcome{};

  void note_failed(std::span<const RadosItem> items) {
    for (const RadosItem& each : items) failed.push_back(key_of(each));
  }

  // The first failure counts, unless a later one says more: that nobody knows.
  void fail_with(const Error& error) {
    const bool says_more = error.code == Errc::namespace_not_found || error.argument == unknown_outcome;
    if (outcome || says_more) outcome = error;
  }

  // The outcome, with the names of what was not written, if something was.
  Result<RadosApplied> answer() const {
    if (outcome) return applied;
    if (done == 0 || outcome.error().code == Errc::namespace_not_found) return outcome.error();
    const bool is_unknown = outcome.error().argument == unknown_outcome;
    std::string text =
        outcome.error().argument + (is_unknown ? "; not known to be written: " : "; not written: ");
    for (std::size_t i = 0; i < std::min(failed.size(), keys_named); ++i)
      text += (i == 0 ? "" : ", ") + failed[i];
    if (failed.size() > keys_named) text += " and " + std::to_string(failed.size() - keys_named) + " more";
    return fail(outcome.error().code, text);
  }
};

Task<Result<RadosApplied>> RadosApplier::apply(RadosPlace place, std::vector<RadosItem> items,
                                               Timestamp written_at) {
  Work work{.place = place, .written_at = written_at};
  if (items.empty()) work.applied.version = writer_.next(written_at);
  Version wanted{};
  while (!items.empty()) {
    auto changes = co_await group(work, std::move(items));
    if (!changes) {
      work.fail_with(changes.error());
      break;
    }
    if (changes->size() > 1 && wanted == Version{}) wanted = writer_.next(written_at);
    for (const Change& each : *changes) each->wanted = wanted;
    auto answers = co_await write_all(std::move(*changes));
    items = co_await take_answers(work, std::move(answers));
    work.is_first_try = false;
  }
  co_return work.answer();
}

// What is remembered may be old: it is asked once.
Task<Result<RadosRouter::Seen>> RadosApplier::shard_of(RadosPlace place, std::string key, bool is_first_try) {
  if (is_first_try) {
    if (auto seen = router_.seen(place.index, key)) co_return std::move(*seen);
  }
  KeyPosition position{std::move(key)};
  auto found = co_await router_.read(place, std::move(position), nullptr);
  if (!found) co_return found.error();
  co_return RadosRouter::Seen{found->id, std::move(found->header.high)};
}

// One change for each shard; what concerns the same key stays in order. An error has all of them fail.
Task<Result<std::vector<RadosApplier::Change>>> RadosApplier::group(Work& work,
                                                                    std::vector<RadosItem> items) {
  std::stable_sort(items.begin(), items.end(),
                   [](const RadosItem& a, const RadosItem& b) { return key_of(a) < key_of(b); });
  std::vector<Change> changes;
  for (std::size_t next = 0; next < items.size();) {
    auto shard = co_await shard_of(work.place, key_of(items[next]), work.is_first_try);
    if (!shard) {
      for (const Change& each : changes) work.note_failed(each->items);
      work.note_failed(std::span(items).subspan(next));
      co_return shard.error();
    }
    ShardChange change{.place = work.place, .shard = shard->shard, .written_at = work.written_at};
    // The first at any rate: its shard may end before it by now, and says so.
    do {
      change.bytes += bytes_of(items[next]);
      change.items.push_back(std::move(items[next++]));
    } while (next < items.size() && key_of(items[next]) <= shard->high);
    changes.push_back(std::make_shared<ShardChange>(std::move(change)));
  }
  co_return changes;
}

Task<std::vector<RadosApplier::Answer>> RadosApplier::write_all(std::vector<Change> changes) {
  struct Gathering {
    std::mutex mutex;
    std::vector<Answer> answers;
    std::size_t missing;
    std::function<void(std::vector<Answer>)> resume;
  };
  const auto gathering = std::make_shared<Gathering>();
  gathering->missing = changes.size();
  auto start = [&](std::function<void(std::vector<Answer>)> resume) {
    gathering->resume = std::move(resume);
    for (const Change& each : changes) {
      each->done = [gathering, each = std::weak_ptr(each)](Result<Written> written) {
        std::vector<Answer> all;
        {
          const std::scoped_lock lock(gathering->mutex);
          gathering->answers.push_back({each.lock(), written});
          if (--gathering->missing > 0) return;
          all = std::move(gathering->answers);
        }
        gathering->resume(std::move(all));
      };
      writer_.push(each);
    }
  };
  co_return co_await resume_later<std::vector<Answer>>(std::move(start));
}

// No error, and not `done`: once more.
Task<Result<void>> RadosApplier::outcome_of(const Work& work, const Answer& answer) {
  if (!answer.written) co_return answer.written.error();
  if (*answer.written == Written::frozen)
    co_return co_await balancer_.finish(work.place, answer.change->shard);
  if (*answer.written == Written::late)
    co_return fail(Errc::storage_unavailable, "the value has taken too long to arrive");
  co_return Result<void>{};
}

// Answers what must be tried once more.
Task<std::vector<RadosItem>> RadosApplier::take_answers(Work& work, std::vector<Answer> answers) {
  std::vector<RadosItem> again;
  for (Answer& answer : answers) {
    ShardChange& change = *answer.change;
    if (answer.written && *answer.written == Written::done) {
      work.applied.version = std::max(work.applied.version, change.version);
      work.applied.removed += change.removed;
      work.done += change.items.size();
      continue;
    }
    const auto outcome = co_await outcome_of(work, answer);
    if (outcome) {
      std::ranges::move(change.items, std::back_inserter(again));
    } else {
      work.fail_with(outcome.error());
      work.note_failed(change.items);
    }
  }
  co_return again;
}

}  // namespace cubby
