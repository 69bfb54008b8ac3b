// The wall clock of a server under torture (moved_clock.cpp): it stands still until it is moved.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <stdexcept>

namespace cubby::torture {

// Seconds since the epoch, as the API has them.
using Seconds = std::int64_t;

// Thread-safe. A server that has begun to read the file sees every move at once.
class ClockFile {
 public:
  ClockFile(std::filesystem::path path, Seconds now) : path_(std::move(path)) {
    const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ::ftruncate(file, sizeof *now_) != 0) throw std::runtime_error("no " + path_.string());
    void* const memory = ::mmap(nullptr, sizeof *now_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (memory == MAP_FAILED) throw std::runtime_error("cannot map " + path_.string());
    now_ = static_cast<std::atomic<std::int64_t>*>(memory);
    set(now);
  }
  ~ClockFile() { ::munmap(now_, sizeof *now_); }
  ClockFile(const ClockFile&) = delete;
  ClockFile& operator=(const ClockFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  Seconds now() const { return now_->load() / 1000; }
  void set(Seconds now) { now_->store(now * 1000); }
  void advance(Seconds by) { set(now() + by); }

 private:
  std::filesystem::path path_;
  std::atomic<std::int64_t>* now_ = nullptr;  // milliseconds since the epoch
};

}  // namespace cubby::torture
