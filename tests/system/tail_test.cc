// SPDX-License-Identifier: Apache-2.0
// aspis tail: which processes it follows. What would look at the whole machine runs in guests only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A shell script around aspis, in a directory of its own. It knows $ASPIS, $HOOKS (the backend
/// that starts and ends soonest: which processes are followed is decided in the same place for
/// all), and `watching FILE`, which waits until tail has written its first line, that is, until it
/// watches.
Outcome script(const std::string& text) {
  const TemporaryDirectory directory;
  return run({"sh", "-c",
              "cd " + directory.path() +
                  "; watching() { until grep -q . \"$1\"; do sleep 0.2; done; }\n" + text},
             200, {{"ASPIS", aspis_binary()}, {"HOOKS", "--hooks=tracepoint"}});
}

bool in_guest() {
  return std::getenv("ASPIS_VM_BACKEND") != nullptr;
}

TEST(Tail, FollowsAProcessAndItsChildrenAndEndsWithIt) {
  const Outcome outcome = script(
      "mkfifo gate; sh -c 'read line < gate; cat /etc/hostname; :' > /dev/null & child=$!\n"
      "$ASPIS tail $HOOKS -o json --pid $child --event 'file.*' --event process.found > log & "
      "tail=$!\n"
      "watching log; echo go > gate; wait $tail; code=$?; cat log; exit $code");
  EXPECT_EQ(outcome.code(), 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(R"("type":"process.found")"));
  EXPECT_THAT(outcome.out, HasSubstr("/etc/hostname"));
  EXPECT_THAT(outcome.out, Not(HasSubstr(R"("type":"process.exec")")));
}

TEST(Tail, RefusesAProcessThatIsNotThere) {
  const Outcome outcome = run({aspis_binary(), "tail", "--pid", "4194303"});
  EXPECT_EQ(outcome.code(), 1);
  EXPECT_THAT(outcome.err, HasSubstr("process 4194303: No such process"));
}

TEST(Tail, HearsAnInterpreterThatRanBefore) {
  if (system_python().empty()) GTEST_SKIP() << "/usr/bin/python3 is not installed";
  const Outcome outcome =
      script("mkfifo gate; " + system_python() +
             " -c 'import threading; go = threading.Event()\n"
             "thread = threading.Thread(target=lambda: go.wait() and "
             "open(\"/etc/shells\").close()); thread.start()\n"
             "open(\"gate\").read(); open(\"/etc/hostname\").close(); go.set()' & child=$!\n"
             "$ASPIS tail $HOOKS -o json --pid $child > log & tail=$!\n"
             "watching log; echo go > gate; wait $tail; cat log");
  for (const char* path : {"/etc/hostname", "/etc/shells"})  // its main thread, and the other
    EXPECT_THAT(outcome.out, HasSubstr(std::string(R"("event":"open","args":{"path":")") + path));
  EXPECT_THAT(outcome.out, HasSubstr(R"("correlation":"matched")"));
}

TEST(Tail, ProbesAnInterpreterAtAnUnusualPlaceWhenItStarts) {
  if (system_python().empty()) GTEST_SKIP() << "/usr/bin/python3 is not installed";
  const Outcome outcome = script(
      "cp " + system_python() +
      " snake; echo \"import time; time.sleep(4); open('/etc/hostname').close()\" > wait.py\n"
      "$ASPIS run $HOOKS -o json --to log -- sh -c './snake wait.py; :'; cat log");
  EXPECT_THAT(outcome.out, HasSubstr(R"("event":"open","args":{"path":"/etc/hostname")"));
  EXPECT_THAT(outcome.out, HasSubstr(R"("late":true)"));
}

TEST(Tail, FollowsAnExecutableRunningAndToCome) {
  const Outcome outcome = script(
      "cp /bin/sh mine; mkfifo gate; ./mine -c 'read line < gate; cat /etc/hostname; :' > "
      "/dev/null & child=$!\n"
      "$ASPIS tail $HOOKS -o json --exe mine > log & tail=$!\n"
      "watching log; echo go > gate; wait $child; ./mine -c 'cat /etc/passwd; :' > /dev/null; cat "
      "/etc/shells > /dev/null\n"
      "sleep 1; kill -TERM $tail; wait $tail; cat log");
  EXPECT_THAT(outcome.out, HasSubstr(R"("type":"process.found")"));
  EXPECT_THAT(outcome.out, HasSubstr("/etc/hostname"));
  EXPECT_THAT(outcome.out, HasSubstr("/etc/passwd"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("/etc/shells")));
}

TEST(Tail, FollowsACgroup) {
  if (!in_guest()) GTEST_SKIP() << "makes a cgroup: in guests only";
  const Outcome outcome = script(
      "g=/sys/fs/cgroup/aspis-test; mkdir -p $g/below\n"
      "sh -c \"echo \\$\\$ > $g/cgroup.procs; exec sleep 100\" & first=$!; sleep 1\n"
      "$ASPIS tail $HOOKS -o json --cgroup $g > log & tail=$!; watching log\n"
      "sh -c \"echo \\$\\$ > $g/below/cgroup.procs; exec cat /etc/hostname\" > /dev/null\n"
      "cat /etc/shells > /dev/null; sleep 1; kill $tail $first; wait $tail; wait $first\n"
      "rmdir $g/below $g; cat log");
  EXPECT_THAT(outcome.out, HasSubstr(R"("type":"process.found")"));
  EXPECT_THAT(outcome.out, HasSubstr("/etc/hostname"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("/etc/shells")));
}

/// A tail with these options, a Python, and a cat beside it. (Where the runner of the tests is a
/// Python itself, --python rightly follows that cat, too.)
Outcome python_and_cat(const std::string& options) {
  const std::string python = system_python() + " -c ";
  return script("$ASPIS tail -o json --event file.open --event 'python.*' " + options +
                " > log & tail=$!; until grep -q . log; do " + python + "pass; sleep 0.2; done\n" +
                python +
                "'import os; os.system(\"cat /etc/hostname\")' > /dev/null\n"
                "cat /etc/shells > /dev/null; sleep 1; kill -TERM $tail; wait $tail; cat log");
}

TEST(Tail, FollowsEveryPythonWithItsChildren) {
  if (!in_guest()) GTEST_SKIP() << "looks at the whole machine: in guests only";
  const Outcome outcome = python_and_cat("--python");
  EXPECT_THAT(outcome.out, HasSubstr("/etc/hostname"));
  EXPECT_THAT(outcome.out, HasSubstr("os.system"));
}

TEST(Tail, FollowsEveryProcessButItself) {
  if (!in_guest()) GTEST_SKIP() << "looks at the whole machine: in guests only";
  const Outcome outcome = python_and_cat("--all");
  EXPECT_THAT(outcome.out, HasSubstr("/etc/hostname"));
  EXPECT_THAT(outcome.out, HasSubstr("/etc/shells"));
  EXPECT_THAT(outcome.out, Not(HasSubstr(R"(agent/cli/aspis","argv")")));
}

}  // namespace
}  // namespace aspis::test
