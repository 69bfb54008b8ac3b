#include "rados/rados_kept_usage.hpp"

#include <algorithm>

#include "core/resume.hpp"

namespace cubby {
namespace {

std::chrono::seconds age_of(Instant at, Instant now) {
  return std::max(now - at, std::chrono::seconds(0)) + std::chrono::seconds(1);
}

}  // namespace

std::optional<CountedUsage> RadosKeptUsage::find(IndexId index, Instant now) const {
  const std::scoped_lock lock(mutex_);
  const auto kept = kept_.find(index);
  if (kept == kept_.end() || kept->second.at > now) return std::nullopt;  // the clock has gone back
  const auto age = age_of(kept->second.at, now);
  if (age > kept_for_) return std::nullopt;
  return CountedUsage{kept->second.usage, age};
}

// On the loop of the first, which waits like the others.
Task<Result<CountedUsage>> RadosKeptUsage::count(IndexId index, Instant now, Task<Result<Usage>> counting) {
  auto& loop = co_await this_loop;
  bool is_first = false;
  Instant begun;
  auto start = [&](std::function<void(Result<Usage>)> resume) {
    {
      const std::scoped_lock lock(mutex_);
      const auto [count, is_new] = counts_.try_emplace(index, Count{now});
      is_first = is_new;
      begun = count->second.begun;
      count->second.waiting.push_back(std::move(resume));
      if (!is_new) return;  // and the caller may be gone on with already
    }
    spawn(loop, count_for_all(index, std::move(counting)), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  };
  const auto counted = co_await resume_later<Result<Usage>>(std::move(start));
  if (!counted) co_return counted.error();
  co_return CountedUsage{*counted, is_first ? std::chrono::seconds(0) : age_of(begun, now)};
}

// Whatever happens, nobody is left waiting.
Task<void> RadosKeptUsage::count_for_all(IndexId index, Task<Result<Usage>> counting) {
  Result<Usage> counted = fail(Errc::internal, "usage was not counted");
  try {
    counted = co_await std::move(counting);
  } catch (const std::exception& failure) {
    counted = fail(Errc::internal, failure.what());
  }
  tell(index, counted);
}

void RadosKeptUsage::tell(IndexId index, const Result<Usage>& counted) {
  std::vector<std::function<void(Result<Usage>)>> waiting;
  {
    const std::scoped_lock lock(mutex_);
    Count count = std::move(counts_.extract(index).mapped());
    waiting = std::move(count.waiting);
    if (counted) {
      std::erase_if(kept_, [&](const auto& each) { return age_of(each.second.at, count.begun) > kept_for_; });
      kept_.insert_or_assign(index, Kept{*counted, count.begun});
    }
  }
  for (const auto& each : waiting) each(counted);
}

}  // namespace cubby
