// SPDX-License-Identifier: Apache-2.0
#include "agent/output/compact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>

#include "agent/output/compact_text.h"
#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

using sample::Sample;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kBy = "  by cat[812] ← subprocess.Popen ← python3.11[799]";

std::string with_by(std::string_view object) {
  return std::string(object).append(kBy);
}

TEST(Compact, TimeIsLocal) {
  setenv("TZ", "UTC-2", 1);
  tzset();
  Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/etc/passwd"));
  EXPECT_EQ(line_of("compact", sample.record),
            "05:00:00.678 open /etc/passwd" + std::string(kBy) + "\n");
  setenv("TZ", "UTC", 1);
  tzset();
}

/// What each sample looks like, in the order of sample::all().
TEST(Compact, EveryKind) {
  std::vector<std::string> lines;
  for (const auto& sample : sample::all()) lines.push_back(compact_of(sample->record));
  auto has = [&](const std::string& line) { EXPECT_THAT(lines, testing::Contains(line)); };
  has(with_by("exec /usr/bin/cat cat /etc/passwd"));
  has("exec /usr/bin/python3.11 python3 /srv/app/main.py with PYTHONPATH=/srv/lib …"
      "  by python3.11[812] ← subprocess.Popen");
  has("-- PROBE TAMPERED WITH: site at 0x42512a of /usr/bin/python3.11 has no breakpoint but 0x90, "
      "and is left so: audit events of this process are missing --  by python3.11[799]");
  has(with_by("fork 813"));
  has(with_by("exit 1"));
  has(with_by("exit SIGSEGV (core dumped)"));
  has(with_by("open /etc/passwd"));
  has(with_by("open …/etc/shadow (deleted) (unreadable)  MISMATCH said /srv/app/data"));
  has("open /etc/passwd  UNAUDITED  by python3.11[812]"
      "  at /srv/venv/lib/python3.11/site-packages/magic/loader.py:45 in load_lib");
  has(with_by("create /srv/app/new 0600"));
  has(with_by("unlink /srv/app/old"));
  has(with_by("rename /srv/app/old → /srv/app/new"));
  has(with_by("chown /srv/app/data 0:33"));
  has(with_by("truncate /srv/app/data 4096"));
  has(with_by("mmap-exec /usr/lib/libc.so.6 PROT_READ|PROT_EXEC"));
  has(with_by("socket inet stream tcp"));
  has(with_by("connect 192.0.2.7:443  DENIED  UNAUDITED"));
  has(with_by("bind unix:@name"));
  has(with_by("listen 0.0.0.0:8000"));
  has(with_by("accept [2001:db8::1]:50000 on [2001:db8::2]:8000"));
  has(with_by("sendmsg [fe80::1%2]:53 40 bytes"));
  has(with_by("recvmsg 192.0.2.7:443"));
  has(with_by("setsockopt 0.0.0.0:8000  DENIED"));
  has(with_by("capable CAP_SYS_ADMIN  COMPLAIN"));
  has(with_by("ptrace 1234 PTRACE_MODE_ATTACH|PTRACE_MODE_REALCREDS"));
  has(with_by("kill SIGTERM 1234"));
  has(with_by("setuid 0/0/0 → 33/33/33"));
  has(with_by("mount …/mnt (deleted) (unreadable) type ext4 from /dev/sdb1 MS_NOSUID|MS_NODEV"));
  has(with_by("umount /mnt MNT_DETACH"));
  has(with_by("bpf BPF_PROG_LOAD"));
  has(with_by("module /lib/modules/x.ko READING_MODULE"));
  has(with_by("userns"));
  has("python open path='/etc/hostname' mode='r' flags=O_RDONLY|O_CLOEXEC  by python3.11[799]");
  has("python compile source='import os\\n…' filename='<string>'  by python3.11[799]");
  has("-- 1234 events lost here (ring 1200, output 34) --");
  has("-- 5000 events: 3700 shown, 66 filtered, 1234 lost (ring 1200, output 34), 3 seen by agents "
      "before; 2718 audit "
      "events "
      "of /opt/python/lib/libpython3.12.so.1.0 --");
}

