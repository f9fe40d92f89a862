// SPDX-License-Identifier: Apache-2.0
// How `run` behaves towards the person and the program: streams, status, signals, faults.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

using testing::HasSubstr;

Outcome aspis(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), aspis_binary());
  return run(arguments);
}

/// What most tests here look at is the same with every backend. This one starts and ends soonest:
/// taking a trampoline away makes the kernel wait a tenth of a second.
constexpr const char* kHooks = "--hooks=tracepoint";

Outcome aspis_run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"run", kHooks});
  return aspis(arguments);
}

/// A shell line around aspis, which the line knows as $ASPIS; $RUN is an aspis run.
Outcome shell(const std::string& line) {
  return run({"sh", "-c", line}, 120,
             {{"ASPIS", aspis_binary()}, {"RUN", aspis_binary() + " run " + kHooks}});
}

TEST(Run, KeepsTheStreamsOfTheCommand) {
  const TemporaryDirectory directory;
  const Outcome outcome =
      aspis_run({"--to", directory.path("events"), "--", "sh", "-c", "echo out; echo err >&2"});
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.err, "err\n");
}

TEST(Run, PassesTheExitStatusOn) {
  EXPECT_EQ(aspis_run({"--", "sh", "-c", "exit 7"}).code(), 7);
  EXPECT_EQ(aspis_run({"--", "true"}).code(), 0);
  EXPECT_EQ(aspis_run({"--", "sh", "-c", "kill -KILL $$"}).signal(), SIGKILL);
}

TEST(Run, PassesSignalsOn) {
  const Outcome outcome = shell(
      "$RUN --to /dev/null -- sh -c 'trap \"echo caught; exit 3\" TERM; echo ready; while :; "
      "do sleep 0.1; done' > out.$$ &"
      " aspis=$!; until grep -q ready out.$$; do sleep 0.1; done; kill -TERM $aspis; wait $aspis; "
      "code=$?; cat out.$$; rm out.$$; exit $code");
  EXPECT_EQ(outcome.code(), 3);
  EXPECT_THAT(outcome.out, HasSubstr("caught"));
}

TEST(Run, SaysWhenTheCommandCannotBeStarted) {
  const Outcome absent = aspis_run({"--", "no-such-command-anywhere"});
  EXPECT_EQ(absent.code(), 127);
  EXPECT_THAT(absent.err, HasSubstr("no-such-command-anywhere: command not found"));
  const Outcome directory = aspis_run({"--", "/etc/passwd"});
  EXPECT_EQ(directory.code(), 126);
  EXPECT_THAT(directory.err, HasSubstr("/etc/passwd"));
  EXPECT_THAT(directory.err, HasSubstr("Permission denied"));
}

TEST(Run, RefusesWrongOptions) {
  const Outcome format = aspis_run({"-o", "yaml", "--", "true"});
  EXPECT_EQ(format.code(), 125);
  EXPECT_THAT(format.err, HasSubstr("yaml"));
  const Outcome place = aspis_run({"--to", "/no/such/directory/file", "--", "true"});
  EXPECT_EQ(place.code(), 125);
  EXPECT_THAT(place.err, HasSubstr("/no/such/directory/file: No such file or directory"));
  EXPECT_EQ(aspis_run({"--buffer-size", "3", "--", "true"}).code(), 125);
  EXPECT_EQ(aspis({"tail", "--pid", "none"}).code(), 2);
  EXPECT_EQ(aspis({"run"}).code(), 125);
  EXPECT_EQ(aspis({}).code(), 2);
}

TEST(Run, SaysWhichCapabilityIsMissing) {
  const Outcome outcome = run({"setpriv", "--bounding-set", "-perfmon,-sys_admin", "--inh-caps",
                               "-perfmon,-sys_admin", aspis_binary(), "run", "--", "true"});
  EXPECT_EQ(outcome.code(), 125);
  EXPECT_THAT(outcome.err, HasSubstr("CAP_PERFMON"));
}

