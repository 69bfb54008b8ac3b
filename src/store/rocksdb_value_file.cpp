#include "store/rocksdb_value_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/limits.hpp"
#include "store/bytes.hpp"

namespace cubby {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t seal_bytes = sizeof(std::uint64_t);
constexpr std::uint64_t sealed_piece_bytes = limits::value_piece_bytes + seal_bytes;

// On disk: never change the names.
constexpr int start_digits = 6;
constexpr int counter_digits = 10;

std::string hexadecimal(std::uint64_t value, int digits) {
  std::string text(static_cast<std::size_t>(digits), '0');
  for (std::size_t i = text.size(); i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

std::optional<std::uint64_t> parse_hexadecimal(const std::string& text, int digits) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc{} || stop != end || text != hexadecimal(value, digits)) return std::nullopt;
  return value;
}

// What the names in a folder say, of those that are such numbers; nothing, if it is not there.
Result<std::vector<std::uint64_t>> numbers_in(const fs::path& folder, int digits) {
  std::vector<std::uint64_t> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (const auto number = parse_hexadecimal(entry->path().filename(), digits)) found.push_back(*number);
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(Errc::storage_failed, "cannot read " + folder.string() + ": " + error.message());
  return found;
}

Error system_failure(const fs::path& path, const char* what) {
  return fail(Errc::storage_failed, std::string(what) + " " + path.string() + ": " + std::strerror(errno));
}

std::string place_of(BodyId id, std::uint32_t piece) {
  std::string place;
  append_big_endian(place, static_cast<std::uint64_t>(id));
  append_big_endian(place, piece);
  return place;
}

Error failure(const fs::path& path, const char* what, const rocksdb::IOStatus& status) {
  const Errc code = status.IsNoSpace() ? Errc::storage_full : Errc::storage_failed;
  return fail(code, std::string(what) + " " + path.string() + ": " + status.ToString());
}

// How many bytes there were: less than asked for at the end of the file, nothing on failure.
std::optional<std::size_t> read_at(int file, char* buffer, std::size_t count, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < count) {
    const auto got = ::pread(file, buffer + done, count - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

FileHandle::~FileHandle() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// ---- The folder

fs::path value_file_path(const fs::path& folder, BodyId id) {
  return folder / hexadecimal(start_of(id), start_digits) / hexadecimal(counter_of(id), counter_digits);
}

rocksdb::IOStatus ValueFiles::sync(const fs::path& folder) const {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  auto status = file_system_->NewDirectory(folder.string(), {}, &directory, nullptr);
  return status.ok() ? directory->Fsync({}, nullptr) : status;
}

// Its name is durable when this answers: also for who finds it there, made by another thread.
Result<void> ValueFiles::make_folder(std::uint64_t start) {
  const std::scoped_lock lock(making_folder_);
  if (durable_start_ == start) return {};
  for (const fs::path& folder : {folder_, folder_ / hexadecimal(start, start_digits)}) {
    auto status = file_system_->CreateDirIfMissing(folder.string(), {}, nullptr);
    if (status.ok()) status = sync(folder.parent_path());
    if (!status.ok()) return failure(folder, "cannot make", status);
  }
  durable_start_ = start;
  return {};
}

void ValueFiles::forget_folder() {
  const std::scoped_lock lock(making_folder_);
  durable_start_.reset();
}

Result<std::unique_ptr<rocksdb::FSWritableFile>> ValueFiles::create(BodyId id) {
  if (auto made = make_folder(start_of(id)); !made) return made.error();
  const fs::path path = path_of(id);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = file_system_->NewWritableFile(path.string(), {}, &file, nullptr);
  if (status.IsPathNotFound()) {  // somebody has removed it
    forget_folder();
    if (auto made = make_folder(start_of(id)); !made) return made.error();
    status = file_system_->NewWritableFile(path.string(), {}, &file, nullptr);
  }
  if (!status.ok()) return failure(path, "cannot create", status);
  return file;
}

Result<std::optional<FileHandle>> ValueFiles::open(BodyId id) const {
  const fs::path path = path_of(id);
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return std::optional(std::move(file));
  if (errno == ENOENT) return std::nullopt;
  return system_failure(path, "cannot open");
}

Result<void> ValueFiles::sync_folder(std::uint64_t start) const {
  const fs::path folder = folder_ / hexadecimal(start, start_digits);
  if (const auto synced = sync(folder); !synced.ok())
    return fail(Errc::storage_failed, "cannot sync " + folder.string() + ": " + synced.ToString());
  return {};
}

Result<void> ValueFiles::remove(BodyId id) const {
  const fs::path path = path_of(id);
  const auto removed = file_system_->DeleteFile(path.string(), {}, nullptr);
  if (!removed.ok() && !removed.IsPathNotFound())
    return fail(Errc::storage_failed, "cannot remove " + path.string() + ": " + removed.ToString());
  return {};
}

Result<std::vector<std::uint64_t>> ValueFiles::starts() const {
  return numbers_in(folder_, start_digits);
}

Result<std::vector<BodyId>> ValueFiles::files_of(std::uint64_t start) const {
  const auto counters = numbers_in(folder_ / hexadecimal(start, start_digits), counter_digits);
  if (!counters) return counters.error();
  std::vector<BodyId> found;
  for (const std::uint64_t counter : *counters) found.push_back(make_body_id(start, counter));
  return found;
}

// ---- Writing

Result<ValueFileWriter> ValueFileWriter::create(ValueFiles& files, BodyId id) {
  auto file = files.create(id);
  if (!file) return file.error();
  return ValueFileWriter(files, id, std::move(*file));
}

Result<void> ValueFileWriter::append(std::string& piece) {
  seal(piece, place_of(id_, pieces_count_++));
  if (const auto written = file_->Append(piece, {}, nullptr); !written.ok())
    return failure(files_->path_of(id_), "cannot write", written);
  // The disk begins now, so that the sync at the end finds little left to do.
  const auto begun = file_->RangeSync(bytes_written_, piece.size(), {}, nullptr);
  bytes_written_ += piece.size();
  if (!begun.ok()) return fail(Errc::storage_failed, "cannot write " + files_->path_of(id_).string());
  return {};
}

Result<void> ValueFileWriter::sync() {
  if (const auto synced = file_->Sync({}, nullptr); !synced.ok())
    return fail(Errc::storage_failed, "cannot sync " + files_->path_of(id_).string());
  return files_->sync_folder(start_of(id_));
}

// ---- Reading

Result<std::string_view> ValueFileReader::read(std::string& buffer) {
  const std::uint64_t offset_in_value = next_piece_ * std::uint64_t{limits::value_piece_bytes};
  if (offset_in_value >= value_bytes_) return std::string_view{};
  const auto piece_bytes = static_cast<std::size_t>(
      std::min<std::uint64_t>(limits::value_piece_bytes, value_bytes_ - offset_in_value));
  const std::uint64_t offset = next_piece_ * sealed_piece_bytes;
  const std::size_t wanted = piece_bytes + seal_bytes;
  if (buffer.size() < wanted) buffer.resize(wanted);
  const auto got = read_at(file_.get(), buffer.data(), wanted, offset);
  if (!got)
    return fail(Errc::storage_failed, std::string("cannot read a value file: ") + std::strerror(errno));
  ::readahead(file_.get(), static_cast<off64_t>(offset + wanted), sealed_piece_bytes);
  return unseal(std::string_view(buffer).substr(0, *got), place_of(id_, next_piece_++));
}

}  // namespace cubby
