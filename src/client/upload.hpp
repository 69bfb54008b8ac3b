// A value on its way out, read while it is sent.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/failure.hpp"

namespace cubby::client {

// Used by one thread at a time.
class Upload {
 public:
  virtual ~Upload() = default;
  // Nothing: it is not known before the end.
  virtual std::optional<std::uint64_t> size() const = 0;
  // Up to `bytes_max` bytes; 0 at the end; nothing if it cannot be read.
  virtual std::optional<std::size_t> read(char* buffer, std::size_t bytes_max) = 0;
  // Back to the start; false if that is not possible.
  virtual bool rewind() = 0;
};

class TextUpload final : public Upload {
 public:
  explicit TextUpload(std::string text) : text_(std::move(text)) {}
  std::optional<std::uint64_t> size() const override { return text_.size(); }
  std::optional<std::size_t> read(char* buffer, std::size_t bytes_max) override;
  bool rewind() override;

 private:
  std::string text_;
  std::size_t position_ = 0;
};

// A regular file has a size and can be sent again; a pipe cannot.
class FileUpload final : public Upload {
 public:
  // Errors: usage, if the file cannot be opened. "-" is standard input.
  static Outcome<std::unique_ptr<FileUpload>> open(const std::string& path);
  std::optional<std::uint64_t> size() const override { return size_; }
  std::optional<std::size_t> read(char* buffer, std::size_t bytes_max) override;
  bool rewind() override;

 private:
  struct Close {
    void operator()(std::FILE* file) const {
      if (file != stdin) std::fclose(file);
    }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::optional<std::uint64_t> size_;
  bool is_used_ = false;
};

}  // namespace cubby::client
