#include "app/rados_module.hpp"

#include <dlfcn.h>

#include <filesystem>

namespace cubby {
namespace {

// Never unloaded: the engine's code is there.
Result<void*> load_module() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
  for (const auto& each : {program / "cubby_rados.so", program / "../lib/cubby/cubby_rados.so"}) {
    if (!std::filesystem::exists(each, failed)) continue;
    if (void* const module = ::dlopen(each.c_str(), RTLD_NOW | RTLD_LOCAL)) return module;
    return fail(Errc::storage_failed, ::dlerror());
  }
  return fail(Errc::storage_failed, "this build has no RADOS engine: cubby_rados.so is not there");
}

}  // namespace

Result<std::unique_ptr<Engine>> load_rados_engine(const RadosOptions& options) {
  const auto module = load_module();
  if (!module) return module.error();
  const auto open = reinterpret_cast<OpenRadosEngine*>(::dlsym(*module, open_rados_engine_symbol));
  if (!open) return fail(Errc::storage_failed, "cubby_rados.so is of another version");
  Result<std::unique_ptr<Engine>> opened = fail(Errc::internal);
  open(options, opened);
  return opened;
}

}  // namespace cubby
