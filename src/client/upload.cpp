#include "client/upload.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cubby::client {

std::optional<std::size_t> TextUpload::read(char* buffer, std::size_t bytes_max) {
  const std::size_t count = std::min(bytes_max, text_.size() - position_);
  std::memcpy(buffer, text_.data() + position_, count);
  position_ += count;
  return count;
}

bool TextUpload::rewind() {
  position_ = 0;
  return true;
}

Outcome<std::unique_ptr<FileUpload>> FileUpload::open(const std::string& path) {
  auto upload = std::make_unique<FileUpload>();
  upload->file_.reset(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  struct stat status {};
  if (!upload->file_ || ::fstat(::fileno(upload->file_.get()), &status) != 0)
    return usage(path + ": " + std::strerror(errno));
  if (S_ISDIR(status.st_mode)) return usage(path + " is a directory");
  if (S_ISREG(status.st_mode) && path != "-") upload->size_ = static_cast<std::uint64_t>(status.st_size);
  return upload;
}

std::optional<std::size_t> FileUpload::read(char* buffer, std::size_t bytes_max) {
  is_used_ = true;
  const std::size_t count = std::fread(buffer, 1, bytes_max, file_.get());
  if (count == 0 && std::ferror(file_.get())) return std::nullopt;
  return count;
}

bool FileUpload::rewind() {
  if (!is_used_) return true;
  if (!size_) return false;
  is_used_ = false;
  return std::fseek(file_.get(), 0, SEEK_SET) == 0;
}

}  // namespace cubby::client
