// SPDX-License-Identifier: Apache-2.0
// Sockets of the three families, both ends of each, on loopback only.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>

#include "tests/triggers/expectation.h"

namespace trigger {
namespace {

template <class Address>
Address name_of(int fd) {
  Address address{};
  socklen_t size = sizeof(address);
  must(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return address;
}

template <class Address>
const sockaddr* generic(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void inet_stream() {
  const char* group = "net.inet";
  const int server = must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  expect(group, {{"type", "net.create"}, {"net.family", "inet"}, {"net.type", "stream"}});
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  must(::bind(server, generic(address), sizeof(address)), "bind");
  expect(group, {{"type", "net.bind"},
                 {"net.family", "inet"},
                 {"net.address", "127.0.0.1"},
                 {"net.port", "0"}});
  const std::string port = std::to_string(ntohs((address = name_of<sockaddr_in>(server)).sin_port));
  must(::listen(server, 7), "listen");
  expect(group, {{"type", "net.listen"},
                 {"net.local_address", "127.0.0.1"},
                 {"net.local_port", port},
                 {"net.backlog", "7"}});
  const int client = must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP), "socket");
  must(::connect(client, generic(address), sizeof(address)), "connect");
  expect(group, {{"type", "net.connect"},
                 {"net.family", "inet"},
                 {"net.address", "127.0.0.1"},
                 {"net.port", port}});
  must(::accept(server, nullptr, nullptr), "accept");
  const std::string peer = std::to_string(ntohs(name_of<sockaddr_in>(client).sin_port));
  expect(group, {{"type", "net.accept"},
                 {"net.address", "127.0.0.1"},
                 {"net.port", peer},
                 {"net.local_port", port}});
}

void inet6_datagram() {
  const char* group = "net.inet6";
  const int server = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  if (server < 0 || ::bind(server, generic(address), sizeof(address)) != 0) {
    skip(group, std::string("no IPv6 on loopback: ") + std::strerror(errno));
    return;
  }
  expect(group, {{"type", "net.create"}, {"net.family", "inet6"}, {"net.type", "dgram"}});
  expect(group, {{"type", "net.bind"}, {"net.family", "inet6"}, {"net.address", "::1"}});
  address = name_of<sockaddr_in6>(server);
  const int client = must(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  must(::sendto(client, "12345", 5, 0, generic(address), sizeof(address)), "sendto");
  expect(group, {{"type", "net.sendmsg"},
                 {"net.family", "inet6"},
                 {"net.address", "::1"},
                 {"net.port", std::to_string(ntohs(address.sin6_port))},
                 {"net.bytes", "5"}});
}

/// Listens, connects and accepts on one unix address; `shown` is how it must be told.
void unix_pair(const char* group, const sockaddr_un& address, socklen_t size,
               const std::string& shown) {
  const int server = must(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(::bind(server, generic(address), size), "bind");
  expect(group, {{"type", "net.bind"}, {"net.family", "unix"}, {"net.path", shown}});
  must(::listen(server, 1), "listen");
  expect(group, {{"type", "net.listen"}, {"net.family", "unix"}, {"net.path", shown}});
  const int client = must(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(::connect(client, generic(address), size), "connect");
  expect(group, {{"type", "net.connect"}, {"net.family", "unix"}, {"net.path", shown}});
  must(::accept(server, nullptr, nullptr), "accept");
  expect(group, {{"type", "net.accept"}, {"net.family", "unix"}, {"net.path", shown}});
}

}  // namespace

void net(const std::string& directory) {
  inet_stream();
  inet6_datagram();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = directory + "/socket";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  unix_pair("net.unix", address, sizeof(address), path);
  const std::string name = "aspis-test-" + std::to_string(::getpid());
  std::memset(address.sun_path, 0, sizeof(address.sun_path));
  std::memcpy(address.sun_path + 1, name.c_str(), name.size());
  unix_pair("net.abstract", address,
            static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size()), "@" + name);
}

}  // namespace trigger
