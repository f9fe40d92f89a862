// SPDX-License-Identifier: Apache-2.0
// Profiles with container=(…), from the first instruction in a container on. Containers here are
// cgroups named as podman names them, and podman's file about them: what a runtime makes, without
// one. In guests only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/agent_script.h"

namespace aspis::test {
namespace {

using testing::HasSubstr;

/// `id N` is a container's, `made N [BELOW]` its cgroup, `known N IMAGE` what podman writes of it;
/// `inside N COMMAND…` is the first thing that is executed there.
constexpr const char* kContainers = R"sh(
    id() { printf '%064x' "$1"; }
    cgroup() { echo "/sys/fs/cgroup/machine.slice/libpod-$(id "$1").scope${2:+/$2}"; }
    made() { mkdir -p "$(cgroup "$@")"; }
    state=/var/lib/containers/storage/overlay-containers; mkdir -p $state
    known() { printf '[{"id":"%s","names":["n%s"],"metadata":"{\\"image-name\\":\\"%s\\",\\"name\\":\\"n%s\\"}"}]' \
              "$(id "$1")" "$1" "$2" "$1" > $state/new; mv $state/new $state/containers.json; }
    into() { to=$1; shift; sh -c 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"' sh "$to" "$@"; }
    inside() { to=$(cgroup "$1"); shift; into "$to" "$@"; }
    profiles() { cat > profiles/app; }
    config < /dev/null
    profiles <<X
profile web $PWD/app container=(image=*/web:* name=n*) { /** rmix, /dev/** rw, audit deny $PWD/secret r, }
profile host $PWD/app { /** rmix, /dev/** rw, }
X
)sh";

class ContainerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_not_confine("lsm"); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(ContainerTest, ProfilesAttachByWhatTheContainerIs) {
  const Outcome outcome = agent_script(std::string(kContainers) + R"sh(
    made 1; known 1 docker.io/library/web:1
    start
    echo "== outside"; ./app open=secret
    echo "== there before the agent"; inside 1 ./app open=secret
    echo "== a new one"; known 2 docker.io/library/web:2; made 2; inside 2 ./app open=secret
    echo "== below"; made 2 sub; into "$(cgroup 2 sub)" ./app open=secret
    echo "== another image"; known 3 docker.io/library/db:2; made 3; inside 3 ./app open=secret
    echo "== a service"; mkdir /sys/fs/cgroup/service; into /sys/fs/cgroup/service ./app open=secret
    echo "== another policy"
    profiles <<X
profile host $PWD/app container=(image={*web*,*db*}) { /** rmix, /dev/** rw, deny $PWD/secret r, }
profile web $PWD/app { /** rmix, /dev/** rw, }
X
    says 'policy replaced: 2 profiles in force'
    known 1 docker.io/library/web:1; inside 1 ./app open=secret; inside 3 ./app open=secret; ./app open=secret
    finish
  )sh");
  EXPECT_THAT(outcome.out, HasSubstr("== outside\nopen=secret 0\n"
                                     "== there before the agent\nopen=secret EACCES\n"
                                     "== a new one\nopen=secret EACCES\n"
                                     "== below\nopen=secret EACCES\n"
                                     "== another image\nopen=secret 0\n"
                                     "== a service\nopen=secret 0\n"
                                     "== another policy\nopen=secret EACCES\nopen=secret EACCES\n"
                                     "open=secret 0\n"
                                     "agent 0\n"))
      << outcome.err;
  EXPECT_EQ(outcome.code(), 0) << outcome.err;
}

TEST_F(ContainerTest, WhoIsFirstWaitsUntilTheContainerIsKnown) {
  const Outcome outcome = agent_script(std::string(kContainers) + R"sh(
    start
    echo "== nobody looks"; kill -STOP $agent; known 11 docker.io/library/web:1; made 11
    inside 11 ./app open=secret > first & sleep 2
    cat first; grep -h '^State' $(sed 's,.*,/proc/&/status,' "$(cgroup 11)/cgroup.procs")
    kill -CONT $agent; wait $!; cat first
    echo "== its runtime is slow"; made 12; inside 12 ./app open=secret > second &
    sleep 0.5; known 12 docker.io/library/web:1; wait $!; cat second
    echo "== its runtime says nothing"; made 13; inside 13 ./app open=secret
    says 'its runtime has told nothing of it'
    finish
  )sh");
  EXPECT_THAT(outcome.out, HasSubstr("== nobody looks\nState:\tT (stopped)\nopen=secret EACCES\n"
                                     "== its runtime is slow\nopen=secret EACCES\n"
                                     "== its runtime says nothing\nopen=secret 0\n"
                                     "agent 0\n"))
      << outcome.err;
  EXPECT_EQ(outcome.code(), 0) << outcome.err;
}

TEST_F(ContainerTest, WithoutAnAgentItIsSaidWhatWasMissed) {
  const Outcome outcome = agent_script(std::string(kContainers) + R"sh(
    pins=/sys/fs/bpf/aspis-containers; config < /dev/null; trap 'kill -9 $agent; "$ASPIS" agent --config aspis.yaml --uninstall' EXIT
    made 21; known 21 docker.io/library/web:1; start
    kill -9 $agent; wait $agent; sleep 11
    echo "== known"; inside 21 ./app open=secret
    echo "== new"; known 22 docker.io/library/web:1; made 22; inside 22 ./app open=secret
    start; says '1 programs were executed in cgroups that were not known yet'
    echo "== again"; inside 22 ./app open=secret
    finish
  )sh");
  EXPECT_THAT(outcome.out, HasSubstr("== known\nopen=secret EACCES\n"
                                     "== new\nopen=secret 0\n"
                                     "== again\nopen=secret EACCES\n"
                                     "agent 0\n"))
      << outcome.err;
}

}  // namespace
}  // namespace aspis::test
