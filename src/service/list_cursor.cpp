#include "service/list_cursor.hpp"

#include <openssl/evp.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdint>

#include "core/limits.hpp"

namespace cubby {
namespace {

// Clients keep cursors over upgrades: a new layout gets a new number.
constexpr char format = 1;
constexpr std::size_t checksum_bytes = 8;

// Over the namespace too: a cursor is good only where it was given.
std::string checksum_of(NamespaceId namespace_id, std::string_view content) {
  std::uint64_t sum = XXH3_64bits_withSeed(
      content.data(), content.size(), XXH3_64bits(namespace_id.view().data(), namespace_id.view().size()));
  std::string bytes;
  for (std::size_t i = 0; i < checksum_bytes; ++i, sum >>= 8) bytes += static_cast<char>(sum & 0xFF);
  return bytes;
}

std::string to_base64url(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

// Nothing unless `text` is exactly what to_base64url writes.
std::string from_base64url(std::string_view text) {
  std::string padded(text);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  const std::size_t padding = (4 - padded.size() % 4) % 4;
  padded.append(padding, '=');
  std::string bytes(padded.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(padded.data()), static_cast<int>(padded.size()));
  if (length < 0 || padding > 2) return {};
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return to_base64url(bytes) == text ? bytes : std::string();
}

}  // namespace

std::string encode_cursor(NamespaceId namespace_id, std::string_view last_key) {
  std::string content(1, format);
  content += last_key;
  return to_base64url(content + checksum_of(namespace_id, content));
}

Result<std::string> decode_cursor(NamespaceId namespace_id, std::string_view cursor) {
  constexpr std::size_t longest = (1 + limits::key_bytes_max + checksum_bytes + 2) / 3 * 4;
  if (cursor.size() > longest) return fail(Errc::cursor_invalid);
  const std::string bytes = from_base64url(cursor);
  if (bytes.size() <= 1 + checksum_bytes || bytes.front() != format) return fail(Errc::cursor_invalid);
  const std::string content = bytes.substr(0, bytes.size() - checksum_bytes);
  if (bytes.substr(content.size()) != checksum_of(namespace_id, content)) return fail(Errc::cursor_invalid);
  return content.substr(1);
}

}  // namespace cubby
