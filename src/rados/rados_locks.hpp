// Locks of RADOS that end by themselves: those of librados' lock_exclusive, unlock and list_lockers, which
// cost a write or a read each. Here many of one object are one write, or one read.
#pragma once

#include <chrono>
#include <rados/librados.hpp>
#include <string>
#include <string_view>

namespace cubby::rados_locks {

// Adds to an operation. `add_take` takes the lock, or takes it again; if another client has it, the operation
// fails with EBUSY. `add_give_back` fails with ENOENT, if this client does not have it. Of an operation that
// fails, nothing happens.
void add_take(librados::ObjectWriteOperation& write, std::string_view name, std::string_view cookie,
              std::chrono::milliseconds lasts);
void add_give_back(librados::ObjectWriteOperation& write, std::string_view name, std::string_view cookie);

// `answer` is for `holder_in`.
void add_ask(librados::ObjectReadOperation& read, std::string_view name, ceph::bufferlist& answer);

// The cookie of who has the lock; empty: nobody.
std::string holder_in(const ceph::bufferlist& answer);

}  // namespace cubby::rados_locks
