// SPDX-License-Identifier: Apache-2.0
// Lines by hand: the order and the quoting are what programs that read AppArmor's log rely on.
#include "agent/output/avc.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "bpf/abi/policy.h"
#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::uint16_t kRead = ASPIS_MAY_READ, kWrite = ASPIS_MAY_WRITE;

/// A header of ffmpeg[812] under upload//ffmpeg, denied.
aspis_event ruled(aspis_kind kind, std::uint16_t requested, std::uint16_t denied) {
  aspis_event head = sample::head(kind);
  head.flags = ASPIS_F_REPORTED;
  head.verdict = ASPIS_VERDICT_DENIED;
  head.profile = 3;
  head.requested = requested;
  head.denied = denied;
  std::memcpy(head.comm, "ffmpeg", 7);
  return head;
}

struct Line {
  explicit Line(sample::Wire wire) : sample("", std::move(wire)) {
    sample.record.profile = "upload//ffmpeg";
  }
  [[nodiscard]] std::string text() const {
    EXPECT_TRUE(find_formatter("avc")->make({kWallOffset})->shows(sample.record));
    return line_of("avc", sample.record);
  }
  [[nodiscard]] bool shown() const {
    return find_formatter("avc")->make({kWallOffset})->shows(sample.record);
  }
  sample::Sample sample;
};

aspis_file_event file(aspis_kind kind, std::uint16_t requested, std::uint16_t denied) {
  aspis_file_event raw{};
  raw.e = ruled(kind, requested, denied);
  raw.fsuid = 1000;
  return raw;
}

Line line(aspis_file_event raw, std::string_view path, std::string_view other = {}) {
  raw.path = sample::path(path, raw.path.flags);
  raw.other = sample::path(other, raw.other.flags);
  return Line(sample::Wire(raw).tail(path).tail(other));
}

constexpr std::string_view kStart = "type=AVC msg=audit(1767322800.678:42): apparmor=";

std::string expected(std::string_view rest) {
  return std::string(kStart).append(rest) + "\n";
}

TEST(Avc, DeniedOpen) {
  EXPECT_EQ(line(file(ASPIS_FILE_OPEN, kRead, kRead), "/etc/passwd").text(),
            expected(R"("DENIED" operation="open" class="file" profile="upload//ffmpeg" )"
                     R"(name="/etc/passwd" pid=812 comm="ffmpeg" requested_mask="r" )"
                     R"(denied_mask="r" fsuid=1000 ouid=0)"));
}

TEST(Avc, WithoutClassAsBefore62) {
  const Line denied = line(file(ASPIS_FILE_OPEN, kRead | kWrite, kWrite), "/etc/passwd");
  FormatContext context{kWallOffset};
  context.audit_class = false;
  std::string text;
  find_formatter("avc")->make(context)->format(denied.sample.record, text);
  EXPECT_EQ(text, expected(R"("DENIED" operation="open" profile="upload//ffmpeg" )"
                           R"(name="/etc/passwd" pid=812 comm="ffmpeg" requested_mask="wr" )"
                           R"(denied_mask="w" fsuid=1000 ouid=0)"));
}

TEST(Avc, Outcomes) {
  aspis_file_event raw = file(ASPIS_FILE_OPEN, kRead, kRead);
  raw.e.verdict = ASPIS_VERDICT_COMPLAIN;
  EXPECT_THAT(line(raw, "/a").text(), HasSubstr(R"(apparmor="ALLOWED" )"));
  raw.e.verdict = ASPIS_VERDICT_ALLOWED;
  raw.e.denied = 0;
  const std::string audited = line(raw, "/a").text();
  EXPECT_THAT(audited, HasSubstr(R"(apparmor="AUDIT" )"));
  EXPECT_THAT(audited, HasSubstr(R"(requested_mask="r" fsuid=1000)"));
  raw.e.verdict = ASPIS_VERDICT_DENIED;
  raw.e.flags |= ASPIS_F_KILLED;
  EXPECT_THAT(line(raw, "/a").text(), HasSubstr(R"(apparmor="KILLED" )"));
}

