// SPDX-License-Identifier: Apache-2.0
// Both ends of the agent's socket, without a kernel side.
#include "agent/control/server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "agent/control/client.h"
#include "agent/output/sample.h"

namespace aspis {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

class ControlSocket : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/aspis-socket-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    path_ = directory_ + "/run/aspis.sock";
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }
  void serve(ServerOptions options = {}) {
    auto loop = EventLoop::create();
    ASSERT_TRUE(loop);
    loop_.emplace(std::move(*loop));
    std::filesystem::create_directory(directory_ + "/run");
    options.path = path_;
    auto server = Server::create(*loop_, options);
    ASSERT_TRUE(server) << server.error().text();
    server_ = std::move(*server);
    server_->handle("echo", Server::Access::kRead,
                    [](const json& request, const Peer&) -> Result<json> {
                      return json{{"said", request.at("say").get<std::string>()}};
                    });
    server_->handle(
        "change", Server::Access::kChange,
        [](const json&, const Peer& peer) -> Result<json> { return json{{"uid", peer.uid}}; });
  }
  /// Serves while `work` runs in another thread.
  template <class Work>
  void meanwhile(Work work) {
    std::atomic<bool> done = false;
    std::thread thread([&] {
      work();
      done = true;
    });
    while (!done) ASSERT_TRUE(loop_->wait(5ms));
    thread.join();
  }
  Result<json> ask(const json& request) {
    Result<json> answer = fail("not asked");
    meanwhile([&] { answer = ask_agent(path_, request); });
    return answer;
  }
  void emit(std::string_view path) {
    const sample::Sample event("", sample::file_event(ASPIS_FILE_OPEN, path));
    if (server_->wants(event.record)) server_->emit(event.record);
  }

  std::string directory_, path_;
  std::optional<EventLoop> loop_;
  std::unique_ptr<Server> server_;
};

TEST_F(ControlSocket, AnswersAndRefuses) {
  serve();
  EXPECT_EQ((*ask({{"request", "echo"}, {"say", "hello"}}))["said"], "hello");
  EXPECT_THAT(ask({{"request", "nosuch"}}).error().text(), HasSubstr("unknown request 'nosuch'"));
  EXPECT_THAT(ask({{"request", "echo"}, {"say", 5}}).error().text(), HasSubstr("not a request"));
  EXPECT_THAT(ask({{"say", 5}}).error().text(), HasSubstr("not a request"));
  EXPECT_THAT(ask(json::array()).error().text(), HasSubstr("not a request"));
  EXPECT_THAT(ask({{"request", "tail"}, {"format", "nosuch"}}).error().text(),
              HasSubstr("unknown format"));
}

TEST_F(ControlSocket, LimitsWhatARequestIs) {
  serve();
  EXPECT_THAT(ask({{"request", "echo"}, {"say", std::string(100'000, 'x')}}).error().text(),
              HasSubstr("not a request"));
}

TEST_F(ControlSocket, IsForRootAndTheGroupsThatWereNamed) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  constexpr gid_t kReaders = 4711, kAdmins = 4712;
  serve({.path = "", .readers = kReaders, .admins = kAdmins});
  ::chmod(directory_.c_str(), 0755);
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660U);
  EXPECT_EQ(status.st_gid, kReaders);
  // Who opened the connection counts, so each is opened as that user; threads have one each.
  const auto as = [&](std::vector<gid_t> groups, const char* request) {
    std::string answer;
    meanwhile([&] {
      constexpr uid_t kUser = 4700;
      ::syscall(SYS_setgroups, groups.size(), groups.data());
      ::syscall(SYS_setresgid, kUser, kUser, kUser);
      ::syscall(SYS_setresuid, kUser, kUser, kUser);
      const auto said = ask_agent(path_, {{"request", request}, {"say", "x"}});
      answer = said ? "yes" : said.error().text();
    });
    return answer;
  };
  EXPECT_EQ(as({kReaders}, "echo"), "yes");
  EXPECT_THAT(as({kReaders}, "change"), HasSubstr("'change' is not for user 4700"));
  EXPECT_EQ(as({kReaders, kAdmins}, "change"), "yes");
  EXPECT_THAT(as({kAdmins}, "echo"), HasSubstr("Permission denied")) << "by the file's mode";
}

TEST_F(ControlSocket, TakesTheNameOfADeadSocketOnly) {
  serve();
  auto second = EventLoop::create();
  ServerOptions options;
  options.path = path_;
  Result<std::unique_ptr<Server>> other = fail("not tried");
  meanwhile([&] { other = Server::create(*second, options); });
  EXPECT_THAT(other.error().text(), HasSubstr("somebody listens there"));
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_)) << "goes with the server";
  {
    std::ofstream(path_) << "x";
  }
  EXPECT_THAT(Server::create(*second, options).error().text(), HasSubstr("is not a socket"));
}

