#include "net/listening_socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/limits.hpp"

namespace cubby {
namespace {

using boost::asio::ip::tcp;

constexpr std::string_view unix_prefix = "unix:";

Error cannot(const std::string& what, int error) {
  return fail(Errc::internal, "cannot " + what + ": " + std::strerror(error));
}

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

Result<tcp::endpoint> resolve(const TcpAddress& address) {
  boost::asio::io_context context;
  boost::system::error_code error;
  const auto found = tcp::resolver(context).resolve(address.host, std::to_string(address.port), error);
  if (error || found.empty())
    return fail(Errc::internal, "cannot resolve " + address.host + ": " + error.message());
  return found.begin()->endpoint();
}

// Connections inherit it. Without a bound, who takes a large answer slowly has the kernel keep 4 MiB of it.
bool bound_unsent(int tcp_socket) {
  return ::setsockopt(tcp_socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &limits::unsent_bytes_max,
                      sizeof limits::unsent_bytes_max) == 0;
}

// Whether sockets on the same port may listen beside this one.
enum class Sharing { alone, one_of_several };

Result<Descriptor> listen_on(const tcp::endpoint& endpoint, Sharing sharing) {
  Descriptor opened(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  const auto turn_on = [&](int option) {
    return ::setsockopt(opened.number(), SOL_SOCKET, option, &on, sizeof on) == 0;
  };
  const bool is_listening =
      opened.number() >= 0 && bound_unsent(opened.number()) && turn_on(SO_REUSEADDR) &&
      (sharing == Sharing::alone || turn_on(SO_REUSEPORT)) &&
      ::bind(opened.number(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0 &&
      ::listen(opened.number(), SOMAXCONN) == 0;
  if (!is_listening) return cannot("listen on " + text_of(endpoint), errno);
  return opened;
}

// Several sockets share the port, so the kernel would let a second server share it too, silently. This asks
// whether it is free, and picks one for port 0.
Result<tcp::endpoint> reserve(tcp::endpoint wanted) {
  const auto probe = listen_on(wanted, Sharing::alone);
  if (!probe) return probe.error();
  auto size = static_cast<socklen_t>(wanted.capacity());
  if (::getsockname(probe->number(), wanted.data(), &size) != 0) return cannot("read an address", errno);
  return wanted;
}

Result<sockaddr_un> address_of(const UnixAddress& wanted) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (wanted.path.empty() || wanted.path.size() >= sizeof address.sun_path)
    return fail(Errc::internal, "a unix socket's path has 1 to " +
                                    std::to_string(sizeof address.sun_path - 1) + " bytes: '" + wanted.path +
                                    "'");
  std::copy(wanted.path.begin(), wanted.path.end(), address.sun_path);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// A socket's file outlives a server that was killed. Removes it, unless somebody still answers there.
Result<void> remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode))
    return fail(Errc::internal, "cannot listen on " + path + ": it is not a socket");
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(probe.number(), generic(address), sizeof address) == 0)
    return fail(Errc::internal, "cannot listen on " + path + ": another process does");
  if (errno != ECONNREFUSED) return cannot("listen on " + path, errno);
  if (::unlink(path.c_str()) != 0) return cannot("replace " + path, errno);
  return {};
}

// One socket for all loops: unlike TCP's, unix sockets cannot share an address.
Result<std::vector<Descriptor>> shared(Descriptor first, unsigned loops) {
  std::vector<Descriptor> all;
  all.push_back(std::move(first));
  while (all.size() < loops) {
    all.emplace_back(::fcntl(all.front().number(), F_DUPFD_CLOEXEC, 0));
    if (all.back().number() < 0) return cannot("share a listening socket", errno);
  }
  return all;
}

bool is_listening(int descriptor) {
  int answer = 0;
  socklen_t size = sizeof answer;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &answer, &size) == 0 && answer != 0;
}

bool is_local_host(const std::string& host) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  return error ? host == "localhost" : address.is_loopback();
}

}  // namespace

