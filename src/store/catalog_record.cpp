#include "store/catalog_record.hpp"

#include <algorithm>

#include "store/bytes.hpp"
#include "store/record.hpp"

namespace cubby {
namespace {

// On disk: never change these.
constexpr char account_kind = 'a';
constexpr char namespace_kind = 'n';
constexpr char token_kind = 't';
constexpr std::uint8_t format = 1;
constexpr std::uint8_t scoped_token_format = 2;  // of tokens only: what stands behind the name came later

std::uint8_t format_of(char kind) {
  return kind == token_kind ? scoped_token_format : format;
}

void append_text(std::string& out, std::string_view text) {
  append_little_endian(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

std::string_view take_text(ByteReader& reader) {
  return reader.take(reader.little_endian<std::uint32_t>());
}

template <class Id>
Id take_id(ByteReader& reader) {
  typename Id::Bytes bytes{};
  const auto taken = reader.take(Id::bytes_count);
  std::copy(taken.begin(), taken.end(), bytes.begin());
  return Id(bytes);
}

void encode(std::string& out, const Account& account) {
  out += account.id.view();
  append_text(out, account.name);
}

void encode(std::string& out, const Namespace& each) {
  out += each.id.view();
  out += each.account.view();
  out += static_cast<char>(each.jurisdiction);
  out += static_cast<char>(each.mode);
  append_text(out, each.title.text());
}

void encode(std::string& out, const Token& token) {
  out += token.id.view();
  out.append(token.hash.begin(), token.hash.end());
  out += static_cast<char>(token.right);
  out += static_cast<char>(token.revoked);
  out += static_cast<char>(token.account.has_value());
  if (token.account) out += token.account->view();
  out += static_cast<char>(token.expiration.has_value());
  if (token.expiration) {
    append_little_endian(out, static_cast<std::uint64_t>(token.expiration->time_since_epoch().count()));
  }
  append_text(out, token.name);
  append_little_endian(out, static_cast<std::uint64_t>(token.created.time_since_epoch().count()));
  append_text(out, token.key_prefix);
  append_little_endian(out, static_cast<std::uint32_t>(token.namespaces.size()));
  for (const NamespaceId& each : token.namespaces) out += each.view();
  append_little_endian(out, static_cast<std::uint32_t>(token.sources.size()));
  for (const AddressRange& each : token.sources) {
    out.append(each.first().bytes().begin(), each.first().bytes().end());
    out += static_cast<char>(each.bits());
  }
}

Account decode_account(ByteReader& reader) {
  const auto id = take_id<AccountId>(reader);
  return {id, std::string(take_text(reader))};
}

Result<Namespace> decode_namespace(ByteReader& reader) {
  const auto id = take_id<NamespaceId>(reader);
  const auto account = take_id<AccountId>(reader);
  const auto jurisdiction = static_cast<Jurisdiction>(reader.little_endian<std::uint8_t>());
  const auto mode = static_cast<NamespaceMode>(reader.little_endian<std::uint8_t>());
  auto title = Title::parse(std::string(take_text(reader)));
  if (!title) return title.error();
  return Namespace{id, account, std::move(*title), jurisdiction, mode};
}

Instant take_second(ByteReader& reader) {
  return Instant{std::chrono::seconds(static_cast<std::int64_t>(reader.little_endian<std::uint64_t>()))};
}

void decode_scope(ByteReader& reader, Token& token) {
  token.created = take_second(reader);
  token.key_prefix = take_text(reader);
  for (auto left = reader.little_endian<std::uint32_t>(); left > 0 && reader.is_complete(); --left) {
    token.namespaces.push_back(take_id<NamespaceId>(reader));
  }
  for (auto left = reader.little_endian<std::uint32_t>(); left > 0 && reader.is_complete(); --left) {
    Address::Bytes bytes{};
    const auto taken = reader.take(bytes.size());
    std::copy(taken.begin(), taken.end(), bytes.begin());
    token.sources.emplace_back(Address(bytes), std::min<unsigned>(reader.little_endian<std::uint8_t>(), 128));
  }
}

Token decode_token(ByteReader& reader, std::uint8_t row_format) {
  Token token{take_id<TokenId>(reader), {}, {}, {}, {}, {}, {}};
  const auto hash = reader.take(token.hash.size());
  std::copy(hash.begin(), hash.end(), token.hash.begin());
  token.right = static_cast<Right>(reader.little_endian<std::uint8_t>());
  token.revoked = reader.little_endian<std::uint8_t>() != 0;
  if (reader.little_endian<std::uint8_t>() != 0) token.account = take_id<AccountId>(reader);
  if (reader.little_endian<std::uint8_t>() != 0) token.expiration = take_second(reader);
  token.name = take_text(reader);
  if (row_format == scoped_token_format) decode_scope(reader, token);
  return token;
}

Result<CatalogRow> decode_kind(char kind, std::uint8_t row_format, ByteReader& reader) {
  switch (kind) {
    case account_kind:
      return CatalogRow(decode_account(reader));
    case token_kind:
      return CatalogRow(decode_token(reader, row_format));
    case namespace_kind: {
      auto decoded = decode_namespace(reader);
      if (!decoded) return fail(Errc::storage_corrupt, "catalog: a namespace without a title");
      return CatalogRow(std::move(*decoded));
    }
    default:
      return fail(Errc::storage_corrupt, "catalog: a row of unknown kind");
  }
}

}  // namespace

std::string catalog_place(const CatalogRow& row) {
  constexpr char kinds[] = {account_kind, namespace_kind, token_kind};
  std::string place(1, kinds[row.index()]);
  std::visit([&](const auto& each) { place += each.id.view(); }, row);
  return place;
}

std::string encode_catalog_row(const CatalogRow& row) {
  std::string bytes(1, static_cast<char>(format_of(catalog_place(row).front())));
  std::visit([&](const auto& each) { encode(bytes, each); }, row);
  seal(bytes, catalog_place(row));
  return bytes;
}

Result<CatalogRow> decode_catalog_row(std::string_view bytes, std::string_view place) {
  const auto content = unseal(bytes, place);
  if (!content) return content.error();
  ByteReader reader(*content);
  const char kind = place.empty() ? '\0' : place.front();
  const auto row_format = reader.little_endian<std::uint8_t>();
  if (row_format < format || row_format > format_of(kind))
    return fail(Errc::storage_corrupt, "catalog: unknown format");
  auto row = decode_kind(kind, row_format, reader);
  if (row && !reader.is_at_end()) return fail(Errc::storage_corrupt, "catalog: the lengths do not fit");
  return row;
}

}  // namespace cubby
