#include "rados/rados_pools.hpp"

#include <boost/json.hpp>

#include "rados/rados_pool.hpp"

namespace cubby {
namespace {

namespace boost_json = boost::json;

constexpr std::int64_t replicated = 1;

Result<std::string> ask_monitor(librados::Rados& cluster, const boost_json::object& question) {
  ceph::bufferlist answer;
  std::string status;
  const int code = cluster.mon_command(boost_json::serialize(question), {}, &answer, &status);
  if (code < 0) return rados_error(code, status);
  return answer.to_str();
}

Result<void> make_pool(librados::Rados& cluster, const std::string& name) {
  if (cluster.pool_lookup(name.c_str()) >= 0) return {};
  const auto made = ask_monitor(
      cluster, {{"prefix", "osd pool create"}, {"pool", name}, {"pool_type", "replicated"}, {"pg_num", 32}});
  if (!made) return made.error();
  const auto marked =
      ask_monitor(cluster, {{"prefix", "osd pool application enable"}, {"pool", name}, {"app", "cubby"}});
  if (!marked) return marked.error();
  return {};
}

}  // namespace

std::vector<std::string> unsafe_settings(std::string_view pools_json, const std::string& pool,
                                         bool holds_index) {
  boost::system::error_code malformed;
  const auto pools =
      boost_json::parse(boost_json::string_view(pools_json.data(), pools_json.size()), malformed);
  if (malformed || !pools.is_array()) return {"the monitor's description of the pools cannot be read"};
  for (const auto& each : pools.as_array()) {
    if (each.at("pool_name").as_string() != boost_json::string_view(pool)) continue;
    std::vector<std::string> unsafe;
    const auto size = each.at("size").as_int64();
    const auto min_size = each.at("min_size").as_int64();
    if (each.at("type").as_int64() != replicated) {
      if (holds_index) unsafe.push_back(pool + " is not replicated: it cannot hold the index");
      return unsafe;
    }
    if (size < 3) unsafe.push_back(pool + " keeps " + std::to_string(size) + " copies: 3 are needed");
    if (min_size < 2) {
      unsafe.push_back(pool + " has min_size " + std::to_string(min_size) +
                       ": a write that one copy alone has taken is lost with it; set it to 2");
    }
    return unsafe;
  }
  return {pool + " is not there"};
}

Result<std::vector<std::string>> prepare_rados_pools(const RadosOptions& options) {
  const auto cluster = connect_to_cluster(options.conf_file);
  if (!cluster) return cluster.error();
  std::vector<std::string> names{options.pool};
  if (!options.data_pool.empty()) names.push_back(options.data_pool);
  for (const std::string& each : names) {
    if (const auto made = make_pool(**cluster, each); !made) return made.error();
  }
  const auto described =
      ask_monitor(**cluster, {{"prefix", "osd pool ls"}, {"detail", "detail"}, {"format", "json"}});
  if (!described) return described.error();
  std::vector<std::string> unsafe;
  for (const std::string& each : names) {
    for (auto& finding : unsafe_settings(*described, each, each == options.pool))
      unsafe.push_back(std::move(finding));
  }
  return unsafe;
}

}  // namespace cubby
