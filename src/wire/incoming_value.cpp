#include "wire/incoming_value.hpp"

#include "core/limits.hpp"
#include "wire/form_metadata.hpp"
#include "wire/multipart.hpp"
#include "wire/names.hpp"

namespace cubby {
namespace {

class RawValue final : public IncomingValue {
 public:
  explicit RawValue(ByteSource& body) : body_(body) {}
  Task<Result<std::string_view>> read() override { return body_.read(); }
  Result<std::optional<Metadata>> metadata() override { return std::optional<Metadata>{}; }

 private:
  ByteSource& body_;
};

class FormValue final : public IncomingValue {
 public:
  FormValue(ByteSource& body, const std::string& boundary) : form_(body, boundary) {}

  Task<Result<std::string_view>> read() override {
    while (!is_at_end_) {
      if (is_in_value_) {
        const auto piece = co_await form_.read_part();
        if (!piece || !piece->empty()) co_return piece;
        is_in_value_ = false;
      }
      if (const auto moved = co_await next_part(); !moved) co_return moved.error();
    }
    if (!has_value_) co_return fail(Errc::value_missing);
    co_return std::string_view{};
  }

  Result<std::optional<Metadata>> metadata() override {
    if (metadata_ && !flattened_.empty()) return fail(Errc::form_malformed, "metadata is given in two ways");
    if (metadata_) return metadata_->finish();
    if (flattened_.empty()) return std::optional<Metadata>{};
    const auto rebuilt = flattened_.to_json();
    if (!rebuilt) return rebuilt.error();
    return Metadata::parse(*rebuilt);
  }

 private:
  // Enters the value's part, or takes in what another part says.
  Task<Result<void>> next_part() {
    const auto part = co_await form_.next_part();
    if (!part) co_return part.error();
    if (!*part) {
      is_at_end_ = true;
      co_return Result<void>{};
    }
    const std::string& name = (*part)->name;
    if (name == names::field::value) {
      if (std::exchange(has_value_, true)) co_return fail(Errc::form_malformed, "two parts are named value");
      is_in_value_ = true;
    } else if (name == names::field::metadata) {
      if (metadata_) co_return fail(Errc::form_malformed, "two parts are named metadata");
      metadata_.emplace();
      co_return co_await read_metadata();
    } else if (FormMetadata::is_flattened_name(name)) {
      auto text = co_await read_flattened();
      if (!text) co_return text.error();
      co_return flattened_.add(name, std::move(*text));
    }
    co_return Result<void>{};
  }

  Task<Result<void>> read_metadata() {
    while (true) {
      const auto piece = co_await form_.read_part();
      if (!piece) co_return piece.error();
      if (piece->empty()) co_return Result<void>{};
      metadata_->feed(*piece);
    }
  }

  Task<Result<std::string>> read_flattened() {
    std::string text;
    while (true) {
      const auto piece = co_await form_.read_part();
      if (!piece) co_return piece.error();
      if (piece->empty()) co_return text;
      text += *piece;
      if (text.size() > limits::metadata_parts_bytes_max) {
        co_return fail(Errc::metadata_too_large, std::to_string(text.size()));
      }
    }
  }

  MultipartReader form_;
  bool is_in_value_ = false;
  bool has_value_ = false;
  bool is_at_end_ = false;
  std::optional<MetadataParser> metadata_;
  FormMetadata flattened_;
};

}  // namespace

Result<std::unique_ptr<IncomingValue>> make_incoming_value(std::optional<std::string_view> content_type,
                                                           ByteSource& body) {
  if (!content_type || !is_multipart_form(*content_type)) {
    return std::unique_ptr<IncomingValue>(std::make_unique<RawValue>(body));
  }
  const auto boundary = boundary_of(*content_type);
  if (!boundary) return boundary.error();
  return std::unique_ptr<IncomingValue>(std::make_unique<FormValue>(body, *boundary));
}

}  // namespace cubby
