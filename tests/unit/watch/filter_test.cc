// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/filter.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/event/event_maker.h"

namespace aspis {
namespace {

struct FilterTest : ::testing::Test {
  FilterTest() { process->exe = "/usr/bin/python3.11"; }

  bool passes(const Event& event) {
    Record record;
    record.kind = static_cast<aspis_kind>(event.head->kind);
    record.event = &event;
    record.process = process;
    return filter.passes(record);
  }

  testing::EventMaker make;
  std::shared_ptr<Process> process = std::make_shared<Process>();
  Filter filter;
};

TEST_F(FilterTest, EmptyListsLetEverythingPass) {
  EXPECT_TRUE(passes(make.file(ASPIS_FILE_OPEN, "/etc/passwd")));
  EXPECT_TRUE(passes(make.audit("open", {})));
}

TEST_F(FilterTest, GlobsMatchKindsAndNamesOfAuditEvents) {
  filter.events = {"file.*", "python.subprocess.*"};
  EXPECT_TRUE(passes(make.file(ASPIS_FILE_OPEN, "/etc/passwd")));
  EXPECT_TRUE(passes(make.audit("subprocess.Popen", {})));
  EXPECT_FALSE(passes(make.audit("open", {})));
  filter.events = {"python.audit"};
  EXPECT_TRUE(passes(make.audit("open", {})));
  EXPECT_FALSE(passes(make.file(ASPIS_FILE_OPEN, "/etc/passwd")));
}

TEST_F(FilterTest, PythonOnlyAsksWhatTheProcessIs) {
  filter.python_only = true;
  EXPECT_FALSE(passes(make.file(ASPIS_FILE_OPEN, "/etc/passwd")));
  process->python = true;
  EXPECT_TRUE(passes(make.file(ASPIS_FILE_OPEN, "/etc/passwd")));
}

TEST_F(FilterTest, VerdictsChoose) {
  filter.verdicts = {"denied"};
  EXPECT_FALSE(passes(make.file(ASPIS_FILE_OPEN, "/etc/passwd")));
  filter.verdicts = {"denied", "allowed"};
  EXPECT_TRUE(passes(make.file(ASPIS_FILE_OPEN, "/etc/passwd")));
}

TEST_F(FilterTest, WhatTheAgentDoesIsAKindLikeOthers) {
  Record record;
  record.kind = ASPIS_ASPIS_AGENT;
  EXPECT_TRUE(filter.passes(record));
  filter.events = {"aspis.*"};
  EXPECT_TRUE(filter.passes(record));
  filter.events = {"file.*"};
  EXPECT_FALSE(filter.passes(record));
  filter = {};
  filter.denials_only = true;
  EXPECT_FALSE(filter.passes(record));
}

TEST_F(FilterTest, RecordsOfNoProcessAlwaysPass) {
  filter.events = {"net.*"};
  EXPECT_TRUE(filter.passes(Record{}));
}

TEST(EventGlob, TellsTyposFromNames) {
  for (const char* good : {"file.open", "file.*", "*", "net.[bc]*", "python.audit", "p*.Popen",
                           "python.my.own.event", "python.*", "*.open", "aspis.gap"})
    EXPECT_TRUE(event_glob_can_match(good)) << good;
  for (const char* bad : {"fil.*", "open", "file.opened", "pythn.*", "", "subprocess.*"})
    EXPECT_FALSE(event_glob_can_match(bad)) << bad;
}

}  // namespace
}  // namespace aspis
