// SPDX-License-Identifier: Apache-2.0
// Network and unix rules: from policy to permissions on sockets, by the kernel side's own subjects
// (bpf/lib/subject.h).
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "bpf/lib/subject.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

socket_end inet(const char* address, std::uint16_t port, unsigned flags = 0) {
  socket_end end{};
  const bool six = std::strchr(address, ':') != nullptr;
  end.kind = static_cast<__u8>((six ? ASPIS_END_INET6 : ASPIS_END_INET) | flags);
  end.port = htons(port);
  ::inet_pton(six ? AF_INET6 : AF_INET, address, end.bytes);
  return end;
}

socket_end named(std::string_view name) {
  socket_end end{};
  end.kind = ASPIS_END_ABSTRACT;
  end.len = static_cast<__u8>(name.size());
  std::copy(name.begin(), name.end(), end.bytes);
  return end;
}

socket_end of_kind(unsigned kind) {
  socket_end end{};
  end.kind = static_cast<__u8>(kind);
  return end;
}

unsigned network(const CompiledText& text, int family, int type, int protocol,
                 const socket_end& local = {}, const socket_end& peer = {}) {
  const socket_ends ends{static_cast<__u16>(family),
                         static_cast<__u16>(type),
                         static_cast<__u16>(protocol),
                         0,
                         local,
                         peer};
  std::string subject(SUBJECT_ROOM, '\0');
  __u32 len = 0;
  network_subject(reinterpret_cast<__u8*>(subject.data()), &len, &ends);
  return class_permissions(text.image, 1, ASPIS_CLASS_NETWORK, subject.substr(1, len - 1)).allow;
}

unsigned unix_socket(const CompiledText& text, int type, const socket_end& local = {},
                     const socket_end& peer = {}, const std::string& label = "") {
  const socket_ends ends{AF_UNIX, static_cast<__u16>(type), 0, 0, local, peer};
  std::string subject(SUBJECT_ROOM, '\0');
  __u32 len = 0;
  unix_subject(reinterpret_cast<__u8*>(subject.data()), &len, &ends);
  return class_permissions(text.image, 1, ASPIS_CLASS_UNIX, subject.substr(1, len - 1) + label)
      .allow;
}

constexpr unsigned kTalk = ASPIS_SOCKET_CONNECT | ASPIS_SOCKET_SEND | ASPIS_SOCKET_RECEIVE;

