// SPDX-License-Identifier: Apache-2.0
// Network and unix rules, enforced: a Python program does what they are about (policy_net.py) and
// says which errno it got; expected ones are AppArmor's.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

constexpr const char* kProgram = ASPIS_SOURCE_DIR "/tests/system/policy_net.py";
constexpr const char* kBasis = "  file,\n  /** ix,\n  capability,\n";

constexpr const char* kKinds = R"(
  network inet stream,
  network icmp,
  network netlink raw,
  deny network packet,
)";

constexpr const char* kAddresses = R"(
  network inet stream ip=127.0.0.1 port=7001,
  network (create, getattr, shutdown) inet stream,
  network (connect, send, receive) inet stream peer=(ip=127.0.0.1 port=7001),
  network (create, getopt) inet dgram,
  network create inet6 dgram,
  network (connect, send) dgram peer=(ip=127.0.0.1 port=7003),
)";

constexpr const char* kUnix = R"(
  unix (create, getattr, shutdown, getopt),
  unix (bind, listen, accept) addr=@aspis-own,
  unix (connect, send, receive) peer=(addr=@aspis-own label=@{profile_name}),
  unix (send, receive) peer=(addr=none label=@{profile_name}),
  unix (connect, send, receive) peer=(addr=@aspis-there label=unconfined),
  unix send peer=(addr=@aspis-there.dgram label=unconfined),
  unix (connect, send, receive) peer=(addr=@aspis-closed{,.dgram} label=@{profile_name}),
)";

