// SPDX-License-Identifier: Apache-2.0
// JSON lines, read back by an independent parser and compared with values worked out by hand.
#include "agent/output/json.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <algorithm>

#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

using sample::Sample;

/// Payload of the first sample of this kind.
Json payload_of(aspis_kind kind, const char* member) {
  for (const auto& sample : sample::all()) {
    if (sample->record.kind == kind) return json_of(sample->record)[member];
  }
  return {};
}

TEST(Json, AWholeLine) {
  aspis_file_event open{};
  open.flags = 02000000;
  open.mode = S_IFREG | 0644;
  Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/etc/passwd", {}, open));
  sample.record.correlation = Correlation::kMatched;
  EXPECT_EQ(
      line_of("json", sample.record),
      R"({"type":"file.open","time":"2026-01-02T03:00:00.678901Z","seq":42,)"
      R"("process":{"pid":812,"tid":812,"exe":"/usr/bin/cat","argv":["cat","/etc/passwd"],)"
      R"("uid":33,"gid":33,"cgroup":4311,"parent":{"pid":799,"exe":"/usr/bin/python3.11"}},)"
      R"("file":{"path":"/etc/passwd","flags":"O_RDONLY|O_CLOEXEC","mode":"0644","dev":"254:1","ino":131074},)"
      R"("verdict":"allowed","cause":{"event":"subprocess.Popen",)"
      R"("args":{"executable":"cat","args":["cat","/etc/passwd"],"cwd":null,"env":null},"seq":41,)"
      R"("process":{"pid":799,"exe":"/usr/bin/python3.11"}},"correlation":"matched"})"
      "\n");
}

TEST(Json, ATypicalFileEventIsShorterThan600Bytes) {
  aspis_file_event open{};
  open.flags = 02000000;
  open.mode = S_IFREG | 0644;
  Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/etc/passwd", {}, open));
  sample.record.correlation = Correlation::kMatched;
  const std::size_t size = line_of("json", sample.record).size();
  RecordProperty("bytes", static_cast<int>(size));
  EXPECT_LT(size, 600U);
}

TEST(Json, OrderOfMembersIsStable) {
  Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  sample.record.correlation = Correlation::kMismatch;
  sample.record.said = "/b";
  std::string keys;
  const Json json = json_of(sample.record);
  for (const auto& [key, value] : json.items()) keys += key + " ";
  EXPECT_EQ(keys, "type time seq process file verdict cause correlation said ");
}

TEST(Json, Files) {
  EXPECT_EQ(
      payload_of(ASPIS_FILE_RENAME, "file"),
      Json::parse(R"({"path":"/srv/app/old","other":"/srv/app/new","dev":"254:1","ino":131074})"));
  EXPECT_EQ(
      payload_of(ASPIS_FILE_SYMLINK, "file"),
      Json::parse(
          R"({"path":"/srv/app/link","other":"../data","other_cut":true,"dev":"254:1","ino":131074})"));
  EXPECT_EQ(payload_of(ASPIS_FILE_CHOWN, "file")["gid"], 33);
  EXPECT_EQ(payload_of(ASPIS_FILE_TRUNCATE, "file")["length"], 4096);
  EXPECT_EQ(payload_of(ASPIS_FILE_MMAP_EXEC, "file")["prot"], "PROT_READ|PROT_EXEC");
  aspis_file_event unchanged{};
  unchanged.uid = unchanged.gid = UINT32_MAX;
  EXPECT_FALSE(
      json_of(sample::file_event(ASPIS_FILE_CHOWN, "/a", {}, unchanged))["file"].contains("uid"));
  aspis_file_event unknown{};
  unknown.length = UINT64_MAX;
  EXPECT_FALSE(json_of(sample::file_event(ASPIS_FILE_TRUNCATE, "/a", {}, unknown))["file"].contains(
      "length"));
}

