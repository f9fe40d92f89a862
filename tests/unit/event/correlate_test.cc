// SPDX-License-Identifier: Apache-2.0
// What the kernel did against what Python said.
#include <fcntl.h>
#include <sys/socket.h>

#include "tests/unit/event/correlator_fixture.h"

namespace aspis {
namespace {

using ::testing::IsEmpty;

TEST_F(CorrelatorTest, AnAnnouncedOpenIsMatched) {
  open("/etc/passwd");
  const Record record = apply(make.file(ASPIS_FILE_OPEN, "/etc/passwd"));
  EXPECT_EQ(record.correlation, Correlation::kMatched);
  ASSERT_NE(record.cause, nullptr);
  EXPECT_EQ(record.cause->event, "open");
  EXPECT_EQ(record.cause->args, "{\"of\":\"open\"}");
  EXPECT_EQ(record.cause->seq, make.cause);
  EXPECT_EQ(record.cause->process, record.process);
  EXPECT_EQ(record.cause->parent, nullptr);
  EXPECT_EQ(record.said, "");
}

TEST_F(CorrelatorTest, AnotherPathIsAMismatchAndSaysWhatWasSaid) {
  open("/srv/uploads/a");
  const Record record = apply(make.file(ASPIS_FILE_OPEN, "/etc/passwd"));
  EXPECT_EQ(record.correlation, Correlation::kMismatch);
  EXPECT_EQ(record.said, "/srv/uploads/a");
  audit("compile");
  EXPECT_THAT(drain(), IsEmpty());  // done, if to something else
}

TEST_F(CorrelatorTest, WhatWasNotAnnouncedIsUnaudited) {
  open("/etc/passwd");
  EXPECT_EQ(file(ASPIS_FILE_UNLINK, "/etc/passwd"), Correlation::kUnaudited);
  audit("ctypes.dlsym");
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/passwd"), Correlation::kUnaudited);
  audit("my.event");
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/passwd"), Correlation::kUnaudited);
}

TEST_F(CorrelatorTest, AnAnnouncementIsUsedUpByOneOperation) {
  open("/etc/passwd");
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/passwd"), Correlation::kMatched);
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/passwd"), Correlation::kUnaudited);
}

TEST_F(CorrelatorTest, OpenMayCreateAndTruncateItsFile) {
  open("/srv/new", "w");
  EXPECT_EQ(file(ASPIS_FILE_CREATE, "/srv/new"), Correlation::kMatched);
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/srv/new"), Correlation::kMatched);
  EXPECT_EQ(file(ASPIS_FILE_TRUNCATE, "/srv/new"), Correlation::kMatched);
  EXPECT_EQ(file(ASPIS_FILE_CREATE, "/srv/new"), Correlation::kUnaudited);
  open("/srv/new", "w");
  EXPECT_EQ(file(ASPIS_FILE_CREATE, "/srv/other"), Correlation::kMismatch);
}

TEST_F(CorrelatorTest, MappingTheOpenedFileIsMatched) {
  open("/srv/x.so");
  EXPECT_EQ(file(ASPIS_FILE_MMAP_EXEC, "/srv/x.so"), Correlation::kUnaudited);
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/srv/x.so"), Correlation::kMatched);
  EXPECT_EQ(file(ASPIS_FILE_MMAP_EXEC, "/srv/x.so"), Correlation::kMatched);
  EXPECT_EQ(file(ASPIS_FILE_MMAP_EXEC, "/srv/y.so"), Correlation::kUnaudited);
}

TEST_F(CorrelatorTest, ALoadedLibraryMayBringOthers) {
  audit("import", {make.str("_ssl"), make.str("/usr/lib/_ssl.so")});
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/usr/lib/_ssl.so"), Correlation::kMatched);
  EXPECT_EQ(file(ASPIS_FILE_MMAP_EXEC, "/usr/lib/_ssl.so"), Correlation::kMatched);
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/usr/lib/libssl.so.3"), Correlation::kMatched);
  EXPECT_EQ(file(ASPIS_FILE_UNLINK, "/usr/lib/libssl.so.3"), Correlation::kUnaudited);
  audit("import", {make.str("json"), make.none()});
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/passwd"), Correlation::kUnaudited);
  audit("ctypes.dlopen", {make.none()});
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/passwd"), Correlation::kUnaudited);
}

TEST_F(CorrelatorTest, AFileDescriptorAnnouncesNoOpen) {
  audit("open", {make.integer(3), make.str("r"), make.integer(0)});
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/passwd"), Correlation::kUnaudited);
  audit("os.chmod", {make.integer(3), make.integer(0600), make.integer(-1)});
  EXPECT_THAT(drain(), IsEmpty());
  EXPECT_EQ(file(ASPIS_FILE_CHMOD, "/any"), Correlation::kMatched);
}

TEST_F(CorrelatorTest, RelativePathsStartAtTheWorkingDirectory) {
  open("data");
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/srv/data"), Correlation::kMatched);
  open("data");
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/data"), Correlation::kMismatch);
  audit("os.chdir", {make.str("/etc")});
  open("data");
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/data"), Correlation::kMatched);
  open("data");
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/other"), Correlation::kMismatch);
}

TEST_F(CorrelatorTest, OsOpenMayStartAtADirectoryFd) {
  audit("open", {make.str("data"), make.none(), make.integer(0)});
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/data"), Correlation::kMatched);
  audit("os.remove", {make.str("data"), make.integer(5)});
  EXPECT_EQ(file(ASPIS_FILE_UNLINK, "/etc/data"), Correlation::kMatched);
  audit("os.remove", {make.str("data"), make.integer(-1)});
  EXPECT_EQ(file(ASPIS_FILE_UNLINK, "/etc/data"), Correlation::kMismatch);
}

TEST_F(CorrelatorTest, PathsMayBeBytesOrCut) {
  audit("os.rmdir", {make.bytes("/srv/\xff"), make.integer(-1)});
  EXPECT_EQ(file(ASPIS_FILE_RMDIR, "/srv/\xff"), Correlation::kMatched);
  audit("os.rmdir", {make.str("/srv/\xe9"), make.integer(-1)});  // Latin-1 in memory
  EXPECT_EQ(file(ASPIS_FILE_RMDIR, "/srv/\xc3\xa9"), Correlation::kMatched);
  audit("os.rmdir", {make.str("/srv/lo", ASPIS_VALUE_CUT), make.integer(-1)});
  EXPECT_EQ(file(ASPIS_FILE_RMDIR, "/srv/long"), Correlation::kMatched);
  audit("os.rmdir", {make.str("/srv/x"), make.integer(-1)});
  const Event& foreign = make.file(ASPIS_FILE_RMDIR, "/else", "", ASPIS_PATH_FOREIGN);
  EXPECT_EQ(apply(foreign).correlation, Correlation::kMatched);
}

TEST_F(CorrelatorTest, AnUnnamedFileIsMadeInTheDirectory) {
  audit("open", {make.str("/tmp"), make.none(), make.integer(O_TMPFILE)});
  const Event& event =
      make.file(ASPIS_FILE_OPEN, "/tmp/#12", "", ASPIS_PATH_DELETED, O_TMPFILE | O_RDWR);
  EXPECT_EQ(apply(event).correlation, Correlation::kMatched);
}

TEST_F(CorrelatorTest, BothPathsOfARenameAreCompared) {
  const auto rename = [&] {
    audit("os.rename", {make.str("/a"), make.str("/b"), make.integer(-1), make.integer(-1)});
  };
  rename();
  EXPECT_EQ(file(ASPIS_FILE_RENAME, "/a", "/b"), Correlation::kMatched);
  rename();
  const Record record = apply(make.file(ASPIS_FILE_RENAME, "/a", "/c"));
  EXPECT_EQ(record.correlation, Correlation::kMismatch);
  EXPECT_EQ(record.said, "/b");
  audit("os.symlink", {make.str("../target"), make.str("/link"), make.integer(-1)});
  EXPECT_EQ(file(ASPIS_FILE_SYMLINK, "/link", "../target"), Correlation::kMatched);
}

TEST_F(CorrelatorTest, ConnectComparesTheAddress) {
  const auto connect = [&] {
    audit("socket.connect",
          {make.none(), testing::EventMaker::tuple({make.str("10.0.0.1"), make.integer(80)})});
  };
  connect();
  EXPECT_EQ(apply(make.net(ASPIS_NET_CONNECT, AF_INET, {10, 0, 0, 1}, 80)).correlation,
            Correlation::kMatched);
  connect();
  const Record record = apply(make.net(ASPIS_NET_CONNECT, AF_INET, {10, 0, 0, 2}, 80));
  EXPECT_EQ(record.correlation, Correlation::kMismatch);
  EXPECT_EQ(record.said, "10.0.0.1:80");
  audit("socket.bind", {make.none(), make.str("/run/x")});
  EXPECT_EQ(apply(make.net(ASPIS_NET_BIND, AF_UNIX, {}, 0, "/run/x")).correlation,
            Correlation::kMatched);
  audit("socket.__new__", {make.none()});
  EXPECT_EQ(apply(make.net(ASPIS_NET_CREATE, AF_INET, {}, 0)).correlation, Correlation::kMatched);
  EXPECT_EQ(apply(make.net(ASPIS_NET_CREATE, AF_INET, {}, 0)).correlation, Correlation::kUnaudited);
}

TEST_F(CorrelatorTest, ResolvingANameTakesManyOperations) {
  audit("socket.getaddrinfo", {make.str("example.org")});
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/hosts"), Correlation::kMatched);
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/etc/resolv.conf"), Correlation::kMatched);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(apply(make.net(ASPIS_NET_CONNECT, AF_INET, {10, 0, 0, 1}, 53)).correlation,
              Correlation::kMatched);
  }
  audit("compile");
  EXPECT_THAT(drain(), IsEmpty());
}

