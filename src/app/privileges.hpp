// What the process may do, and who may look into it.
#pragma once

namespace cubby {

// For a process that holds secrets: nobody may attach to it or get its memory as a file, what it makes is its
// owner's alone, and of root's capabilities it keeps those for files of other owners and for ports below
// 1024. Called before the first thread is started, since capabilities are a thread's.
void keep_to_itself();

}  // namespace cubby
