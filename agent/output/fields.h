// SPDX-License-Identifier: Apache-2.0
// Every member of a JSON line. docs/events.md is made from this table, and a test compares it with
// what JsonFormatter writes.
#pragma once

#include <string_view>

namespace aspis {

struct FieldDoc {
  std::string_view name;  ///< "file.path"
  std::string_view type;  ///< of JSON
  std::string_view meaning;
};

inline constexpr FieldDoc kCommonFields[] = {
    {"type", "string", "the kind of event, see above"},
    {"time", "string", "RFC 3339, UTC, microseconds"},
    {"seq", "number",
     "1, 2, 3, … over all events of the kernel side, lost ones included; not in events that the "
     "agent makes itself"},
    {"process", "object", "who did it; not in aspis.gap and aspis.summary"},
    {"process.pid", "number", "process id (thread group), initial pid namespace"},
    {"process.tid", "number", "thread id; not in python.unperformed"},
    {"process.exe", "string", "the executable; absent: not known"},
    {"process.argv", "list",
     "the command line; the first 128 bytes, but all that is known in process.exec and "
     "process.found"},
    {"process.argv_cut", "true", "argv is not whole"},
    {"process.uid", "number", "real user id, initial user namespace"},
    {"process.gid", "number", "real group id"},
    {"process.cgroup", "number", "cgroup v2 id: the inode number of its directory"},
    {"process.python", "true",
     "has raised an audit event in this image: it is a CPython under observation"},
    {"process.parent", "object", "the process that created it"},
    {"process.parent.pid", "number", "its id"},
    {"process.parent.exe", "string", "its executable; absent: not known"},
    {"container", "object", "the container that it is in; absent: in none"},
    {"container.id", "string", "as its runtime names it"},
    {"container.runtime", "string", "docker, podman, containerd, cri-o; absent: not known"},
    {"container.name", "string",
     "from the runtime's files, where they can be read; so are the next"},
    {"container.image", "string", "the name of its image"},
    {"container.pod", "string", "name of the Kubernetes pod"},
    {"container.namespace", "string", "of the pod"},
    {"container.pod_uid", "string", "of the pod, also from the path of the cgroup"},
    {"container.labels", "object", "labels of the container, or of its pod, by name"},
    {"verdict", "string",
     "allowed, denied, or complain: allowed, but a policy in force would deny it"},
    {"profile", "string",
     "full name of the profile that decided; absent: the task is not confined, or no profile was "
     "asked; unconfined: info says something of a task that is"},
    {"requested", "string",
     "the permissions asked for: of files the letters of AppArmor's log (c: create, d: delete), of "
     "signals send or receive, of ptrace trace, read, tracedby or readby, …; absent: no rule was "
     "asked, and profile is the one that a new image begins under"},
    {"denied", "string", "those of them that no rule allows, or a rule denies"},
    {"info", "string", "why no rule could decide: AppArmor's info="},
    {"package", "string", "the package of the profile that did not allow it"},
    {"killed", "true", "denied, and the task is ended by a signal for it"},
    {"audited", "true", "allowed, and told because a rule or the profile audits it"},
    {"quiet", "true", "denied by a rule that has no audit: other outputs leave it out"},
    {"compat", "true", "raised by a 32-bit system call"},
    {"cause", "object", "the audit event that was in force on the thread"},
    {"cause.event", "string", "its name"},
    {"cause.args", "object", "its arguments, see Python values; long ones are cut"},
    {"cause.cut", "list", "what is cut of them, as python.cut"},
    {"cause.seq", "number", "seq of its own python.audit event"},
    {"cause.inherited", "true", "it was raised before an exec: this image has raised none itself"},
    {"cause.process", "object", "who raised it"},
    {"cause.process.pid", "number", "its process id"},
    {"cause.process.exe", "string", "its executable then"},
    {"cause.cause", "object",
     "the cause that the raising process had itself inherited; at most 4 causes in all"},
    {"correlation", "string", "what the comparison with Python's announcement found, see below"},
    {"said", "string", "mismatch: the path that Python had announced"},
    {"stack", "list",
     "the Python frames that led here, innermost first; which events have it, --stacks says"},
    {"stack.file", "string",
     "co_filename of its code; absent, with function: it was lost on its way, or forgotten"},
    {"stack.function", "string", "the qualified name (before CPython 3.11 the plain one)"},
    {"stack.line", "number", "absent: the instruction belongs to no line, or it is not known"},
    {"stack.distribution", "string",
     "the installed distribution that the file belongs to; python for the standard library, "
     "__main__ for the program itself; absent: not known"},
    {"stack.version", "string", "its version"},
    {"stack_cut", "true", "outer frames are missing"},
};

inline constexpr FieldDoc kExecFields[] = {
    {"exec.path", "path", "the new image"},
    {"exec.dev", "string", "its device, MAJOR:MINOR"},
    {"exec.ino", "number", "its inode number"},
    {"exec.cwd", "path", "working directory; its path flags have the prefix cwd_"},
    {"exec.environment", "array",
     "of an interpreter: variables PYTHON…, as NAME=VALUE, which may change what code it runs. "
     "They "
     "are read a moment later: not there if the process has ended by then"},
    {"exec.environment_cut", "true", "there are more of them, or one is longer"},
};

inline constexpr FieldDoc kForkFields[] = {
    {"fork.pid", "number", "process id of the child"},
};

inline constexpr FieldDoc kExitFields[] = {
    {"exit.code", "number", "exit status; absent if a signal ended it"},
    {"exit.signal", "string", "the signal that ended it"},
    {"exit.core", "true", "a core was dumped"},
};

inline constexpr FieldDoc kFileFields[] = {
    {"file.path", "path", "the object"},
    {"file.flags", "string",
     "open: O_* joined by | (O_LARGEFILE, set in every 64-bit open, is left out)"},
    {"file.mode", "string",
     "octal; create, mkdir, chmod: the new mode bits; open: those of the file"},
    {"file.kind", "string",
     "directory, symlink, character, block, fifo, socket; absent: a regular file, or not known"},
    {"file.uid", "number", "chown: new owner; absent: unchanged"},
    {"file.gid", "number", "chown: new group; absent: unchanged"},
    {"file.length", "number", "truncate: new length in bytes; absent: not known"},
    {"file.prot", "string", "mmap_exec: PROT_* joined by |"},
    {"file.other", "path",
     "rename, link: the new name; symlink: the text of the link. Its path flags have the prefix "
     "other_"},
    {"file.dev", "string", "device of file.path, MAJOR:MINOR; absent: there is no file yet"},
    {"file.ino", "number", "inode number of file.path"},
};

inline constexpr FieldDoc kNetFields[] = {
    {"net.family", "string",
     "inet, inet6, unix, netlink, …; a number as a string if it has no name"},
    {"net.type", "string", "stream, dgram, raw, seqpacket, …"},
    {"net.protocol", "string",
     "tcp, udp, icmp, …; a number for families other than inet and inet6; absent: the default of "
     "the type"},
    {"net.address", "string",
     "bind: own address; connect, sendmsg: where to; accept, recvmsg: the peer's"},
    {"net.port", "number", "its port"},
    {"net.scope", "number", "interface index of a link-local address"},
    {"net.local_address", "string",
     "the socket's own address: of all but create, bind, connect and sendmsg"},
    {"net.local_port", "number", "its port"},
    {"net.path", "path",
     "unix: the name of the socket; an abstract one starts with @; absent: unnamed"},
    {"net.abstract", "true", "net.path is not in the file system"},
    {"net.backlog", "number", "listen: as passed to listen(2)"},
    {"net.bytes", "number", "sendmsg: size of the message"},
};

inline constexpr FieldDoc kPrivilegeFields[] = {
    {"privilege.capability", "string", "capable: CAP_*"},
    {"privilege.mode", "string", "ptrace: PTRACE_MODE_* joined by |"},
    {"privilege.signal", "string", "kill: SIG*, SIGRTMIN+N"},
    {"privilege.target", "object", "ptrace, kill, rlimit: the other process"},
    {"privilege.target.pid", "number", "its id"},
    {"privilege.old", "object", "setuid: user ids before"},
    {"privilege.old.real", "number", ""},
    {"privilege.old.effective", "number", ""},
    {"privilege.old.saved", "number", ""},
    {"privilege.new", "object", "setuid: user ids after"},
    {"privilege.new.real", "number", ""},
    {"privilege.new.effective", "number", ""},
    {"privilege.new.saved", "number", ""},
    {"privilege.path", "path",
     "mount, umount: the mount point; module: the file; tamper: the pin or file, or what was to be "
     "mounted over"},
    {"privilege.filesystem", "string", "mount: type of the file system"},
    {"privilege.source", "string", "mount: what is mounted, as the program named it"},
    {"privilege.flags", "string", "mount: MS_*, umount: MNT_*, joined by |"},
    {"privilege.command", "string", "bpf: BPF_*"},
    {"privilege.limit", "string", "rlimit: RLIMIT_*"},
    {"privilege.value", "number", "rlimit: the new hard limit; 18446744073709551615: none"},
    {"privilege.use", "string", "io_uring: sqpoll or override_creds"},
    {"privilege.tried", "string",
     "tamper: ptrace, signal; map, program or link: to open one of the agent's; pin: to change "
     "what "
     "it has pinned; file: to change one of its own files, or to rename the way to one; mount: to "
     "mount over one of these, or to unmount it"},
    {"privilege.request", "string",
     "change_profile: change_profile, change_onexec or change_hat (without a name: it is left); "
     "on_listen: ordered by the policy"},
    {"privilege.name", "string", "change_profile: the profile or hat asked for"},
    {"privilege.reading", "string", "module: READING_*: what the kernel reads the file for"},
};

inline constexpr FieldDoc kPythonFields[] = {
    {"python.event", "string", "name of the audit event"},
    {"python.args", "object",
     "arguments by their documented names, or by their index (\"0\") if they have none; at most 8"},
    {"python.cut", "list",
     "what is cut: args.NAME, args.NAME[INDEX] for an element, args if there were more than 8, "
     "event for the name; absent: nothing"},
};

inline constexpr FieldDoc kGapFields[] = {
    {"lost", "object", "events lost here, since the line before"},
    {"lost.ring", "number", "no room in the ring buffer"},
    {"lost.scratch", "number", "no scratch buffer free on the CPU"},
    {"lost.output", "number", "the queue of this output was full"},
    {"lost.decode", "number", "the agent could not read the record"},
    {"lost.throttled", "number",
     "audit events that one thread raised more than 2048 times in 134 ms, each by its name"},
    {"lost.total", "number", "their sum"},
};

inline constexpr FieldDoc kInterpreterFields[] = {
    {"interpreter", "object", "the interpreter, and what is seen of it"},
    {"interpreter.path", "string", "the file that has its code, as the process sees it"},
    {"interpreter.version", "string",
     "as \"3.11.2\", \"3.13.1t\" (built without the GIL), or \"?\""},
    {"interpreter.build_id", "string", "GNU build id, hexadecimal"},
    {"interpreter.probe", "string",
     "\"usdt\", \"calls\" (where C code raises audit events, and sys.audit), \"entry\" "
     "(PySys_Audit, and sys.audit), \"raise\" (the functions that all of them go through: the "
     "kernel "
     "can answer there), or \"none\""},
    {"interpreter.offsets", "string",
     "\"assumed\" (the table of its version agrees with the file), \"none\" or \"refused\" (there "
     "is "
     "none, or it disagrees: only names of audit events are told)"},
    {"interpreter.missed", "array", "what is not seen of what it says"},
    {"interpreter.late", "true",
     "the process began before the probe was there: its audit events before this are missing"},
};

inline constexpr FieldDoc kTamperFields[] = {
    {"tamper", "object",
     "what was found. It is left as it is: audit events of this process that go through there are "
     "missing"},
    {"tamper.path", "string", "the file that has the interpreter's code, as the process sees it"},
    {"tamper.what", "string",
     "\"semaphore\" (zero: the interpreter believes that nobody listens) or \"site\" (there is no "
     "breakpoint any more)"},
    {"tamper.address", "string", "in the process's memory, hexadecimal"},
    {"tamper.found", "number", "site: the byte that is there instead"},
};

inline constexpr FieldDoc kLogFields[] = {
    {"log", "object", "what happened to the log itself (docs/log.md)"},
    {"log.action", "string",
     "\"opened\", \"closed\", \"rotated\" (this file ends), \"removed\" (the oldest file, as more "
     "are "
     "not kept), \"lost\" (somebody else has taken the file, or its end, away), \"sealed\""},
    {"log.path", "string", "of the file"},
    {"log.file", "number", "its number, from 1 on"},
    {"log.previous", "string", "opened: the chain up to here; absent: it begins"},
    {"log.torn", "number", "opened: bytes before this of a line that was not written to its end"},
    {"log.epoch", "number", "sealed: number of the key"},
    {"log.seal", "string", "sealed: HMAC-SHA-256 of the chain up to here, hexadecimal"},
};

inline constexpr FieldDoc kAgentFields[] = {
    {"agent", "object", "what the agent did, or was asked to do"},
    {"agent.action", "string",
     "\"started\", \"resumed\" (it goes on with what another has pinned), \"policy\" (another one "
     "is in force), \"refused\" (it is not), \"pinned\" (what somebody had removed from the bpffs "
     "is there again), \"clock\" (somebody has set the wall clock), \"stopped\". After none of the "
     "last, it was killed"},
    {"agent.version", "string", "started, resumed: of the agent"},
    {"agent.request", "string",
     "policy, refused: \"reload\", or what aspis policy was told: \"load FILE\", \"remove "
     "PROFILE\", "
     "\"mode MODE PROFILE\""},
    {"agent.pid", "number",
     "who asked through the socket, as it was then; absent: a signal, or files that have changed"},
    {"agent.uid", "number", "its user"},
    {"agent.error", "string", "refused: why; what is longer than 2048 bytes, the agent's log has"},
    {"agent.path", "string", "pinned: the directory"},
    {"agent.seconds", "number",
     "resumed: how long there was no agent; clock: how far it was set forward, negative: back"},
    {"agent.profiles", "number", "in force from here on"},
};

inline constexpr FieldDoc kSummaryFields[] = {
    {"produced", "number", "events that the kernel side made, lost ones included"},
    {"notices", "number",
     "records that the agent made itself (python.unperformed, aspis.interpreter, aspis.agent); "
     "produced + "
     "notices = emitted + "
     "filtered + lost.total + earlier"},
    {"emitted", "number", "events in this output"},
    {"filtered", "number", "events that filters left out, or that the format has no line for"},
    {"lost", "object",
     "as in aspis.gap, for the whole run; where the kernel side is pinned, since it was loaded"},
    {"earlier", "number",
     "where the agent has gone on with what was pinned: how many of `produced` agents before it "
     "have had, or had in their hands when they were killed"},
    {"untracked_tasks", "number",
     "tasks for whose state there was no memory: their events are missing"},
    {"cut_paths", "number", "events with a cut path"},
    {"cut_values", "number", "audit events with a cut value"},
    {"compat_syscalls", "number",
     "32-bit system calls that the tracepoint backend does not decode"},
    {"missed_runs", "number", "runs of a BPF program that the kernel skipped"},
    {"interpreters", "array", "the interpreters that were run, and what was seen of them"},
    {"interpreters.path", "string", "as interpreter.path"},
    {"interpreters.version", "string", "as interpreter.version"},
    {"interpreters.probe", "string", "as interpreter.probe"},
    {"interpreters.events", "number",
     "audit events that its probes have seen of observed processes: told, filtered, throttled or "
     "lost"},
};

/// Paths have their flags beside them, with these prefixes.
inline constexpr std::string_view kPathFlagPrefixes[] = {"exec.", "exec.cwd_", "file.",
                                                         "file.other_", "privilege."};

}  // namespace aspis
