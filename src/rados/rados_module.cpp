// What the program finds in the module.
#include "rados/rados_engine.hpp"
#include "rados/rados_pools.hpp"

extern "C" __attribute__((visibility("default"))) const char cubby_rados_version[] = CUBBY_VERSION;

extern "C" __attribute__((visibility("default"))) void cubby_open_rados_engine(
    const cubby::RadosOptions& options, cubby::Result<std::unique_ptr<cubby::Engine>>& opened) {
  opened = cubby::open_rados_engine(options);
}

extern "C" __attribute__((visibility("default"))) void cubby_prepare_rados_pools(
    const cubby::RadosOptions& options, cubby::Result<std::vector<std::string>>& unsafe) {
  unsafe = cubby::prepare_rados_pools(options);
}
