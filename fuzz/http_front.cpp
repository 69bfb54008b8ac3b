// A connection: whatever bytes come, in whatever pieces, it reads the requests that the strict reader reads.
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.hpp"
#include "net/connection.hpp"
#include "tests/support/strict_agreement.hpp"

namespace cubby::fuzz {
namespace {

using wire::ExactEcho;
using wire::Leniencies;
using wire::StrictReader;
using wire::StrictStream;

ConnectionRules binding_rules() {
  return {.dialect = Dialect::binding,
          .head_bytes_max = limits::binding_head_bytes_max,
          .sends_continue = false,
          .accepts_delete_byte = true};
}

// A client and a connection on one thread: nothing depends on time.
std::string exchange(std::string_view bytes, std::size_t first_piece, const ConnectionRules& rules) {
  int ends[2];
  require(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "sockets");
  boost::asio::io_context loop{1};
  Turnstile turnstile(loop);
  ExactEcho handler;
  Traffic traffic;
  MemoryBudget memory(limits::MiB);
  {
    SocketStream::Socket socket(loop, boost::asio::generic::stream_protocol(AF_UNIX, 0), ends[1]);
    Connection connection(SocketStream(std::move(socket), nullptr, turnstile), handler, rules, traffic,
                          memory, Connection::Admission::served);
    spawn(loop, connection.run(),
          [](std::exception_ptr failure) { require(!failure, "no exception escapes"); });
    loop.poll();
    for (const auto piece :
         {bytes.substr(0, first_piece), bytes.substr(std::min(first_piece, bytes.size()))}) {
      const auto sent = ::send(ends[0], piece.data(), piece.size(), MSG_NOSIGNAL);
      require(sent == static_cast<ssize_t>(piece.size()) || sent < 0, "the kernel takes little at once");
      loop.poll();
    }
    ::shutdown(ends[0], SHUT_WR);
    loop.run();
  }
  require(memory.taken() == 0, "all memory is given back");
  std::string answers;
  char buffer[16 * 1024];
  for (ssize_t count = 0; (count = ::recv(ends[0], buffer, sizeof buffer, 0)) > 0;)
    answers.append(buffer, static_cast<std::size_t>(count));
  ::close(ends[0]);
  return answers;
}

void check(Input input) {
  const bool is_binding = input.number(1) == 1;
  const std::size_t first_piece = input.number(255);
  static const ConnectionRules rules[] = {{}, binding_rules()};
  const auto leniencies = is_binding ? Leniencies::of_binding() : Leniencies::of_rest();
  const StrictReader reader(leniencies, rules[is_binding].head_bytes_max);
  const auto stream = StrictStream::read(reader, input.rest());
  std::string complaint;
  try {
    const auto answers = wire::split_answers(exchange(input.rest(), first_piece, rules[is_binding]), stream);
    complaint = wire::find_disagreement(stream, answers);
  } catch (const std::exception& error) {
    complaint = error.what();
  }
  require(complaint.empty(), complaint);
}

}  // namespace
}  // namespace cubby::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  cubby::fuzz::check({bytes, size});
  return 0;
}
