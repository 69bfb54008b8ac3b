#include "net/traffic.hpp"

namespace cubby {

void Traffic::add_to(TrafficCounts& sum) const {
  for (std::size_t dialect = 0; dialect < kinds_.size(); ++dialect) {
    for (std::size_t kind = 0; kind < kinds_[dialect].size(); ++kind) {
      const OfKind& ours = kinds_[dialect][kind];
      TrafficCounts::OfKind& all = sum.kinds[dialect][kind];
      for (std::size_t i = 0; i < ours.by_status.size(); ++i) all.by_status[i] += ours.by_status[i].value();
      ours.durations.add_to(all.durations);
    }
  }
  sum.bytes_in += bytes_in.value();
  sum.bytes_out += bytes_out.value();
  sum.connections_opened += connections_opened.value();
  sum.connections_closed += connections_closed.value();
  sum.tls_failures += tls_failures.value();
}

}  // namespace cubby