class Sockets : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const auto why = why_not_confine(GetParam()); !why.empty()) GTEST_SKIP() << why;
    ASSERT_EQ(::mkfifo(directory_.path("end").c_str(), 0600), 0);
  }

  /// What the server waits for is the end of its fifo.
  void TearDown() override {
    ::close(::open(directory_.path("end").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  }

  void serve() {
    const Outcome server = run({system_python(), kProgram, directory_.path(), "serve"});
    ASSERT_EQ(server.code(), 0) << server.err;
  }

  /// What a part of the program does under these rules.
  Results under(const std::string& rules, const std::string& part,
                std::vector<std::string> options = {}) {
    const std::string file = directory_.path("profile");
    std::ofstream(file) << "profile sockets {\n" << kBasis << rules << "}\n";
    options.insert(options.end(), {"--profile", file});
    const Observation seen =
        observe(GetParam(), {system_python(), kProgram, directory_.path(), part}, options);
    EXPECT_EQ(seen.outcome.code(), 0) << seen.outcome.err;
    events_ = seen.events;
    return results_of(seen.outcome.out);
  }

  /// Paths of two sockets that the program may not talk to.
  std::string with_closed_paths(const std::string& rules) {
    return rules + "  audit deny " + directory_.path("closed") + "{,.dgram} w,\n";
  }

  [[nodiscard]] bool told(const std::vector<std::pair<std::string, std::string>>& fields) const {
    return !matching(events_, fields).empty();
  }

  const TemporaryDirectory directory_;
  std::vector<nlohmann::json> events_;
};

TEST_P(Sockets, FamiliesTypesAndProtocols) {
  const Results expected = {
      {"stream", "0"},         {"dgram", "EACCES"}, {"stream6", "EACCES"}, {"raw", "0"},
      {"raw_other", "EACCES"}, {"netlink", "0"},    {"packet", "EACCES"},  {"unix", "EACCES"},
  };
  EXPECT_EQ(under(kKinds, "kinds"), expected);
  EXPECT_TRUE(told({{"type", "net.create"},
                    {"verdict", "denied"},
                    {"denied", "create"},
                    {"profile", "sockets"},
                    {"net.family", "unix"}}));
  EXPECT_TRUE(told({{"type", "net.create"}, {"quiet", "true"}, {"net.family", "packet"}}));
}

TEST_P(Sockets, AddressesAndPorts) {
  const Results expected = {
      {"good.create", "0"},     {"good.bind", "0"},     {"good.listen", "0"},
      {"good.connect", "0"},    {"good.accept", "0"},   {"good.send", "0"},
      {"good.recv", "0"},       {"good.shutdown", "0"}, {"good.getsockname", "0"},
      {"bad.create", "0"},      {"bad.bind", "EACCES"}, {"mapped.create", "0"},
      {"mapped.good", "0"},     {"udp.good", "0"},      {"udp.bad", "EACCES"},
      {"mapped.bad", "EACCES"}, {"udp.getopt", "0"},    {"udp.setopt", "EACCES"},
  };
  EXPECT_EQ(under(kAddresses, "inet"), expected);
  EXPECT_TRUE(told({{"type", "net.bind"},
                    {"verdict", "denied"},
                    {"net.address", "127.0.0.1"},
                    {"net.port", "7002"}}));
  EXPECT_TRUE(told(
      {{"type", "net.sendmsg"}, {"verdict", "denied"}, {"denied", "send"}, {"net.port", "7004"}}));
  EXPECT_TRUE(told({{"type", "net.setopt"}, {"verdict", "denied"}, {"denied", "setopt"}}));
}

TEST_P(Sockets, UnixNamesPathsAndPeers) {
  serve();
  const Results expected = {
      {"own.create", "0"},
      {"own.bind", "0"},
      {"own.listen", "0"},
      {"own.connect", "0"},
      {"own.accept", "0"},
      {"own.send", "0"},
      {"own.recv", "0"},
      {"own.getsockname", "0"},
      {"own.shutdown", "0"},
      {"wrong.create", "0"},
      {"wrong.bind", "EACCES"},
      {"path.create", "0"},
      {"path.bind", "0"},
      {"path.listen", "0"},
      {"path.connect", "0"},
      {"path.accept", "0"},
      {"path.send", "0"},
      {"path.recv", "0"},
      {"path.getsockname", "0"},
      {"path.shutdown", "0"},
      {"abstract_there.connect", "0"},
      {"abstract_there.send", "0"},
      {"abstract_there.sendto", "0"},
      {"abstract_closed.connect", "EACCES"},
      {"abstract_closed.sendto", "EACCES"},
      {"path_there.connect", "0"},
      {"path_there.send", "0"},
      {"path_there.sendto", "0"},
      {"path_closed.connect", "EACCES"},
      {"path_closed.sendto", "EACCES"},
      {"pair.send", "0"},
      {"pair.recv", "0"},
  };
  EXPECT_EQ(under(with_closed_paths(kUnix), "unix"), expected);
  EXPECT_TRUE(told({{"type", "net.connect"},
                    {"verdict", "denied"},
                    {"denied", "send receive connect"},
                    {"net.path", "@aspis-closed"}}));
  EXPECT_TRUE(told({{"type", "file.connect"},
                    {"verdict", "denied"},
                    {"denied", "w"},
                    {"file.path", directory_.path("closed")}}));
}

/// Without unix rules, unix sockets are a family of network rules, those with a path, too.
TEST_P(Sockets, UnixAsAFamilyOfNetworks) {
  serve();
  const Results done = under(with_closed_paths("  network unix,\n"), "unix");
  EXPECT_EQ(done.at("own.recv"), "0");
  EXPECT_EQ(done.at("path_there.send"), "0");
  EXPECT_EQ(done.at("abstract_closed.send"), "0");
  EXPECT_EQ(done.at("path_closed.connect"), "EACCES");
}

TEST_P(Sockets, ComplainReportsAndAllows) {
  serve();
  const Results done = under(with_closed_paths(""), "unix", {"--complain"});
  for (const auto& [name, result] : done)
    EXPECT_EQ(result, name.starts_with("path_closed") ? "EACCES" : "0") << name;
  for (const char* type : {"net.create", "net.bind", "net.listen", "net.accept_call", "net.connect",
                           "net.sendmsg", "net.recvmsg", "net.getattr", "net.shutdown"})
    EXPECT_TRUE(told({{"type", type}, {"verdict", "complain"}})) << type;
}

INSTANTIATE_TEST_SUITE_P(Backends, Sockets, testing::Values("lsm", "fmod_ret"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace aspis::test
