// How far a copy or an import has come, in a file beside it, for the case that it is cut short.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "client/failure.hpp"

namespace cubby::client {

// Lines of JSON: the job, and then an entry for each step. The last whole line counts; a kill leaves at most
// a part of one behind it. Used by one thread at a time.
class Journal {
 public:
  // `job` is one line that says what is done, so that another job does not go on with it. Errors: usage, if
  // the file is anything but a journal of this job; failed, if it cannot be written.
  static Outcome<Journal> open(std::string path, const std::string& job);

  // The last entry; nothing for a new journal.
  const std::optional<std::string>& last() const { return last_; }

  Outcome<void> add(const std::string& entry);
  // The job is done.
  void remove();
  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::optional<std::string> last_;
};

}  // namespace cubby::client
