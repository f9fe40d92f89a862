// SPDX-License-Identifier: Apache-2.0
#include "agent/output/message_target.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/output/inet_address.h"
#include "agent/output/message.h"
#include "base/fd.h"

namespace aspis {
namespace {

constexpr std::string_view kCut = "\u2026";
constexpr std::size_t kCutMin = 1024;  // no socket is as narrow as that

struct Address : InetAddress {
  bool stream = false;
  bool datagrams_here = false;  ///< UDP to this machine
};

bool is_loopback(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET6)
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr);
  const auto& inet = reinterpret_cast<const sockaddr_in&>(storage);
  return storage.ss_family == AF_INET && ntohl(inet.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

Result<Address> read_address(MessageKind kind, const std::string& where) {
  Address address;
  auto* local = reinterpret_cast<sockaddr_un*>(&address.storage);
  if (where.starts_with('/') && where.size() < sizeof(local->sun_path)) {
    local->sun_family = AF_UNIX;
    std::memcpy(local->sun_path, where.data(), where.size());
    address.length = sizeof(*local);
    return address;
  }
  address.stream = where.starts_with("tcp:");
  if (kind == MessageKind::kSyslog && (address.stream || where.starts_with("udp:"))) {
    if (const auto inet = read_inet_address(std::string_view(where).substr(4))) {
      static_cast<InetAddress&>(address) = *inet;
      address.datagrams_here = !address.stream && is_loopback(address.storage);
      return address;
    }
  }
  return fail(
      "'" + where + "': " +
      (kind == MessageKind::kSyslog
           ? "neither the path of a socket, nor udp: or tcp: with an address and a port, as "
             "udp:127.0.0.1:514"
           : "not the path of a socket"));
}

class MessageTarget final : public WriteTarget {
 public:
  MessageTarget(MessageKind kind, const Address& address) : kind_(kind), address_(address) {}

  Outcome write_some(std::string_view bytes, std::chrono::milliseconds patience) override;

 private:
  int connect();
  int send_message(std::string_view line, std::chrono::milliseconds patience);
  void make_message(std::string_view line, std::size_t limit);

  MessageKind kind_;
  Address address_;
  Fd fd_;
  std::string message_;
  std::size_t sent_ = 0;  ///< of it: a stream may take a part
  bool made_ = false;     ///< message_ is that of the line at hand
  bool heard_ = false;    ///< what was sent through fd_ has not been refused so far
};

/// Nothing blocks here: connections are to this machine or answer when they like.
int MessageTarget::connect() {
  fd_ =
      Fd(::socket(address_.storage.ss_family,
                  (address_.stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_.valid()) return errno;
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address_.storage), address_.length) ==
          0 ||
      errno == EINPROGRESS)
    return 0;
  const int code = errno;
  fd_.reset();
  return code;
}

/// What came back for datagrams that were sent; 0: nothing.
int refusal(int fd) {
  int code = 0;
  socklen_t size = sizeof(code);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : 0;
}

/// Datagrams to a port of this machine where nobody listens come back as an error, mostly before
/// send(2) returns, and a moment later where the kernel leaves its network work to ksoftirqd.
int late_refusal(int fd) {
  constexpr int kMoment = 10;  // ms
  pollfd wait{fd, 0, 0};
  return ::poll(&wait, 1, kMoment) == 1 ? refusal(fd) : 0;
}

void MessageTarget::make_message(std::string_view line, std::size_t limit) {
  if (kind_ == MessageKind::kJournal) {
    // Only MESSAGE can be long.
    const std::size_t rest = line.find(kFieldSeparator);
    message_ = line.substr(0, std::min({rest, limit, line.size()}));
    if (std::min(rest, line.size()) > limit) message_ += kCut;
    if (rest != std::string_view::npos) message_ += line.substr(rest);
    std::ranges::replace(message_, kFieldSeparator, '\n');
    message_ += '\n';
  } else {
    message_ = line.substr(0, limit);
    if (line.size() > limit) message_ += kCut;
    if (address_.stream) message_.insert(0, std::to_string(message_.size()) + " ");
  }
  sent_ = 0;
  made_ = true;
}

/// Has the other end of a connection gone? What is sent then, the kernel takes and drops.
bool is_closed(int fd) {
  char byte = 0;
  const ssize_t got = ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN);
}

/// An errno, 0 if it is sent.
int MessageTarget::send_message(std::string_view line, std::chrono::milliseconds patience) {
  if (address_.stream && fd_.valid() && !made_ && is_closed(fd_.get())) fd_.reset();
  if (!fd_.valid())
    if (const int code = connect(); code != 0) return code;
  std::size_t limit = line.size();
  if (!made_) make_message(line, limit);
  while (sent_ < message_.size()) {
    const ssize_t sent = ::send(fd_.get(), message_.data() + sent_, message_.size() - sent_,
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      sent_ += static_cast<std::size_t>(sent);
    } else if (errno == EMSGSIZE && limit > kCutMin) {
      make_message(line, limit /= 2);
    } else if (errno == EAGAIN || errno == ENOBUFS || errno == EINPROGRESS) {
      pollfd wait{fd_.get(), POLLOUT, 0};
      if (::poll(&wait, 1, static_cast<int>(patience.count())) != 1) return EAGAIN;
    } else if (errno != EINTR) {
      const int code = errno == EPIPE ? ECONNRESET : errno;  // both pass: there is a next time
      fd_.reset();
      made_ = false;  // another connection gets it from its begin
      return code;
    }
  }
  made_ = false;
  return !address_.stream && address_.storage.ss_family != AF_UNIX ? refusal(fd_.get()) : 0;
}

/// To this machine no datagram is lost: the first one tries whether anybody listens, and lines that
/// went out together count when none of them has come back. Where a listener ends among them, some
/// come to the next one twice.
WriteTarget::Outcome MessageTarget::write_some(std::string_view bytes,
                                               std::chrono::milliseconds patience) {
  const std::size_t at_a_time = address_.datagrams_here && !heard_ ? 1 : 64;
  Outcome outcome;
  for (std::size_t n = 0; n < at_a_time && !bytes.empty(); ++n) {
    const std::size_t end = bytes.find('\n');
    outcome.error = send_message(bytes.substr(0, end), patience);
    if (outcome.error != 0) break;
    outcome.written += end + 1;
    bytes.remove_prefix(end + 1);
  }
  const int code = outcome.error == EAGAIN ? 0 : outcome.error;
  if (outcome.written != 0) outcome.error = 0;  // it is told when what is left comes again
  if (!address_.datagrams_here) return outcome;
  const int refused = code != 0 ? code : late_refusal(fd_.get());
  heard_ = refused == 0;
  return heard_ ? outcome : Outcome{0, refused};
}

}  // namespace

Result<std::unique_ptr<WriteTarget>> send_to(MessageKind kind, const std::string& where) {
  return std::make_unique<MessageTarget>(kind, TRY(read_address(kind, where)));
}

}  // namespace aspis
