// SPDX-License-Identifier: Apache-2.0
// Rules between processes, and limits: subjects as bpf/abi/subject.h has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "bpf/abi/subject.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

unsigned signal_permissions(const CompiledText& text, int number, const std::string& peer) {
  return class_permissions(text.image, 1, ASPIS_CLASS_SIGNAL,
                           std::string(1, static_cast<char>(number)) + peer)
      .allow;
}

unsigned ptrace_permissions(const CompiledText& text, std::string_view peer) {
  return class_permissions(text.image, 1, ASPIS_CLASS_PTRACE, peer).allow;
}

bool mediates(const CompiledText& text, aspis_class kind) {
  return (text.policy.profiles[0].mediated & 1U << kind) != 0;
}

TEST(SignalRules, SetsAndPeers) {
  const CompiledText text(
      "profile x { signal send set=(term, kill) peer=y//*, signal receive peer=unconfined,\n"
      "signal (send, receive) peer=@{profile_name}, signal send set=exists, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(signal_permissions(text, SIGTERM, "y//z"), ASPIS_SIGNAL_SEND);
  EXPECT_EQ(signal_permissions(text, SIGTERM, "y"), 0U);
  EXPECT_EQ(signal_permissions(text, SIGHUP, "y//z"), 0U);
  EXPECT_EQ(signal_permissions(text, SIGHUP, ASPIS_UNCONFINED), ASPIS_SIGNAL_RECEIVE);
  EXPECT_EQ(signal_permissions(text, SIGUSR1, "x"), ASPIS_SIGNAL_ALL);
  EXPECT_EQ(signal_permissions(text, 0, "any/thing"), ASPIS_SIGNAL_SEND);
}

TEST(SignalRules, NumbersBehindNames) {
  const CompiledText text("profile x { signal set=(io stp rtmin+2 rtmin+32), }");
  ASSERT_EQ(text.messages(), "");
  for (const int number : {SIGIO, SIGTSTP, 34, 64}) {
    EXPECT_EQ(signal_permissions(text, number, "p"), ASPIS_SIGNAL_ALL) << number;
  }
  EXPECT_EQ(signal_permissions(text, SIGHUP, "p"), 0U);
}

TEST(SignalRules, ASignalThatThisMachineDoesNotHave) {
  const CompiledText text("profile x { signal set=lost, }");
  EXPECT_THAT(text.messages(), testing::HasSubstr("warning: There is no signal lost"));
  EXPECT_EQ(signal_permissions(text, SIGTERM, "p"), 0U);
  EXPECT_TRUE(mediates(text, ASPIS_CLASS_SIGNAL));
}

TEST(SignalRules, DenyAndAudit) {
  const CompiledText text("profile x { signal, audit deny signal send set=kill, }");
  ASSERT_EQ(text.messages(), "");
  const auto found = class_permissions(text.image, 1, ASPIS_CLASS_SIGNAL,
                                       std::string(1, static_cast<char>(SIGKILL)) + "p");
  EXPECT_EQ(found.allow, ASPIS_SIGNAL_RECEIVE);
  EXPECT_EQ(found.deny, ASPIS_SIGNAL_SEND);
  EXPECT_EQ(found.audit, ASPIS_SIGNAL_SEND);
}

TEST(PtraceRules, BothSides) {
  const CompiledText text("profile x { ptrace (read, trace) peer=y, ptrace readby, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(ptrace_permissions(text, "y"),
            ASPIS_PTRACE_READ | ASPIS_PTRACE_TRACE | ASPIS_PTRACE_READBY);
  EXPECT_EQ(ptrace_permissions(text, "z"), ASPIS_PTRACE_READBY);
}

TEST(IpcRules, AYoungClassThatNoRuleSpeaksOfIsNotMediated) {
  const CompiledText text("profile x { ptrace, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_TRUE(mediates(text, ASPIS_CLASS_PTRACE));
  EXPECT_TRUE(mediates(text, ASPIS_CLASS_SIGNAL));
  EXPECT_FALSE(mediates(text, ASPIS_CLASS_USERNS));
  EXPECT_FALSE(mediates(text, ASPIS_CLASS_IO_URING));
}

TEST(IpcRules, UsernsAndIoUring) {
  const CompiledText text(
      "profile x { userns create, io_uring sqpoll, deny io_uring override_creds, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(class_permissions(text.image, 1, ASPIS_CLASS_USERNS, "").allow, ASPIS_USERNS_CREATE);
  EXPECT_EQ(class_permissions(text.image, 1, ASPIS_CLASS_IO_URING, "").allow,
            ASPIS_IO_URING_SQPOLL);
  EXPECT_EQ(class_permissions(text.image, 1, ASPIS_CLASS_IO_URING, "x").allow, 0);
  EXPECT_EQ(class_permissions(text.image, 1, ASPIS_CLASS_IO_URING, "x").deny,
            ASPIS_IO_URING_OVERRIDE_CREDS);
}

TEST(IpcRules, WhatIsNotEnforcedIsSaid) {
  const CompiledText text(
      "profile x {\n  dbus send bus=system,\n  mqueue r 123,\n  mqueue r type=sysv,\n"
      "  mqueue getattr /q,\n  mqueue r label=y /q,\n}");
  EXPECT_THAT(text.messages(),
              testing::HasSubstr("test:2:3: warning: dbus rules are not enforced"));
  EXPECT_THAT(text.messages(), testing::HasSubstr("test:3:3: warning: Rules on message queues of "
                                                  "System V are not enforced"));
  EXPECT_THAT(text.messages(), testing::HasSubstr("test:4:3: warning: Rules on message queues"));
  EXPECT_THAT(text.messages(), testing::HasSubstr("test:5:10: warning: getattr of a message"));
  EXPECT_THAT(text.messages(), testing::HasSubstr("test:6:18: warning: A message queue has no"));
  EXPECT_THAT(CompiledText("profile x { deny mqueue, }").messages(),
              testing::HasSubstr("This denies POSIX message queues only"));
  EXPECT_THAT(CompiledText("profile x { deny mqueue open /q, }").messages(),
              testing::HasSubstr("deny read and write"));
  EXPECT_EQ(CompiledText("profile x { deny mqueue type=posix, mqueue open /q, }").messages(), "");
}

TEST(MqueueRules, ByNameAndPermission) {
  const CompiledText text(
      "profile x { mqueue (create, read) /jobs.*, mqueue write type=posix, deny mqueue delete /no, "
      "mqueue delete, }\nprofile y { /a r, }");
  ASSERT_EQ(text.messages(), "");
  const auto of = [&](std::string_view name) {
    return class_permissions(text.image, 1, ASPIS_CLASS_MQUEUE, name).allow;
  };
  EXPECT_EQ(of("/jobs.1"), ASPIS_MQUEUE_ALL);
  EXPECT_EQ(of("/jobs"), ASPIS_MQUEUE_WRITE | ASPIS_MQUEUE_DELETE);
  EXPECT_EQ(of("/no"), ASPIS_MQUEUE_WRITE);
  EXPECT_TRUE(mediates(text, ASPIS_CLASS_MQUEUE));
}

TEST(IpcRules, AllIsEveryClass) {
  const CompiledText text("profile x { all, deny signal send peer=y, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(signal_permissions(text, SIGTERM, "z"), ASPIS_SIGNAL_ALL);
  EXPECT_EQ(signal_permissions(text, SIGTERM, "y"), ASPIS_SIGNAL_RECEIVE);
  EXPECT_EQ(ptrace_permissions(text, "z"), ASPIS_PTRACE_ALL);
  EXPECT_EQ(class_permissions(text.image, 1, ASPIS_CLASS_USERNS, "").allow, ASPIS_USERNS_CREATE);
}

TEST(LimitRules, ValuesByNumber) {
  const CompiledText text(
      "profile x { set rlimit nofile <= 10, set rlimit as <= 2 MB, set rlimit nice <= -5,\n"
      "set rlimit core <= infinity, }");
  ASSERT_EQ(text.messages(), "");
  const auto& limits = text.policy.profiles[0].rlimits;
  EXPECT_EQ(limits[RLIMIT_NOFILE], 10U);
  EXPECT_EQ(limits[RLIMIT_AS], 2U << 20);
  EXPECT_EQ(limits[RLIMIT_NICE], 25U);
  EXPECT_EQ(limits[RLIMIT_CORE], RLIM_INFINITY);
  EXPECT_FALSE(limits[RLIMIT_CPU].has_value());
  EXPECT_TRUE(mediates(text, ASPIS_CLASS_RLIMIT));
}

}  // namespace
}  // namespace aspis::policy