TEST(NetworkRules, FamilyTypeAndProtocol) {
  const CompiledText text(
      "profile x { network inet tcp, network inet6 dgram, network netlink raw, network icmp, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(network(text, AF_INET, SOCK_STREAM, IPPROTO_TCP), ASPIS_SOCKET_ALL);
  EXPECT_EQ(network(text, AF_INET, SOCK_STREAM, 0), ASPIS_SOCKET_ALL);
  EXPECT_EQ(network(text, AF_INET, SOCK_DGRAM, 0), 0U);
  EXPECT_EQ(network(text, AF_INET6, SOCK_DGRAM, IPPROTO_UDP), ASPIS_SOCKET_ALL);
  EXPECT_EQ(network(text, AF_NETLINK, SOCK_RAW, 0), ASPIS_SOCKET_ALL);
  EXPECT_EQ(network(text, AF_INET, SOCK_RAW, IPPROTO_ICMP), ASPIS_SOCKET_ALL);
  EXPECT_EQ(network(text, AF_INET, SOCK_RAW, IPPROTO_RAW), 0U);
  EXPECT_EQ(unix_socket(text, SOCK_STREAM), 0U);
}

TEST(NetworkRules, WithoutOneNothingIsAllowed) {
  const CompiledText text("profile x { /a r, }");
  EXPECT_EQ(network(text, AF_INET, SOCK_STREAM, 0), 0U);
  EXPECT_TRUE(text.policy.profiles[0].mediated & 1U << ASPIS_CLASS_NETWORK);
}

TEST(NetworkRules, DenyBeatsAllowOfOnePermission) {
  const CompiledText text("profile x { network, deny network (listen, accept) inet, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(network(text, AF_INET, SOCK_STREAM, 0),
            ASPIS_SOCKET_ALL & ~(ASPIS_SOCKET_LISTEN | ASPIS_SOCKET_ACCEPT));
  EXPECT_EQ(network(text, AF_INET6, SOCK_STREAM, 0), ASPIS_SOCKET_ALL);
}

TEST(NetworkRules, OwnAddressAndPort) {
  const CompiledText text("profile x { network inet stream ip=127.0.0.1 port=8000-8009, }");
  ASSERT_EQ(text.messages(), "");
  const auto bind = [&](const char* address, std::uint16_t port) {
    return network(text, AF_INET, SOCK_STREAM, 0, inet(address, port)) & ASPIS_SOCKET_BIND;
  };
  EXPECT_NE(bind("127.0.0.1", 8000), 0U);
  EXPECT_NE(bind("127.0.0.1", 8009), 0U);
  EXPECT_EQ(bind("127.0.0.1", 8010), 0U);
  EXPECT_EQ(bind("127.0.0.2", 8000), 0U);
  EXPECT_EQ(network(text, AF_INET, SOCK_STREAM, 0), ASPIS_SOCKET_CREATE);
}

TEST(NetworkRules, PeersByPrefixAndPort) {
  const CompiledText text(
      "profile x { network inet stream peer=(ip=10.1.0.0/16 port=443),\n"
      "network inet6 stream peer=(ip=fd00::/8), }");
  ASSERT_EQ(text.messages(), "");
  const socket_end unbound = inet("0.0.0.0", 0, ASPIS_END_IMPLIED);
  const auto talk = [&](int family, const char* address, std::uint16_t port) {
    return network(text, family, SOCK_STREAM, IPPROTO_TCP, unbound, inet(address, port)) & kTalk;
  };
  EXPECT_EQ(talk(AF_INET, "10.1.200.3", 443), kTalk);
  EXPECT_EQ(talk(AF_INET, "10.1.200.3", 80), 0U);
  EXPECT_EQ(talk(AF_INET, "10.2.0.1", 443), 0U);
  EXPECT_EQ(talk(AF_INET6, "fd12::1", 1), kTalk);
  EXPECT_EQ(talk(AF_INET6, "fe80::1", 1), 0U);
  // The peer of what was connected before is as good as one that is given.
  EXPECT_EQ(
      network(text, AF_INET, SOCK_STREAM, 0, unbound, inet("10.1.0.1", 443, ASPIS_END_IMPLIED)) &
          kTalk,
      kTalk);
}

TEST(NetworkRules, ADeniedPeerDeniesNotTheSocket) {
  const CompiledText text(
      "profile x { network inet, deny network inet peer=(ip=169.254.169.254), }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(network(text, AF_INET, SOCK_STREAM, 0), ASPIS_SOCKET_ALL);
  EXPECT_EQ(network(text, AF_INET, SOCK_STREAM, 0, {}, inet("169.254.169.254", 80)) & kTalk, 0U);
}

TEST(UnixRules, TypesAndPermissions) {
  const CompiledText text(
      "profile x { unix (create, getopt) type=stream, unix create type=dgram, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(unix_socket(text, SOCK_STREAM), ASPIS_SOCKET_CREATE | ASPIS_SOCKET_GETOPT);
  EXPECT_EQ(unix_socket(text, SOCK_DGRAM), ASPIS_SOCKET_CREATE);
  EXPECT_EQ(unix_socket(text, SOCK_SEQPACKET), 0U);
}

TEST(UnixRules, AbstractNames) {
  const CompiledText text("profile x { unix (bind, listen) addr=@{NAME}*,\n}\n");
  const CompiledText plain("profile x { unix (bind, listen) addr=@good-*, unix bind addr=auto, }");
  EXPECT_NE(text.diagnostics.errors(), 0U);
  ASSERT_EQ(plain.messages(), "");
  const unsigned both = ASPIS_SOCKET_BIND | ASPIS_SOCKET_LISTEN;
  EXPECT_EQ(unix_socket(plain, SOCK_STREAM, named("good-1")), both);
  // A name may hold any byte.
  EXPECT_EQ(unix_socket(plain, SOCK_STREAM, named(std::string_view("good-\0\1\2", 8))), both);
  EXPECT_EQ(unix_socket(plain, SOCK_STREAM, named("bad")), 0U);
  EXPECT_EQ(unix_socket(plain, SOCK_STREAM, of_kind(ASPIS_END_AUTO)), ASPIS_SOCKET_BIND);
}

TEST(UnixRules, PeersByNameAndLabel) {
  const CompiledText text(
      "profile x { unix (connect, send) peer=(addr=@server label=y//*),\n"
      "unix receive peer=(label=unconfined), }");
  ASSERT_EQ(text.messages(), "");
  const auto talk = [&](const socket_end& peer, const char* label) {
    return unix_socket(text, SOCK_STREAM, {}, peer, label);
  };
  const unsigned say = ASPIS_SOCKET_CONNECT | ASPIS_SOCKET_SEND;
  EXPECT_EQ(talk(named("server"), "y//z"), say);
  EXPECT_EQ(talk(named("server"), "y"), 0U);
  EXPECT_EQ(talk(named("other"), "y//z"), 0U);
  EXPECT_EQ(talk({}, ASPIS_UNCONFINED), ASPIS_SOCKET_RECEIVE);
  EXPECT_EQ(talk({}, "y//z"), 0U);
  // Who will send a datagram is not known yet.
  EXPECT_EQ(unix_socket(text, SOCK_DGRAM), ASPIS_SOCKET_RECEIVE);
}

TEST(UnixRules, OfPathsFileRulesSpeakAlone) {
  const CompiledText text("profile x { unix create, deny unix send, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(unix_socket(text, SOCK_STREAM, {}, of_kind(ASPIS_END_PATH), "y"), ASPIS_SOCKET_ALL);
  EXPECT_EQ(unix_socket(text, SOCK_STREAM, of_kind(ASPIS_END_PATH), {}, "y"), ASPIS_SOCKET_ALL);
  EXPECT_EQ(unix_socket(text, SOCK_STREAM, of_kind(ASPIS_END_PATH), named("n"), "y") & kTalk, 0U);
}

TEST(UnixRules, WithoutThemUnixSocketsAreANetworkFamily) {
  const CompiledText none("profile x { network inet, }");
  EXPECT_EQ(unix_socket(none, SOCK_STREAM), 0U);
  EXPECT_EQ(unix_socket(none, SOCK_STREAM, {}, of_kind(ASPIS_END_PATH), "y"), 0U);
  const CompiledText stream("profile x { network unix stream, }");
  ASSERT_EQ(stream.messages(), "");
  EXPECT_EQ(unix_socket(stream, SOCK_STREAM, named("any"), of_kind(ASPIS_END_PATH), "y"),
            ASPIS_SOCKET_ALL);
  EXPECT_EQ(unix_socket(stream, SOCK_DGRAM), 0U);
}

TEST(UnixRules, OfAnAbiWithoutThemAreNotEnforced) {
  const std::string abi = testing::TempDir() + "aspis-abi-network";
  std::ofstream(abi) << "network {af_inet {yes\n}\n}\n";
  const CompiledText text("abi \"" + abi + "\",\nprofile x { unix, network unix dgram, }");
  std::filesystem::remove(abi);
  EXPECT_THAT(text.messages(), testing::HasSubstr("This rule is not enforced"));
  EXPECT_EQ(unix_socket(text, SOCK_STREAM), 0U);
  EXPECT_EQ(unix_socket(text, SOCK_DGRAM), ASPIS_SOCKET_ALL);
}

TEST(UnixRules, ConditionsThatNothingCanCheckAreSaid) {
  const CompiledText text("profile x { unix create opt=(x), deny unix create attr=y, }");
  EXPECT_THAT(text.messages(), testing::HasSubstr("condition opt= of unix rules is not enforced"));
  EXPECT_EQ(unix_socket(text, SOCK_STREAM), ASPIS_SOCKET_CREATE);
}

TEST(SocketRules, AllIsEverySocket) {
  const CompiledText text("profile x { all, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(network(text, AF_PACKET, SOCK_RAW, 3), ASPIS_SOCKET_ALL);
  EXPECT_EQ(unix_socket(text, SOCK_DGRAM, {}, named("n"), "y"), ASPIS_SOCKET_ALL);
}

}  // namespace
}  // namespace aspis::policy
