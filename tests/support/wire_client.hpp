// A client of one TCP connection that trusts the server with nothing: it parses answers strictly, and it can
// make the server read its requests byte by byte.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/wire_message.hpp"

namespace cubby::wire {

// How the complaint begins about a connection that ended where an answer, or the rest of one, is due.
inline constexpr const char* answer_is_cut = "the connection ended where an answer is due";

class Client {
 public:
  // `address` is 127.0.0.1:PORT or unix:PATH.
  explicit Client(const std::string& address, std::chrono::seconds patience_max = std::chrono::seconds(10))
      : socket_(::socket(address.starts_with("unix:") ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (address.starts_with("unix:"))
      connect_to_file(address.substr(5));
    else
      connect_to_port(std::stoul(address.substr(address.rfind(':') + 1)));
    const timeval patience{patience_max.count(), 0};
    check(::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
    check(::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), "SO_SNDTIMEO");
  }
  virtual ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // From here on the kernel takes little at a time.
  void receive_little() {
    const int bytes = 32 * 1024;
    check(::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), "SO_RCVBUF");
  }

  // Stops early if the server has closed: its answer is then to be read.
  virtual void send(std::string_view bytes) { send_raw(bytes); }

  // Below TLS, where there is some.
  void send_raw(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
      check(sent, "send");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Each byte only after the server has read the one before it.
  void send_byte_by_byte(std::string_view bytes) {
    if (peer_ < 0) peer_ = find_peer();
    for (; !bytes.empty(); bytes.remove_prefix(1)) {
      send_raw(bytes.substr(0, 1));
      wait_until_read();
    }
  }

  // Nothing follows from this side.
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }

  // The next answer. A 100 is taken on the way if the request has asked for one.
  Answer read_answer(std::string_view method) {
    Answer answer = read_head();
    if (answer.status == 100) {
      answer = read_head();
      answer.was_told_to_continue = true;
    }
    if (find_header(answer.headers, "transfer-encoding")) throw std::runtime_error("a chunked answer");
    const auto length = find_header(answer.headers, "content-length");
    if (length.has_value() == (answer.status == 304)) {
      throw std::runtime_error("a content-length is due, but for a 304");
    }
    if (method != "HEAD" && answer.status != 304) answer.body = read_exactly(number_in(std::string(*length)));
    return answer;
  }

  // Below TLS. Waits for bytes and appends them to `to`; false at the end of the stream.
  bool receive_raw(std::string& to, std::size_t bytes_max = 64 * 1024) const {
    std::string bytes(bytes_max, '\0');
    auto count = ::recv(socket_, bytes.data(), bytes.size(), 0);
    while (count < 0 && errno == EINTR) count = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == ECONNRESET) return false;
    check(count, "recv");
    to.append(bytes, 0, static_cast<std::size_t>(count));
    return count > 0;
  }

  // True for a 100; false if another answer has begun to come.
  bool is_told_to_continue() {
    constexpr std::string_view expected = "HTTP/1.1 100 Continue\r\n\r\n";
    while (input_.size() < expected.size()) receive();
    if (!input_.starts_with(expected)) return false;
    input_.erase(0, expected.size());
    return true;
  }

  // Whether the server has closed by now, with nothing said before.
  bool has_ended() const {
    char byte = 0;
    const auto count = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno == ECONNRESET);
  }

  // Everything up to the end of the stream.
  std::string read_to_end() {
    while (receive_some()) {
    }
    return std::exchange(input_, {});
  }

 protected:
  virtual bool receive_some() { return receive_raw(input_); }

  std::string input_;  // received and not yet taken

 private:
  void connect_to_port(unsigned long port) {
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(static_cast<std::uint16_t>(port));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::connect(socket_, reinterpret_cast<const sockaddr*>(&server), sizeof server), "connect");
    const int on = 1;
    check(::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  }

  void connect_to_file(const std::string& path) {
    sockaddr_un server{};
    server.sun_family = AF_UNIX;
    path.copy(server.sun_path, sizeof server.sun_path - 1);
    check(::connect(socket_, reinterpret_cast<const sockaddr*>(&server), sizeof server), "connect");
  }

  static long check(long result, const char* what) {
    if (result < 0) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
    return result;
  }

  static std::size_t number_in(const std::string& text) {
    std::size_t number = 0;
    const char* const end = text.data() + text.size();
    if (text.empty() || std::from_chars(text.data(), end, number).ptr != end) {
      throw std::runtime_error("no number: " + text);
    }
    return number;
  }

  // The server's end of the connection, which is in this process. Waits until it has been accepted.
  int find_peer() {
    sockaddr_in mine{};
    socklen_t size = sizeof mine;
    check(::getsockname(socket_, reinterpret_cast<sockaddr*>(&mine), &size), "getsockname");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < until) {
      for (int each = 0; each < 1024; ++each) {
        sockaddr_in theirs{};
        size = sizeof theirs;
        if (each == socket_ || ::getpeername(each, reinterpret_cast<sockaddr*>(&theirs), &size) != 0)
          continue;
        if (theirs.sin_family == AF_INET && theirs.sin_port == mine.sin_port) return each;
      }
      ::sched_yield();
    }
    throw std::runtime_error("the connection was not accepted");
  }

  void wait_until_read() const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    int unread = 0;
    while (::ioctl(peer_, FIONREAD, &unread) == 0 && unread > 0) {
      if (std::chrono::steady_clock::now() > until) throw std::runtime_error("the server does not read on");
      ::sched_yield();
    }
  }

  void receive() {
    if (!receive_some()) throw std::runtime_error(answer_is_cut + (": " + input_));
  }

  std::string read_line() {
    auto end = input_.find("\r\n");
    for (; end == input_.npos; end = input_.find("\r\n")) receive();
    std::string line = input_.substr(0, end);
    if (line.find_first_of("\r\n") != line.npos) throw std::runtime_error("a stray line end in a head");
    input_.erase(0, end + 2);
    return line;
  }

  std::string read_exactly(std::size_t count) {
    while (input_.size() < count) receive();
    std::string bytes = input_.substr(0, count);
    input_.erase(0, count);
    return bytes;
  }

  Answer read_head() {
    Answer answer;
    const std::string first = read_line();
    if (!first.starts_with("HTTP/1.1 ") || first.size() < 13 || first[12] != ' ') {
      throw std::runtime_error("no status line: " + first);
    }
    answer.status = static_cast<unsigned>(number_in(first.substr(9, 3)));
    answer.reason = first.substr(13);
    for (std::string line = read_line(); !line.empty(); line = read_line()) {
      const auto colon = line.find(": ");
      if (colon == line.npos || colon == 0) throw std::runtime_error("no header: " + line);
      std::string name = line.substr(0, colon);
      if (find_header(answer.headers, name)) throw std::runtime_error("a header twice: " + name);
      answer.headers.emplace_back(std::move(name), line.substr(colon + 2));
    }
    return answer;
  }

  int socket_;
  int peer_ = -1;  // the server's end, once somebody has asked
};

}  // namespace cubby::wire