TEST(Json, PathsWithoutAName) {
  auto path_of = [](std::uint16_t flags, std::string_view text) {
    aspis_file_event file{};
    file.path.flags = flags;
    return json_of(sample::file_event(ASPIS_FILE_CHMOD, text, {}, file))["file"]["path"];
  };
  EXPECT_EQ(path_of(ASPIS_PATH_PIPE, "x"), "pipe:[131074]");
  EXPECT_EQ(path_of(ASPIS_PATH_SOCKET, "x"), "socket:[131074]");
  EXPECT_EQ(path_of(ASPIS_PATH_ANON, "[eventfd]"), "anon_inode:[eventfd]");
  EXPECT_EQ(path_of(ASPIS_PATH_MEMFD, "memfd:x"), "memfd:x");
}

TEST(Json, PathFlagsAppearOnlyWhenSet) {
  aspis_file_event file{};
  file.path.flags = ASPIS_PATH_DELETED;
  const Json json = json_of(sample::file_event(ASPIS_FILE_OPEN, "/a", {}, file))["file"];
  EXPECT_EQ(json["deleted"], true);
  for (const char* flag : {"cut", "foreign", "detached", "lexical", "error"})
    EXPECT_FALSE(json.contains(flag));
}

TEST(Json, Net) {
  EXPECT_EQ(payload_of(ASPIS_NET_CREATE, "net"),
            Json::parse(R"({"family":"inet","type":"stream","protocol":"tcp"})"));
  EXPECT_EQ(
      payload_of(ASPIS_NET_CONNECT, "net"),
      Json::parse(
          R"({"family":"inet","type":"stream","protocol":"tcp","address":"192.0.2.7","port":443})"));
  EXPECT_EQ(payload_of(ASPIS_NET_BIND, "net"),
            Json::parse(R"({"family":"unix","type":"stream","path":"@name","abstract":true})"));
  EXPECT_EQ(
      payload_of(ASPIS_NET_LISTEN, "net"),
      Json::parse(
          R"({"family":"inet","type":"stream","protocol":"tcp","local_address":"0.0.0.0","local_port":8000,"backlog":128})"));
  EXPECT_EQ(
      payload_of(ASPIS_NET_ACCEPT, "net"),
      Json::parse(
          R"({"family":"inet6","type":"stream","protocol":"tcp","address":"2001:db8::1","port":50000,)"
          R"("local_address":"2001:db8::2","local_port":8000})"));
  EXPECT_EQ(
      payload_of(ASPIS_NET_SENDMSG, "net"),
      Json::parse(
          R"({"family":"inet6","type":"stream","protocol":"tcp","address":"fe80::1","port":53,"scope":2,"bytes":40})"));
  EXPECT_EQ(
      payload_of(ASPIS_NET_SHUTDOWN, "net"),
      Json::parse(
          R"({"family":"inet","type":"stream","protocol":"tcp","local_address":"0.0.0.0","local_port":8000})"));
  aspis_net_event raw{};
  raw.e = sample::head(ASPIS_NET_CREATE);
  raw.family = AF_NETLINK;
  raw.type = 77;
  raw.protocol = 15;
  EXPECT_EQ(json_of(sample::Wire(raw))["net"],
            Json::parse(R"({"family":"netlink","type":"77","protocol":"15"})"));
}

TEST(Json, UnixPathsEndAtTheirNul) {
  aspis_net_event raw{};
  raw.e = sample::head(ASPIS_NET_CONNECT);
  raw.family = AF_UNIX;
  raw.unix_len = 8;
  const Json net = json_of(sample::Wire(raw).tail(std::string_view("/run/x\0\0", 8)))["net"];
  EXPECT_EQ(net["path"], "/run/x");
  EXPECT_FALSE(net.contains("abstract"));
  raw.unix_len = 0;
  EXPECT_FALSE(json_of(sample::Wire(raw))["net"].contains("path"));
}

