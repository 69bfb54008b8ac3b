// A client that makes and removes namespaces and tokens, and knows what must be there after a kill.
#pragma once

#include <map>
#include <string>

#include "tests/torture/admin_client.hpp"
#include "tests/torture/findings.hpp"
#include "tests/torture/random.hpp"

namespace cubby::torture {

class Administrator {
 public:
  Administrator(std::uint64_t seed, Findings& findings) : findings_(findings), random_(seed, 900) {}

  // Until the server is killed.
  void run(AdminClient client, const Server& server);

  // After a new start: what was acknowledged is there, what was taken away is gone, what had no answer is
  // either, and stays it. Reports violations.
  void verify(AdminClient& client);

 private:
  enum class State { there, gone, open };
  struct Item {
    State state = State::open;
    std::string id;
    std::string text;  // of a token
  };
  using Items = std::map<std::string, Item>;  // by title, or name, each used once

  void step(AdminClient& client);
  void create_namespace(AdminClient& client);
  void create_token(AdminClient& client);
  void remove_namespace(AdminClient& client);
  void revoke_token(AdminClient& client);
  Items::value_type* some_that_is_there(Items& items);
  void settle(const char* what, Items& items, const std::map<std::string, std::string>& seen);
  void verify_credentials(AdminClient& client);

  Findings& findings_;
  Random random_;
  Items namespaces_;
  Items tokens_;
  std::uint64_t made_ = 0;
};

}  // namespace cubby::torture
