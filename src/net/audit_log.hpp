// Who did what to what, as JSON lines in a file of its own. docs/operating/security.md is the page to this
// file.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/limits.hpp"
#include "net/listening_socket.hpp"
#include "service/access.hpp"
#include "wire/http_message.hpp"

namespace cubby {

// One call of somebody who was let in.
struct AuditedCall {
  const Grant* grant = nullptr;    // null until the caller was let in: then there is no line
  std::string_view operation{};    // in the words of the REST API's routes
  std::string_view key_segment{};  // as sent; empty: it is about no key, or about several
  std::optional<AccountId> account{};
  std::optional<NamespaceId> namespace_id{};
  bool has_made_namespace = false;  // on its way, which is a change of its own
  std::string subject{};            // id of the token or account that it made or changed
};

struct AuditSettings {
  std::filesystem::path file;
  bool has_reads = false;  // besides changes
};

// Nobody waits for the file: lines go to a thread, which writes together what has come. While the file takes
// nothing (a full disk) they wait, up to limits::audit_waiting_bytes_max; what comes beyond that is counted,
// and the count becomes a line. Thread-safe.
class AuditLog {
 public:
  // Makes the file, with mode 0600, or appends to it. Errors: internal, with a sentence for the operator.
  static Result<std::unique_ptr<AuditLog>> open(AuditSettings settings, const Clock& clock);

  // Writes what waits, if the file takes it.
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  bool wants(bool is_change) const { return is_change || settings_.has_reads; }

  void add(const AuditedCall& call, const RequestHead& head, const std::optional<Address>& from,
           Dialect dialect, unsigned status);

  // Lines that were not written, since the start.
  std::uint64_t lost() const { return lost_in_all_.load(std::memory_order_relaxed); }

  // The file may have been moved away: what follows goes to one of the old name. If that cannot be opened the
  // old one stays, and the log says so.
  void reopen();

 private:
  AuditLog(AuditSettings settings, const Clock& clock, Descriptor file);
  void append(std::string line);
  void run();
  bool write_some(std::string& lines);
  void open_again();

  const AuditSettings settings_;
  const Clock& clock_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::string waiting_;
  std::uint64_t lost_ = 0;  // since the line that told of it
  bool wants_reopening_ = false;
  bool is_ending_ = false;

  std::atomic<std::uint64_t> lost_in_all_ = 0;

  // The thread's own.
  std::optional<Descriptor> file_;
  bool has_complained_ = false;
  std::thread thread_;
};

}  // namespace cubby
