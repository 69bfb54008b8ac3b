// Bytes that stay where they are: in a cache, a string or a buffer, kept alive by whoever holds this.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cubby {

// Cheap to copy; the bytes are never copied and never change. Thread-safe as a `shared_ptr` is.
class PinnedBytes {
 public:
  PinnedBytes() = default;

  // Takes the text over.
  explicit PinnedBytes(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    view_ = *owner;
    owner_ = std::move(owner);
  }

  // REQUIRES: `owner` keeps `view` valid while it lives.
  PinnedBytes(std::shared_ptr<const void> owner, std::string_view view)
      : owner_(std::move(owner)), view_(view) {}

  std::string_view view() const { return view_; }
  std::size_t size() const { return view_.size(); }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view view_;
};

}  // namespace cubby
