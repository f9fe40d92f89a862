// SPDX-License-Identifier: Apache-2.0
// What the machine around an agent may do to it, and what docs/faults.md promises then. In guests
// only. ASPIS_RELOADS: how often a thousand profiles are put in force (3).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/system/agent_script.h"

namespace aspis::test {
namespace {

using testing::HasSubstr;

class Faults : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_not_confine("lsm"); !why.empty()) GTEST_SKIP() << why;
  }
};

constexpr const char* kHelpers = R"sh(
    deny() { policy "audit deny $PWD/secret r,"; }
    denials() { grep -c '"verdict":"denied"' "$1"; }
)sh";

TEST_F(Faults, OfDisksClocksAndSockets) {
  const Outcome outcome = agent_script(std::string(kHelpers) + R"sh(
    mkdir small state; mount -t tmpfs -o size=64k small small; trap 'kill -9 $agent; umount -l small' EXIT
    deny; config <<X
outputs:
  - {type: log, path: $PWD/small/events.json, denials_only: true}
  - {type: file, path: $PWD/plain/events.json, denials_only: true}
X
    start; ./app open=secret
    echo "== the disk is full"
    dd if=/dev/zero of=small/ballast bs=4k 2> /dev/null
    ./app $(for n in $(seq 30); do echo open=secret; done) | sort | uniq -c
    says 'No space left on device; tried again until it works'
    rm small/ballast; says 'works again; 0 events are missing from it'
    denials small/events.json; denials plain/events.json
    "$ASPIS" log verify --state state small/events.json; echo "verify $?"
    echo "== the logs are gone"
    rm -r plain small/events.json; sleep 1.5; ./app open=secret
    says 'somebody has removed, replaced or cut this log'; until [ -s plain/events.json ]; do sleep 0.2; done
    denials plain/events.json; "$ASPIS" log verify --state state small/events.json; echo "verify $?"
    echo "== the clock is set"
    date -s "$(date -d 'now + 1 day' '+%F %T')" > /dev/null; says 'the wall clock was set forward by 86'; ./app open=secret
    until [ $(denials plain/events.json) = 2 ]; do sleep 0.2; done
    tail -n 1 plain/events.json | grep -c "\"time\":\"$(date -u +%F)"
    date -s "$(date -d 'now - 1 day' '+%F %T')" > /dev/null; says 'the wall clock was set back by 86'
    echo "== the socket is gone"
    rm run/socket; says 'it is there again'; "$ASPIS" status $socket --profiled
    finish
    mkdir run/socket; "$ASPIS" agent --config aspis.yaml; echo "taken $?"
  )sh");
  EXPECT_THAT(outcome.out, HasSubstr("open=secret EACCES\n== the disk is full\n"
                                     "     30 open=secret EACCES\n31\n31\n"))
      << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("the chain is whole\n"));
  EXPECT_THAT(outcome.out, HasSubstr("verify 0\n== the logs are gone\nopen=secret EACCES\n1\n"));
  EXPECT_THAT(outcome.out, HasSubstr("its begin is missing"));
  EXPECT_THAT(outcome.out, HasSubstr("verify 1\n== the clock is set\nopen=secret EACCES\n1\n"));
  EXPECT_THAT(outcome.out, HasSubstr("== the socket is gone\n1\nagent 0\ntaken 1\n"));
  EXPECT_THAT(outcome.err, HasSubstr("run/socket is there, and is not a socket"));
}

TEST_F(Faults, OfPinsPoliciesAndConfigurations) {
  const Outcome outcome = agent_script(std::string(kHelpers) + R"sh(
    pins=/sys/fs/bpf/faults; deny; echo 'policy_memory: 1' | config; start
    echo "== the bpffs is unmounted"
    umount -l /sys/fs/bpf; says 'and cannot be pinned again'; ./app open=secret
    mount -t bpf bpf /sys/fs/bpf; says 'It is pinned again'
    kill -9 $agent; wait $agent; ./app open=secret; start; grep -o 'goes on with what is pinned' err
    echo "== a link is removed"
    rm $(ls -d $pins/*/links/* | head -n 1); says 'It is pinned again'
    kill -9 $agent; wait $agent; ./app open=secret; start
    echo "== a policy that does not fit"
    python3 -c '
import random
random.seed(1)
print("profile large /nowhere {")
for n in range(1000): print("  /" + "".join(random.choices("abcdefghij", k=60)) + " r,")
print("}")' > large.new; mv large.new profiles/large
    says 'the policy in force stays'; grep -o 'the policy does not fit.*' err; "$ASPIS" policy list $socket; ./app open=secret
    rm profiles/large; says 'policy replaced'
    echo "== a configuration that is none"
    finish; cp aspis.yaml good.yaml; printf 'observ: python\nbuffer_size: [\n' >> aspis.yaml
    "$ASPIS" agent --config aspis.yaml; echo "agent $?"
    printf 'observ: python\nbuffer_size: banana\n' > aspis.yaml; "$ASPIS" agent --config aspis.yaml; echo "agent $?"
    ./app open=secret
    "$ASPIS" agent --uninstall --config good.yaml; echo "uninstall $?"; ./app open=secret; ls -d $pins
  )sh");
  EXPECT_THAT(outcome.out, HasSubstr("unmounted\nopen=secret EACCES\nopen=secret EACCES\n"
                                     "goes on with what is pinned\n== a link"))
      << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("removed\nopen=secret EACCES\n== a policy"));
  EXPECT_THAT(outcome.out, HasSubstr("policy_memory"));
  EXPECT_THAT(outcome.out, HasSubstr("enforce    app\nopen=secret EACCES\n== a conf"));
  EXPECT_THAT(outcome.out, HasSubstr("agent 0\nagent 1\nagent 1\nopen=secret EACCES\n"));
  EXPECT_THAT(outcome.err, HasSubstr("did you mean 'observe'"));
  EXPECT_THAT(outcome.err, HasSubstr("aspis.yaml:2:14: "));
  EXPECT_THAT(outcome.out, HasSubstr("uninstall 0\nopen=secret 0\n"));
}

// Under load: what is denied stays denied while policies of a thousand profiles replace each other,
// and the agent does not grow.
TEST_F(Faults, OfAThousandProfilesAgainAndAgain) {
  const char* wanted = std::getenv("ASPIS_RELOADS");
  const Outcome outcome =
      agent_script(std::string(kHelpers) + "reloads=" + (wanted == nullptr ? "3" : wanted) + R"sh(
    deny; echo 'policy_memory: 32' | config; mkfifo gate; sleep 10000 > gate & holds=$!
    for n in $(seq 1000); do printf 'profile p%d /nowhere/%d/* {\n  /etc/%d/** r,\n  /srv/%d/{a,b}/*.txt rw,\n}\n' $n $n $n $n; done > profiles/many
    rss() { awk '/VmRSS/ { print $2 }' /proc/$agent/status; }
    start; "$ASPIS" policy list $socket | wc -l
    ./app try=secret < gate > tries & app=$!
    for n in $(seq $reloads); do
      "$ASPIS" policy reload $socket > /dev/null || echo failed
      [ $n != 2 ] || early=$(rss)
    done
    late=$(rss); kill $holds; wait $app; cat tries; echo "grown: $((late - early > 2048)) ($early to $late KiB)"
    finish
  )sh",
                   1200);
  EXPECT_THAT(outcome.out, HasSubstr("1001\ntry=secret 0 ")) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("grown: 0 "));
  std::cout << outcome.out;
}

}  // namespace
}  // namespace aspis::test
