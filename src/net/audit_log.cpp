#include "net/audit_log.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "core/json_text.hpp"
#include "wire/rest_request.hpp"

namespace cubby {
namespace {

constexpr auto pause_after_failure = std::chrono::seconds(1);

Result<Descriptor> open_file(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (file.number() < 0)
    return fail(Errc::internal, "cannot open the audit log " + path.string() + ": " + std::strerror(errno));
  return file;
}

std::string time_text(Timestamp now) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(milliseconds % 1000));
  return std::string(text, size) + fraction;
}

class Line {
 public:
  explicit Line(Timestamp now) { add("time", time_text(now)); }

  void add(std::string_view name, std::string_view text) {
    begin(name);
    json::append_string(text_, text);
  }
  void add(std::string_view name, std::uint64_t number) {
    begin(name);
    text_ += std::to_string(number);
  }
  std::string end() && { return std::move(text_) + "}\n"; }

 private:
  void begin(std::string_view name) {
    text_ += text_.empty() ? '{' : ',';
    text_ += json::quoted(name);
    text_ += ':';
  }

  std::string text_;
};

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::open(AuditSettings settings, const Clock& clock) {
  auto file = open_file(settings.file);
  if (!file) return file.error();
  return std::unique_ptr<AuditLog>(new AuditLog(std::move(settings), clock, std::move(*file)));
}

AuditLog::AuditLog(AuditSettings settings, const Clock& clock, Descriptor file)
    : settings_(std::move(settings)), clock_(clock), file_(std::move(file)), thread_([this] { run(); }) {}

AuditLog::~AuditLog() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void AuditLog::add(const AuditedCall& call, const RequestHead& head, const std::optional<Address>& from,
                   Dialect dialect, unsigned status) {
  Line line(clock_.now());
  line.add("request_id", head.request_id.value_or(""));
  line.add("address", from ? from->text() : "unix");
  // Without a name: the binding lets everybody in.
  if (!call.grant->name.empty()) line.add("token_id", call.grant->token.text());
  line.add("token", call.grant->name);
  line.add("dialect", name_of(dialect));
  line.add("operation", call.operation);
  if (call.account) line.add("account_id", call.account->text());
  if (call.namespace_id) line.add("namespace_id", call.namespace_id->text());
  if (!call.key_segment.empty()) {
    if (const auto key = parse_key_segment(call.key_segment)) line.add("key", key->text());
  }
  if (!call.subject.empty()) line.add("subject", call.subject);
  line.add("status", std::uint64_t{status});
  append(std::move(line).end());
}

void AuditLog::append(std::string line) {
  bool was_empty = false;
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() + line.size() > limits::audit_waiting_bytes_max) {
      ++lost_;
      lost_in_all_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    was_empty = waiting_.empty();
    waiting_ += line;
  }
  if (was_empty) changed_.notify_one();
}

void AuditLog::reopen() {
  {
    const std::scoped_lock lock(mutex_);
    wants_reopening_ = true;
  }
  changed_.notify_one();
}

void AuditLog::run() {
  std::string lines;  // on their way; the first may be a rest
  bool is_ending = false;
  while (!is_ending) {
    std::unique_lock lock(mutex_);
    const auto has_work = [&] {
      return is_ending_ || wants_reopening_ || (lines.empty() && !waiting_.empty());
    };
    if (lines.empty())
      changed_.wait(lock, has_work);
    else
      changed_.wait_for(lock, pause_after_failure, has_work);
    is_ending = is_ending_;
    const bool wants_reopening = std::exchange(wants_reopening_, false);
    lock.unlock();

    // What came before goes to the old file, if that takes it.
    bool goes_on = write_some(lines);
    if (wants_reopening) {
      open_again();
      goes_on = goes_on || write_some(lines);
    }
    if (!goes_on) continue;
    lock.lock();
    lines = std::exchange(waiting_, {});
    if (const auto lost = std::exchange(lost_, 0); lost > 0) {
      Line line(clock_.now());
      line.add("lost", lost);
      lines += std::move(line).end();
    }
    lock.unlock();
    write_some(lines);
  }
}

// Takes off what was written; false if something is left.
bool AuditLog::write_some(std::string& lines) {
  std::size_t written = 0;
  while (written < lines.size()) {
    const auto count = ::write(file_->number(), lines.data() + written, lines.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (!std::exchange(has_complained_, true))
        spdlog::error("the audit log takes nothing, and later lines may be lost: {}", std::strerror(errno));
      break;
    }
    written += static_cast<std::size_t>(count);
  }
  lines.erase(0, written);
  if (lines.empty() && written > 0 && std::exchange(has_complained_, false))
    spdlog::info("the audit log is written again");
  return lines.empty();
}

void AuditLog::open_again() {
  auto opened = open_file(settings_.file);
  if (opened)
    file_.emplace(std::move(*opened));
  else
    spdlog::error("the audit log in use stays: {}", opened.error().argument);
}

}  // namespace cubby
