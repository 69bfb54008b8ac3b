#include "app/transfer_progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace cubby {
namespace {

constexpr std::chrono::milliseconds watched_step{250};
constexpr std::chrono::seconds unwatched_step{10};
constexpr std::size_t bar_width = 20;
constexpr const char* clear_line = "\r\033[K";

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string tenths(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

double seconds_of(std::chrono::steady_clock::duration time) {
  return std::max(0.001, std::chrono::duration<double>(time).count());
}

std::string rate_text(std::uint64_t keys, std::chrono::steady_clock::duration time) {
  return grouped(static_cast<std::uint64_t>(std::llround(static_cast<double>(keys) / seconds_of(time)))) +
         " keys/s";
}

std::string mebibytes(std::uint64_t bytes) {
  return tenths(static_cast<double>(bytes) / (1024.0 * 1024.0)) + " MiB";
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  char text[48];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%llu:%02llu:%02llu", static_cast<unsigned long long>(whole / 3600),
                  static_cast<unsigned long long>(whole / 60 % 60),
                  static_cast<unsigned long long>(whole % 60));
  else
    std::snprintf(text, sizeof text, "%llu:%02llu", static_cast<unsigned long long>(whole / 60),
                  static_cast<unsigned long long>(whole % 60));
  return text;
}

}  // namespace

bool is_watched() {
  return ::isatty(STDERR_FILENO) != 0;
}

std::string figures_text(std::uint64_t keys, std::uint64_t bytes, std::chrono::steady_clock::duration time) {
  return grouped(keys) + " keys, " + mebibytes(bytes) + " in " + tenths(seconds_of(time)) + " s, " +
         rate_text(keys, time);
}

std::string progress_line(std::uint64_t keys, std::uint64_t bytes, std::optional<std::uint64_t> total,
                          std::chrono::steady_clock::duration time) {
  std::string line;
  if (total && *total > 0) {
    const auto filled =
        static_cast<std::size_t>(std::min<std::uint64_t>(bar_width, keys * bar_width / *total));
    line = "[" + std::string(filled, '=') + std::string(bar_width - filled, ' ') + "] ";
  }
  line += grouped(keys);
  if (total) line += " of " + grouped(*total);
  line += " keys, " + rate_text(keys, time) + ", " + mebibytes(bytes);
  if (total && keys > 0 && keys < *total)
    line += ", " +
            clock_text(seconds_of(time) * static_cast<double>(*total - keys) / static_cast<double>(keys)) +
            " left";
  return line;
}

TransferProgress::TransferProgress(const client::Report& report, std::string what,
                                   std::optional<std::uint64_t> total)
    : report_(report),
      what_(std::move(what)),
      total_(total),
      is_watched_(is_watched()),
      begin_(std::chrono::steady_clock::now()),
      thread_([this] { run(); }) {}

TransferProgress::~TransferProgress() {
  {
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
  if (is_watched_) std::cerr << clear_line << std::flush;
}

void TransferProgress::say(const std::string& sentence) {
  const std::scoped_lock lock(mutex_);
  if (is_watched_) std::cerr << clear_line;
  std::cerr << sentence << std::endl;
}

void TransferProgress::run() {
  std::unique_lock lock(mutex_);
  const auto step = is_watched_ ? std::chrono::milliseconds(watched_step) : unwatched_step;
  while (!changed_.wait_for(lock, step, [this] { return is_over_; })) show();
}

void TransferProgress::show() {
  const std::string line =
      what_ + ": " +
      progress_line(report_.keys, report_.bytes, total_, std::chrono::steady_clock::now() - begin_);
  if (is_watched_)
    std::cerr << clear_line << line << std::flush;
  else
    std::cerr << line << std::endl;
}

}  // namespace cubby
