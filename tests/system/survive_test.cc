// SPDX-License-Identifier: Apache-2.0
// Enforcement that is pinned outlives its agent: killed, ended, of another version. In guests only.
// ASPIS_SURVIVE_SECONDS: how long agents are killed (20; the full test takes 60).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Survive : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const auto why = why_not_confine(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
  void TearDown() override { run({aspis_binary(), "agent", "--uninstall"}); }

  /// As in agent_test.cc; `start` leaves the log of agent N in log.N. Whatever happens, no agent is
  /// left.
  Outcome script(const std::string& text, int seconds = 400) {
    return run({"sh", "-c", "cd " + directory_.path() + R"(
    trap '[ -z "$agent" ] || kill -9 $agent 2> /dev/null' EXIT
    mkdir -p profiles; echo password > secret; cp "$DOMAIN" app; count=0
    policy() { printf 'profile app %s/app {\n  /** rmix,\n  /dev/** rw,\n%s\n}\n' "$PWD" "$*" > profiles/app; }
    says() { until grep -qF -e "$1" err; do sleep 0.2; kill -0 $agent || { cat err; exit 9; }; done; }
    launch() { count=$((count + 1)); : > err; "$ASPIS" agent $HOOKS -o json --profiles profiles "$@" > log.$count 2> err & agent=$!; }
    start() { launch "$@"; says 'profiles in force'; }
    killed() { kill -9 $agent; wait $agent; agent=; }
    finish() { kill $agent; wait $agent; echo "agent $?"; agent=; }
    uninstall() { "$ASPIS" agent --uninstall; }
)" + text},
               seconds,
               {{"ASPIS", aspis_binary()},
                {"DOMAIN", domain_binary()},
                {"PYTHON", system_python()},
                {"SECONDS_OF_IT", seconds_of_it()},
                {"HOOKS", "--hooks=" + std::string(GetParam()) + " --stacks=none"}});
  }
  static std::string seconds_of_it() {
    const char* wanted = std::getenv("ASPIS_SURVIVE_SECONDS");
    return wanted == nullptr ? "20" : wanted;
  }
  /// Of all agents, or of number N; of a line that a kill has torn, nothing.
  [[nodiscard]] std::vector<nlohmann::json> events(int number = 0) const {
    std::vector<nlohmann::json> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      const std::string name = entry.path().filename();
      if (!name.starts_with("log.") || (number != 0 && name != "log." + std::to_string(number)))
        continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);)
        if (auto event = nlohmann::json::parse(line, nullptr, false); !event.is_discarded())
          found.push_back(std::move(event));
    }
    return found;
  }

  TemporaryDirectory directory_;
};

// Attempts are counted by who makes them; denials by their numbers, as one may be told twice when
// an agent was killed between writing and releasing it.
TEST_P(Survive, NothingGetsThroughAndNothingIsForgottenWhileAgentsAreKilled) {
  const Outcome outcome = script(R"(
    policy "  audit deny $PWD/secret r,"
    start
    mkfifo gate; sleep 1000 > gate & holds=$!
    for n in 1 2 3 4; do ./app try=secret < gate > tries.$n & workers="$workers $!"; done
    end=$(($(date +%s) + SECONDS_OF_IT))
    while [ $(date +%s) -lt $end ]; do
      # An agent needs longer to come up in an emulated guest: some are given the time.
      case $((count % 4)) in 3) sleep 4 ;; 2) sleep 1 ;; *) sleep 0.2 ;; esac
      killed; launch
    done
    killed; sleep 8  # more than there is room for
    kill $holds; wait $workers; cat tries.*
    start; cat err; sleep 1; finish; echo "count $count"
)");
  EXPECT_THAT(outcome.out, HasSubstr("goes on with what is pinned")) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("agent 0\n"));
  long tried = 0, opened = 0, workers = 0;
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) {
    long one_opened = 0, one_tried = 0;
    if (std::sscanf(line.c_str(), "try=secret %ld %ld", &one_opened, &one_tried) != 2) continue;
    opened += one_opened;
    tried += one_tried;
    ++workers;
  }
  EXPECT_EQ(workers, 4) << outcome.out << outcome.err;
  EXPECT_EQ(opened, 0);
  std::set<std::uint64_t> told;
  std::size_t repeated = 0;
  std::uint64_t lost = 0;
  for (const auto& event : events()) {
    if (field(event, "type") == "aspis.summary")
      lost = event["lost"]["ring"].get<std::uint64_t>() +
             event["lost"]["scratch"].get<std::uint64_t>();
    if (field(event, "verdict") != "denied" || !field(event, "file.path").ends_with("/secret"))
      continue;
    if (!told.insert(event["seq"].get<std::uint64_t>()).second) ++repeated;
    EXPECT_EQ(field(event, "profile"), "app") << event;
  }
  EXPECT_EQ(tried, static_cast<long>(told.size() + lost));
  EXPECT_GT(lost, 0U) << "nothing has shown that losses are counted";
  std::cout << tried << " attempts, " << told.size() << " denials told, " << repeated << " again, "
            << lost << " counted as lost; " << outcome.out.substr(outcome.out.rfind("count"));
}