TEST_F(ControlSocket, IsMadeAgainWhenItIsGone) {
  serve();
  server_->tick();
  std::filesystem::remove_all(directory_ + "/run");
  std::this_thread::sleep_for(1100ms);
  server_->tick();
  EXPECT_EQ((*ask({{"request", "echo"}, {"say", "again"}}))["said"], "again");
  std::filesystem::remove(path_);
  {
    std::ofstream(path_) << "taken";
  }
  std::this_thread::sleep_for(1100ms);
  server_->tick();
  EXPECT_FALSE(ask({{"request", "echo"}, {"say", "x"}})) << "another's file is left alone";
  std::filesystem::remove(path_);
  std::this_thread::sleep_for(1100ms);
  server_->tick();
  EXPECT_EQ((*ask({{"request", "echo"}, {"say", "back"}}))["said"], "back");
}

TEST_F(ControlSocket, SaysThatThereAreTooManyConnections) {
  serve({.path = "", .readers = {}, .admins = {}, .connections_max = 1});
  auto first = connect_local(path_);
  ASSERT_TRUE(first);
  ASSERT_TRUE(loop_->wait(100ms));
  EXPECT_THAT(ask({{"request", "echo"}, {"say", "x"}}).error().text(),
              HasSubstr("too many connections"));
}

TEST_F(ControlSocket, TailsAreFedAndFiltered) {
  serve();
  Result<Client> all = fail(""), net = fail("");
  meanwhile([&] {
    all = Client::connect(path_);
    ASSERT_TRUE(all->ask({{"request", "tail"}, {"format", "json"}}));
    net = Client::connect(path_);
    ASSERT_TRUE(net->ask({{"request", "tail"}, {"format", "json"}, {"events", {"net.*"}}}));
  });
  EXPECT_EQ(server_->tails(), 2U);
  emit("/etc/hosts");
  std::string lines;
  meanwhile([&] { EXPECT_TRUE(*all->read(lines)); });
  EXPECT_EQ(json::parse(lines)["file"]["path"], "/etc/hosts");
  ASSERT_TRUE(server_->close({}, 0, 1s));
  EXPECT_FALSE(*all->read(lines)) << "the end";
  std::string none;
  EXPECT_FALSE(*net->read(none));
  EXPECT_EQ(none, "");
}

TEST_F(ControlSocket, ASlowTailLosesItsOwnEventsAlone) {
  ServerOptions options;
  options.queue_bytes = 64 << 10;
  serve(options);
  Result<Client> slow = fail(""), quick = fail("");
  meanwhile([&] {
    for (auto* client : {&slow, &quick}) {
      *client = Client::connect(path_);
      ASSERT_TRUE((*client)->ask({{"request", "tail"}, {"format", "json"}}));
    }
  });
  constexpr std::uint64_t kEvents = 5'000;
  std::string quick_lines, slow_lines;
  const auto drain = [](Client& client, std::string& lines) {
    ::fcntl(client.fd(), F_SETFL, O_NONBLOCK);
    while (client.read(lines).value_or(false)) {
    }
  };
  for (std::uint64_t i = 0; i < kEvents; ++i) {
    emit("/" + std::to_string(i));
    if (i % 50 != 0) continue;
    ASSERT_TRUE(loop_->wait(15ms));
    drain(*quick, quick_lines);
  }
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(loop_->wait(15ms));
    drain(*quick, quick_lines);
    drain(*slow, slow_lines);
  }
  const auto count = [](const std::string& lines) {
    std::pair<std::uint64_t, std::uint64_t> seen_lost;
    std::istringstream text(lines);
    for (std::string line; std::getline(text, line);) {
      const json event = json::parse(line);
      if (event["type"] == "aspis.gap")
        seen_lost.second += event["lost"]["output"].get<std::uint64_t>();
      else
        ++seen_lost.first;
    }
    return seen_lost;
  };
  EXPECT_EQ(count(quick_lines), std::pair(kEvents, std::uint64_t{0}));
  const auto [seen, lost] = count(slow_lines);
  EXPECT_EQ(seen + lost, kEvents);
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(server_->lost(), lost);
}

}  // namespace
}  // namespace aspis
