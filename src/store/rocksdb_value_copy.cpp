#include "store/rocksdb_value_copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cstring>

#include "core/limits.hpp"
#include "store/data_directory.hpp"
#include "store/rocksdb_value_file.hpp"

namespace cubby {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t seal_bytes = sizeof(std::uint64_t);
constexpr std::uint64_t sealed_piece_bytes = limits::value_piece_bytes + seal_bytes;

Error failure(const fs::path& path, const char* what) {
  return fail(Errc::storage_failed, std::string(what) + " " + path.string() + ": " + std::strerror(errno));
}

Result<FileHandle> open_file(const fs::path& path) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failure(path, "cannot open");
  return file;
}

std::uint64_t value_bytes_of(std::uint64_t file_bytes) {
  const std::uint64_t pieces = (file_bytes + sealed_piece_bytes - 1) / sealed_piece_bytes;
  return file_bytes - pieces * seal_bytes;
}

}  // namespace

Result<ValueCopy> describe_value_file(const fs::path& path, BodyId id) {
  auto file = open_file(path);
  if (!file) return file.error();
  struct stat state {};
  if (::fstat(file->get(), &state) != 0) return failure(path, "cannot read");
  ValueCopy copy{.id = id, .bytes = static_cast<std::uint64_t>(state.st_size)};
  std::string seals;
  for (std::uint64_t end = 0; end < copy.bytes;) {
    end = std::min(copy.bytes, end + sealed_piece_bytes);
    char seal[seal_bytes];
    if (end < seal_bytes || ::pread(file->get(), seal, sizeof seal, static_cast<off_t>(end - seal_bytes)) !=
                                static_cast<ssize_t>(sizeof seal))
      return failure(path, "cannot read");
    seals.append(seal, sizeof seal);
  }
  copy.fingerprint = XXH3_64bits(seals.data(), seals.size());
  return copy;
}

namespace {

// Reads a value file to its end against its seals, and gives each sealed piece to `take`.
template <class Take>
Result<void> read_sealed(const fs::path& path, const ValueCopy& copy, Take take) {
  const auto described = describe_value_file(path, copy.id);
  if (!described) return described.error();
  if (described->bytes != copy.bytes || described->fingerprint != copy.fingerprint)
    return fail(Errc::storage_corrupt, path.string() + " is not what it was");
  auto file = open_file(path);
  if (!file) return file.error();
  ValueFileReader reader(std::move(*file), copy.id, value_bytes_of(copy.bytes));
  std::string buffer;
  for (;;) {
    const auto piece = reader.read(buffer);
    if (!piece) return fail(piece.error().code, path.string() + ": " + piece.error().argument);
    if (piece->empty()) return {};
    if (auto taken = take(std::string_view(buffer).substr(0, piece->size() + seal_bytes)); !taken)
      return taken;
  }
}

}  // namespace

Result<void> check_value_file(const fs::path& path, const ValueCopy& copy) {
  return read_sealed(path, copy, [](std::string_view) { return Result<void>{}; });
}

Result<void> copy_value_file(const fs::path& from, const fs::path& to, const ValueCopy& copy) {
  if (auto made = make_directories(to.parent_path()); !made) return made;
  const fs::path draft = to.string() + ".new";
  ::unlink(draft.c_str());
  FileHandle file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return failure(draft, "cannot create");
  const auto write = [&](std::string_view bytes) -> Result<void> {
    while (!bytes.empty()) {
      const auto written = ::write(file.get(), bytes.data(), bytes.size());
      if (written <= 0) return failure(draft, "cannot write");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  };
  auto copied = read_sealed(from, copy, write);
  if (copied && ::fsync(file.get()) != 0) copied = failure(draft, "cannot sync");
  if (copied && ::rename(draft.c_str(), to.c_str()) != 0) copied = failure(to, "cannot rename to");
  if (!copied) ::unlink(draft.c_str());
  return copied;
}

Result<void> sync_folders(const std::set<fs::path>& folders) {
  for (const fs::path& each : folders) {
    if (auto synced = sync_directory(each); !synced) return synced;
  }
  return {};
}

}  // namespace cubby
