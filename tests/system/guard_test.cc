// SPDX-License-Identifier: Apache-2.0
// The agent protects itself from who is confined, if only in complain mode, and from containers. In
// guests only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/agent_script.h"

namespace aspis::test {
namespace {

using testing::HasSubstr;

struct Setting {
  const char *name, *backend, *prepare;
  const char* way = "EPERM";  ///< to rename the directory, which mount(2) may keep, too
};

/// There, stat(2) says another device than the kernel knows. All that the script has is below.
constexpr const char* kOverlay = R"sh(
    over=/run/guard.$$; mkdir -p $over/upper $over/work
    mount -t overlay overlay -o "lowerdir=$PWD,upperdir=$over/upper,workdir=$over/work" "$PWD"; cd "$PWD"; stat -f -c %T .
)sh";

class Guard : public testing::TestWithParam<Setting> {};
INSTANTIATE_TEST_SUITE_P(Settings, Guard,
                         testing::Values(Setting{"lsm", "lsm", ""},
                                         Setting{"fmod_ret", "fmod_ret", ""},
                                         Setting{"overlayfs", "lsm", kOverlay, "EBUSY"}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(Guard, NeitherConfinedNorContainedProcessesTouchTheAgent) {
  if (const auto why = why_not_confine(GetParam().backend); !why.empty()) GTEST_SKIP() << why;
  const Outcome outcome = agent_script(GetParam().prepare + std::string(R"sh(
    pins=/sys/fs/bpf/aspis-guard; echo "outputs: [{type: file, path: $PWD/events.json}]" | config; trap 'kill -9 $agent; "$ASPIS" agent --config aspis.yaml --uninstall; [ -z "$over" ] || { cd /; umount -l "$OLDPWD"; rm -r $over; }' EXIT
    cp "$(readlink -f /usr/bin/python3)" confined
    printf 'profile confined %s/confined flags=(complain) {\n}\n' "$PWD" > profiles/confined
    cgroup=/sys/fs/cgroup/machine.slice/libpod-$(printf '%064x' 77).scope
    mkdir profiles/abstractions; touch profiles/abstractions/base events.json.000001.zst harmless
    start
    attack="-S -s )sh") + ASPIS_SOURCE_DIR R"sh(/tests/system/guard.py $agent $pins"
    echo "== anybody else"; python3 $attack --harmless
    echo "== confined"; ./confined $attack 2>&1
    echo "== in a container"; mkdir -p $cgroup
    sh -c 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"' sh $cgroup python3 $attack 2>&1
    finish
    grep '"privilege.tamper"' events.json | sed 's/.*"tried":"\([^"]*\)".*"profile":"\([^"]*\)".*/\2 \1/' | sort | uniq -c | sed 's/^ *[0-9]* //'
    grep '"privilege.tamper"' events.json | grep -c '"id":"0*4d"'
    grep -q '"tried":"file".*"path":"/.*/profiles/confined"' events.json && echo with a path
  )sh");
  const auto refused = [](const std::string& change) {
    return "ptrace EPERM\nsignal EPERM\nunlink EPERM\nrename EPERM\nwrite configuration EPERM\n"
           "truncate log EPERM\nchmod log EPERM\nchown log EPERM\nunlink log EPERM\n"
           "write rotated log EPERM\nlink profile EPERM\nmake profile EPERM\nmake link EPERM\n"
           "make directory EPERM\nwrite in tree EPERM\nrename over EPERM\n"
           "rename profiles EPERM\nrename way " +
           std::string(GetParam().way) +
           "\nunlink socket EPERM\n"
           "write program ETXTBSY\nmount over EPERM\nmount over way EPERM\n"
           "unmount pins EPERM\nwrite beside 0\nrename beside 0\npolicy.mode " +
           change + "\nsignal 0 0\nmaps EPERM\nprograms EPERM\nlinks EPERM\n";
  };
  EXPECT_EQ(*GetParam().prepare != '\0', outcome.out.starts_with("overlayfs\n"));
  EXPECT_THAT(
      outcome.out,
      HasSubstr(
          "== anybody else\nsignal 0 0\nmaps 0\nprograms 0\nlinks 0\n"
          "== confined\n" +
          refused("EPERM") + "== in a container\n" + refused("True") + "agent 0\n" +
          "confined file\nconfined link\nconfined map\nconfined mount\nconfined pin\n"
          "confined program\nconfined ptrace\nconfined signal\n"
          "unconfined file\nunconfined link\nunconfined map\nunconfined mount\nunconfined pin\n"
          "unconfined program\nunconfined ptrace\n"
          "unconfined signal\n"))
      << outcome.err;
}

// capabilities(7): CHOWN, DAC_READ_SEARCH, KILL, SYS_PTRACE, SYS_ADMIN, SYS_RESOURCE, AUDIT_WRITE,
// PERFMON, BPF.
TEST(Privileges, TheAgentKeepsWhatItNeeds) {
  if (const auto why = why_not_confine("lsm"); !why.empty()) GTEST_SKIP() << why;
  const Outcome outcome = agent_script(R"sh(
    policy "audit deny $PWD/secret r,"; echo "outputs: [{type: file, path: $PWD/events.json}]" | config
    start
    grep -hE '^(CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs)' /proc/$agent/task/*/status | sort -u
    ./app open=secret; policy; says 'policy replaced'; ./app open=secret
    finish
  )sh");
  EXPECT_THAT(outcome.out, HasSubstr("CapAmb:\t0000000000000000\nCapBnd:\t000000c021280025\n"
                                     "CapEff:\t000000c021280025\nCapPrm:\t000000c021280025\n"
                                     "NoNewPrivs:\t1\n"
                                     "open=secret EACCES\nopen=secret 0\nagent 0\n"))
      << outcome.err;
}

}  // namespace
}  // namespace aspis::test