TEST(Avc, ShowsWhatIsReportedAndNothingElse) {
  aspis_file_event raw = file(ASPIS_FILE_OPEN, kRead, kRead);
  EXPECT_TRUE(line(raw, "/a").shown());
  raw.e.flags = 0;  // a rule denies it without audit
  EXPECT_FALSE(line(raw, "/a").shown());
  EXPECT_FALSE(Line(sample::python_event("open", {sample::str("/a")})).shown());
  const auto formatter = find_formatter("avc")->make({});
  EXPECT_FALSE(formatter->shows(sample::Sample("", ASPIS_PYTHON_UNPERFORMED).record));
}

TEST(Avc, NoticesAreComments) {
  sample::Sample gap("", ASPIS_ASPIS_GAP);
  gap.loss.ring = 12;
  gap.record.loss = &gap.loss;
  EXPECT_EQ(line_of("avc", gap.record), "# aspis: 12 events lost here (ring 12)\n");
  sample::Sample summary("", ASPIS_ASPIS_SUMMARY);
  summary.summary.produced = 5;
  summary.summary.emitted = 1;
  summary.summary.filtered = 4;
  summary.record.summary = &summary.summary;
  EXPECT_EQ(line_of("avc", summary.record), "# aspis: 5 events: 1 shown, 4 filtered, 0 lost\n");
}

TEST(Avc, UntrustedTextIsQuotedOrHex) {
  aspis_file_event raw = file(ASPIS_FILE_OPEN, kRead, kRead);
  std::memcpy(raw.e.comm, "my prog.sh", 11);
  Line hex = line(raw, "/tmp/\xc3\xa9");
  hex.sample.record.profile = "/home/a\"b";
  EXPECT_THAT(hex.text(), HasSubstr("profile=2F686F6D652F612262 name=2F746D702FC3A9 pid=812 "
                                    "comm=6D792070726F672E7368 "));
  std::memset(raw.e.comm, 'c', sizeof(raw.e.comm));  // no NUL within
  EXPECT_THAT(line(raw, "/~!{}=\\").text(),
              HasSubstr(R"(name="/~!{}=\" pid=812 comm="cccccccccccccccc" )"));
  EXPECT_THAT(line(raw, "/a\nb\x7f").text(), HasSubstr("name=2F610A627F "));
}

