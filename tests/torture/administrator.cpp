#include "tests/torture/administrator.hpp"

#include <vector>

namespace cubby::torture {
namespace {

constexpr std::size_t there_max = 30;  // of each kind; above it more are taken away than made

}  // namespace

void Administrator::run(AdminClient client, const Server& server) {
  try {
    while (true) step(client);
  } catch (const NoAnswer& failure) {
    if (!server.is_killed(client.uptime().number)) findings_.violation(failure.what());
  } catch (const std::exception& failure) {
    findings_.violation(failure.what());
  }
}

void Administrator::step(AdminClient& client) {
  switch (random_.below(4)) {
    case 0:
      return create_namespace(client);
    case 1:
      return create_token(client);
    case 2:
      return remove_namespace(client);
    default:
      return revoke_token(client);
  }
}

void Administrator::create_namespace(AdminClient& client) {
  Item& made = namespaces_["made " + std::to_string(++made_)];
  made.id = client.create_namespace("made " + std::to_string(made_));
  made.state = State::there;
  findings_.count("namespaces made");
}

void Administrator::create_token(AdminClient& client) {
  Item& made = tokens_["made " + std::to_string(++made_)];
  const auto answer = client.create_token("made " + std::to_string(made_));
  made = {State::there, answer.id, answer.text};
  findings_.count("tokens made");
}

Administrator::Items::value_type* Administrator::some_that_is_there(Items& items) {
  std::vector<Items::value_type*> there;
  for (auto& each : items) {
    if (each.second.state == State::there) there.push_back(&each);
  }
  if (there.empty() || (there.size() < there_max && random_.one_in(3))) return nullptr;
  return random_.of(there);
}

void Administrator::remove_namespace(AdminClient& client) {
  auto* const one = some_that_is_there(namespaces_);
  if (!one) return;
  one->second.state = State::open;
  client.remove_namespace(one->second.id);
  one->second.state = State::gone;
  findings_.count("namespaces removed");
}

void Administrator::revoke_token(AdminClient& client) {
  auto* const one = some_that_is_there(tokens_);
  if (!one) return;
  one->second.state = State::open;
  client.revoke_token(one->second.id);
  one->second.state = State::gone;
  findings_.count("tokens revoked");
  // Not each: refusals are slowed.
  if (random_.one_in(4) && !one->second.text.empty() && client.lets_in(one->second.text))
    findings_.violation("token " + one->first + " was revoked and lets in");
}

void Administrator::verify(AdminClient& client) {
  try {
    auto namespaces = client.namespaces();
    namespaces.erase("torture");
    settle("namespace", namespaces_, namespaces);
    settle("token", tokens_, client.active_tokens());
    verify_credentials(client);
  } catch (const std::exception& failure) {
    findings_.violation(std::string("while verifying namespaces and tokens: ") + failure.what());
  }
}

void Administrator::settle(const char* what, Items& items, const std::map<std::string, std::string>& seen) {
  for (auto& [name, item] : items) {
    const auto found = seen.find(name);
    if (item.state == State::there && found == seen.end())
      findings_.violation(std::string(what) + " " + name + " was made and is not there");
    if (item.state == State::gone && found != seen.end())
      findings_.violation(std::string(what) + " " + name + " was taken away and is there");
    item.state = found == seen.end() ? State::gone : State::there;
    if (found != seen.end()) item.id = found->second;
  }
  for (const auto& [name, id] : seen) {
    if (!items.contains(name)) findings_.violation(std::string(what) + " " + name + " was never made");
  }
}

// All that must let in, and a few of those that must not: refusals are slowed.
void Administrator::verify_credentials(AdminClient& client) {
  constexpr int refused_max = 5;
  int refused = 0;
  for (const auto& [name, item] : tokens_) {
    if (item.text.empty()) continue;  // its text was in the answer that did not come
    if (item.state == State::there && !client.lets_in(item.text))
      findings_.violation("token " + name + " does not let in");
    const bool is_tried = item.state == State::gone && refused < refused_max && random_.one_in(3);
    if (!is_tried) continue;
    ++refused;
    if (client.lets_in(item.text)) findings_.violation("token " + name + " was revoked and lets in");
  }
}

}  // namespace cubby::torture
