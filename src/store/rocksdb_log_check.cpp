#include "store/rocksdb_log_check.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <vector>

#include "store/bytes.hpp"
#include "store/rocksdb_value_file.hpp"

namespace cubby {
namespace {

namespace fs = std::filesystem;

// RocksDB's format: blocks, in them records of a checksum (4 bytes), a length (2), a type (1) and the
// content. What does not fit into a block goes on in the next; the last bytes of a block that no header fits
// into are 0.
constexpr std::size_t block_bytes = 32 * 1024;
constexpr std::size_t header_bytes = 7;
enum : unsigned char { full = 1, first = 2, middle = 3, last = 4 };

// Whole blocks, but for the last one.
class LogBytes {
 public:
  explicit LogBytes(std::string bytes) : bytes_(std::move(bytes)) {}

  std::size_t size() const { return bytes_.size(); }
  std::size_t end_of_block(std::size_t at) const {
    return std::min(size(), (at / block_bytes + 1) * block_bytes);
  }
  unsigned char type(std::size_t at) const { return static_cast<unsigned char>(bytes_[at + 6]); }
  std::size_t length(std::size_t at) const {
    return static_cast<unsigned char>(bytes_[at + 4]) |
           std::size_t{static_cast<unsigned char>(bytes_[at + 5])} << 8;
  }
  bool ends_with_zero() const { return bytes_.back() == 0; }
  bool has_header(std::size_t at) const { return at + header_bytes <= end_of_block(at); }

  // A type that is written, and a length that the block has room for.
  bool is_plausible(std::size_t at) const {
    return has_header(at) && type(at) >= full && type(at) <= last &&
           at + header_bytes + length(at) <= end_of_block(at);
  }
  bool matches_checksum(std::size_t at, std::size_t length) const {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(bytes_.data() + at + 6, 1 + length);
    const std::uint32_t sum = crc.checksum();
    ByteReader reader(std::string_view(bytes_).substr(at, 4));
    return reader.little_endian<std::uint32_t>() == ((sum >> 15 | sum << 17) + 0xA282EAD8u);
  }

 private:
  const std::string bytes_;
};

// Where in a block the first record begins that is not as it should be; nothing: all are.
std::optional<std::size_t> flaw_in(const LogBytes& block, LogCheck how) {
  for (std::size_t at = 0; at < block.size() && block_bytes - at >= header_bytes;) {
    if (!block.is_plausible(at)) return at;
    if (how == LogCheck::checksums && !block.matches_checksum(at, block.length(at))) return at;
    at += header_bytes + block.length(at);
  }
  return std::nullopt;
}

// A crash leaves a record that ends too early, or ends with bytes that were never written, which are 0; not a
// whole one with a wrong length or type, nor one that others follow.
bool is_damage(const LogBytes& log, std::size_t flaw) {
  if (log.is_plausible(flaw) && !log.ends_with_zero()) return true;
  if (log.has_header(flaw)) {
    const std::size_t rest = log.end_of_block(flaw) - flaw - header_bytes;
    const bool has_wrong_type = log.type(flaw) > last && log.length(flaw) <= rest;
    if (has_wrong_type || log.matches_checksum(flaw, rest)) return true;
  }
  for (std::size_t at = flaw + 1; at + header_bytes <= log.size(); ++at) {
    const bool begins_one = log.is_plausible(at) && (log.type(at) == full || log.type(at) == first);
    if (begins_one && log.matches_checksum(at, log.length(at))) return true;
  }
  return false;
}

class LogFile {
 public:
  explicit LogFile(const fs::path& path)
      : path_(path), file_(path, std::ios::binary), size_(fs::file_size(path)) {}

  struct Flaw {
    std::uint64_t at = 0;
    bool is_damage = false;
  };
  // Nothing: the log is whole. Errors: storage_failed.
  Result<std::optional<Flaw>> first_flaw(LogCheck how) {
    for (std::uint64_t begin = 0; begin < size_; begin += block_bytes) {
      const auto block = read(begin, std::min<std::uint64_t>(block_bytes, size_ - begin));
      if (!block) return block.error();
      const auto flaw = flaw_in(*block, how);
      if (!flaw) continue;
      const auto rest = read(begin, size_ - begin);
      if (!rest) return rest.error();
      return Flaw{begin + *flaw, is_damage(*rest, *flaw)};
    }
    return std::nullopt;
  }

 private:
  Result<LogBytes> read(std::uint64_t at, std::uint64_t count) {
    std::string bytes(static_cast<std::size_t>(count), '\0');
    file_.seekg(static_cast<std::streamoff>(at));
    file_.read(bytes.data(), static_cast<std::streamsize>(count));
    if (!file_) return fail(Errc::storage_failed, "cannot read " + path_.string());
    return LogBytes(std::move(bytes));
  }

  const fs::path path_;
  std::ifstream file_;
  const std::uint64_t size_;
};

Error damaged(const fs::path& path, std::uint64_t at) {
  return fail(Errc::storage_corrupt, path.string() + " is damaged at byte " + std::to_string(at));
}

// Makes the log durable as it is, or up to `size`.
Result<void> settle(const fs::path& path, std::optional<std::uint64_t> size) {
  const FileHandle file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const bool is_done =
      file && (!size || ::ftruncate(file.get(), static_cast<off_t>(*size)) == 0) && ::fsync(file.get()) == 0;
  if (is_done) return {};
  return fail(Errc::storage_failed, "cannot settle " + path.string() + ": " + std::strerror(errno));
}

// Those that hold anything, oldest first.
std::vector<fs::path> logs_in(const fs::path& folder) {
  std::vector<std::pair<std::uint64_t, fs::path>> found;
  std::error_code error;
  for (const auto& each : fs::directory_iterator(folder, error)) {
    const std::string stem = each.path().stem();
    const bool is_log = each.path().extension() == ".log" && !stem.empty() && stem.size() < 20 &&
                        stem.find_first_not_of("0123456789") == stem.npos;
    if (is_log && each.file_size() > 0) found.emplace_back(std::stoull(stem), each.path());
  }
  std::sort(found.begin(), found.end());
  std::vector<fs::path> logs;
  logs.reserve(found.size());
  for (auto& [number, path] : found) logs.push_back(std::move(path));
  return logs;
}

Result<void> check_manifest(const fs::path& folder, LogCheck how) {
  std::string name;
  std::getline(std::ifstream(folder / "CURRENT"), name);
  const fs::path path = folder / name;
  if (name.empty() || !fs::is_regular_file(path)) return {};  // RocksDB will say so
  const auto flaw = LogFile(path).first_flaw(how);
  if (!flaw) return flaw.error();
  // Which records of it are needed, only RocksDB knows: nothing is cut off.
  if (*flaw && (*flaw)->is_damage) return damaged(path, (*flaw)->at);
  return {};
}

}  // namespace

Result<void> check_logs(const fs::path& folder, LogCheck how) try {
  if (auto checked = check_manifest(folder, how); !checked) return checked;
  const auto logs = logs_in(folder);
  for (const fs::path& path : logs) {
    const auto flaw = LogFile(path).first_flaw(how);
    if (!flaw) return flaw.error();
    // A log is on the disk before the next one has a record.
    const bool is_torn = *flaw && !(*flaw)->is_damage && path == logs.back();
    if (*flaw && !is_torn) return damaged(path, (*flaw)->at);
    const auto end = is_torn ? std::optional((*flaw)->at) : std::nullopt;
    if (auto settled = settle(path, end); !settled) return settled;
  }
  return {};
} catch (const fs::filesystem_error& error) {
  return fail(Errc::storage_failed, error.what());
}

}  // namespace cubby
