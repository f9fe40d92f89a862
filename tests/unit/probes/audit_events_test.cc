// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/audit_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/unit/probes/pythons.h"

namespace aspis::cpython {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AuditEvents, AreSortedAndUnique) {
  const auto events = audit_events();
  EXPECT_GE(events.size(), 160U);
  const auto unsorted =
      std::adjacent_find(events.begin(), events.end(),
                         [](const AuditEvent& a, const AuditEvent& b) { return a.name >= b.name; });
  EXPECT_EQ(unsorted, events.end()) << unsorted->name;
}

TEST(AuditEvents, AreFoundByName) {
  for (const AuditEvent& event : audit_events()) EXPECT_EQ(find_audit_event(event.name), &event);
  EXPECT_EQ(find_audit_event("os.remov"), nullptr);
  EXPECT_EQ(find_audit_event(""), nullptr);
  EXPECT_EQ(find_audit_event("aspis.change_profile"), nullptr);
}

TEST(AuditEvents, HaveTheirDocumentedArguments) {
  EXPECT_THAT(documented_argument_names("open"), ElementsAre("path", "mode", "flags"));
  EXPECT_THAT(documented_argument_names("subprocess.Popen"),
              ElementsAre("executable", "args", "cwd", "env"));
  EXPECT_THAT(documented_argument_names("import"),
              ElementsAre("module", "filename", "sys.path", "sys.meta_path", "sys.path_hooks"));
  EXPECT_THAT(documented_argument_names("os.system"), ElementsAre("command"));
  EXPECT_THAT(documented_argument_names("os.rename"),
              ElementsAre("src", "dst", "src_dir_fd", "dst_dir_fd"));
  EXPECT_THAT(documented_argument_names("os.fork"), IsEmpty());
  EXPECT_THAT(documented_argument_names("my.event"), IsEmpty());
}

TEST(AuditEvents, NameTheirObjectsByArgument) {
  for (const AuditEvent& event : audit_events()) {
    EXPECT_LT(event.path, static_cast<int>(event.arguments.size())) << event.name;
    EXPECT_LT(event.other, static_cast<int>(event.arguments.size())) << event.name;
    EXPECT_LE(event.arguments.size(), 10U) << event.name;
    EXPECT_FALSE(event.expected() && event.operations == kNothing) << event.name;
    EXPECT_FALSE(event.times == Times::kLoad && event.path < 0) << event.name;
  }
  EXPECT_EQ(find_audit_event("open")->argument("flags"), 2);
  EXPECT_EQ(find_audit_event("open")->argument("dir_fd"), -1);
}

TEST(AuditEvents, AnnounceWhatTheyDo) {
  EXPECT_EQ(find_audit_event("open")->operations, kOpen | kCreate | kTruncate);
  EXPECT_TRUE(find_audit_event("open")->expected());
  EXPECT_EQ(find_audit_event("os.system")->times, Times::kChild);
  EXPECT_EQ(find_audit_event("import")->times, Times::kLoad);
  EXPECT_EQ(find_audit_event("compile")->operations, kNothing);
  EXPECT_EQ(find_audit_event("exec")->operations, kNothing);
  EXPECT_EQ(find_audit_event("ctypes.call_function")->operations, kNothing);
  EXPECT_FALSE(find_audit_event("socket.getaddrinfo")->expected());
}

// Every event of a workload is in the table, and carries as many arguments as it says. Older
// versions may pass fewer (shutil.rmtree had no dir_fd before 3.11).
TEST(AuditEvents, AreThoseOfLiveInterpreters) {
  int observed = 0;
  for (const std::string& python : testing::all_pythons()) {
    if (testing::version_of(python).minor < 8) continue;
    const auto output = testing::run(
        "'" + python + "' -I '" ASPIS_SOURCE_DIR "/tests/unit/probes/observe_events.py'");
    ASSERT_EQ(output.status, 0) << python << "\n" << output.text;
    std::istringstream lines(output.text);
    std::string name, count;
    int events = 0;
    for (; std::getline(lines, name, '\t') && std::getline(lines, count); ++events) {
      const AuditEvent* event = find_audit_event(name);
      ASSERT_NE(event, nullptr) << python << " raised " << name << ", which is not in the table";
      const bool fewer = name == "shutil.rmtree" && std::stoul(count) < event->arguments.size();
      EXPECT_TRUE(fewer || std::stoul(count) == event->arguments.size()) << python << " " << name;
    }
    EXPECT_GE(events, 75) << output.text;
    ++observed;
  }
  if (observed == 0) GTEST_SKIP() << "no CPython 3.8 or later here";
}

}  // namespace
}  // namespace aspis::cpython