TEST(Compact, Unperformed) {
  const auto samples = sample::all();
  EXPECT_EQ(
      compact_of((*std::ranges::find_if(samples,
                                        [](const auto& sample) {
                                          return sample->record.kind == ASPIS_PYTHON_UNPERFORMED;
                                        }))
                     ->record),
      R"(UNPERFORMED open {"path":"/etc/hostname","mode":"r","flags":524288}  by python3.11[799] ← subprocess.Popen)");
}

TEST(Compact, AccessIsSaidUnlessItIsReading) {
  auto open = [](std::uint32_t flags) {
    aspis_file_event file{};
    file.flags = flags;
    return compact_of(sample::file_event(ASPIS_FILE_OPEN, "/a", {}, file));
  };
  EXPECT_EQ(open(0), with_by("open /a"));
  EXPECT_EQ(open(01 | 0100 | 01000), with_by("open /a w,creat,trunc"));
  EXPECT_EQ(open(02 | 02000), with_by("open /a rw,append"));
  EXPECT_EQ(open(010000000), with_by("open /a path"));
}

TEST(Compact, AProcessIsNotNamedTwice) {
  Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  Cause own = *sample::popen_cause();
  own.event = "open";
  own.parent = sample::popen_cause();
  sample.record.process = sample::python();
  sample.record.cause = std::make_shared<const Cause>(own);
  EXPECT_EQ(compact_of(sample.record), "open /a  by python3.11[812] ← open ← subprocess.Popen");
}

TEST(Compact, AtMostFourCauses) {
  std::shared_ptr<const Cause> chain;
  for (unsigned i = 1; i <= 6; ++i) {
    Cause cause;
    cause.event = "e" + std::to_string(i);
    cause.parent = chain;
    chain = std::make_shared<const Cause>(cause);
  }
  Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  sample.record.cause = chain;
  EXPECT_EQ(compact_of(sample.record), "open /a  by cat[812] ← e6 ← e5 ← e4 ← e3 ← …");
}

TEST(Compact, HostileTextStaysOnItsLine) {
  Sample sample("",
                sample::file_event(ASPIS_FILE_OPEN, "/tmp/\x1b]0;x\x07\n12:00:00.000 open /safe"));
  Process process = *sample::cat();
  process.exe = "/tmp/\x1b[31mcat";
  sample.record.process = std::make_shared<const Process>(process);
  Cause cause;
  cause.event = "\n\xc2\x9b";
  sample.record.cause = std::make_shared<const Cause>(cause);
  const std::string line = line_of("compact", sample.record);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
  EXPECT_THAT(line, HasSubstr("\\x1b[31mcat[812] ← \\n\\u{9b}"));
}

TEST(Compact, PathsAreWholeAndArgumentsAreCut) {
  const std::string path = "/" + std::string(1000, 'p');
  EXPECT_EQ(compact_of(sample::file_event(ASPIS_FILE_OPEN, path)), with_by("open " + path));
  const auto long_text = sample::str(std::string(3000, 'x'));
  const std::string python =
      compact_of(sample::python_event("compile", {long_text, long_text, long_text, long_text}));
  EXPECT_LE(columns(python), 215U);
  EXPECT_THAT(python, EndsWith("  by python3.11[799]"));
  EXPECT_THAT(python, HasSubstr("…"));
  aspis_exec_event exec{};
  exec.e = sample::head(ASPIS_PROCESS_EXEC);
  exec.argv_len = 3000;
  const std::string line = compact_of(sample::Wire(exec).tail(std::string(3000, 'a')));
  EXPECT_LE(columns(line), 200U);
  EXPECT_THAT(line, EndsWith(std::string(kBy)));
}

TEST(Compact, ColourOnlyWhenAsked) {
  aspis_net_event raw{};
  raw.e = sample::head(ASPIS_NET_CREATE);
  raw.e.verdict = ASPIS_VERDICT_DENIED;
  Sample sample("", sample::Wire(raw));
  EXPECT_EQ(line_of("compact", sample.record, false).find('\x1b'), std::string::npos);
  EXPECT_THAT(line_of("compact", sample.record, true), HasSubstr("\x1b[1;31mDENIED\x1b[0m"));
}

TEST(Compact, FormatsHaveDifferentNames) {
  EXPECT_EQ(formatters().front().name, "compact");
  EXPECT_EQ(find_formatter("json")->name, "json");
  EXPECT_EQ(find_formatter("xml"), nullptr);
}

}  // namespace
}  // namespace aspis
