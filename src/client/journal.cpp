#include "client/journal.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace cubby::client {

Outcome<Journal> Journal::open(std::string path, const std::string& job) {
  Journal journal;
  journal.path_ = std::move(path);
  std::uintmax_t whole_bytes = 0;
  if (std::ifstream file(journal.path_, std::ios::binary); file) {
    std::string line;
    for (bool is_first = true; std::getline(file, line); is_first = false) {
      const bool is_whole = !file.eof();
      if (is_first && (is_whole ? line != job : !job.starts_with(line)))
        return usage(journal.path_ + " is no journal of this job, or the file has changed since",
                     "finish that job, name another file with --journal, or remove it to begin anew");
      if (!is_whole) break;
      if (!is_first) journal.last_ = line;
      whole_bytes += line.size() + 1;
    }
    file.close();
    std::error_code error;
    std::filesystem::resize_file(journal.path_, whole_bytes, error);
    if (error) return failed(journal.path_ + ": " + error.message());
  }
  journal.file_.reset(std::fopen(journal.path_.c_str(), "ab"));
  if (!journal.file_) return failed(journal.path_ + ": " + std::strerror(errno));
  if (whole_bytes == 0)
    if (auto added = journal.add(job); !added) return added.error();
  return journal;
}

Outcome<void> Journal::add(const std::string& entry) {
  const std::string line = entry + "\n";
  const bool is_written =
      std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() && std::fflush(file_.get()) == 0;
  if (!is_written) return failed(path_ + ": " + std::strerror(errno));
  return {};
}

void Journal::remove() {
  file_.reset();
  std::error_code error;
  std::filesystem::remove(path_, error);
}

}  // namespace cubby::client
