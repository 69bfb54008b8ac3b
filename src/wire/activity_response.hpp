// Activity as JSON: `/cubby/v1/activity`, which is ours. docs/using/cubby_api.md is the page to this file.
#pragma once

#include <chrono>
#include <vector>

#include "core/activity.hpp"
#include "wire/http_message.hpp"

namespace cubby {

// One array a figure, all of one length, the oldest sample first.
Response activity_response(const std::vector<ActivitySample>& samples, std::chrono::seconds sample_time);

}  // namespace cubby
