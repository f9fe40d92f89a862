// SPDX-License-Identifier: Apache-2.0
// The fixed set of samples.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "agent/output/sample.h"
#include "bpf/abi/guard.h"
#include "bpf/abi/policy.h"
#include "bpf/abi/request.h"
#include "bpf/abi/subject.h"

namespace aspis::sample {
namespace {

using Samples = std::vector<std::unique_ptr<Sample>>;

Sample& add(Samples& samples, std::string_view title, Wire wire) {
  return *samples.emplace_back(std::make_unique<Sample>(title, std::move(wire)));
}

Sample& add(Samples& samples, std::string_view title, aspis_kind kind) {
  return *samples.emplace_back(std::make_unique<Sample>(title, kind));
}

constexpr std::uint16_t kAllPathFlags = ASPIS_PATH_CUT | ASPIS_PATH_DELETED | ASPIS_PATH_DETACHED |
                                        ASPIS_PATH_FOREIGN | ASPIS_PATH_LEXICAL | ASPIS_PATH_ERROR;

void add_process(Samples& samples) {
  constexpr std::string_view kExe = "/usr/bin/cat", kCwd = "/srv/app";
  constexpr std::string_view kArgv("cat\0/etc/passwd\0", 16);
  aspis_exec_event exec{};
  exec.e = head(ASPIS_PROCESS_EXEC);
  exec.e.flags = ASPIS_F_INHERITED;
  exec.exe = path(kExe);
  exec.cwd = path(kCwd);
  exec.ppid = 799;
  exec.argv_len = kArgv.size();
  add(samples, "a program that Python started", Wire(exec).tail(kExe).tail(kCwd).tail(kArgv));
  constexpr std::string_view kPython = "/usr/bin/python3.11";
  constexpr std::string_view kPythonArgv("python3\0/srv/app/main.py\0", 25);
  aspis_exec_event interpreter = exec;
  interpreter.exe = path(kPython);
  interpreter.argv_len = kPythonArgv.size();
  Sample& python = add(samples, "an interpreter that is told to look for modules elsewhere",
                       Wire(interpreter).tail(kPython).tail(kCwd).tail(kPythonArgv));
  auto& variables = std::get<ExecPayload>(python.event().payload);
  variables.environment = {"PYTHONPATH=/srv/lib"};
  variables.environment_cut = true;
  python.record.process = sample::python();
  Sample& contained =
      add(samples, "the same in a container", Wire(exec).tail(kExe).tail(kCwd).tail(kArgv));
  contained.record.container =
      std::make_shared<const Container>(Container{std::string(62, '4') + "2a",
                                                  "containerd",
                                                  "web",
                                                  "registry.example/shop:2.1",
                                                  "shop-7d9f",
                                                  "prod",
                                                  "0f4c8f4e-3c1e-4d3b-9f57-2b6d1f0a9c11",
                                                  {{"app", "shop"}}});
  exec.e.kind = ASPIS_PROCESS_FOUND;
  exec.exe.flags = exec.cwd.flags = kAllPathFlags;
  exec.argv_cut = 1;
  add(samples, "", Wire(exec).tail(kExe).tail(kCwd).tail(kArgv));
  aspis_fork_event fork{};
  fork.e = head(ASPIS_PROCESS_FORK);
  fork.child_pid = 813;
  add(samples, "", Wire(fork));
  aspis_exit_event exit{};
  exit.e = head(ASPIS_PROCESS_EXIT);
  exit.status = 1 << 8;
  add(samples, "", Wire(exit));
  exit.status = 11 | 0x80;
  add(samples, "a crash", Wire(exit));
}

void add_file(Samples& samples) {
  aspis_file_event open{};
  open.flags = O_RDONLY | O_CLOEXEC;
  open.mode = S_IFREG | 0644;
  add(samples, "a file that a child of Python opened",
      file_event(ASPIS_FILE_OPEN, "/etc/passwd", {}, open));
  open.path.flags = kAllPathFlags;
  Sample& mismatch = add(samples, "", file_event(ASPIS_FILE_OPEN, "/etc/shadow", {}, open));
  mismatch.record.correlation = Correlation::kMismatch;
  mismatch.record.said = "/srv/app/data";
  aspis_file_event mode{};
  mode.mode = S_IFIFO | 0600;
  for (aspis_kind kind : {ASPIS_FILE_CREATE, ASPIS_FILE_MKDIR, ASPIS_FILE_CHMOD}) {
    add(samples, "", file_event(kind, "/srv/app/new", {}, mode));
  }
  for (aspis_kind kind : {ASPIS_FILE_UNLINK, ASPIS_FILE_RMDIR}) {
    add(samples, "", file_event(kind, "/srv/app/old"));
  }
  aspis_file_event other{};
  other.other.flags = kAllPathFlags;
  add(samples, "", file_event(ASPIS_FILE_RENAME, "/srv/app/old", "/srv/app/new"));
  add(samples, "", file_event(ASPIS_FILE_LINK, "/srv/app/old", "/srv/app/new", other));
  other.other.flags = ASPIS_PATH_LITERAL | ASPIS_PATH_CUT;
  add(samples, "", file_event(ASPIS_FILE_SYMLINK, "/srv/app/link", "../data", other));
  aspis_file_event owner{};
  owner.uid = 0;
  owner.gid = 33;
  add(samples, "", file_event(ASPIS_FILE_CHOWN, "/srv/app/data", {}, owner));
  aspis_file_event truncate{};
  truncate.length = 4096;
  add(samples, "", file_event(ASPIS_FILE_TRUNCATE, "/srv/app/data", {}, truncate));
  aspis_file_event map{};
  map.flags = PROT_READ | PROT_EXEC;
  add(samples, "", file_event(ASPIS_FILE_MMAP_EXEC, "/usr/lib/libc.so.6", {}, map));
}

Sample& add_ruled(Samples& samples, std::string_view title, aspis_file_event file,
                  std::string_view name) {
  file.e.profile = 1;
  file.path = path(name);
  std::memcpy(file.e.comm, "cat", 4);
  Sample& sample = add(samples, title, Wire(file).tail(name));
  sample.record.profile = "service//cat";
  return sample;
}

void add_policy(Samples& samples) {
  aspis_file_event open{};
  open.e = head(ASPIS_FILE_OPEN);
  open.e.verdict = ASPIS_VERDICT_DENIED;
  open.e.flags = ASPIS_F_REPORTED;
  open.e.requested = open.e.denied = ASPIS_MAY_READ;
  open.fsuid = 33;
  open.mode = S_IFREG | 0644;
  add_ruled(samples, "a file that a profile denied", open, "/etc/passwd");
  open.e.verdict = ASPIS_VERDICT_ALLOWED;
  open.e.denied = 0;
  add_ruled(samples, "", open, "/etc/hostname");
  aspis_file_event exec{};
  exec.e = head(ASPIS_FILE_EXEC);
  exec.e.verdict = ASPIS_VERDICT_DENIED;
  exec.e.requested = exec.e.denied = ASPIS_MAY_EXEC;
  exec.e.info = ASPIS_INFO_NO_PROFILE;
  add_ruled(samples, "", exec, "/usr/bin/rm");
  exec.e.info = ASPIS_INFO_PACKAGE;
  add_ruled(samples, "what a package on the Python stack did not allow", exec, "/usr/bin/id")
      .record.package = "yaml";
  open.e.verdict = ASPIS_VERDICT_DENIED;
  for (const aspis_kind kind :
       {ASPIS_FILE_LOCK, ASPIS_FILE_RECEIVE, ASPIS_FILE_INHERIT, ASPIS_FILE_CONNECT}) {
    open.e = head(kind);
    open.e.requested = open.e.denied = kind == ASPIS_FILE_LOCK ? ASPIS_MAY_LOCK : ASPIS_MAY_READ;
    add_ruled(samples, "", open, "/etc/hosts");
  }
  open.e = head(ASPIS_FILE_UNSIGNED);
  open.e.verdict = ASPIS_VERDICT_DENIED;
  open.e.requested = open.e.denied = ASPIS_MAY_READ;
  open.e.info = ASPIS_INFO_NOT_SIGNED;
  open.e.flags = ASPIS_F_REPORTED;
  add_ruled(samples, "code that must be signed, and is not", open, "/srv/app/new.py");
  for (const aspis_kind kind :
       {ASPIS_FILE_MQUEUE_OPEN, ASPIS_FILE_MQUEUE_CREATE, ASPIS_FILE_MQUEUE_UNLINK}) {
    open.e = head(kind);
    open.e.requested = open.e.denied = kind == ASPIS_FILE_MQUEUE_OPEN     ? ASPIS_MQUEUE_READ
                                       : kind == ASPIS_FILE_MQUEUE_CREATE ? ASPIS_MQUEUE_CREATE
                                                                          : ASPIS_MQUEUE_DELETE;
    add_ruled(samples, "", open, "/jobs");
  }
  open.e = head(ASPIS_FILE_RECEIVE);
  open.e.requested = open.e.denied = ASPIS_MAY_READ;
  open.e.flags = ASPIS_F_REPORTED | ASPIS_F_KILLED;
  add_ruled(samples, "", open, "/etc/shadow");
}

aspis_net_event net_event(aspis_kind kind, std::uint16_t family, const char* address) {
  aspis_net_event net{};
  net.e = head(kind);
  net.family = family;
  net.type = SOCK_STREAM;
  net.protocol = family == AF_UNIX ? 0 : IPPROTO_TCP;
  if (address != nullptr) inet_pton(family, address, net.address);
  return net;
}

void add_net(Samples& samples) {
  add(samples, "", Wire(net_event(ASPIS_NET_CREATE, AF_INET, nullptr)));
  aspis_net_event connect = net_event(ASPIS_NET_CONNECT, AF_INET, "192.0.2.7");
  connect.port = 443;
  connect.e.verdict = ASPIS_VERDICT_DENIED;
  add(samples, "a connection that was denied", Wire(connect)).record.correlation =
      Correlation::kUnaudited;
  aspis_net_event bind = net_event(ASPIS_NET_BIND, AF_UNIX, nullptr);
  bind.unix_len = 5;
  add(samples, "", Wire(bind).tail(std::string_view("\0name", 5)));
  aspis_net_event listen = net_event(ASPIS_NET_LISTEN, AF_INET, nullptr);
  listen.local_port = 8000;
  listen.backlog = 128;
  add(samples, "", Wire(listen));
  aspis_net_event accept = net_event(ASPIS_NET_ACCEPT, AF_INET6, "2001:db8::1");
  inet_pton(AF_INET6, "2001:db8::2", accept.local);
  accept.port = 50000;
  accept.local_port = 8000;
  add(samples, "", Wire(accept));
  aspis_net_event message = net_event(ASPIS_NET_SENDMSG, AF_INET6, "fe80::1");
  message.port = 53;
  message.scope = 2;
  message.bytes = 40;
  add(samples, "", Wire(message));
  aspis_net_event receive = net_event(ASPIS_NET_RECVMSG, AF_INET, "192.0.2.7");
  receive.port = 443;
  add(samples, "", Wire(receive));
  for (const aspis_kind kind : {ASPIS_NET_ACCEPT_CALL, ASPIS_NET_SHUTDOWN, ASPIS_NET_GETATTR,
                                ASPIS_NET_GETOPT, ASPIS_NET_SETOPT}) {
    listen.e = head(kind);
    listen.e.verdict = ASPIS_VERDICT_DENIED;
    add(samples, "", Wire(listen));
  }
}

aspis_privilege_event privilege_event(aspis_kind kind, std::uint32_t number) {
  aspis_privilege_event privilege{};
  privilege.e = head(kind);
  privilege.number = number;
  privilege.target_pid = 1234;
  return privilege;
}

Wire privilege_wire(aspis_privilege_event privilege, std::string_view where,
                    std::string_view text) {
  privilege.path = path(where, privilege.path.flags);
  privilege.text_len = static_cast<std::uint16_t>(text.size());
  return Wire(privilege).tail(where).tail(text);
}

void add_privilege(Samples& samples) {
  aspis_privilege_event capable = privilege_event(ASPIS_PRIV_CAPABLE, 21);
  capable.e.verdict = ASPIS_VERDICT_COMPLAIN;
  capable.e.flags = ASPIS_F_COMPAT;
  add(samples, "a capability", Wire(capable));
  add(samples, "", Wire(privilege_event(ASPIS_PRIV_PTRACE, 0x12)));
  add(samples, "", Wire(privilege_event(ASPIS_PRIV_KILL, 15)));
  aspis_privilege_event ids = privilege_event(ASPIS_PRIV_SETUID, 0);
  for (std::uint32_t& id : ids.new_id) id = 33;
  add(samples, "", Wire(ids));
  aspis_privilege_event mount = privilege_event(ASPIS_PRIV_MOUNT, 0);
  mount.flags = MS_NOSUID | MS_NODEV;
  mount.path.flags = kAllPathFlags;
  add(samples, "", privilege_wire(mount, "/mnt", std::string_view("ext4\0/dev/sdb1", 14)));
  aspis_privilege_event umount = privilege_event(ASPIS_PRIV_UMOUNT, 0);
  umount.flags = MNT_DETACH;
  add(samples, "", privilege_wire(umount, "/mnt", {}));
  add(samples, "", Wire(privilege_event(ASPIS_PRIV_BPF, 5)));
  add(samples, "", privilege_wire(privilege_event(ASPIS_PRIV_MODULE, 2), "/lib/modules/x.ko", {}));
  add(samples, "", Wire(privilege_event(ASPIS_PRIV_USERNS, 0)));
  aspis_privilege_event limit = privilege_event(ASPIS_PRIV_RLIMIT, 7);
  limit.flags = 1024;
  add(samples, "", Wire(limit));
  add(samples, "", Wire(privilege_event(ASPIS_PRIV_IO_URING, ASPIS_IO_URING_SQPOLL)));
  add(samples, "", Wire(privilege_event(ASPIS_PRIV_COMPAT, 1)));
  aspis_privilege_event tamper = privilege_event(ASPIS_PRIV_TAMPER, ASPIS_TAMPER_SIGNAL);
  tamper.flags = 9;
  tamper.e.verdict = ASPIS_VERDICT_DENIED;
  tamper.e.flags = ASPIS_F_REPORTED;
  tamper.e.info = ASPIS_INFO_AGENT;
  add(samples, "the agent was to be killed", Wire(tamper)).record.profile = ASPIS_UNCONFINED;
  tamper.number = ASPIS_TAMPER_FILE;
  tamper.flags = 0;
  tamper.target_pid = 0;
  add(samples, "its configuration was to be written",
      privilege_wire(tamper, "/etc/aspis/aspis.yaml", {}))
      .record.profile = "app";
  add(samples, "",
      privilege_wire(privilege_event(ASPIS_PRIV_CHANGE_PROFILE, ASPIS_REQUEST_CHANGE_PROFILE), {},
                     "upload//serving"));
}

void add_python(Samples& samples) {
  add(samples, "an audit event",
      python_event("open", {str("/etc/hostname"), str("r"), integer(O_RDONLY | O_CLOEXEC)}));
  add(samples, "an audit event whose first argument was cut",
      python_event("compile", {str("import os\n", 1, ASPIS_VALUE_CUT), str("<string>")}));
}

void add_stack(Samples& samples) {
  Sample& native = add(samples, "what Python did not announce: native code opened it",
                       file_event(ASPIS_FILE_OPEN, "/etc/passwd"));
  native.record.process = python();
  native.record.cause = nullptr;
  native.record.correlation = Correlation::kUnaudited;
  native.record.stack = {
      {"/usr/lib/python3.11/ctypes/util.py", "_findLib_ld", 309, "python", "3.11"},
      {"/srv/venv/lib/python3.11/site-packages/magic/loader.py", "load_lib", 45, "python-magic",
       "0.4.27"},
      {"/srv/app/app.py", "<module>", 12, "__main__", ""}};
  native.record.stack_cut = true;
}

void add_notices(Samples& samples) {
  Sample& unperformed = add(samples, "announced, but never done", ASPIS_PYTHON_UNPERFORMED);
  Cause cause;
  cause.seq = 57;
  cause.event = "open";
  cause.args = R"({"path":"/etc/hostname","mode":"r","flags":524288})";
  cause.cut = R"(["args.path"])";
  cause.process = python();
  cause.parent = popen_cause();
  unperformed.record.process = python();
  unperformed.record.cause = std::make_shared<const Cause>(cause);
  unperformed.record.correlation = Correlation::kUnperformed;
  Sample& gap = add(samples, "a gap", ASPIS_ASPIS_GAP);
  gap.loss.ring = 1200;
  gap.loss.output = 34;
  gap.record.loss = &gap.loss;
  Sample& interpreter = add(samples, "one without USDT", ASPIS_ASPIS_INTERPRETER);
  interpreter.interpreter.path = "/opt/python/lib/libpython3.12.so.1.0";
  interpreter.interpreter.version = "3.12.1";
  interpreter.interpreter.build_id = "9f3c0d";
  interpreter.interpreter.probe = "calls";
  interpreter.interpreter.offsets = Offsets::kAssumed;
  interpreter.interpreter.missed = {"most import and exec events"};
  interpreter.interpreter.late = true;
  interpreter.record.process = python();
  interpreter.record.interpreter = &interpreter.interpreter;
  Sample& tamper = add(samples, "a breakpoint that a process has overwritten", ASPIS_ASPIS_TAMPER);
  tamper.tamper = {"/usr/bin/python3.11", TamperNotice::What::kSite, 0x42512a, 0x90};
  tamper.record.process = python();
  tamper.record.tamper = &tamper.tamper;
  Sample& opened = add(samples, "a log that goes on", ASPIS_ASPIS_LOG);
  opened.log = {LogNotice::What::kOpened,
                "/var/log/aspis/events.json",
                3,
                "9b1f8c0f5f1a4d0e9f3d6c1a2b7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90",
                17,
                0,
                ""};
  opened.record.log = &opened.log;
  Sample& sealed = add(samples, "vouched for", ASPIS_ASPIS_LOG);
  sealed.log = {LogNotice::What::kSealed,
                "/var/log/aspis/events.json",
                3,
                "",
                0,
                12,
                "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"};
  sealed.record.log = &sealed.log;
  const auto add_agent = [&](std::string_view title, AgentNotice notice) {
    Sample& sample = add(samples, title, ASPIS_ASPIS_AGENT);
    sample.agent = std::move(notice);
    sample.record.agent = &sample.agent;
  };
  AgentNotice resumed{AgentNotice::What::kResumed};
  resumed.version = "1.2.3";
  resumed.seconds = 2.5;
  resumed.profiles = 3;
  add_agent("that goes on where another was killed", resumed);
  AgentNotice mode{AgentNotice::What::kPolicy};
  mode.request = "mode complain app";
  mode.asker = {4242, 0};
  mode.profiles = 3;
  add_agent("that was told another mode of a profile", mode);
  AgentNotice refused{AgentNotice::What::kRefused};
  refused.request = "reload";
  refused.error = "/etc/aspis/profiles.d/app: 2:1: unknown rule 'alow'";
  refused.profiles = 3;
  add_agent("that found a profile wrong", refused);
  AgentNotice pinned{AgentNotice::What::kPinned};
  pinned.path = "/sys/fs/bpf/aspis";
  add_agent("whose pins somebody had removed", pinned);
  Sample& summary = add(samples, "the end", ASPIS_ASPIS_SUMMARY);
  summary.summary.produced = 5000;
  summary.summary.notices = 3;
  summary.summary.emitted = 3700;
  summary.summary.filtered = 66;
  summary.summary.lost = gap.loss;
  summary.summary.earlier = 3;
  summary.summary.interpreters = {interpreter.interpreter};
  summary.summary.interpreters[0].events = 2718;
  summary.record.summary = &summary.summary;
}

}  // namespace

std::vector<std::unique_ptr<Sample>> all() {
  Samples samples;
  add_process(samples);
  add_file(samples);
  add_policy(samples);
  add_net(samples);
  add_privilege(samples);
  add_python(samples);
  add_stack(samples);
  add_notices(samples);
  return samples;
}

}  // namespace aspis::sample
