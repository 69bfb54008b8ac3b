// Where a listener listens, and the descriptors that it listens with.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/error.hpp"

namespace cubby {

struct TcpAddress {
  std::string host;        // an address or a name that resolves to one
  std::uint16_t port = 0;  // 0 picks a free one

  // "HOST:PORT", an IPv6 address in brackets. Errors: internal, with a sentence for the operator.
  static Result<TcpAddress> parse(const std::string& text);
};

// A unix socket. Its file is made with mode 0660 and removed at the end; one that nobody listens on any more
// is replaced.
struct UnixAddress {
  std::string path;
};

// A socket that the parent process opened and listens on, and keeps beyond the end of this process:
// connections that nobody has accepted yet wait for the next one.
struct InheritedSocket {
  int descriptor = -1;

  // HOST:PORT or unix:PATH; empty if it is no socket of these.
  std::string address() const;
};

using ListenAddress = std::variant<TcpAddress, UnixAddress, InheritedSocket>;

// "HOST:PORT" or "unix:PATH". Errors: internal, with a sentence for the operator.
Result<ListenAddress> parse_listen_address(const std::string& text);

// Whether only this machine can reach it: a unix socket, 127.0.0.0/8, ::1 or localhost.
bool is_local(const ListenAddress& address);

// A file descriptor with one owner.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();

  int number() const { return number_; }
  int release();

 private:
  int number_;
};

// One address that is listened on, by one descriptor for each loop.
class ListeningSocket {
 public:
  // Listens from here on: connections wait until somebody accepts them. Errors: internal, with a sentence for
  // the operator (the address is taken, unknown or not ours).
  static Result<ListeningSocket> open(const ListenAddress& address, unsigned loops);

  ListeningSocket(ListeningSocket&&) = default;

  // HOST:PORT as bound, with brackets around an IPv6 address, or unix:PATH.
  const std::string& address() const { return address_; }

  bool is_unix() const { return address_.starts_with("unix:"); }

  // Whether all descriptors are of one socket.
  bool is_shared() const { return is_unix() || is_inherited_; }

  // Whether the socket goes on listening when this process ends.
  bool is_inherited() const { return is_inherited_; }

  // One for each loop, given away.
  std::vector<Descriptor> take_descriptors() { return std::move(descriptors_); }

  // Nobody finds the address any more. Does nothing if it is not a unix socket of ours.
  void remove_file();

 private:
  ListeningSocket() = default;

  static Result<ListeningSocket> open_at(const TcpAddress& address, unsigned loops);
  static Result<ListeningSocket> open_at(const UnixAddress& address, unsigned loops);
  static Result<ListeningSocket> open_at(const InheritedSocket& inherited, unsigned loops);

  std::string address_;
  bool is_inherited_ = false;
  std::string file_;  // to be removed; empty: none
  std::vector<Descriptor> descriptors_;
};

}  // namespace cubby
