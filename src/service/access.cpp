#include "service/access.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <stdexcept>

#include "core/expiration.hpp"
#include "core/limits.hpp"

namespace cubby {
namespace {

constexpr std::string_view token_alphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
static_assert(token_alphabet.size() == 64, "six random bits a character, without bias");

}  // namespace

std::string make_token_text() {
  std::array<unsigned char, limits::token_characters_min> random;
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw std::runtime_error("no random bytes");
  std::string text;
  for (const unsigned char byte : random) text += token_alphabet[byte % token_alphabet.size()];
  return text;
}

bool is_token_shape(std::string_view text) {
  return text.size() >= limits::token_characters_min && text.size() <= limits::token_characters_max &&
         text.find_first_not_of(token_alphabet) == text.npos;
}

TokenHash hash_token(std::string_view text) {
  TokenHash hash;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return hash;
}

Access::Access(Engine& engine, const Clock& clock, const std::optional<std::string>& environment_token)
    : engine_(engine), clock_(clock) {
  if (environment_token) environment_hash_ = hash_token(*environment_token);
}

Task<Result<Grant>> Access::authenticate(std::string text) {
  const TokenHash hash = hash_token(text);
  if (environment_hash_ && CRYPTO_memcmp(hash.data(), environment_hash_->data(), hash.size()) == 0) {
    co_return Grant{environment_id_, "CUBBY_ADMIN_TOKEN", Right::admin, std::nullopt};
  }
  const auto found = co_await engine_.find_token(hash);
  if (!found) co_return found.error();
  const auto& token = *found;
  if (!token || token->revoked || is_expired(token->expiration, whole_seconds(clock_.now()))) {
    co_return fail(Errc::token_refused);
  }
  co_return Grant{token->id, token->name, token->right, token->account};
}

Task<Result<std::vector<Account>>> Access::accounts(Grant grant) {
  auto all = co_await engine_.accounts();
  if (all) std::erase_if(*all, [&](const Account& each) { return !grant.allows(Right::read, each.id); });
  co_return all;
}

}  // namespace cubby
