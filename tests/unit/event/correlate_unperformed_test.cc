// SPDX-License-Identifier: Apache-2.0
// What was announced and not done, what children inherit, and how much is kept.
#include "tests/unit/event/correlator_fixture.h"

namespace aspis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST_F(CorrelatorTest, TheNextAuditEventShowsWhatWasNotPerformed) {
  open("/missing");
  EXPECT_THAT(drain(), IsEmpty());
  audit("compile");
  EXPECT_THAT(drain(), ElementsAre("open"));
  audit("compile");
  EXPECT_THAT(drain(), IsEmpty());  // once only; compile announces nothing
}

TEST_F(CorrelatorTest, TheNoticeIsARecordOfItsOwn) {
  const Record announced = open("/missing");
  make.cause = 0;
  const Event& event = make.audit("compile");
  correlator.apply(event, table.apply(event));
  ASSERT_EQ(records.size(), 2U);
  const Record& notice = records.front();
  EXPECT_EQ(notice.kind, ASPIS_PYTHON_UNPERFORMED);
  EXPECT_EQ(notice.correlation, Correlation::kUnperformed);
  EXPECT_EQ(notice.event, nullptr);
  EXPECT_EQ(notice.seq, 0U);
  EXPECT_EQ(notice.time, event.head->time);
  EXPECT_EQ(notice.cause->seq, announced.seq);
  EXPECT_EQ(notice.process, announced.process);
  EXPECT_EQ(records.back().kind, ASPIS_PYTHON_AUDIT);
}

TEST_F(CorrelatorTest, AnotherThreadsAuditEventShowsNothing) {
  open("/slow");
  const std::uint64_t in_force = make.cause;
  make.tid = 101;
  audit("compile");
  EXPECT_THAT(drain(), IsEmpty());
  make.tid = 100;
  make.cause = in_force;
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/slow"), Correlation::kMatched);
}

TEST_F(CorrelatorTest, ExitShowsWhatWasNotPerformed) {
  open("/missing");
  make.tid = 101;
  audit("os.system", {make.str("true")});
  apply(make.exit());
  EXPECT_THAT(drain(), ElementsAre("open", "os.system"));
}

// From 3.14 on subprocess announces its child twice, with other events between.
TEST_F(CorrelatorTest, AChildThatIsAnnouncedTwiceIsDoneOnce) {
  audit("subprocess.Popen", {make.str("true")});
  audit("compile");
  audit("_posixsubprocess.fork_exec", {make.none()});
  enter_child(200, 9 * kSecond);
  EXPECT_EQ(apply(make.exec("/usr/bin/true", "/srv")).correlation, Correlation::kMatched);
  correlator.tick(60 * kSecond);
  EXPECT_THAT(drain(), IsEmpty());
}

TEST_F(CorrelatorTest, AMorePreciseAnnouncementReplacesTheFirst) {
  open("/srv/data");
  audit("open", {make.str("/srv/data"), make.none(), make.integer(0)});  // its opener
  EXPECT_THAT(drain(), IsEmpty());
  open("/tmp");
  audit("open", {make.str("/tmp/abc"), make.none(), make.integer(0)});
  EXPECT_THAT(drain(), ElementsAre("open"));  // /srv/data
  EXPECT_EQ(file(ASPIS_FILE_OPEN, "/tmp/abc"), Correlation::kMatched);
}

TEST_F(CorrelatorTest, LostEventsLeaveItOpen) {
  open("/missing");
  make.lost = 1;
  audit("compile");
  EXPECT_THAT(drain(), IsEmpty());
  make.lost = 0;
  open("/missing");
  audit("compile");
  EXPECT_THAT(drain(), ElementsAre("open"));
}

TEST_F(CorrelatorTest, TheEndReportsOnlyWhatIsLongDue) {
  open("/old");
  make.tid = 101;
  make.time += 3 * kSecond;
  open("/new");
  correlator.finish(make.time);
  EXPECT_THAT(drain(), ElementsAre("open"));
}

// Children.

TEST_F(CorrelatorTest, AChildHasTwoSecondsToExec) {
  audit("subprocess.Popen", {make.str("/bin/false")});
  const std::uint64_t raised = make.time;
  audit("compile");
  correlator.tick(raised + Correlator::kChildGrace - 1);
  EXPECT_THAT(drain(), IsEmpty());
  correlator.tick(raised + Correlator::kChildGrace);
  EXPECT_THAT(drain(), ElementsAre("subprocess.Popen"));
}

TEST_F(CorrelatorTest, AChildsExecPerformsWhatTheParentAnnounced) {
  const Record popen = audit("subprocess.Popen", {make.str("/bin/ls")});
  enter_child(200, 2000);
  // Between fork and exec it is still the parent's image.
  Record record = apply(make.file(ASPIS_FILE_OPEN, "/proc/self/fd"));
  EXPECT_EQ(record.correlation, Correlation::kNone);
  EXPECT_EQ(record.cause->seq, popen.seq);
  make.flags = ASPIS_F_INHERITED;
  record = apply(make.exec("/bin/ls", "/", {}, 100, 1000));
  EXPECT_EQ(record.correlation, Correlation::kMatched);
  EXPECT_EQ(record.cause->event, "subprocess.Popen");
  record = apply(make.file(ASPIS_FILE_OPEN, "/etc/passwd"));
  EXPECT_EQ(record.correlation, Correlation::kNone);
  EXPECT_EQ(record.cause->event, "subprocess.Popen");
  correlator.tick(make.time + 3 * kSecond);
  EXPECT_THAT(drain(), IsEmpty());
}

