#include "app/rados_module.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <iostream>
#include <string_view>

namespace cubby {
namespace {

// Never unloaded: the engine's code is there.
Result<void*> load_module() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
  for (const auto& each : {program / "cubby_rados.so", program / "../lib/cubby/cubby_rados.so"}) {
    if (!std::filesystem::exists(each, failed)) continue;
    void* const module = ::dlopen(each.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module) return fail(Errc::storage_failed, ::dlerror());
    // Program and module share more than two functions: types, and what the module takes from the program.
    const auto* const version = static_cast<const char*>(::dlsym(module, rados_module_version_symbol));
    if (!version || std::string_view(version) != CUBBY_VERSION)
      return fail(Errc::storage_failed, "cubby_rados.so is of another version than this program");
    return module;
  }
  return fail(Errc::storage_failed, "this build has no RADOS engine: cubby_rados.so is not there");
}

template <class Function>
Result<Function*> find_in_module(const char* symbol) {
  const auto module = load_module();
  if (!module) return module.error();
  if (auto* const found = reinterpret_cast<Function*>(::dlsym(*module, symbol))) return found;
  return fail(Errc::storage_failed, std::string("cubby_rados.so has no ") + symbol);
}

}  // namespace

Result<std::unique_ptr<Engine>> load_rados_engine(const RadosOptions& options) {
  const auto open = find_in_module<OpenRadosEngine>(open_rados_engine_symbol);
  if (!open) return open.error();
  Result<std::unique_ptr<Engine>> opened = fail(Errc::internal);
  (*open)(options, opened);
  return opened;
}

int prepare_rados(const RadosOptions& options) {
  Result<std::vector<std::string>> unsafe = fail(Errc::internal);
  const auto prepare = find_in_module<PrepareRadosPools>(prepare_rados_pools_symbol);
  if (prepare)
    (*prepare)(options, unsafe);
  else
    unsafe = prepare.error();
  if (!unsafe) {
    std::cerr << "cubby: " << unsafe.error().argument << '\n';
    return 1;
  }
  for (const std::string& each : *unsafe) std::cout << "unsafe: " << each << '\n';
  if (unsafe->empty()) std::cout << "the pools are ready\n";
  return unsafe->empty() ? 0 : 1;
}

}  // namespace cubby
