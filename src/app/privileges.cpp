#include "app/privileges.hpp"

#include <linux/capability.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <initializer_list>

namespace cubby {
namespace {

// Certificates are mostly another owner's, and read again at each SIGHUP; so may be the data directory.
constexpr std::initializer_list<unsigned> kept_capabilities = {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
                                                               CAP_NET_BIND_SERVICE};

void drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, sets) != 0) return;
  std::uint32_t kept[_LINUX_CAPABILITY_U32S_3] = {};
  for (const unsigned each : kept_capabilities) kept[CAP_TO_INDEX(each)] |= CAP_TO_MASK(each);
  bool has_more = false;
  for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; ++i) {
    has_more = has_more || (sets[i].permitted & ~kept[i]) != 0;
    sets[i].permitted &= kept[i];
    sets[i].effective &= kept[i];
    sets[i].inheritable = 0;
  }
  // A service manager that gave none may end whoever asks for fewer: systemd's filter of system calls does.
  if (has_more && ::syscall(SYS_capset, &header, sets) != 0)
    spdlog::warn("the process keeps the capabilities it was started with: {}", std::strerror(errno));
}

}  // namespace

void keep_to_itself() {
  ::umask(077);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // A limit does not keep from a handler of core dumps; this does.
  ::prctl(PR_SET_DUMPABLE, 0);
  // Whatever it might be brought to execute gets no more than it has.
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  drop_capabilities();
}

}  // namespace cubby