TEST(Avc, InfoHasItsError) {
  aspis_file_event raw = file(ASPIS_FILE_OPEN, kRead, kRead);
  raw.e.info = ASPIS_INFO_DISCONNECTED;
  EXPECT_THAT(line(raw, "/a").text(),
              HasSubstr(R"(class="file" info="Failed name lookup - disconnected path" error=-13 )"
                        R"(profile="upload//ffmpeg")"));
  raw.e.info = ASPIS_INFO_DELETED;
  EXPECT_THAT(line(raw, "/a").text(), HasSubstr("error=-2 "));
  raw.e.info = ASPIS_INFO_TOO_LONG;
  EXPECT_THAT(line(raw, "/a").text(), HasSubstr("error=-36 "));
}

TEST(Avc, EachSideOfARename) {
  const std::uint16_t from = ASPIS_MAY_READ | ASPIS_MAY_WRITE | ASPIS_MAY_DELETE;
  EXPECT_THAT(line(file(ASPIS_FILE_RENAME, from, ASPIS_MAY_DELETE), "/old", "/new").text(),
              testing::AllOf(HasSubstr(R"(operation="rename_src")"), HasSubstr(R"(name="/old")"),
                             HasSubstr(R"(requested_mask="wrd" denied_mask="d")")));
  aspis_file_event to = file(ASPIS_FILE_RENAME, kWrite | ASPIS_MAY_CREATE, kWrite);
  to.directory = 1;
  EXPECT_THAT(line(to, "/old", "/new").text(),
              testing::AllOf(HasSubstr(R"(operation="rename_dest")"), HasSubstr(R"(name="/new/")"),
                             HasSubstr(R"(requested_mask="wc" denied_mask="w")")));
}

TEST(Avc, LinkHasItsTarget) {
  EXPECT_EQ(
      line(file(ASPIS_FILE_LINK, ASPIS_MAY_LINK, ASPIS_MAY_LINK), "/t/target", "/t/link").text(),
      expected(R"("DENIED" operation="link" class="file" profile="upload//ffmpeg" )"
               R"(name="/t/link" pid=812 comm="ffmpeg" requested_mask="l" denied_mask="l" )"
               R"(fsuid=1000 ouid=0 target="/t/target")"));
}

TEST(Avc, ExecHasTheProfileItLeadsTo) {
  aspis_file_event raw = file(ASPIS_FILE_EXEC, ASPIS_MAY_EXEC, ASPIS_MAY_EXEC);
  EXPECT_THAT(line(raw, "/usr/bin/rm").text(), Not(HasSubstr("target=")));
  raw.e.verdict = ASPIS_VERDICT_COMPLAIN;
  Line complain = line(raw, "/usr/bin/rm");
  complain.sample.record.target = "upload//ffmpeg//null-/usr/bin/rm";
  EXPECT_EQ(complain.text(),
            expected(R"("ALLOWED" operation="exec" class="file" profile="upload//ffmpeg" )"
                     R"(name="/usr/bin/rm" pid=812 comm="ffmpeg" requested_mask="x" )"
                     R"(denied_mask="x" fsuid=1000 ouid=0 )"
                     R"(target="upload//ffmpeg//null-/usr/bin/rm")"));
}

TEST(Avc, Mappings) {
  aspis_file_event raw = file(ASPIS_FILE_MMAP_EXEC, kRead | ASPIS_MAY_MAP, ASPIS_MAY_MAP);
  EXPECT_THAT(line(raw, "/lib/l.so").text(), HasSubstr(R"(operation="file_mmap")"));
  raw.protect = 1;
  EXPECT_THAT(line(raw, "/lib/l.so").text(),
              testing::AllOf(HasSubstr(R"(operation="file_mprotect")"),
                             HasSubstr(R"(requested_mask="rm" denied_mask="m")")));
}

aspis_net_event net(aspis_kind kind, std::uint16_t family) {
  aspis_net_event raw{};
  raw.e = ruled(kind, 0, 0);
  raw.family = family;
  raw.type = SOCK_STREAM;
  raw.protocol = family == AF_UNIX ? 0 : IPPROTO_TCP;
  return raw;
}

// Without masks here: their names are policy_names.cc's, and tested there.
constexpr std::string_view kNetStart = R"( class="net" profile="upload//ffmpeg" pid=812 )"
                                       R"(comm="ffmpeg" )";

std::string net_expected(std::string_view operation, std::string_view rest) {
  return expected(std::string(R"("DENIED" operation=")")
                      .append(operation)
                      .append("\"")
                      .append(kNetStart)
                      .append(rest));
}

TEST(Avc, Sockets) {
  EXPECT_EQ(Line(sample::Wire(net(ASPIS_NET_CREATE, AF_INET))).text(),
            net_expected("create", R"(family="inet" sock_type="stream" protocol=6)"));
  aspis_net_event asked = net(ASPIS_NET_SENDMSG, AF_INET);
  asked.e.requested = asked.e.denied = ASPIS_SOCKET_SEND | ASPIS_SOCKET_CONNECT;
  EXPECT_THAT(Line(sample::Wire(asked)).text(),
              testing::HasSubstr(R"(requested_mask="send connect" denied_mask="send connect")"));
  aspis_net_event bind = net(ASPIS_NET_BIND, AF_INET6);
  inet_pton(AF_INET6, "fd74::cf32", bind.address);
  bind.port = 3456;
  EXPECT_EQ(
      Line(sample::Wire(bind)).text(),
      net_expected("bind",
                   R"(laddr=fd74::cf32 lport=3456 family="inet6" sock_type="stream" protocol=6)"));
  aspis_net_event accept = net(ASPIS_NET_ACCEPT, AF_INET);
  inet_pton(AF_INET, "192.0.2.7", accept.address);
  accept.port = 50000;
  accept.local_port = 80;
  EXPECT_EQ(Line(sample::Wire(accept)).text(),
            net_expected("accept", R"(lport=80 faddr=192.0.2.7 fport=50000 family="inet" )"
                                   R"(sock_type="stream" protocol=6)"));
  aspis_net_event odd = net(ASPIS_NET_CREATE, 99);
  odd.type = 7;
  EXPECT_THAT(Line(sample::Wire(odd)).text(),
              HasSubstr(R"x(family="unknown(99)" sock_type="unknown(7)")x"));
}

TEST(Avc, UnixSockets) {
  aspis_net_event raw = net(ASPIS_NET_CONNECT, AF_UNIX);
  raw.unix_len = 5;
  Line connect(sample::Wire(raw).tail(std::string_view("\0name", 5)));
  connect.sample.record.peer = "server";
  EXPECT_EQ(connect.text(),
            net_expected("connect", R"(family="unix" sock_type="stream" protocol=0 addr=none )"
                                    R"(peer_addr="@name" peer="server")"));
  raw.e.kind = ASPIS_NET_BIND;
  EXPECT_THAT(Line(sample::Wire(raw).tail("/x y/")).text(),
              HasSubstr("protocol=0 addr=2F7820792F"));
}

aspis_privilege_event privilege(aspis_kind kind, std::uint32_t number) {
  aspis_privilege_event raw{};
  raw.e = ruled(kind, 0, 0);
  raw.number = number;
  return raw;
}

TEST(Avc, CapabilityHasTwoSpaces) {
  EXPECT_EQ(Line(sample::Wire(privilege(ASPIS_PRIV_CAPABLE, 23))).text(),
            expected(R"("DENIED" operation="capable" class="cap" profile="upload//ffmpeg" )"
                     R"(pid=812 comm="ffmpeg" capability=23  capname="sys_nice")"));
}

TEST(Avc, Signals) {
  const std::pair<std::uint32_t, std::string_view> names[] = {
      {0, "exists"}, {9, "kill"}, {15, "term"}, {20, "stp"}, {32, "rtmin+0"}, {34, "rtmin+2"}};
  for (const auto& [number, name] : names) {
    Line kill(sample::Wire(privilege(ASPIS_PRIV_KILL, number)));
    kill.sample.record.peer = "unconfined";
    EXPECT_EQ(kill.text(),
              expected(R"("DENIED" operation="signal" class="signal" profile="upload//ffmpeg" )"
                       R"(pid=812 comm="ffmpeg" signal=)" +
                       std::string(name) + R"( peer="unconfined")"));
  }
}

std::string mount_line(std::uint64_t flags, std::string_view text) {
  aspis_privilege_event raw = privilege(ASPIS_PRIV_MOUNT, 0);
  raw.flags = flags;
  raw.path = sample::path("/mnt");
  raw.text_len = static_cast<std::uint16_t>(text.size());
  return Line(sample::Wire(raw).tail("/mnt").tail(text)).text();
}

TEST(Avc, Mounts) {
  constexpr std::string_view kText("ext4\0/dev/loop0", 15);
  const std::string start = R"("DENIED" operation="mount" class="mount" profile="upload//ffmpeg" )"
                            R"(name="/mnt/" pid=812 comm="ffmpeg" )";
  EXPECT_EQ(mount_line(MS_MANDLOCK, kText),
            expected(start + R"(fstype="ext4" srcname="/dev/loop0" flags="rw, mand")"));
  EXPECT_EQ(mount_line(MS_BIND | MS_REC | MS_RDONLY, kText),
            expected(start + R"(srcname="/dev/loop0" flags="ro, rbind")"));
  EXPECT_EQ(mount_line(MS_REMOUNT | MS_RDONLY, kText), expected(start + R"(flags="ro, remount")"));
  aspis_privilege_event umount = privilege(ASPIS_PRIV_UMOUNT, 0);
  umount.path = sample::path("/mnt/a");
  EXPECT_EQ(Line(sample::Wire(umount).tail("/mnt/a")).text(),
            expected(R"("DENIED" operation="umount" class="mount" profile="upload//ffmpeg" )"
                     R"(name="/mnt/a/" pid=812 comm="ffmpeg")"));
}

TEST(Avc, WhatAppArmorHasNoOperationForGoesByItsVerb) {
  EXPECT_EQ(Line(sample::Wire(privilege(ASPIS_PRIV_BPF, 5))).text(),
            expected(R"("DENIED" operation="bpf" profile="upload//ffmpeg" pid=812 comm="ffmpeg")"));
}

}  // namespace
}  // namespace aspis
