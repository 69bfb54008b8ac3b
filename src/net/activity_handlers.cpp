#include "net/rest_api.hpp"
#include "net/rest_handlers.hpp"
#include "wire/activity_response.hpp"

namespace cubby {

Task<Result<Response>> get_activity(RestApi& api, Call& call) {
  // It tells about all accounts.
  if (call.grant.right != Right::admin || call.grant.account) co_return fail(Errc::permission_missing);
  co_return activity_response(api.activity().history(), Activity::sample_time);
}

}  // namespace cubby
