// A body for tests that arrives in pieces of a chosen size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/byte_source.hpp"

namespace cubby {

// Every piece has memory of its own that is freed at the next read, so that ASan sees a view that was kept
// too long.
class PiecewiseSource final : public ByteSource {
 public:
  // REQUIRES piece_bytes > 0. With `failure` the body ends with that error instead of its end.
  PiecewiseSource(std::string body, std::size_t piece_bytes, std::optional<Error> failure = std::nullopt)
      : body_(std::move(body)), piece_bytes_(piece_bytes), failure_(std::move(failure)) {}

  Task<Result<std::string_view>> read() override {
    const std::size_t size = std::min(piece_bytes_, body_.size() - position_);
    piece_ = std::make_unique<char[]>(size);
    if (size == 0 && failure_) co_return *failure_;
    std::memcpy(piece_.get(), body_.data() + position_, size);
    position_ += size;
    co_return std::string_view(piece_.get(), size);
  }

  // How much of the body was read.
  std::size_t position() const { return position_; }

 private:
  const std::string body_;
  const std::size_t piece_bytes_;
  const std::optional<Error> failure_;
  std::unique_ptr<char[]> piece_;
  std::size_t position_ = 0;
};

}  // namespace cubby
