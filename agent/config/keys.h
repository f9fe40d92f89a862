// SPDX-License-Identifier: Apache-2.0
// Every key of the configuration: its name, what it may be, and what it does. docs/configuration.md
// is made of this. A new key is a row here and a member in config.h.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/config/config.h"

namespace aspis {

template <class T>
struct ConfigKey {
  std::string_view name;  ///< "socket.path": `path` of the map `socket`
  std::variant<bool T::*, unsigned T::*, std::string T::*, std::vector<std::string> T::*> member;
  std::string_view choices;  ///< of strings and lists of them, separated by a space; empty: any
  unsigned least, most;      ///< of numbers
  std::string_view what;
  bool power_of_two = false;  ///< of numbers
};

using A = AgentConfig;
inline constexpr unsigned kMany = 1U << 20;

inline const ConfigKey<AgentConfig> kAgentKeys[] = {
    {"profiles", &A::profiles, "", 0, 0,
     "Policy files, and directories of them; files whose names end in .yaml or .yml have objects "
     "of "
     "the kind Profile (docs/kubernetes.md)"},
    {"include", &A::include, "", 0, 0, "Directories of included files, before `base`"},
    {"base", &A::base, "", 0, 0, "Base directory of included files"},
    {"complain", &A::complain, "", 0, 0, "Allow what profiles do not, and report it: all of them"},
    {"strict", &A::strict, "", 0, 0,
     "Refuse a policy of which a rule cannot be enforced as it is written, instead of warning"},
    {"remove_used", &A::remove_used, "", 0, 0,
     "When the policy is read again, remove profiles that tasks run under, too: those tasks are "
     "unconfined then"},
    {"hook_config", &A::hook_config, "", 0, 0,
     "File that names manifest and key of the code that profiles require to be signed; empty: "
     "/etc/aspis/hook.conf"},
    {"observe", &A::observe, "confined python all", 0, 0,
     "Whose events there are: of confined processes; of those and of every Python process, with "
     "all "
     "that it starts; of every process"},
    {"executables", &A::executables, "", 0, 0, "Observe every process that runs these files, too"},
    {"cgroups", &A::cgroups, "", 0, 0,
     "Observe every process in these cgroup directories or below, too"},
    {"all_events", &A::all_events, "", 0, 0,
     "Tell of all that confined processes do, not only of what profiles report"},
    {"stacks", &A::stacks, "denied all none", 0, 0,
     "Which events come with the Python stack: those that profiles report and that Python did not "
     "announce; all of Python's; none"},
    {"hold", &A::hold, "", 0, 0,
     "Stop a process that runs or maps a file never seen before until it is known whether a Python "
     "interpreter is in it: no audit event is missed"},
    {"hooks", &A::hooks, "best lsm fmod_ret tracepoint", 0, 0, "The hook backend"},
    {"buffer_size", &A::buffer_size, "", 1, 1024,
     "MiB of the ring buffer between kernel and agent, a power of two", true},
    {"policy_memory", &A::policy_memory, "", 1, 1024,
     "MiB for the policy in the kernel, a power of two; half of them for the next one", true},
    {"socket.path", &A::socket_path, "", 0, 0, "The agent's socket; empty: none"},
    {"socket.group", &A::socket_group, "", 0, 0,
     "Group that may read events and state there, besides root; a name in /etc/group, or a number"},
    {"socket.admin_group", &A::socket_admin_group, "", 0, 0,
     "Group that may change the policy there, besides root. Its members reach the socket only if "
     "they are in `socket.group`, too"},
    {"socket.queue", &A::socket_queue, "", 1, kMany,
     "MiB of lines kept for tails that lag behind; who lags further loses events, which is said"},
    {"metrics", &A::metrics, "", 0, 0,
     "Where `/metrics` (Prometheus), `/healthz` and `/readyz` are answered: the path of a socket, "
     "for "
     "`socket.group`, or an address and port, as `127.0.0.1:9464`; empty: nowhere"},
    {"redact", &A::redact, "", 0, 0,
     "Regular expressions (PCRE2) on command lines, variables PYTHON… and the strings of audit "
     "events: what their groups match is shown as `***`, everywhere (docs/outputs.md)"},
    {"pins", &A::pins, "", 0, 0,
     "Directory of a bpf file system that holds what enforces while no agent runs; empty: none, "
     "and "
     "enforcement ends with the agent"},
    {"state", &A::state, "", 0, 0, "Directory for what outlives the agent; empty: nothing does"},
};

using O = OutputConfig;

inline const ConfigKey<OutputConfig> kOutputKeys[] = {
    {"type", &O::type, "file log stdout syslog journal audit webhook", 0, 0,
     "A file, which is appended to; a log: JSON, its records chained, and rotated (docs/log.md); "
     "standard output; syslog (RFC 5424); systemd's journal, with fields of its own (ASPIS_TYPE, "
     "ASPIS_VERDICT, ASPIS_PROFILE, ASPIS_PID, ASPIS_EXE); the kernel's audit, for auditd: what "
     "profiles report, as USER_AVC; a webhook: messages over HTTP, few (docs/outputs.md)"},
    {"path", &O::path, "", 0, 0, "Of the file or log; it is made with mode 0600"},
    {"to", &O::to, "", 0, 0,
     "syslog: a socket, as `/dev/log` (the default), or `udp:127.0.0.1:514`, `tcp:[::1]:601`; "
     "journal: "
     "its socket, if it is not the usual one; webhook: `https://HOST/…`, on this machine also "
     "`http://127.0.0.1:PORT/…` or `http://unix:/PATH:/…`"},
    {"format", &O::format, "compact json ecs avc", 0, 0,
     "How an event is written; a log is json, audit avc"},
    {"events", &O::events, "", 0, 0, "Only these: globs on file.open, net.*, python.NAME"},
    {"verdicts", &O::verdicts, "allowed denied complain", 0, 0, "Only those with these verdicts"},
    {"python_only", &O::python_only, "", 0, 0, "Only processes that are CPython"},
    {"denials_only", &O::denials_only, "", 0, 0,
     "Only what profiles report. Always so of a webhook without `events` and `verdicts`"},
    {"template", &O::body, "", 0, 0,
     "webhook: file with the JSON that is sent, and placeholders in it (docs/outputs.md); empty: "
     "as "
     "Slack takes it"},
    {"headers", &O::headers, "", 0, 0,
     "webhook: further headers, as `Authorization: Bearer SECRET`"},
    {"ca", &O::ca, "", 0, 0,
     "webhook: file of certificates (PEM) to trust; empty: those of the system"},
    {"rate", &O::rate, "", 1, kMany, "webhook: messages a minute, at most"},
    {"group", &O::group, "", 0, kMany,
     "webhook: seconds within which equal events are told of in one more message; 0: each in its "
     "own"},
    {"rotate_size", &O::rotate_size, "", 1, kMany, "log: MiB after which the next file begins"},
    {"rotate_hours", &O::rotate_hours, "", 0, kMany,
     "log: hours after which the next file begins; 0: only by size"},
    {"keep", &O::keep, "", 0, kMany, "log: files before the one that is written to"},
    {"compress", &O::compress, "", 0, 0, "log: with zstd, all but the one that is written to"},
    {"seal_key", &O::seal_key, "", 0, 0,
     "log: file that `aspis log key` has made; empty: no seals"},
};

}  // namespace aspis
