// SPDX-License-Identifier: Apache-2.0
// Records as the kernel side sends them, and what the decoder makes of them.
#include "agent/event/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/event/kinds.h"
#include "agent/output/sample.h"

namespace aspis {
namespace {

using testing::ElementsAre;

TEST(Decode, EveryKindOfTheKernelHasAPayload) {
  for (unsigned kind = 1; kind < ASPIS_KIND_COUNT; ++kind) {
    std::string big(400, '\0');  // all lengths 0: a record of any kind
    std::vector<std::uint64_t> aligned(50);
    auto* head = reinterpret_cast<aspis_event*>(aligned.data());
    head->kind = static_cast<std::uint16_t>(kind);
    head->size = 400;
    const Result<Event> event = decode(std::as_bytes(std::span(aligned)));
    const bool notice = kKinds[kind].payload == "notice";
    EXPECT_EQ(event.has_value(), !notice) << kKinds[kind].type;
    if (event) {
      EXPECT_NE(event->payload.index(), 0U);
    }
  }
}

TEST(Decode, Exec) {
  aspis_exec_event raw{};
  raw.e = sample::head(ASPIS_PROCESS_EXEC);
  raw.exe = sample::path("/bin/a", ASPIS_PATH_DELETED);
  raw.cwd = sample::path("/srv");
  raw.argv_len = 9;
  raw.argv_cut = 1;
  raw.ppid = 7;
  raw.parent_start = 70;
  sample::Wire wire =
      sample::Wire(raw).tail("/bin/a/srv").tail(std::string_view("a\0\0bc\0cut", 9));
  const Result<Event> event = decode(wire.bytes());
  ASSERT_TRUE(event) << event.error().text();
  const auto* exec = event->as<ExecPayload>();
  ASSERT_NE(exec, nullptr);
  EXPECT_EQ(exec->exe.text, "/bin/a");
  EXPECT_EQ(exec->exe.flags, ASPIS_PATH_DELETED);
  EXPECT_EQ(exec->exe.ino, 131074U);
  EXPECT_EQ(exec->cwd.text, "/srv");
  EXPECT_THAT(exec->argv, ElementsAre("a", "", "bc", "cut"));
  EXPECT_TRUE(exec->argv_cut);
  EXPECT_EQ(exec->ppid, 7U);
  EXPECT_EQ(exec->parent_start, 70U);
}

TEST(Decode, ForkAndExit) {
  aspis_fork_event fork{};
  fork.e = sample::head(ASPIS_PROCESS_FORK);
  fork.child_pid = 9;
  fork.child_start = 90;
  sample::Wire fork_wire(fork);
  const Result<Event> forked = decode(fork_wire.bytes());
  ASSERT_TRUE(forked);
  EXPECT_EQ(forked->as<ForkPayload>()->child_pid, 9U);
  EXPECT_EQ(forked->as<ForkPayload>()->child_start, 90U);
  aspis_exit_event exit{};
  exit.e = sample::head(ASPIS_PROCESS_EXIT);
  exit.status = 0x0b;
  sample::Wire exit_wire(exit);
  const Result<Event> exited = decode(exit_wire.bytes());
  ASSERT_TRUE(exited);
  EXPECT_EQ(exited->as<ExitPayload>()->status, 0x0bU);
}

TEST(Decode, FileSplitsTheTailInOrder) {
  sample::Wire wire = sample::file_event(ASPIS_FILE_RENAME, "/old", "/new name");
  const Result<Event> event = decode(wire.bytes());
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind(), ASPIS_FILE_RENAME);
  EXPECT_EQ(event->as<FilePayload>()->path.text, "/old");
  EXPECT_EQ(event->as<FilePayload>()->other.text, "/new name");
  EXPECT_EQ(event->head->pid, 812U);
}

TEST(Decode, PrivilegeTailIsPathThenText) {
  aspis_privilege_event raw{};
  raw.e = sample::head(ASPIS_PRIV_MOUNT);
  raw.path = sample::path("/mnt");
  raw.text_len = 9;
  sample::Wire wire = sample::Wire(raw).tail("/mnt").tail(std::string_view("ext4\0/dev", 9));
  const Result<Event> event = decode(wire.bytes());
  ASSERT_TRUE(event);
  EXPECT_EQ(event->as<PrivilegePayload>()->path.text, "/mnt");
  EXPECT_EQ(event->as<PrivilegePayload>()->text, std::string_view("ext4\0/dev", 9));
}

TEST(Decode, NetUnixPathKeepsItsNul) {
  aspis_net_event raw{};
  raw.e = sample::head(ASPIS_NET_BIND);
  raw.unix_len = 3;
  sample::Wire wire = sample::Wire(raw).tail(std::string_view("\0ab", 3));
  const Result<Event> event = decode(wire.bytes());
  ASSERT_TRUE(event);
  EXPECT_EQ(event->as<NetPayload>()->unix_path, std::string_view("\0ab", 3));
}

TEST(Decode, PythonValuesNest) {
  sample::Wire wire = sample::python_event(
      "e", {sample::tuple({sample::str("x"), sample::list({sample::integer(5), sample::none()})}),
            sample::str("", 1), sample::unreadable()});
  const Result<Event> event = decode(wire.bytes());
  ASSERT_TRUE(event) << event.error().text();
  const auto* python = event->as<PythonPayload>();
  EXPECT_EQ(python->name, "e");
  EXPECT_EQ(python->args, 3U);
  ASSERT_EQ(python->values.size(), 3U);
  const Value& tuple = python->values[0];
  EXPECT_EQ(tuple.type, ASPIS_VALUE_TUPLE);
  ASSERT_EQ(tuple.items.size(), 2U);
  EXPECT_EQ(tuple.items[0].bytes, "x");
  ASSERT_EQ(tuple.items[1].items.size(), 2U);
  EXPECT_EQ(tuple.items[1].items[0].type, ASPIS_VALUE_INT);
  EXPECT_EQ(python->values[2].type, ASPIS_VALUE_UNREADABLE);
}

TEST(Decode, PaddingAfterTheTailIsIgnored) {
  sample::Wire wire = sample::file_event(ASPIS_FILE_OPEN, "/a").tail(std::string_view("\0\0\0", 3));
  EXPECT_TRUE(decode(wire.bytes()).has_value());
}

}  // namespace
}  // namespace aspis