TEST_F(CorrelatorTest, KindsThatNothingAnnouncesCarryTheCauseOnly) {
  open("/x");
  const Record listen = apply(make.net(ASPIS_NET_LISTEN, AF_INET, {}, 80));
  EXPECT_EQ(listen.correlation, Correlation::kNone);
  EXPECT_EQ(listen.cause->event, "open");
  audit("os.kill", {make.integer(7), make.integer(9)});
  EXPECT_EQ(apply(make.kill()).correlation, Correlation::kMatched);
}

TEST_F(CorrelatorTest, OtherProgramsHaveNoCorrelation) {
  make.flags = 0;
  const Record record = apply(make.file(ASPIS_FILE_OPEN, "/x"));
  EXPECT_EQ(record.correlation, Correlation::kNone);
  EXPECT_EQ(record.cause, nullptr);
}

TEST_F(CorrelatorTest, AThreadOfNativeCodeIsUnaudited) {
  open("/x");
  make.tid = 101;
  make.cause = 0;
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/y"), Correlation::kUnaudited);
}

TEST_F(CorrelatorTest, ALostAuditEventLeavesNothingToCompare) {
  make.cause = 999;
  const Record record = apply(make.file(ASPIS_FILE_OPEN, "/x"));
  EXPECT_EQ(record.correlation, Correlation::kNone);
  EXPECT_EQ(record.cause, nullptr);
}

}  // namespace
}  // namespace aspis
