// SPDX-License-Identifier: Apache-2.0
#include "agent/output/json_payload.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <string>

#include "agent/output/json_values.h"
#include "agent/output/names.h"
#include "agent/output/places.h"
#include "agent/output/policy_names.h"
#include "bpf/abi/guard.h"
#include "bpf/abi/request.h"

namespace aspis {
namespace {

constexpr std::uint32_t kUnchanged = UINT32_MAX;  // chown: leave the id as it is
constexpr std::uint64_t kUnknownLength = UINT64_MAX;

void name(JsonWriter& json, std::string_view key, Names set, std::uint64_t number) {
  json.begin(key);
  json.out() += '"';
  append_name(json.out(), set, number);
  json.out() += '"';
}

void flags(JsonWriter& json, std::string_view key, Flags set, std::uint64_t bits) {
  json.begin(key);
  json.out() += '"';
  append_flags(json.out(), set, bits);
  json.out() += '"';
}

void mode(JsonWriter& json, std::uint32_t mode) {
  json.begin("mode");
  json.out() += '"';
  append_octal(json.out(), mode & ~S_IFMT);
  json.out() += '"';
  const std::uint32_t kind = mode & S_IFMT;
  if (kind != 0 && kind != S_IFREG) name(json, "kind", Names::kFileKind, kind);
}

/// The text of a path, and its flags as members PREFIXdeleted and so on.
void path(JsonWriter& json, std::string_view key, std::string_view prefix, const Path& path) {
  constexpr unsigned kTextIsMade = ASPIS_PATH_PIPE | ASPIS_PATH_SOCKET | ASPIS_PATH_ANON;
  if ((path.flags & kTextIsMade) == 0) {
    json.text(key, path.text);
  } else {
    std::string text;
    append_path_text(text, path);
    json.text(key, text);
  }
  if (path.flags == 0) return;
  for (const PathFlag& flag : path_flags()) {
    if ((path.flags & flag.bit) == 0) continue;
    std::string member(prefix);
    json.flag(member += flag.name, true);
  }
}

/// Which file the path led to: device as "major:minor", inode number.
void inode(JsonWriter& json, const Path& path) {
  if (path.ino == 0) return;
  json.begin("dev");
  std::string& out = json.out();
  out += '"';
  append_decimal(out, path.dev >> 20);
  out += ':';
  append_decimal(out, path.dev & 0xfffff);
  out += '"';
  json.number("ino", path.ino);
}

void payload(JsonWriter& json, unsigned, const ExecPayload& exec) {
  json.open("exec");
  path(json, "path", "", exec.exe);
  inode(json, exec.exe);
  path(json, "cwd", "cwd_", exec.cwd);
  if (!exec.environment.empty()) {
    json.open_list("environment");
    for (const std::string& variable : exec.environment) json.text({}, variable);
    json.close_list();
  }
  json.flag("environment_cut", exec.environment_cut);
  json.close();
}

void payload(JsonWriter& json, unsigned, const ForkPayload& fork) {
  json.open("fork");
  json.number("pid", fork.child_pid);
  json.close();
}

void payload(JsonWriter& json, unsigned, const ExitPayload& exit) {
  const int status = static_cast<int>(exit.status);
  json.open("exit");
  if (WTERMSIG(status) == 0) {
    json.number("code", static_cast<unsigned>(WEXITSTATUS(status)));
  } else {
    name(json, "signal", Names::kSignal, static_cast<unsigned>(WTERMSIG(status)));
    json.flag("core", WCOREDUMP(status));
  }
  json.close();
}

void file_details(JsonWriter& json, unsigned kind, const FilePayload& file) {
  const aspis_file_event& raw = *file.raw;
  switch (kind) {
    case ASPIS_FILE_OPEN:
      flags(json, "flags", Flags::kOpen, raw.flags);
      mode(json, raw.mode);
      break;
    case ASPIS_FILE_CREATE:
    case ASPIS_FILE_MKDIR:
    case ASPIS_FILE_CHMOD:
      mode(json, raw.mode);
      break;
    case ASPIS_FILE_CHOWN:
      if (raw.uid != kUnchanged) json.number("uid", raw.uid);
      if (raw.gid != kUnchanged) json.number("gid", raw.gid);
      break;
    case ASPIS_FILE_TRUNCATE:
      if (raw.length != kUnknownLength) json.number("length", raw.length);
      break;
    case ASPIS_FILE_MMAP_EXEC:
      flags(json, "prot", Flags::kProt, raw.flags);
      break;
    case ASPIS_FILE_RENAME:
    case ASPIS_FILE_LINK:
      path(json, "other", "other_", file.other);
      break;
    case ASPIS_FILE_SYMLINK:
      json.text("other", file.other.text);
      json.flag("other_cut", (file.other.flags & ASPIS_PATH_CUT) != 0);
      break;
    default:
      break;
  }
}

void payload(JsonWriter& json, unsigned kind, const FilePayload& file) {
  json.open("file");
  path(json, "path", "", file.path);
  file_details(json, kind, file);
  inode(json, file.path);
  json.close();
}

void protocol(JsonWriter& json, const aspis_net_event& raw) {
  if (raw.protocol == 0) return;
  if (raw.family == AF_INET || raw.family == AF_INET6) {
    name(json, "protocol", Names::kProtocol, raw.protocol);
  } else {
    json.text("protocol", std::to_string(raw.protocol));
  }
}

void address(JsonWriter& json, std::string_view address_key, std::string_view port_key,
             const aspis_net_event& raw, const std::uint8_t (&bytes)[16], std::uint16_t port) {
  std::string text;
  if (!append_ip_address(text, raw.family, bytes)) return;
  json.text(address_key, text);
  json.number(port_key, port);
}

void socket_name(JsonWriter& json, std::string_view sun_path) {
  if (sun_path.empty()) return;
  const UnixName name = unix_name(sun_path);
  json.text("path", name.text);
  json.flag("abstract", name.abstract);
}

void payload(JsonWriter& json, unsigned kind, const NetPayload& net) {
  const aspis_net_event& raw = *net.raw;
  json.open("net");
  name(json, "family", Names::kFamily, raw.family);
  name(json, "type", Names::kSocketType, raw.type);
  protocol(json, raw);
  if (kind != ASPIS_NET_CREATE && !without_peer(kind)) {
    address(json, "address", "port", raw, raw.address, raw.port);
    if (raw.family == AF_INET6 && raw.scope != 0) json.number("scope", raw.scope);
  }
  if (without_peer(kind) || kind == ASPIS_NET_ACCEPT || kind == ASPIS_NET_RECVMSG) {
    address(json, "local_address", "local_port", raw, raw.local, raw.local_port);
  }
  socket_name(json, net.unix_path);
  if (kind == ASPIS_NET_LISTEN) json.number("backlog", raw.backlog);
  if (kind == ASPIS_NET_SENDMSG) json.number("bytes", raw.bytes);
  json.close();
}

void ids(JsonWriter& json, std::string_view key, const std::uint32_t (&ids)[3]) {
  json.open(key);
  json.number("real", ids[0]);
  json.number("effective", ids[1]);
  json.number("saved", ids[2]);
  json.close();
}

void target(JsonWriter& json, const aspis_privilege_event& raw) {
  json.open("target");
  json.number("pid", raw.target_pid);
  json.close();
}

void privilege_details(JsonWriter& json, unsigned kind, const PrivilegePayload& privilege) {
  const aspis_privilege_event& raw = *privilege.raw;
  switch (kind) {
    case ASPIS_PRIV_CAPABLE:
      return name(json, "capability", Names::kCapability, raw.number);
    case ASPIS_PRIV_PTRACE:
      flags(json, "mode", Flags::kPtrace, raw.number);
      return target(json, raw);
    case ASPIS_PRIV_KILL:
      name(json, "signal", Names::kSignal, raw.number);
      return target(json, raw);
    case ASPIS_PRIV_SETUID:
      ids(json, "old", raw.old_id);
      return ids(json, "new", raw.new_id);
    case ASPIS_PRIV_MOUNT: {
      path(json, "path", "", privilege.path);
      const MountText mount = mount_text(privilege.text);
      json.text("filesystem", mount.filesystem);
      json.text("source", mount.source);
      return flags(json, "flags", Flags::kMount, raw.flags);
    }
    case ASPIS_PRIV_UMOUNT:
      path(json, "path", "", privilege.path);
      return flags(json, "flags", Flags::kUmount, raw.flags);
    case ASPIS_PRIV_BPF:
      return name(json, "command", Names::kBpfCommand, raw.number);
    case ASPIS_PRIV_RLIMIT:
      name(json, "limit", Names::kLimit, raw.number);
      json.number("value", raw.flags);
      return target(json, raw);
    case ASPIS_PRIV_IO_URING:
      return json.text(
          "use", permission_names(ASPIS_PRIV_IO_URING, static_cast<std::uint16_t>(raw.number)));
    case ASPIS_PRIV_CHANGE_PROFILE:
      json.text("request", request_name(raw.number));
      return json.text("name", privilege.text);
    case ASPIS_PRIV_TAMPER:
      json.text("tried", tamper_name(raw.number));
      if (raw.number == ASPIS_TAMPER_SIGNAL) name(json, "signal", Names::kSignal, raw.flags);
      if (!privilege.path.text.empty()) path(json, "path", "", privilege.path);
      return target(json, raw);
    case ASPIS_PRIV_MODULE:
      path(json, "path", "", privilege.path);
      return name(json, "reading", Names::kReading, raw.number);
    default:
      return;
  }
}

void payload(JsonWriter& json, unsigned kind, const PrivilegePayload& privilege) {
  json.open("privilege");
  privilege_details(json, kind, privilege);
  json.close();
}

void payload(JsonWriter& json, unsigned, const PythonPayload& python) {
  const ArgumentsJson arguments = arguments_json(python);
  json.open("python");
  json.text("event", python.name);
  json.raw("args", arguments.args);
  if (!arguments.cut.empty()) json.raw("cut", arguments.cut);
  json.close();
}

void payload(JsonWriter&, unsigned, const std::monostate&) {}

}  // namespace

void append_payload(JsonWriter& json, const Event& event) {
  std::visit([&](const auto& held) { payload(json, event.head->kind, held); }, event.payload);
}

}  // namespace aspis
