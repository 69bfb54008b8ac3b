// The server under test without its transport: every transcript has one of its own.
#pragma once

#include <memory>
#include <string>

#include "net/binding_api.hpp"
#include "net/origin_guard.hpp"
#include "net/rest_api.hpp"
#include "store/memory_engine.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/wire_text.hpp"

namespace cubby::wire {

// Two accounts with one namespace each, and a token of every kind. The names are those of the variables.
class World {
 public:
  World() {
    run(engine->put_account({account, "Cubby"})).value();
    run(engine->put_account({other_account, "Other"})).value();
    make_namespace(ns, account, "a namespace");
    make_namespace(other_ns, other_account, "of another account");
    using std::chrono_literals::operator""h;
    const Instant now = whole_seconds(clock.now());
    add_token({"admin", Right::admin, {}, {}, false});
    add_token({"chief", Right::admin, account, {}, false});
    add_token({"writer", Right::write, account, {}, false});
    add_token({"reader", Right::read, account, {}, false});
    add_token({"stranger", Right::write, other_account, {}, false});
    add_token({"guest", Right::write, account, now + 1h, false});
    add_token({"expired", Right::admin, {}, now, false});
    add_token({"revoked", Right::admin, {}, {}, true});
    Token narrow = token({"narrow", Right::write, account, {}, false});
    narrow.namespaces = {ns};
    narrow.key_prefix = "in/";
    run(engine->put_token(narrow)).value();
    Token local = token({"local", Right::admin, {}, {}, false});
    local.sources = {AddressRange::parse("127.0.0.0/8").value(), AddressRange::parse("::1").value()};
    run(engine->put_token(local)).value();
    Token distant = token({"distant", Right::admin, {}, {}, false});
    distant.sources = {AddressRange::parse("10.0.0.0/8").value()};
    run(engine->put_token(distant)).value();
  }

  // What transcripts may name. The token of whoever is not in the store is unknown.
  Variables variables() const {
    const std::string path = "/accounts/" + account.text() + "/storage/kv/namespaces";
    Variables all{{"account", account.text()}, {"other_account", other_account.text()},
                  {"ns", ns.text()},           {"other_ns", other_ns.text()},
                  {"namespaces", path},        {"store", path + "/" + ns.text()}};
    for (const char* who : {"admin", "chief", "writer", "reader", "stranger", "guest", "expired", "revoked",
                            "unknown", "narrow", "local", "distant"}) {
      all[std::string(who) + "_token"] = token_of(who);
    }
    return all;
  }

  static std::string token_of(const std::string& who) { return who + "-0123456789-0123456789-0123456789"; }

  const AccountId account = AccountId::parse("acc0acc0acc0acc0acc0acc0acc0acc0").value();
  const AccountId other_account = AccountId::parse("0dd0acc00dd0acc00dd0acc00dd0acc0").value();
  const NamespaceId ns = NamespaceId::parse("5ace5ace5ace5ace5ace5ace5ace5ace").value();
  const NamespaceId other_ns = NamespaceId::parse("0dd05ace0dd05ace0dd05ace0dd05ace").value();

  ManualClock clock;
  std::unique_ptr<Engine> engine = make_memory_engine();
  NamespaceCalls calls;
  KvService kv{*engine, clock, {.calls = &calls}};
  Namespaces namespaces{*engine};
  Access access{*engine, clock, std::nullopt};
  Tokens tokens{*engine, clock};
  RestApi api{kv, namespaces, access, tokens, calls};
  // What the API's listener serves; reached by any name, as from other machines.
  OriginGuard site{api, {.allowed = {"https://app.example"}, .is_local = false}};
  BindingApi binding{kv, namespaces, access, {.account = account}};

 private:
  struct TokenOf {
    std::string who;
    Right right;
    std::optional<AccountId> account;
    std::optional<Instant> expiration;
    bool is_revoked;
  };

  static Token token(const TokenOf& of) {
    return {TokenId::random(), hash_token(token_of(of.who)), of.who, of.right, of.account, of.expiration,
            of.is_revoked};
  }

  void add_token(const TokenOf& of) { run(engine->put_token(token(of))).value(); }

  void make_namespace(NamespaceId id, AccountId owner, const char* name) {
    const Title title = Title::parse(name).value();
    run(engine->create_namespace({id, owner, title, Jurisdiction::none, NamespaceMode::classic})).value();
  }
};

}  // namespace cubby::wire
