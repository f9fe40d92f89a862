// SPDX-License-Identifier: Apache-2.0
#include "agent/output/compact_payload.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>

#include "agent/event/value.h"
#include "agent/output/compact_text.h"
#include "agent/output/names.h"
#include "agent/output/places.h"
#include "agent/output/policy_names.h"
#include "bpf/abi/guard.h"
#include "bpf/abi/request.h"
#include "probes/cpython/audit_events.h"

namespace aspis {
namespace {

constexpr std::size_t kValueColumns = 80;  // of one Python value

void path(std::string& out, const Path& path) {
  std::string text;
  append_path_text(text, path);
  out += ' ';
  if ((path.flags & ASPIS_PATH_CUT) != 0) out += "…";
  append_plain(out, text);
  if ((path.flags & ASPIS_PATH_DELETED) != 0) out += " (deleted)";
  if ((path.flags & ASPIS_PATH_ERROR) != 0) out += " (unreadable)";
}

void name(std::string& out, Names set, std::uint64_t number) {
  out += ' ';
  append_name(out, set, number);
}

void flags(std::string& out, Flags set, std::uint64_t bits) {
  out += ' ';
  append_flags(out, set, bits);
}

void number(std::string& out, std::uint64_t number) {
  out += ' ';
  append_decimal(out, number);
}

void object(std::string& out, unsigned, const ExecPayload& exec, std::size_t limit) {
  path(out, exec.exe);
  const std::size_t start = out.size();
  for (std::string_view argument : exec.argv) {
    out += ' ';
    append_word(out, argument);
    if (out.size() - start > 4 * limit) break;  // elided below
  }
  if (exec.argv_cut) out += " …";
  elide(out, start, limit);
  if (exec.environment.empty()) return;
  const std::size_t with = out.size();
  out += " with";
  for (const std::string& variable : exec.environment) {
    out += ' ';
    append_word(out, variable);
  }
  if (exec.environment_cut) out += " …";
  elide(out, with, limit);
}

void object(std::string& out, unsigned, const ForkPayload& fork, std::size_t) {
  number(out, fork.child_pid);
}

void object(std::string& out, unsigned, const ExitPayload& exit, std::size_t) {
  const int status = static_cast<int>(exit.status);
  if (WTERMSIG(status) == 0) return number(out, static_cast<unsigned>(WEXITSTATUS(status)));
  name(out, Names::kSignal, static_cast<unsigned>(WTERMSIG(status)));
  if (WCOREDUMP(status)) out += " (core dumped)";
}

/// What an open asks for beyond reading: "w,creat,trunc".
void access(std::string& out, std::uint64_t bits) {
  struct Word {
    std::uint64_t mask, value;
    std::string_view text;
  };
  static constexpr Word kWords[] = {
      {O_ACCMODE, O_WRONLY, "w"},  {O_ACCMODE, O_RDWR, "rw"},      {O_CREAT, O_CREAT, "creat"},
      {O_TRUNC, O_TRUNC, "trunc"}, {O_APPEND, O_APPEND, "append"}, {O_PATH, O_PATH, "path"},
  };
  char separator = ' ';
  for (const Word& word : kWords) {
    if ((bits & word.mask) != word.value) continue;
    out += separator;
    out += word.text;
    separator = ',';
  }
}

void owner(std::string& out, std::uint32_t uid, std::uint32_t gid) {
  out += ' ';
  if (uid != UINT32_MAX) append_decimal(out, uid);
  out += ':';
  if (gid != UINT32_MAX) append_decimal(out, gid);
}

void object(std::string& out, unsigned kind, const FilePayload& file, std::size_t) {
  const aspis_file_event& raw = *file.raw;
  path(out, file.path);
  switch (kind) {
    case ASPIS_FILE_OPEN:
      return access(out, raw.flags);
    case ASPIS_FILE_CREATE:
    case ASPIS_FILE_MKDIR:
    case ASPIS_FILE_CHMOD:
      out += ' ';
      return append_octal(out, raw.mode & ~S_IFMT);
    case ASPIS_FILE_CHOWN:
      return owner(out, raw.uid, raw.gid);
    case ASPIS_FILE_TRUNCATE:
      return raw.length == UINT64_MAX ? void() : number(out, raw.length);
    case ASPIS_FILE_MMAP_EXEC:
      return flags(out, Flags::kProt, raw.flags);
    case ASPIS_FILE_RENAME:
    case ASPIS_FILE_LINK:
    case ASPIS_FILE_SYMLINK:
      out += " →";
      return path(out, file.other);
    default:
      return;
  }
}

void endpoint(std::string& out, const aspis_net_event& raw, const std::uint8_t (&bytes)[16],
              std::uint16_t port) {
  std::string address;
  if (!append_ip_address(address, raw.family, bytes)) return name(out, Names::kFamily, raw.family);
  const bool brackets = raw.family == AF_INET6;
  out += brackets ? " [" : " ";
  out += address;
  if (brackets && raw.scope != 0) out += "%" + std::to_string(raw.scope);
  if (brackets) out += ']';
  out += ':';
  append_decimal(out, port);
}

void socket_description(std::string& out, const aspis_net_event& raw) {
  name(out, Names::kFamily, raw.family);
  name(out, Names::kSocketType, raw.type);
  if (raw.protocol == 0) return;
  if (raw.family == AF_INET || raw.family == AF_INET6)
    return name(out, Names::kProtocol, raw.protocol);
  number(out, raw.protocol);
}

void object(std::string& out, unsigned kind, const NetPayload& net, std::size_t) {
  const aspis_net_event& raw = *net.raw;
  if (kind == ASPIS_NET_CREATE) return socket_description(out, raw);
  if (raw.family == AF_UNIX) {
    out += " unix:";
    append_plain(out, unix_name(net.unix_path).text);
  } else if (without_peer(kind)) {
    endpoint(out, raw, raw.local, raw.local_port);
  } else {
    endpoint(out, raw, raw.address, raw.port);
  }
  if (kind == ASPIS_NET_ACCEPT && raw.family != AF_UNIX) {
    out += " on";
    endpoint(out, raw, raw.local, raw.local_port);
  }
  if (kind == ASPIS_NET_SENDMSG) {
    number(out, raw.bytes);
    out += " bytes";
  }
}

void ids(std::string& out, const std::uint32_t (&ids)[3]) {
  number(out, ids[0]);
  for (unsigned i = 1; i < 3; ++i) {
    out += '/';
    append_decimal(out, ids[i]);
  }
}

void mount(std::string& out, const PrivilegePayload& privilege) {
  const MountText text = mount_text(privilege.text);
  path(out, privilege.path);
  if (!text.filesystem.empty()) {
    out += " type ";
    append_plain(out, text.filesystem);
  }
  if (!text.source.empty()) {
    out += " from ";
    append_plain(out, text.source);
  }
  if (privilege.raw->flags != 0) flags(out, Flags::kMount, privilege.raw->flags);
}

void object(std::string& out, unsigned kind, const PrivilegePayload& privilege, std::size_t) {
  const aspis_privilege_event& raw = *privilege.raw;
  switch (kind) {
    case ASPIS_PRIV_CAPABLE:
      return name(out, Names::kCapability, raw.number);
    case ASPIS_PRIV_PTRACE:
      number(out, raw.target_pid);
      return flags(out, Flags::kPtrace, raw.number);
    case ASPIS_PRIV_KILL:
      name(out, Names::kSignal, raw.number);
      return number(out, raw.target_pid);
    case ASPIS_PRIV_SETUID:
      ids(out, raw.old_id);
      out += " →";
      return ids(out, raw.new_id);
    case ASPIS_PRIV_MOUNT:
      return mount(out, privilege);
    case ASPIS_PRIV_UMOUNT:
      path(out, privilege.path);
      return raw.flags == 0 ? void() : flags(out, Flags::kUmount, raw.flags);
    case ASPIS_PRIV_BPF:
      return name(out, Names::kBpfCommand, raw.number);
    case ASPIS_PRIV_RLIMIT:
      name(out, Names::kLimit, raw.number);
      number(out, raw.flags);
      return number(out, raw.target_pid);
    case ASPIS_PRIV_IO_URING:
      out += ' ';
      out += permission_names(ASPIS_PRIV_IO_URING, static_cast<std::uint16_t>(raw.number));
      return;
    case ASPIS_PRIV_TAMPER:
      out += ' ';
      out += tamper_name(raw.number);
      if (raw.number == ASPIS_TAMPER_SIGNAL) name(out, Names::kSignal, raw.flags);
      return privilege.path.text.empty() ? void() : path(out, privilege.path);
    case ASPIS_PRIV_CHANGE_PROFILE:
      if (raw.number != ASPIS_REQUEST_CHANGE_PROFILE) {
        out += ' ';
        out += request_name(raw.number);
      }
      out += ' ';
      return append_plain(out, privilege.text.empty() ? "(back)" : privilege.text);
    case ASPIS_PRIV_MODULE:
      path(out, privilege.path);
      return name(out, Names::kReading, raw.number);
    default:
      return;
  }
}

/// Arguments of audit events that are numbers with names.
struct NumberMeaning {
  std::string_view event, argument;
  void (*append)(std::string& out, std::uint64_t number);
};
constexpr NumberMeaning kMeanings[] = {
    {"open", "flags",
     [](std::string& out, std::uint64_t n) { append_flags(out, Flags::kOpen, n); }},
    {"os.kill", "sig",
     [](std::string& out, std::uint64_t n) { append_name(out, Names::kSignal, n); }},
    {"os.killpg", "sig",
     [](std::string& out, std::uint64_t n) { append_name(out, Names::kSignal, n); }},
    {"signal.pthread_kill", "signalnum",
     [](std::string& out, std::uint64_t n) { append_name(out, Names::kSignal, n); }},
    {"socket.__new__", "family",
     [](std::string& out, std::uint64_t n) { append_name(out, Names::kFamily, n); }},
    {"os.chmod", "mode", append_octal},
    {"os.mkdir", "mode", append_octal},
};

void argument(std::string& out, std::string_view event, std::string_view name, const Value& value,
              std::size_t limit) {
  const auto number = value_int(value);
  for (const NumberMeaning& row : kMeanings) {
    if (row.event != event || row.argument != name || !number || *number < 0) continue;
    return row.append(out, static_cast<std::uint64_t>(*number));
  }
  append_value(out, value, limit);
}

void object(std::string& out, unsigned, const PythonPayload& python, std::size_t limit) {
  const auto names = cpython::documented_argument_names(python.name);
  const std::size_t start = out.size();
  out += ' ';
  append_plain(out, python.name);
  if (python.name_cut) out += "…";
  std::size_t shown = 0;
  for (; shown < python.values.size(); ++shown) {
    const std::size_t used = columns(std::string_view(out).substr(start));
    if (used + 8 > limit) break;
    const std::string_view name = shown < names.size() ? names[shown] : std::string_view();
    out += ' ';
    out += name;
    if (!name.empty()) out += '=';
    argument(out, python.name, name, python.values[shown], std::min(kValueColumns, limit - used));
  }
  if (shown < python.args) out += " …";
}

void object(std::string&, unsigned, const std::monostate&, std::size_t) {}

}  // namespace

void append_object(std::string& out, const Event& event, std::size_t limit) {
  std::visit([&](const auto& held) { object(out, event.head->kind, held, limit); }, event.payload);
}

}  // namespace aspis