TEST_P(Survive, StaysWithoutAnAgentAndIsGoneOnWith) {
  const Outcome outcome = script(R"(
    uninstall; echo "uninstall $?"
    policy "  audit deny $PWD/secret r,"
    start
    "$ASPIS" agent --profiles profiles; echo "second $?, first $agent"
    "$ASPIS" agent --uninstall; echo "too early $?"
    finish; cat err
    ./app current open=secret first
    start --all-events --policy-memory 1
    cat err; ./app current open=secret; echo 'profile other /nowhere {}' > profiles/other
    : > err; kill -HUP $agent; says 'policy replaced'; killed
    mkfifo hold; ./app current open=hold current open=secret > held & held=$!; sleep 1
    mv profiles/app app.profile; launch; wait $agent; echo "removal $?"; cat err
    agent=; mv app.profile profiles/app
    pinned=$(echo /sys/fs/bpf/aspis/version*); stranger=${pinned%_abi_*}_abi_0
    mv $pinned $stranger; launch; wait $agent; echo "stranger $?"; cat err; agent=
    ./app open=secret; mv $stranger $pinned
    mkdir /sys/fs/bpf/aspis/new; ls /sys/fs/bpf/aspis
    policy ''; start; cat err
    : > hold; wait $held; cat held; ls /sys/fs/bpf/aspis; finish
    policy "  audit deny $PWD/secret r,"
    start; : > err; ./app open=secret; finish
    mkfifo hold2; ./app open=hold2 current open=secret > held & held=$!; sleep 1
    uninstall 2>&1; echo "uninstall $?"; ls /sys/fs/bpf; : > hold2; wait $held; cat held
    ./app open=secret current
)");
  EXPECT_THAT(outcome.err, HasSubstr("nothing is pinned"));
  EXPECT_THAT(outcome.out, HasSubstr("uninstall 0\nsecond 1, first ")) << outcome.err;
  const auto first = outcome.out.substr(outcome.out.find("first ") + 6, 8);
  EXPECT_THAT(outcome.err, HasSubstr("an agent is running already (process " +
                                     first.substr(0, first.find('\n')) + ")"));
  EXPECT_THAT(outcome.out, HasSubstr("too early 1\nagent 0\n"));
  EXPECT_THAT(outcome.out, HasSubstr("the policy stays in force, pinned"));
  EXPECT_THAT(outcome.out, HasSubstr("current [app]\nopen=secret EACCES\n"))
      << "nobody is there to see it";
  EXPECT_THAT(outcome.out, HasSubstr("--all-events (in force: none): takes effect only after"));
  EXPECT_THAT(outcome.out, HasSubstr("--policy-memory 1 (in force: 16)"));
  EXPECT_THAT(outcome.out, HasSubstr("removal 1\n"));
  EXPECT_THAT(outcome.out, HasSubstr("app: 1 task\nThe policy that is pinned stays in force"));
  EXPECT_THAT(outcome.out, HasSubstr("stranger 1\n"));
  EXPECT_THAT(outcome.out, HasSubstr("agrees on other things with its programs than this one"));
  EXPECT_THAT(outcome.out, HasSubstr("open=secret EACCES\nnew\nversion")) << "untouched";
  EXPECT_THAT(outcome.out, HasSubstr("aspis/new was left by an agent that was killed: removed"));
  EXPECT_THAT(outcome.out,
              HasSubstr("current [app]\nopen=hold 0\ncurrent [app]\nopen=secret 0\nversion"))
      << "the new policy, under the old profile";
  EXPECT_THAT(outcome.out, HasSubstr("1 confined tasks go on unconfined\nuninstall 0\n"));
  EXPECT_THAT(
      outcome.out,
      HasSubstr("open=hold2 0\ncurrent EINVAL\nopen=secret 0\nopen=secret 0\ncurrent EINVAL\n"));
  const auto waited = matching(events(2), {{"verdict", "denied"}, {"profile", "app"}});
  ASSERT_EQ(waited.size(), 2U) << outcome.out;
  EXPECT_EQ(waited[0]["process"]["argv"].back(), "first") << waited[0];
}

TEST_P(Survive, PythonGoesOn) {
  if (system_python().empty()) GTEST_SKIP() << "no Python here";
  const Outcome outcome = script(R"(
    cat > deny.py <<'END'
import sys, time
print('up', flush=True)
open('gate').read()
sys.audit('survive.note', 'held')
open('gate').read()
sys.audit('survive.forbidden')
print('went on')
END
    printf 'abi <kernel>,\nprofile py %s {\n  /** rwmix,\n  python,\n  audit python survive.note,\n  deny python survive.forbidden,\n}\n' "$PYTHON" > profiles/py
    mkfifo gate
    start
    ls /sys/fs/bpf/aspis/*/probes > probes
    "$PYTHON" -c 'import sys; sys.audit("survive.note", "first")'
    killed
    "$PYTHON" -c 'import sys; sys.audit("survive.note", "alone")'
    "$PYTHON" -c 'import sys; sys.audit("survive.forbidden"); print("went on")'; echo "forbidden $?"
    "$PYTHON" deny.py > held & held=$!; sleep 3
    start
    ls /sys/fs/bpf/aspis/*/probes | diff probes - && echo same probes
    : > gate; sleep 1; "$PYTHON" -c 'import sys; sys.audit("survive.note", "last")'; : > gate
    wait $held; echo "held $?"; cat held; finish
)");
  EXPECT_THAT(outcome.out, Not(HasSubstr("went on"))) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("forbidden 137")) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("same probes\n"));
  EXPECT_THAT(outcome.out, HasSubstr("held 137"));
  std::map<std::string, std::set<std::uint64_t>> notes;
  for (const auto& event : events())
    if (field(event, "python.event") == "survive.note")
      notes[event["python"]["args"].front()].insert(event["seq"].get<std::uint64_t>());
  for (const char* name : {"first", "alone", "held", "last"})
    EXPECT_EQ(notes[name].size(), 1U) << name << ": once, and by one probe";
}

INSTANTIATE_TEST_SUITE_P(Backends, Survive, testing::Values("lsm", "fmod_ret"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace aspis::test
