#include "store/data_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>

namespace cubby {
namespace {

namespace fs = std::filesystem;

// On disk: never change it. A new format gets a new number and a page in docs/internals/on_disk_format.md.
constexpr std::string_view marker = "cubby data format 1\n";
constexpr const char* marker_name = "FORMAT";
constexpr const char* lock_name = "LOCK";

Error system_failure(const fs::path& path, const char* what) {
  return fail(Errc::storage_failed, std::string(what) + " " + path.string() + ": " + std::strerror(errno));
}

Result<int> take_lock(const fs::path& path) {
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return system_failure(path, "cannot open");
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  ::close(lock);
  return fail(Errc::storage_failed,
              "the data directory " + path.parent_path().string() + " is in use by another process");
}

// Whether the marker is there and ours.
Result<bool> has_marker(const fs::path& directory) {
  std::ifstream file(directory / marker_name, std::ios::binary);
  if (!file) {
    // Only a file that is not there is a first start: one that cannot be read may say anything.
    if (!fs::exists(fs::symlink_status(directory / marker_name))) return false;
    return system_failure(directory / marker_name, "cannot read");
  }
  std::ostringstream content;
  content << file.rdbuf();
  if (content.str() == marker) return true;
  return fail(Errc::storage_failed,
              "the data directory " + directory.string() +
                  " was written by a format that this program does not know: its file " + marker_name +
                  " says \"" + content.str().substr(0, 80) + "\"");
}

// A first start that was cut short leaves a database without a marker; anything else is not ours to write
// into.
Result<void> check_unmarked(const fs::path& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    const auto name = entry.path().filename().string();
    if (name == lock_name || name == "db" || name == std::string(marker_name) + ".new") continue;
    return fail(Errc::storage_failed, "the directory " + directory.string() +
                                          " is not empty and holds no Cubby data (found " + name + ")");
  }
  return {};
}

}  // namespace

Result<void> sync_directory(const fs::path& directory) {
  const int handle = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return system_failure(directory, "cannot open");
  const bool is_synced = ::fsync(handle) == 0;
  ::close(handle);
  if (!is_synced) return system_failure(directory, "cannot sync");
  return {};
}

Result<void> write_file_durably(const fs::path& path, const std::string& content, unsigned mode) {
  const fs::path draft = path.string() + ".new";
  ::unlink(draft.c_str());
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(mode));
  if (file < 0) return system_failure(draft, "cannot create");
  const bool is_written =
      ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fsync(file) == 0;
  const auto failure = is_written ? Error{} : system_failure(draft, "cannot write");
  ::close(file);
  if (!is_written) return failure;
  if (::rename(draft.c_str(), path.c_str()) != 0) return system_failure(path, "cannot rename to");
  return sync_directory(path.parent_path());
}

// Each name durable in its parent: a directory that a crash takes away takes its content along.
Result<void> make_directories(const fs::path& path) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  const fs::path directory = whole.has_filename() ? whole : whole.parent_path();
  if (fs::exists(directory)) return {};
  if (auto made = make_directories(directory.parent_path()); !made) return made;
  fs::create_directory(directory);
  return sync_directory(directory.parent_path());
}

DataDirectory::DataDirectory(fs::path path, int lock, bool is_new)
    : path_(std::move(path)), lock_(lock), is_new_(is_new) {}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)), is_new_(other.is_new_) {}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

Result<DataDirectory> DataDirectory::open(const fs::path& path) try {
  if (!fs::exists(path)) {
    if (auto made = make_directories(path); !made) return made.error();
    fs::permissions(path, fs::perms::owner_all);
  }
  const auto lock = take_lock(path / lock_name);
  if (!lock) return lock.error();
  DataDirectory directory(path, *lock, true);
  const auto marked = has_marker(path);
  if (!marked) return marked.error();
  directory.is_new_ = !*marked;
  if (directory.is_new_) {
    if (const auto ours = check_unmarked(path); !ours) return ours.error();
  }
  return directory;
} catch (const fs::filesystem_error& error) {
  return fail(Errc::storage_failed, error.what());
}

Result<void> DataDirectory::mark() {
  auto written = write_file_durably(path_ / marker_name, std::string(marker), 0600);
  if (written) is_new_ = false;
  return written;
}

}  // namespace cubby
