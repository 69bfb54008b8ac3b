// How far export, import and copy have come, on standard error: a bar on a terminal, else a line now and
// then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "client/transfer.hpp"

namespace cubby {

// Whether there is somebody to look at a bar.
bool is_watched();

// Shows `report` from its construction to its end. Thread-safe.
class TransferProgress {
 public:
  // `total`: how many keys there will be, if that is known.
  TransferProgress(const client::Report& report, std::string what, std::optional<std::uint64_t> total);
  ~TransferProgress();
  TransferProgress(const TransferProgress&) = delete;
  TransferProgress& operator=(const TransferProgress&) = delete;

  void say(const std::string& sentence);

 private:
  void run();
  void show();

  const client::Report& report_;
  const std::string what_;
  const std::optional<std::uint64_t> total_;
  const bool is_watched_;
  const std::chrono::steady_clock::time_point begin_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;
};

// "100,000 keys, 12.3 MiB in 4.2 s, 23,810 keys/s".
std::string figures_text(std::uint64_t keys, std::uint64_t bytes, std::chrono::steady_clock::duration time);

// `[=====>    ] 45,000 of 100,000 keys, 3,210 keys/s, 12.3 MiB, 0:17 left`, or without what is not known.
std::string progress_line(std::uint64_t keys, std::uint64_t bytes, std::optional<std::uint64_t> total,
                          std::chrono::steady_clock::duration time);

}  // namespace cubby