TEST(Run, SaysThatTheKernelHasNoTypes) {
  const Outcome outcome =
      shell("unshare --mount sh -c 'mount -t tmpfs none /sys/kernel/btf && $RUN -- true'");
  EXPECT_EQ(outcome.code(), 125);
  EXPECT_THAT(outcome.err, HasSubstr("/sys/kernel/btf/vmlinux"));
}

TEST(Run, NeedsNeitherTracefsNorBpffs) {
  const Outcome outcome = shell(
      "unshare --mount sh -c 'umount /sys/kernel/tracing /sys/kernel/debug /sys/fs/bpf "
      "/sys/kernel/security 2>&-; $RUN -o json -- true'");
  EXPECT_EQ(outcome.code(), 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("process.exec"));
}

TEST(Run, SaysWhyAForcedBackendDoesNotWork) {
  for (const auto& [name, reason] : backends()) {
    const Outcome outcome = aspis({"run", "--hooks", name, "--", "true"});
    EXPECT_EQ(outcome.code(), reason.empty() ? 0 : 125) << name << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(reason.empty() ? "exit 0" : name + ": "));
  }
}

TEST(Run, FullDiskIsSaidAndTheCommandStillRuns) {
  const Outcome outcome =
      aspis_run({"-o", "json", "--to", "/dev/full", "--", "sh", "-c", "echo done"});
  EXPECT_EQ(outcome.code(), 125);
  EXPECT_EQ(outcome.out, "done\n");
  EXPECT_THAT(outcome.err, HasSubstr("/dev/full: "));
  EXPECT_THAT(outcome.err, HasSubstr("No space left on device"));
  EXPECT_THAT(outcome.err, HasSubstr("events are missing"));
}

TEST(Run, ClosedPipeIsSaid) {
  const Outcome outcome = shell(
      "{ $RUN --to - -- sh -c 'sleep 1; cat /etc/hostname >&2'; echo $? > code.$$; } | true; "
      "cat code.$$; rm code.$$");
  EXPECT_EQ(outcome.out, "125\n");
  EXPECT_THAT(outcome.err, HasSubstr("standard output: "));
  EXPECT_THAT(outcome.err, HasSubstr("Broken pipe"));
}

/// What of ours is in the kernel, by the names of our maps and programs, and all links. The kernel
/// frees them a moment after their last user has gone, and links are closed behind the back of the
/// command that made them: waits for that, at most a minute.
std::string left_in_the_kernel() {
  return shell(
             "PATH=$PATH:/usr/sbin; for i in $(seq 300); do"
             " left=$(bpftool map show | grep -cE 'task_state|scratch_buffer|python_layouts');"
             " left=$left,$(bpftool prog show | grep -cE "
             "'on_exec|on_audit|find_tasks|lsm__|fmr__|sys__');"
             " left=$left,$(bpftool link show | grep -c '^[0-9]');"
             " [ $left = 0,0,0 ] && break; sleep 0.2; done; echo $left")
      .out;
}

TEST(Run, LeavesNothingBehind) {
  if (shell("PATH=$PATH:/usr/sbin; command -v bpftool").code() != 0)
    GTEST_SKIP() << "bpftool is not installed";
  const std::string before = left_in_the_kernel();
  EXPECT_THAT(before, testing::StartsWith("0,0,"));
  shell(
      "$ASPIS run --to /dev/null -- true; $RUN -- /etc/passwd; $RUN --to /dev/full -- true;"
      "$ASPIS probe");
  // Ended while it watches, by a signal that it handles and by one that nothing can handle.
  const std::string watching =
      "mkfifo gate; $ASPIS run --to /dev/null -- sh -c 'echo > gate; sleep 7' & read line < "
      "gate; ";
  shell("cd $(mktemp -d); " + watching + "kill -TERM $!; wait $!");
  shell("cd $(mktemp -d); " + watching + "kill -KILL $!; wait $!");
  EXPECT_EQ(left_in_the_kernel(), before);
}

}  // namespace
}  // namespace aspis::test