TEST_F(CorrelatorTest, AChildsOwnAuditEventsHaveTheParentsAsTheirCause) {
  const Record popen = audit("subprocess.Popen", {make.str("python3")});
  inherited = popen.seq;
  enter_child(200, 2000);
  make.flags = ASPIS_F_INHERITED;
  apply(make.exec("/usr/bin/python3", "/", {}, 100, 1000));
  make.flags = ASPIS_F_PYTHON;
  const Record own = open("/etc/passwd");
  ASSERT_NE(own.cause, nullptr);
  EXPECT_EQ(own.cause->seq, popen.seq);
  const Record opened = apply(make.file(ASPIS_FILE_OPEN, "/etc/passwd"));
  EXPECT_EQ(opened.correlation, Correlation::kMatched);
  EXPECT_EQ(opened.cause->event, "open");
  ASSERT_NE(opened.cause->parent, nullptr);
  EXPECT_EQ(opened.cause->parent->event, "subprocess.Popen");
  EXPECT_EQ(opened.cause->parent->process->id.pid, 100U);
}

TEST_F(CorrelatorTest, OsExecIsPerformedByTheImageItself) {
  audit("os.exec", {make.str("/bin/ls")});
  make.flags = ASPIS_F_INHERITED;
  EXPECT_EQ(apply(make.exec("/bin/ls")).correlation, Correlation::kMatched);
  apply(make.exit());
  EXPECT_THAT(drain(), IsEmpty());
}

// The head's word for it: what was raised before is not this image's.
TEST_F(CorrelatorTest, AnInheritedCauseIsNotJudged) {
  open("/x");
  make.flags = ASPIS_F_PYTHON | ASPIS_F_INHERITED;
  const Record record = apply(make.file(ASPIS_FILE_UNLINK, "/y"));
  EXPECT_EQ(record.correlation, Correlation::kNone);
  EXPECT_EQ(record.cause->event, "open");
}

TEST_F(CorrelatorTest, AnExecByNativeCodeIsUnaudited) {
  audit("ctypes.dlsym", {make.none(), make.str("execv")});
  make.flags = ASPIS_F_INHERITED;
  EXPECT_EQ(apply(make.exec("/bin/ls")).correlation, Correlation::kUnaudited);
  EXPECT_EQ(apply(make.exec("/bin/cat")).correlation, Correlation::kNone);  // ls did that
}

TEST_F(CorrelatorTest, ExecShowsWhatOtherThreadsDidNotPerform) {
  open("/missing");
  make.tid = 101;
  audit("os.exec", {make.str("/bin/ls")});
  make.flags = ASPIS_F_INHERITED;
  apply(make.exec("/bin/ls"));
  EXPECT_THAT(drain(), ElementsAre("open"));
}

TEST_F(CorrelatorTest, AnIdleChildKeepsItsCause) {
  Correlator small([](const PythonPayload&, Cause&) {},
                   [this](Record&& record) { records.push_back(std::move(record)); }, 4);
  const auto feed = [&](const Event& event) { small.apply(event, table.apply(event)); };
  feed(make.audit("subprocess.Popen"));
  make.cause = make.seq;
  feed(make.fork(200, 2000));
  const std::uint64_t popen = std::exchange(make.cause, 0);
  for (int i = 0; i < 100; ++i) feed(make.audit("compile"));
  make.pid = make.tid = 200;
  make.start = 2000;
  make.cause = popen;
  make.flags = ASPIS_F_INHERITED;
  feed(make.file(ASPIS_FILE_OPEN, "/x"));
  ASSERT_NE(records.back().cause, nullptr);
  EXPECT_EQ(records.back().cause->seq, popen);
}

TEST_F(CorrelatorTest, AnIdleThreadKeepsItsAnnouncement) {
  Correlator small([](const PythonPayload&, Cause&) {},
                   [this](Record&& record) { records.push_back(std::move(record)); }, 4);
  const auto feed = [&](const Event& event) { small.apply(event, table.apply(event)); };
  feed(make.audit("open", {make.str("/x")}));
  const std::uint64_t in_force = make.seq;
  make.tid = 101;
  for (int i = 0; i < 100; ++i) feed(make.audit("compile"));
  make.tid = 100;
  make.cause = in_force;
  feed(make.file(ASPIS_FILE_OPEN, "/x"));
  EXPECT_EQ(records.back().correlation, Correlation::kMatched);
}

// A program that replaces itself for ever must not grow its chain of causes.
TEST_F(CorrelatorTest, TheChainOfCausesIsBounded) {
  std::shared_ptr<const Cause> cause;
  for (int i = 0; i < 100; ++i) {
    make.flags = ASPIS_F_PYTHON;
    inherited = make.cause;
    audit("os.exec", {make.str("/usr/bin/python3")});
    make.flags = ASPIS_F_INHERITED;
    cause = apply(make.exec("/usr/bin/python3")).cause;
  }
  int depth = 0;
  for (; cause != nullptr; cause = cause->parent) ++depth;
  EXPECT_GT(depth, Correlator::kCausesKept);
  EXPECT_LE(depth, 2 * Correlator::kCausesKept + 1);
}

}  // namespace
}  // namespace aspis
