// SPDX-License-Identifier: Apache-2.0
#include "agent/event/process_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/event/event_maker.h"

namespace aspis {
namespace {

using ::testing::ElementsAre;

struct ProcessTableTest : ::testing::Test {
  ProcessTableTest() { make.flags = 0; }
  testing::EventMaker make;
  ProcessTable table;
};

TEST_F(ProcessTableTest, ExecTellsEverything) {
  const auto process = table.apply(make.exec("/bin/ls", "/srv", {"ls", "-l"}, 7, 70));
  EXPECT_EQ(process->id, (ProcessId{100, 1000}));
  EXPECT_EQ(process->exe, "/bin/ls");
  EXPECT_EQ(process->name(), "ls");
  EXPECT_EQ(process->cwd, "/srv");
  EXPECT_THAT(process->argv, ElementsAre("ls", "-l"));
  EXPECT_EQ(process->uid, 1000U);
  EXPECT_EQ(process->ppid, 7U);
  EXPECT_FALSE(process->python);
  EXPECT_EQ(process->parent, nullptr);
  EXPECT_EQ(table.apply(make.file(ASPIS_FILE_OPEN, "/x")), process);
}

TEST_F(ProcessTableTest, AnUnknownProcessIsEnteredFromItsHeader) {
  const auto process = table.apply(make.file(ASPIS_FILE_OPEN, "/x"));
  EXPECT_EQ(process->id, (ProcessId{100, 1000}));
  EXPECT_EQ(process->exe, "");
  EXPECT_EQ(process->uid, 1000U);
  EXPECT_EQ(table.size(), 1U);
}

TEST_F(ProcessTableTest, ForkCopiesTheParent) {
  const auto parent = table.apply(make.exec("/bin/sh", "/srv", {"sh"}));
  EXPECT_EQ(table.apply(make.fork(101, 2000)), parent);
  const auto child = table.find({101, 2000});
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(child->exe, "/bin/sh");
  EXPECT_EQ(child->cwd, "/srv");
  EXPECT_THAT(child->argv, ElementsAre("sh"));
  EXPECT_EQ(child->ppid, 100U);
  EXPECT_EQ(child->parent, parent);
}

TEST_F(ProcessTableTest, ExecReplacesAndLeavesTheOldImageToItsHolders) {
  const auto old = table.apply(make.exec("/bin/sh"));
  table.apply(make.fork(101, 2000));
  make.pid = 101;
  make.start = 2000;
  const auto image = table.apply(make.exec("/bin/ls", "/", {}, 100, 1000));
  EXPECT_EQ(image->exe, "/bin/ls");
  EXPECT_EQ(image->parent, old);
  EXPECT_EQ(old->exe, "/bin/sh");
  EXPECT_EQ(table.find({101, 2000}), image);
}

TEST_F(ProcessTableTest, ExitReturnsTheProcessAndForgetsIt) {
  table.apply(make.exec("/bin/ls"));
  const auto gone = table.apply(make.exit());
  EXPECT_EQ(gone->exe, "/bin/ls");
  EXPECT_EQ(table.find(gone->id), nullptr);
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(ProcessTableTest, AReusedPidIsAnotherProcess) {
  table.apply(make.exec("/bin/ls"));
  make.start = 5000;
  const auto later = table.apply(make.file(ASPIS_FILE_OPEN, "/x"));
  EXPECT_EQ(later->exe, "");
  EXPECT_EQ(table.find({100, 1000})->exe, "/bin/ls");
}

TEST_F(ProcessTableTest, MarksPythonPerImage) {
  table.apply(make.exec("/usr/bin/python3"));
  make.flags = ASPIS_F_PYTHON;
  EXPECT_TRUE(table.apply(make.audit("import"))->python);
  table.apply(make.fork(101, 2000));
  EXPECT_TRUE(table.find({101, 2000})->python);
  make.flags = 0;
  EXPECT_FALSE(table.apply(make.exec("/bin/ls"))->python);
}

TEST_F(ProcessTableTest, FollowsIdsOfTheHeader) {
  const auto before = table.apply(make.exec("/bin/su"));
  make.uid = 0;
  const auto after = table.apply(make.file(ASPIS_FILE_OPEN, "/x"));
  EXPECT_EQ(after->uid, 0U);
  EXPECT_EQ(after->exe, "/bin/su");
  EXPECT_EQ(before->uid, 1000U);
}

TEST_F(ProcessTableTest, ForgetsTheDirectoryAfterChdir) {
  table.apply(make.exec("/usr/bin/python3", "/srv"));
  make.flags = ASPIS_F_PYTHON;
  EXPECT_EQ(table.apply(make.audit("os.listdir"))->cwd, "/srv");
  EXPECT_EQ(table.apply(make.audit("os.chdir"))->cwd, "");
  EXPECT_TRUE(table.find({100, 1000})->python);
}

TEST_F(ProcessTableTest, DropsTheLeastRecentlyUsed) {
  ProcessTable small(2);
  make.pid = 1;
  small.apply(make.exec("/one"));
  make.pid = 2;
  small.apply(make.exec("/two"));
  make.pid = 1;
  small.apply(make.file(ASPIS_FILE_OPEN, "/x"));
  make.pid = 3;
  small.apply(make.exec("/three"));
  EXPECT_EQ(small.size(), 2U);
  EXPECT_EQ(small.evictions(), 1U);
  EXPECT_NE(small.find({1, 1000}), nullptr);
  EXPECT_EQ(small.find({2, 1000}), nullptr);
}

// A daemon whose every generation forks the next must not keep them all.
TEST_F(ProcessTableTest, KeepsABoundedNumberOfAncestors) {
  table.apply(make.exec("/first"));
  std::weak_ptr<const Process> first = table.find({100, 1000});
  for (std::uint32_t generation = 1; generation <= 100; ++generation) {
    table.apply(make.fork(100 + generation, 1000 + generation));
    table.apply(make.exit());
    make.pid = 100 + generation;
    make.start = 1000 + generation;
  }
  int depth = 0;
  for (auto at = table.find({200, 1100}); at != nullptr; at = at->parent) ++depth;
  EXPECT_GT(depth, ProcessTable::kAncestorsKept);
  EXPECT_LE(depth, 2 * ProcessTable::kAncestorsKept + 1);
  EXPECT_TRUE(first.expired());
}

}  // namespace
}  // namespace aspis