TEST(Json, Privilege) {
  EXPECT_EQ(payload_of(ASPIS_PRIV_CAPABLE, "privilege"),
            Json::parse(R"({"capability":"CAP_SYS_ADMIN"})"));
  EXPECT_EQ(
      payload_of(ASPIS_PRIV_PTRACE, "privilege"),
      Json::parse(R"({"mode":"PTRACE_MODE_ATTACH|PTRACE_MODE_REALCREDS","target":{"pid":1234}})"));
  EXPECT_EQ(payload_of(ASPIS_PRIV_KILL, "privilege"),
            Json::parse(R"({"signal":"SIGTERM","target":{"pid":1234}})"));
  EXPECT_EQ(
      payload_of(ASPIS_PRIV_SETUID, "privilege"),
      Json::parse(
          R"({"old":{"real":0,"effective":0,"saved":0},"new":{"real":33,"effective":33,"saved":33}})"));
  const Json mount = payload_of(ASPIS_PRIV_MOUNT, "privilege");
  EXPECT_EQ(mount["filesystem"], "ext4");
  EXPECT_EQ(mount["source"], "/dev/sdb1");
  EXPECT_EQ(mount["flags"], "MS_NOSUID|MS_NODEV");
  EXPECT_EQ(payload_of(ASPIS_PRIV_UMOUNT, "privilege"),
            Json::parse(R"({"path":"/mnt","flags":"MNT_DETACH"})"));
  EXPECT_EQ(payload_of(ASPIS_PRIV_BPF, "privilege"), Json::parse(R"({"command":"BPF_PROG_LOAD"})"));
  EXPECT_EQ(payload_of(ASPIS_PRIV_MODULE, "privilege"),
            Json::parse(R"({"path":"/lib/modules/x.ko","reading":"READING_MODULE"})"));
  EXPECT_EQ(payload_of(ASPIS_PRIV_USERNS, "privilege"), Json::object());
  EXPECT_EQ(payload_of(ASPIS_PRIV_RLIMIT, "privilege"),
            Json::parse(R"({"limit":"RLIMIT_NOFILE","value":1024,"target":{"pid":1234}})"));
  EXPECT_EQ(payload_of(ASPIS_PRIV_CHANGE_PROFILE, "privilege"),
            Json::parse(R"({"request":"change_profile","name":"upload//serving"})"));
  EXPECT_EQ(payload_of(ASPIS_PRIV_IO_URING, "privilege"), Json::parse(R"({"use":"sqpoll"})"));
}

TEST(Json, Processes) {
  EXPECT_EQ(payload_of(ASPIS_PROCESS_FORK, "fork"), Json::parse(R"({"pid":813})"));
  EXPECT_EQ(payload_of(ASPIS_PROCESS_EXIT, "exit"), Json::parse(R"({"code":1})"));
  aspis_exit_event killed{};
  killed.e = sample::head(ASPIS_PROCESS_EXIT);
  killed.status = 6 | 0x80;
  EXPECT_EQ(json_of(sample::Wire(killed))["exit"],
            Json::parse(R"({"signal":"SIGABRT","core":true})"));
  killed.status = 9;
  EXPECT_EQ(json_of(sample::Wire(killed))["exit"], Json::parse(R"({"signal":"SIGKILL"})"));
}

TEST(Json, ArgvIsWholeInExecAndShortElsewhere) {
  Process process = *sample::cat();
  process.argv = {std::string(100, 'a'), std::string(27, 'b') + "\xc3\xa9", "c"};
  Sample file("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  file.record.process = std::make_shared<const Process>(process);
  const Json bounded = json_of(file.record)["process"];
  EXPECT_EQ(bounded["argv"],
            Json({std::string(100, 'a'), std::string(27, 'b')}));  // é is not halved
  EXPECT_EQ(bounded["argv_cut"], true);

  aspis_exec_event exec{};
  exec.e = sample::head(ASPIS_PROCESS_EXEC);
  exec.argv_len = 1002;
  Sample whole("", sample::Wire(exec).tail(std::string(1000, 'x')).tail(std::string("\0y", 2)));
  EXPECT_EQ(json_of(whole.record)["process"]["argv"], Json({std::string(1000, 'x'), "y"}));
  EXPECT_FALSE(json_of(whole.record)["process"].contains("argv_cut"));
}

TEST(Json, UnknownProcess) {
  Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  sample.record.process = nullptr;
  sample.record.cause = nullptr;
  const Json json = json_of(sample.record);
  EXPECT_EQ(json["process"],
            Json::parse(R"({"pid":812,"tid":812,"uid":33,"gid":33,"cgroup":4311})"));
  EXPECT_FALSE(json.contains("cause"));
}

TEST(Json, CausesNestAtMostFour) {
  std::shared_ptr<const Cause> chain;
  for (unsigned i = 1; i <= 6; ++i) {
    Cause cause;
    cause.seq = i;
    cause.event = "e" + std::to_string(i);
    cause.parent = chain;
    chain = std::make_shared<const Cause>(cause);
  }
  Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  sample.record.cause = chain;
  std::string seen;
  Json json = json_of(sample.record);
  while (json.contains("cause")) {
    json = Json(json["cause"]);
    seen += json["event"].get<std::string>() + " ";
  }
  EXPECT_EQ(seen, "e6 e5 e4 e3 ");
  EXPECT_EQ(json["args"], Json::object());
}

TEST(Json, Stacks) {
  Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/etc/passwd"));
  EXPECT_FALSE(json_of(sample.record).contains("stack"));
  sample.record.stack = {
      {"/a\n.py", "f", 3, "Shape", "1.2"}, {"<string>", "<module>", 0, "", ""}, {}};
  const Json json = json_of(sample.record);
  EXPECT_EQ(json["stack"], Json::parse(R"([
    {"file":"/a\n.py","function":"f","line":3,"distribution":"Shape","version":"1.2"},
    {"file":"<string>","function":"<module>"}, {}])"));
  EXPECT_FALSE(json.contains("stack_cut"));
  sample.record.stack_cut = true;
  EXPECT_EQ(json_of(sample.record)["stack_cut"], true);
}

TEST(Json, Notices) {
  const auto samples = sample::all();
  const auto of_kind = [&](aspis_kind kind) -> const Record& {
    return (*std::ranges::find_if(samples,
                                  [&](const auto& sample) { return sample->record.kind == kind; }))
        ->record;
  };
  const Json gap = json_of(of_kind(ASPIS_ASPIS_GAP));
  EXPECT_EQ(gap["lost"],
            Json::parse(
                R"({"ring":1200,"scratch":0,"output":34,"decode":0,"throttled":0,"total":1234})"));
  EXPECT_FALSE(gap.contains("process") || gap.contains("seq") || gap.contains("verdict"));
  const Json summary = json_of(of_kind(ASPIS_ASPIS_SUMMARY));
  EXPECT_EQ(summary["produced"], 5000);
  EXPECT_EQ(summary["lost"]["total"], 1234);
  const Json unperformed = json_of(of_kind(ASPIS_PYTHON_UNPERFORMED));
  EXPECT_EQ(unperformed["correlation"], "unperformed");
  EXPECT_EQ(unperformed["cause"]["event"], "open");
  EXPECT_EQ(unperformed["process"]["pid"], 799);
}

TEST(Json, HostileBytesEverywhere) {
  const std::string bad = "\"}\n\x1b[2J\xff\\u0041";
  Process process = *sample::cat();
  process.exe = bad;
  process.argv = {bad};
  Cause cause;
  cause.event = bad;
  Sample sample("", sample::file_event(ASPIS_FILE_RENAME, bad, bad));
  sample.record.process = std::make_shared<const Process>(process);
  sample.record.cause = std::make_shared<const Cause>(cause);
  sample.record.correlation = Correlation::kMismatch;
  sample.record.said = bad;
  const std::string line = line_of("json", sample.record);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  const Json json = parse(line);
  const std::string back = "\"}\n\x1b[2J<dcff>\\u0041";
  EXPECT_EQ(json["file"]["path"], back);
  EXPECT_EQ(json["file"]["other"], back);
  EXPECT_EQ(json["process"]["exe"], back);
  EXPECT_EQ(json["cause"]["event"], back);
  EXPECT_EQ(json["said"], back);
}

TEST(Json, TimesCrossSecondsAndBeforeTheEpoch) {
  UtcClock clock(-5'000'000'000);
  std::string out;
  for (std::uint64_t time : {5'999'999'999ULL, 6'000'000'000ULL, 5'000'000'001ULL, 1ULL}) {
    clock.append(time, out);
    out += ' ';
  }
  EXPECT_EQ(out,
            "1970-01-01T00:00:00.999999Z 1970-01-01T00:00:01.000000Z 1970-01-01T00:00:00.000000Z "
            "1970-01-01T00:00:00.000000Z ");
}

}  // namespace
}  // namespace aspis
