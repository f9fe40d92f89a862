// SPDX-License-Identifier: Apache-2.0
// What can be asked of a running agent, what its configuration makes of it, and its log. In guests
// only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/agent_script.h"

namespace aspis::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class AgentSocket : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_not_confine("lsm"); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(AgentSocket, ShowsAndChangesWhatIsInForce) {
  const Outcome outcome = agent_script(R"(
    "$ASPIS" status $socket 2>&1; echo "before $?"
    policy "audit deny $PWD/secret r,"; config < /dev/null; start
    ./app open=secret; "$ASPIS" status $socket; echo "status $?"
    mkfifo hold; ./app open=hold & app=$!; sleep 1
    "$ASPIS" status $socket --json; : > hold; wait $app
    "$ASPIS" status $socket --enforced; "$ASPIS" status $socket --complaining
    "$ASPIS" policy mode $socket app complain; ./app open=secret; "$ASPIS" policy list $socket
    policy ''; "$ASPIS" policy mode $socket app complain; ./app open=/nonexistent
    policy "audit deny $PWD/secret r,"; "$ASPIS" policy reload $socket; ./app open=secret
    echo 'profile other /nowhere {}' > other; "$ASPIS" policy load $socket other
    echo 'profile broken { x y' > broken; "$ASPIS" policy load $socket broken 2>&1; echo "load $?"
    "$ASPIS" policy remove $socket nosuch 2>&1; echo "remove $?"
    "$ASPIS" policy remove $socket other; "$ASPIS" policy mode $socket app nosuch 2>&1; echo "mode $?"
    "$ASPIS" agent --config aspis.yaml 2>&1 | grep -o 'somebody listens there'
    finish; start; "$ASPIS" policy list $socket
    "$ASPIS" policy mode $socket app default; "$ASPIS" policy list $socket
    policy ''; until grep -q 'policy replaced' err; do sleep 0.2; done; sleep 1; ./app open=secret
    finish; ls run
  )");
  EXPECT_THAT(outcome.out, HasSubstr("no agent listens at"));
  EXPECT_THAT(outcome.out, HasSubstr("before 1\nopen=secret EACCES\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("1 profiles are loaded.\n1 profiles are in enforce mode.\n   app\n"));
  EXPECT_THAT(outcome.out, HasSubstr("status 0\n"));
  EXPECT_THAT(outcome.out, HasSubstr(R"("profile":"app","status":"enforce")"));
  EXPECT_THAT(outcome.out, HasSubstr("open=hold 0\n1\n0\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("app: complain\nopen=secret EACCES\ncomplain   app  (mode set by hand)\n"))
      << "a deny rule denies in complain mode, too";
  EXPECT_THAT(outcome.out, HasSubstr("2 profiles in force\n"));
  EXPECT_THAT(outcome.out, HasSubstr("broken:1:18: error: The permission x needs a mode"));
  EXPECT_THAT(outcome.out, HasSubstr("load 1\n"));
  EXPECT_THAT(outcome.out, HasSubstr("there is no profile nosuch in force\nremove 1\n"));
  EXPECT_THAT(outcome.out, HasSubstr("mode 2\nsomebody listens there\nagent 0\n"));
  EXPECT_THAT(outcome.out, HasSubstr("agent 0\ncomplain   app  (mode set by hand)\napp: default\n"
                                     "enforce    app\n"))
      << "what was set by hand outlives the agent";
  EXPECT_THAT(outcome.out, HasSubstr("open=secret 0\nagent 0\n")) << "the file was watched";
}

TEST_F(AgentSocket, TailsFollowIt) {
  const Outcome outcome = agent_script(R"(
    policy "audit deny $PWD/secret r,"; config < /dev/null; start
    "$ASPIS" tail $socket -o json --event file.open > opens 2> opens.err & opens=$!
    "$ASPIS" tail $socket --verdict denied > denied 2>&1 & denied=$!
    sleep 1; ./app open=secret; cat opens > /dev/null; python3 -c 'open("secret").read()'; sleep 1
    finish; start; sleep 1; ./app open=secret; sleep 1
    kill $opens $denied; wait $opens; echo "tail $?"
    grep -c '"verdict":"denied"' opens; grep -c secret denied
    grep -c '"path":"[^"]*/secret"' opens
    cat opens.err; finish
    "$ASPIS" tail --socket nowhere 2>&1; echo "nowhere $?"
  )");
  EXPECT_THAT(outcome.out, HasSubstr("tail 0\n2\n2\n3\n"))
      << "and what Python opened, as all of Python is observed";
  EXPECT_THAT(outcome.out, HasSubstr("the agent has gone: waiting for it to come back\n"));
  EXPECT_THAT(outcome.out, HasSubstr("the agent is back"));
  EXPECT_THAT(outcome.out, HasSubstr("no agent listens at nowhere"));
  EXPECT_THAT(outcome.out, HasSubstr("nowhere 1\n"));
}

TEST_F(AgentSocket, KeepsALogThatTellsOfChanges) {
  const Outcome outcome = agent_script(R"(
    mkdir state; policy "audit deny $PWD/secret r,"
    "$ASPIS" log key state/key > first.key
    config <<X
outputs:
  - {type: log, path: $PWD/logs/events.json, seal_key: $PWD/state/key}
  - {type: stdout, format: avc}
metrics: $PWD/run/metrics
X
    verify() { "$ASPIS" log verify --state state --key first.key logs/events.json "$@"; echo "verify $?"; }
    start; ./app open=secret; sleep 2
    python3 -c 'import socket
s = socket.socket(socket.AF_UNIX); s.connect("run/metrics"); s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
print(b"".join(iter(lambda: s.recv(4096), b"")).decode())'
    verify; kill -9 $agent; wait $agent; rm run/*; start; ./app open=secret; sleep 2; finish; verify
    "$ASPIS" tail $socket --since 1h --log logs/events.json --verdict denied 2>&1 | grep -o 'open /[^ ]*/secret  DENIED r profile app  by app.*'
    grep -c apparmor=.DENIED log
    cp logs/events.json good; sed -i 's/secret/public/' logs/events.json; verify
    sed '5d' good > logs/events.json; verify; head -n 3 good > logs/events.json; verify
    start; grep -o 'somebody has changed it' err; finish
  )");
  EXPECT_THAT(outcome.out, HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(outcome.out, HasSubstr("\naspis_policy_events_total{profile=\"app\",type=\"file."
                                     "open\",verdict=\"denied\"} 1\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\naspis_policy_loaded{mode=\"enforce\"} 1\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\naspis_runtime_state{backend=\"lsm\"} 1\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("the log is open: an agent writes it, or was ended by force\nverify 0\n"));
  EXPECT_THAT(outcome.out, HasSubstr("in 1 files: the chain is whole\n"));
  EXPECT_THAT(outcome.out, HasSubstr("good seals vouch for what is up to record"));
  EXPECT_THAT(outcome.out, HasSubstr("is not what was written, or the one before it is not\n"));
  EXPECT_THAT(outcome.out, HasSubstr("records 5 to 5 are missing"));
  EXPECT_THAT(outcome.out, HasSubstr("are missing: the log's end has been cut off\n"));
  EXPECT_THAT(outcome.out, HasSubstr("somebody has changed it\n"));
}

TEST_F(AgentSocket, TellsOfItselfWhereEventsGo) {
  const Outcome outcome = agent_script(R"(
    pins=/sys/fs/bpf/tells; mkdir state; policy ''
    config <<X
outputs: [{type: file, path: $PWD/events.json}]
X
    start; "$ASPIS" policy mode $socket app complain; echo 'profile broken { x y' > broken
    "$ASPIS" policy load $socket broken 2> refused; policy 'alow x,'; says 'the policy in force stays'
    kill -9 $agent; wait $agent; policy ''; start
    rm $(ls -d $pins/*/links/* | head -n 1); says 'It is pinned again'
    "$ASPIS" tail $socket -o json --since 1h --log events.json --event aspis.agent > told & tail=$!; sleep 2
    finish; sleep 1; kill $tail; "$ASPIS" agent --config aspis.yaml --uninstall 2> ended
    python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
for line in lines:
    if line["type"] == "aspis.agent":
        told = line["agent"]
        print(*(told[key] for key in ("action", "request", "profiles") if key in told),
              "by %d" % told["uid"] if "uid" in told else "", told.get("error", "")[-60:].replace("\n", " "),
              "for a moment" if 0 < told.get("seconds", 0) < 60 else "")
' events.json | sed "s,$PWD,HERE,; s/ *$//"
    grep -o '"action":"[a-z]*"' told | tr '\n' ' '; grep -vc aspis.agent told
  )");
  EXPECT_THAT(outcome.out, HasSubstr("started 1\npolicy mode complain app 1 by 0\n"
                                     "refused load HERE/broken 1 by 0"))
      << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, ContainsRegex("\nrefused reload 1 .*nothing of it can be used\n"
                                         "resumed 1 +for a moment\npinned\nstopped\n"));
  EXPECT_THAT(outcome.out, HasSubstr(R"("action":"started" "action":"policy" "action":"refused" )"
                                     R"("action":"refused" "action":"resumed" "action":"pinned" )"
                                     R"("action":"stopped" 0)"));
}

TEST_F(AgentSocket, TopShowsWhoIsDeniedWhat) {
  const Outcome outcome = agent_script(R"(
    policy "audit deny $PWD/secret r,"; config < /dev/null; start
    mkfifo gate; sleep 1000 > gate & holds=$!; ./app try=secret < gate > tries & app=$!
    "$ASPIS" top $socket --batch -n 2 -d 2 | tail -n +5
    screen() { tmux -L aspis "$@"; sleep 4; tmux -L aspis capture-pane -p; }
    screen new-session -d -x 140 -y 20 "$ASPIS top $socket; echo ended \$?; sleep 1000"
    screen send-keys Tab; screen send-keys Enter; screen send-keys Escape
    kill -9 $agent; wait $agent; screen send-keys Tab; screen send-keys q; tmux -L aspis kill-server
    kill $holds; wait $app
    "$ASPIS" top $socket; echo "none $?"; TERM=nosuch "$ASPIS" top --delay 0; echo "delay $?"
  )");
  EXPECT_THAT(outcome.out, ContainsRegex(" [0-9]+ +[0-9]+ +[1-9][0-9.]* +[1-9][0-9]*  app +- +"
                                         "/[^ ]*/app\n"))
      << outcome.err;
  EXPECT_THAT(outcome.out, ContainsRegex("enforce +[0-9]+ +[1-9][0-9.]* +[0-9]+ +1  app"));
  EXPECT_THAT(outcome.out, ContainsRegex("open /[^ ]*/secret  DENIED r profile app"));
  EXPECT_THAT(outcome.out, HasSubstr("no agent listens at"));
  EXPECT_THAT(outcome.out, HasSubstr("ended 0\n"));
  EXPECT_THAT(outcome.out, HasSubstr("none 1\n"));
  EXPECT_THAT(outcome.out, HasSubstr("delay 2\n"));
}

}  // namespace
}  // namespace aspis::test
