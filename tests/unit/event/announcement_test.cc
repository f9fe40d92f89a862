// SPDX-License-Identifier: Apache-2.0
// What the kernel side is told of each audit event, for the sake of `audited` rules.
#include "agent/event/announcement.h"

#include <gtest/gtest.h>

namespace aspis {
namespace {

aspis_announcement of(std::string_view name) {
  const cpython::AuditEvent* event = cpython::find_audit_event(name);
  EXPECT_NE(event, nullptr) << name;
  return event == nullptr ? aspis_announcement{} : announcement_of(*event);
}

// Places count from 1 on: open(path, mode, flags).
TEST(AnnouncementOf, AnOpenTellsHow) {
  const aspis_announcement open = of("open");
  EXPECT_EQ(open.audited, cpython::kOpen | cpython::kCreate | cpython::kTruncate);
  EXPECT_EQ(open.path, 1);
  EXPECT_EQ(open.open_flags, 3);
  EXPECT_EQ(open.path_fd, 0) << "os.open does not tell its dir_fd";
  EXPECT_TRUE(open.of_path);
  EXPECT_EQ(open.flags, 0);
}

TEST(AnnouncementOf, TwoPathsWithTheirDirectories) {
  const aspis_announcement rename = of("os.rename");  // src, dst, src_dir_fd, dst_dir_fd
  EXPECT_EQ(rename.path, 1);
  EXPECT_EQ(rename.other, 2);
  EXPECT_EQ(rename.path_fd, 3);
  EXPECT_EQ(rename.other_fd, 4);
  const aspis_announcement symlink = of("os.symlink");  // src, dst, dir_fd
  EXPECT_EQ(symlink.path, 2);
  EXPECT_EQ(symlink.path_fd, 3);
  EXPECT_EQ(symlink.other, 0);
}

TEST(AnnouncementOf, WhatIsLoadedIsOneFileAsOftenAsItTakes) {
  const aspis_announcement import = of("import");  // module, filename, …
  EXPECT_EQ(import.audited, cpython::kOpen | cpython::kMmapExec);
  EXPECT_EQ(import.path, 2);
  EXPECT_EQ(import.flags, ASPIS_SAID_AGAIN);
  EXPECT_EQ(import.operations, 0U) << "for stacks it counts for nothing";
}

TEST(AnnouncementOf, AChildExecutes) {
  for (const char* name : {"subprocess.Popen", "os.posix_spawn", "os.system"}) {
    EXPECT_EQ(of(name).audited, cpython::kExec) << name;
    EXPECT_EQ(of(name).flags, ASPIS_SAID_CHILD) << name;
  }
  EXPECT_EQ(of("os.exec").audited, cpython::kExec);
  EXPECT_EQ(of("os.exec").flags, 0);
}

// "Some files" would be all files, to native code.
TEST(AnnouncementOf, WhoNamesNoFileAnnouncesNone) {
  for (const char* name : {"sqlite3.connect", "socket.getaddrinfo", "glob.glob", "shutil.move"}) {
    EXPECT_NE(of(name).operations, 0U) << name;
    EXPECT_EQ(of(name).audited, 0U) << name;
  }
  for (const cpython::AuditEvent& event : cpython::audit_events()) {
    const aspis_announcement announcement = announcement_of(event);
    if (announcement.path == 0) {
      EXPECT_EQ(announcement.audited & ~std::uint32_t{cpython::kExec}, 0U) << event.name;
    }
  }
}

TEST(AnnouncementOf, ABoundSocketIsAFile) {
  EXPECT_EQ(of("socket.bind").audited, cpython::kBind | cpython::kCreate);
  EXPECT_EQ(of("socket.bind").path, 2);  // self, address
}

}  // namespace
}  // namespace aspis