Result<TcpAddress> TcpAddress::parse(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto malformed = [&] { return fail(Errc::internal, "'" + text + "' is not HOST:PORT"); };
  if (colon == std::string::npos || colon == 0) return malformed();
  TcpAddress address{text.substr(0, colon)};
  const bool has_brackets = address.host.starts_with('[') && address.host.ends_with(']');
  if (has_brackets)
    address.host = address.host.substr(1, address.host.size() - 2);
  else if (address.host.find(':') != std::string::npos)
    return malformed();
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc{} || stop != end || address.host.empty()) return malformed();
  return address;
}

Result<ListenAddress> parse_listen_address(const std::string& text) {
  if (text.starts_with(unix_prefix)) {
    UnixAddress address{text.substr(unix_prefix.size())};
    if (const auto checked = address_of(address); !checked) return checked.error();
    return ListenAddress(std::move(address));
  }
  auto address = TcpAddress::parse(text);
  if (!address) return fail(Errc::internal, address.error().argument + " or unix:PATH");
  return ListenAddress(std::move(*address));
}

bool is_local(const ListenAddress& address) {
  if (std::holds_alternative<UnixAddress>(address)) return true;
  if (const auto* const tcp = std::get_if<TcpAddress>(&address)) return is_local_host(tcp->host);
  const auto bound = parse_listen_address(std::get<InheritedSocket>(address).address());
  return bound && is_local(*bound);
}

std::string InheritedSocket::address() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  if (storage.ss_family == AF_UNIX) {
    return std::string(unix_prefix) + reinterpret_cast<const sockaddr_un&>(storage).sun_path;
  }
  if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6) return {};
  tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), &storage, size);
  endpoint.resize(size);
  return text_of(endpoint);
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

int Descriptor::release() {
  return std::exchange(number_, -1);
}

Result<ListeningSocket> ListeningSocket::open(const ListenAddress& address, unsigned loops) {
  return std::visit([loops](const auto& each) { return open_at(each, loops); }, address);
}

Result<ListeningSocket> ListeningSocket::open_at(const TcpAddress& address, unsigned loops) {
  const auto wanted = resolve(address);
  if (!wanted) return wanted.error();
  const auto endpoint = reserve(*wanted);
  if (!endpoint) return endpoint.error();
  ListeningSocket opened;
  opened.address_ = text_of(*endpoint);
  for (unsigned i = 0; i < loops; ++i) {
    auto descriptor = listen_on(*endpoint, Sharing::one_of_several);
    if (!descriptor) return descriptor.error();
    opened.descriptors_.push_back(std::move(*descriptor));
  }
  return opened;
}

Result<ListeningSocket> ListeningSocket::open_at(const UnixAddress& wanted, unsigned loops) {
  const auto address = address_of(wanted);
  if (!address) return address.error();
  if (const auto removed = remove_stale(wanted.path, *address); !removed) return removed.error();
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // The mode is set before anybody can connect, for that needs a socket that listens.
  const bool is_open = socket.number() >= 0 &&
                       ::bind(socket.number(), generic(*address), sizeof *address) == 0 &&
                       ::chmod(wanted.path.c_str(), 0660) == 0 && ::listen(socket.number(), SOMAXCONN) == 0;
  if (!is_open) return cannot("listen on " + wanted.path, errno);
  auto descriptors = shared(std::move(socket), loops);
  if (!descriptors) return descriptors.error();
  ListeningSocket opened;
  opened.address_ = std::string(unix_prefix) + wanted.path;
  opened.file_ = wanted.path;
  opened.descriptors_ = std::move(*descriptors);
  return opened;
}

Result<ListeningSocket> ListeningSocket::open_at(const InheritedSocket& inherited, unsigned loops) {
  std::string address = inherited.address();
  if (address.empty() || !is_listening(inherited.descriptor))
    return fail(Errc::internal,
                "descriptor " + std::to_string(inherited.descriptor) + " is not a listening socket");
  ::fcntl(inherited.descriptor, F_SETFD, FD_CLOEXEC);
  bound_unsent(inherited.descriptor);  // a unix socket has no such bound
  auto descriptors = shared(Descriptor(inherited.descriptor), loops);
  if (!descriptors) return descriptors.error();
  ListeningSocket opened;
  opened.address_ = std::move(address);
  opened.is_inherited_ = true;
  opened.descriptors_ = std::move(*descriptors);
  return opened;
}

void ListeningSocket::remove_file() {
  if (!file_.empty()) ::unlink(std::exchange(file_, {}).c_str());
}

}  // namespace cubby
