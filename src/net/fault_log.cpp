#include "net/fault_log.hpp"

#include <spdlog/spdlog.h>

#include "wire/error_table.hpp"

namespace cubby {

void log_fault(std::string_view operation, const Error& error, const RequestHead& head) {
  const bool is_fault = error_row(error.code).status >= 500;
  if (!is_fault || error.code == Errc::overloaded || error.code == Errc::storage_full) return;
  spdlog::error("{}: {}: {} (request {})", operation, error_text(error), error.argument,
                head.request_id.value_or(""));
}

}  // namespace cubby
