// What there is to tell about the store, for who watches the server.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.hpp"
#include "store/engine.hpp"

namespace cubby {

struct NamespaceFigures {
  Namespace of;
  Usage usage;
};

struct StoreFigures {
  EngineFigures engine;
  std::uint64_t namespaces_count = 0;
  std::vector<NamespaceFigures> namespaces;  // by id; at most limits::figures_namespaces_max
};

// Thread-safe.
class StoreWatch {
 public:
  // `expiry_clock` decides what is due.
  StoreWatch(Engine& engine, const Clock& expiry_clock) : engine_(engine), clock_(expiry_clock) {}

  Timestamp now() const { return clock_.now(); }

  // Errors: those of the engine.
  Task<Result<EngineFigures>> engine() { return engine_.figures(whole_seconds(clock_.now())); }
  Task<Result<StoreFigures>> all();
  Task<Result<void>> check_writable() { return engine_.check_writable(); }

 private:
  Engine& engine_;
  const Clock& clock_;
};

}  // namespace cubby
