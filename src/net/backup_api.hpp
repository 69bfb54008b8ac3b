// Backups over HTTP, for administrators of every account.
#pragma once

#include "net/audit_log.hpp"
#include "net/http_handler.hpp"
#include "service/backups.hpp"

namespace cubby {

// An object with id, made_at, bytes and value_files.
std::string json_of(const BackupInfo& info);

// Serves one path, also under the prefix of the REST API, and passes every other request on, that one too
// where backups are off:
//   POST /cubby/v1/backups   makes a backup and answers what it is
//   GET /cubby/v1/backups    all that there are, oldest first
class BackupApi final : public HttpHandler {
 public:
  // `audit` may be null.
  BackupApi(HttpHandler& next, Access& access, Backups& backups, AuditLog* audit = nullptr)
      : next_(next), access_(access), backups_(backups), audit_(audit) {}

  Task<Response> handle(const RequestHead& head, RequestBody& body, RememberedCaller& caller) override;
  Response refusal(const Error& error) override { return next_.refusal(error); }

 private:
  Task<Response> answer(const RequestHead& head, RequestBody& body, RememberedCaller& caller);
  Task<Result<Response>> call(const RequestHead& head, RememberedCaller& caller, AuditedCall& audited);

  HttpHandler& next_;
  Access& access_;
  Backups& backups_;
  AuditLog* const audit_;
};

}  // namespace cubby
