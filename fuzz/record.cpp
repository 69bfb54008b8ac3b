// Rows on disk: content under a right checksum that is no record is refused; what is taken is written the
// same way again; no changed or moved row is taken.
#include "store/record.hpp"

#include "fuzz/fuzz.hpp"
#include "store/catalog_record.hpp"

namespace cubby::fuzz {
namespace {

void check_head(std::string_view sealed, const std::string& place) {
  const auto head = decode_head(sealed, place);
  if (!head) {
    require(head.error().code == Errc::storage_corrupt, "a bad row is corrupt");
    return;
  }
  require(encode_head(*head, place) == sealed, "a head is written as it was read");
  const Head copy = head->head();
  const bool has_metadata = head->metadata && *head->metadata != "null";  // which is none, and never written
  require(copy.value_bytes == head->value_bytes && copy.metadata.has_value() == has_metadata,
          "a copy is like its row");
}

void check_catalog(std::string_view sealed, const std::string& place) {
  const auto row = decode_catalog_row(sealed, place);
  if (!row) {
    require(row.error().code == Errc::storage_corrupt, "a bad row is corrupt");
    return;
  }
  require(decode_catalog_row(encode_catalog_row(*row), catalog_place(*row)).has_value(),
          "a row that was written can be read");
}

void check(Input input) {
  const unsigned kind = input.number(3);
  const unsigned changed_at = input.number(255);
  const std::string place = std::string(1, "hant"[kind]) + "0123456789abcdef";
  std::string row(input.rest());
  seal(row, place);
  require(unseal(row, place).value() == input.rest(), "what was sealed comes back");
  check_head(row, place);
  check_catalog(row, place);
  require(!unseal(row, place + "x") && !unseal(std::string_view(row).substr(1), place),
          "a moved or cut row is refused");
  row[changed_at % row.size()] = static_cast<char>(row[changed_at % row.size()] ^ 1);
  require(!decode_head(row, place) && !decode_catalog_row(row, place), "a changed row is refused");
}

}  // namespace
}  // namespace cubby::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  cubby::fuzz::check({bytes, size});
  return 0;
}
