// SPDX-License-Identifier: Apache-2.0
// Where each member of a JSON line (fields.h) goes in the Elastic Common Schema, 8.11
// (https://www.elastic.co/guide/en/ecs/8.11). What has no row here goes below aspis.*, by the same
// name. docs/ecs.md, the index template and the Logstash pipeline of deploy/elastic are made of
// these tables.
#pragma once

#include <string_view>

namespace aspis {

inline constexpr std::string_view kEcsVersion = "8.11.0";

enum class EcsValue {
  kAsIs,
  kText,    ///< a number, as a string
  kFamily,  ///< inet: ipv4, inet6: ipv6; else as it is
};

struct EcsField {
  std::string_view name;  ///< of JSON; empty: made here, of `meaning`
  std::string_view ecs;
  std::string_view type;   ///< of Elasticsearch
  std::string_view kinds;  ///< only in these, separated by a space; empty: in all
  EcsValue value = EcsValue::kAsIs;
  std::string_view meaning{};
};

/// A field may have several rows, for different kinds.
inline constexpr EcsField kEcsFields[] = {
    {"time", "@timestamp", "date", ""},
    {"", "ecs.version", "keyword", "", EcsValue::kAsIs, "the version of the schema"},
    {"", "event.kind", "keyword", "", EcsValue::kAsIs,
     "alert: denied, or complain would have; tamper. metric: gaps and totals. Else event or state"},
    {"", "event.category", "keyword", "", EcsValue::kAsIs,
     "by kind, see below; of alerts also intrusion_detection"},
    {"", "event.type", "keyword", "", EcsValue::kAsIs,
     "by kind, see below; also denied, or allowed for what complain lets pass"},
    {"type", "event.action", "keyword", ""},
    {"", "event.outcome", "keyword", "", EcsValue::kAsIs,
     "failure: denied; unknown: python.unperformed; else success"},
    {"", "event.module", "keyword", "", EcsValue::kAsIs, "aspis"},
    {"", "event.dataset", "keyword", "", EcsValue::kAsIs, "aspis.events"},
    {"seq", "event.sequence", "long", ""},
    {"", "log.level", "keyword", "", EcsValue::kAsIs,
     "the severity of syslog: warning, notice, info"},
    {"", "message", "match_only_text", "", EcsValue::kAsIs,
     "the line of the compact format, without its time"},
    {"", "host.name", "keyword", "", EcsValue::kAsIs, "of this machine"},
    {"process.pid", "process.pid", "long", ""},
    {"process.tid", "process.thread.id", "long", ""},
    {"process.exe", "process.executable", "keyword", ""},
    {"", "process.name", "keyword", "", EcsValue::kAsIs, "the last component of the executable"},
    {"process.argv", "process.args", "keyword", ""},
    {"process.uid", "user.id", "keyword", "", EcsValue::kText},
    {"process.gid", "group.id", "keyword", "", EcsValue::kText},
    {"process.parent.pid", "process.parent.pid", "long", ""},
    {"process.parent.exe", "process.parent.executable", "keyword", ""},
    {"exec.cwd", "process.working_directory", "keyword", ""},
    {"exec.environment", "process.env_vars", "keyword", ""},
    {"exit.code", "process.exit_code", "long", ""},
    {"container.id", "container.id", "keyword", ""},
    {"container.runtime", "container.runtime", "keyword", ""},
    {"container.name", "container.name", "keyword", ""},
    {"container.image", "container.image.name", "keyword", ""},
    {"container.labels", "container.labels", "flattened", ""},
    {"container.pod", "orchestrator.resource.name", "keyword", ""},
    {"container.pod_uid", "orchestrator.resource.id", "keyword", ""},
    {"", "orchestrator.resource.type", "keyword", "", EcsValue::kAsIs, "pod, where there is one"},
    {"container.namespace", "orchestrator.namespace", "keyword", ""},
    {"", "orchestrator.type", "keyword", "", EcsValue::kAsIs,
     "kubernetes, where there is a pod or a namespace"},
    {"profile", "rule.name", "keyword", ""},
    {"file.path", "file.path", "keyword", ""},
    {"file.mode", "file.mode", "keyword", ""},
    {"file.kind", "file.type", "keyword", ""},
    {"file.uid", "file.uid", "keyword", "", EcsValue::kText},
    {"file.gid", "file.gid", "keyword", "", EcsValue::kText},
    {"file.ino", "file.inode", "keyword", "", EcsValue::kText},
    {"file.length", "file.size", "long", ""},
    {"file.other", "file.target_path", "keyword", "file.symlink"},
    {"privilege.path", "file.path", "keyword", "privilege.module"},
    {"net.family", "network.type", "keyword", "", EcsValue::kFamily},
    {"net.protocol", "network.transport", "keyword", ""},
    {"net.bytes", "network.bytes", "long", ""},
    {"net.address", "destination.ip", "ip", "net.connect net.sendmsg"},
    {"net.port", "destination.port", "long", "net.connect net.sendmsg"},
    {"net.address", "source.ip", "ip", "net.bind net.accept net.recvmsg"},
    {"net.port", "source.port", "long", "net.bind net.accept net.recvmsg"},
    {"net.local_address", "destination.ip", "ip", "net.accept net.recvmsg"},
    {"net.local_port", "destination.port", "long", "net.accept net.recvmsg"},
    {"net.local_address", "source.ip", "ip",
     "net.listen net.accept_call net.shutdown net.getattr net.getopt net.setopt"},
    {"net.local_port", "source.port", "long",
     "net.listen net.accept_call net.shutdown net.getattr net.getopt net.setopt"},
    // Not of the schema, but not what their type in JSON suggests, either.
    {"python.args", "aspis.python.args", "flattened", ""},
    {"cause.args", "aspis.cause.args", "flattened", ""},
    {"cause.cause", "aspis.cause.cause", "flattened", ""},
    {"privilege.value", "aspis.privilege.value", "unsigned_long", ""},
    {"agent.seconds", "aspis.agent.seconds", "double", ""},
};

struct EcsKind {
  std::string_view type;        ///< of events.def
  std::string_view kind;        ///< event.kind
  std::string_view categories;  ///< event.category, separated by a space
  std::string_view types;       ///< event.type, as well
};

/// Each kind of event once: its place among the schema's allowed values.
inline constexpr EcsKind kEcsKinds[] = {
    {"process.exec", "event", "process", "start"},
    {"process.found", "state", "process", "info"},
    {"process.fork", "event", "process", "start"},
    {"process.exit", "event", "process", "end"},
    {"file.open", "event", "file", "access"},
    {"file.create", "event", "file", "creation"},
    {"file.unlink", "event", "file", "deletion"},
    {"file.rmdir", "event", "file", "deletion"},
    {"file.rename", "event", "file", "change"},
    {"file.link", "event", "file", "creation"},
    {"file.symlink", "event", "file", "creation"},
    {"file.mkdir", "event", "file", "creation"},
    {"file.chmod", "event", "file", "change"},
    {"file.chown", "event", "file", "change"},
    {"file.truncate", "event", "file", "change"},
    {"file.mmap_exec", "event", "library", "start"},
    {"file.exec", "event", "process file", "start access"},
    {"file.lock", "event", "file", "access"},
    {"file.receive", "event", "file", "access"},
    {"file.inherit", "event", "file", "access"},
    {"file.connect", "event", "file network", "access connection"},
    {"file.unsigned", "event", "file", "access"},
    {"file.mqueue_open", "event", "file", "access"},
    {"file.mqueue_create", "event", "file", "creation"},
    {"file.mqueue_unlink", "event", "file", "deletion"},
    {"net.create", "event", "network", "info"},
    {"net.bind", "event", "network", "info"},
    {"net.listen", "event", "network", "info"},
    {"net.connect", "event", "network", "connection start"},
    {"net.accept", "event", "network", "connection start"},
    {"net.accept_call", "event", "network", "info"},
    {"net.sendmsg", "event", "network", "connection"},
    {"net.recvmsg", "event", "network", "connection"},
    {"net.shutdown", "event", "network", "connection end"},
    {"net.getattr", "event", "network", "info"},
    {"net.getopt", "event", "network", "info"},
    {"net.setopt", "event", "network", "info"},
    {"privilege.capable", "event", "process", "access"},
    {"privilege.ptrace", "event", "process", "access"},
    {"privilege.kill", "event", "process", "change"},
    {"privilege.setuid", "event", "process iam", "change user"},
    {"privilege.mount", "event", "host", "change"},
    {"privilege.umount", "event", "host", "change"},
    {"privilege.bpf", "event", "driver", "access"},
    {"privilege.module", "event", "driver", "start"},
    {"privilege.userns", "event", "process", "change"},
    {"privilege.rlimit", "event", "process", "change"},
    {"privilege.io_uring", "event", "process", "change"},
    {"privilege.change_profile", "event", "process configuration", "change"},
    {"privilege.compat", "event", "process", "info"},
    {"privilege.tamper", "alert", "intrusion_detection process", "denied"},
    {"python.audit", "event", "process", "info"},
    {"python.unperformed", "event", "process", "info"},
    {"aspis.gap", "metric", "", ""},
    {"aspis.summary", "metric", "", ""},
    {"aspis.interpreter", "state", "process", "info"},
    {"aspis.tamper", "alert", "intrusion_detection process", "change"},
    {"aspis.log", "event", "configuration", "info"},
    {"aspis.agent", "event", "configuration", "change"},
};

}  // namespace aspis
