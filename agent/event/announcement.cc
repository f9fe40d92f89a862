// SPDX-License-Identifier: Apache-2.0
#include "agent/event/announcement.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "agent/event/value.h"

namespace aspis {
namespace {

using cpython::AuditEvent;
using cpython::Operation;
using cpython::SaidAddress;
using cpython::SaidPath;
using cpython::Times;

constexpr auto kOperations = [] {
  using namespace cpython;
  std::array<Operation, ASPIS_KIND_COUNT> of{};
  of[ASPIS_FILE_OPEN] = kOpen;
  of[ASPIS_FILE_CREATE] = kCreate;
  of[ASPIS_FILE_UNLINK] = kUnlink;
  of[ASPIS_FILE_RMDIR] = kRmdir;
  of[ASPIS_FILE_RENAME] = kRename;
  of[ASPIS_FILE_LINK] = kLink;
  of[ASPIS_FILE_SYMLINK] = kSymlink;
  of[ASPIS_FILE_MKDIR] = kMkdir;
  of[ASPIS_FILE_CHMOD] = kChmod;
  of[ASPIS_FILE_CHOWN] = kChown;
  of[ASPIS_FILE_TRUNCATE] = kTruncate;
  of[ASPIS_FILE_MMAP_EXEC] = kMmapExec;
  of[ASPIS_PROCESS_EXEC] = kExec;
  of[ASPIS_NET_CREATE] = kSocket;
  of[ASPIS_NET_BIND] = kBind;
  of[ASPIS_NET_CONNECT] = kConnect;
  of[ASPIS_NET_SENDMSG] = kSendmsg;
  of[ASPIS_PRIV_KILL] = kKill;
  return of;
}();

const Value* value_at(const PythonPayload& audit, int index) {
  if (index < 0 || static_cast<std::size_t>(index) >= audit.values.size()) return nullptr;
  return &audit.values[static_cast<std::size_t>(index)];
}

bool is_int(const Value* value) {
  return value != nullptr && value->type == ASPIS_VALUE_INT;
}

// Whether a relative path starts at the working directory: not when a directory fd is given, nor
// when it may be: os.open (an `open` without a mode) doesn't tell its dir_fd.
bool from_working_directory(const PythonPayload& audit, const AuditEvent& known,
                            std::string_view dir_fd) {
  if (known.name == "open") {
    const Value* mode = value_at(audit, known.argument("mode"));
    return mode != nullptr && mode->type == ASPIS_VALUE_STR;
  }
  const Value* fd = value_at(audit, known.argument(dir_fd));
  return fd == nullptr || value_int(*fd) == -1;
}

std::optional<SaidPath> said_path(const PythonPayload& audit, const AuditEvent& known, int index,
                                  std::initializer_list<std::string_view> dir_fds) {
  const Value* value = value_at(audit, index);
  if (value == nullptr) return std::nullopt;
  auto text = value_fsencode(*value);
  if (!text || text->empty()) return std::nullopt;
  SaidPath said{std::move(*text), value->cut(), true};
  for (const std::string_view name : dir_fds) {
    said.directory = said.directory && from_working_directory(audit, known, name);
  }
  return said;
}

// A Unix socket's path, or (host, port, …).
std::optional<SaidAddress> said_address(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (auto path = value_fsencode(*value)) return SaidAddress{std::move(*path), -1, value->cut()};
  if (value->type != ASPIS_VALUE_TUPLE || value->items.size() < 2) return std::nullopt;
  const Value& host = value->items[0];
  const auto port = value_int(value->items[1]);
  if (!port || *port < 0 || *port > 0xffff) return std::nullopt;
  return SaidAddress{value_fsencode(host).value_or(""), static_cast<std::int32_t>(*port),
                     host.cut()};
}

// A path that was not walked to from the task's root can't be held against what was said.
bool comparable(const Path& path) {
  constexpr int kElsewhere = ASPIS_PATH_ERROR | ASPIS_PATH_FOREIGN | ASPIS_PATH_DETACHED;
  return (path.flags & kElsewhere) == 0;
}

bool agrees(const SaidPath& said, const Path& path, std::string_view cwd, bool unnamed) {
  if (!comparable(path)) return true;
  const cpython::DonePath done{path.text, (path.flags & ASPIS_PATH_CUT) != 0,
                               (path.flags & ASPIS_PATH_LEXICAL) != 0};
  return unnamed ? path_within(said, cwd, done) : same_path(said, cwd, done);
}

// What was said of the path that differs; null if all agree.
const SaidPath* differing_path(const Announcement& announcement, const FilePayload& file,
                               std::string_view cwd) {
  const bool unnamed = file.raw != nullptr && (file.raw->flags & O_TMPFILE) == O_TMPFILE;
  if (announcement.path && !agrees(*announcement.path, file.path, cwd, unnamed)) {
    return &*announcement.path;
  }
  if (announcement.other && !agrees(*announcement.other, file.other, cwd, false)) {
    return &*announcement.other;
  }
  return nullptr;
}

bool agrees(const SaidAddress& said, const NetPayload& net) {
  if (net.raw == nullptr) return true;
  std::string_view path = net.unix_path;
  while (path.size() > 1 && path.front() != '\0' && path.back() == '\0') path.remove_suffix(1);
  return same_address(said, {net.raw->family, net.raw->port, net.raw->address, path});
}

// True if the event is about the object that was announced, or none was named; else sets `said`.
bool same_object(const Announcement& announcement, const Event& event, std::string_view cwd,
                 std::string& said) {
  if (const auto* file = event.as<FilePayload>()) {
    const SaidPath* differs = differing_path(announcement, *file, cwd);
    if (differs != nullptr) said = differs->text;
    return differs == nullptr;
  }
  const auto* net = event.as<NetPayload>();
  if (net == nullptr || event.kind() == ASPIS_NET_CREATE || !announcement.address) return true;
  if (agrees(*announcement.address, *net)) return true;
  said = address_text(*announcement.address);
  return false;
}

}  // namespace

Operation operation_of(aspis_kind kind) {
  return kind < kOperations.size() ? kOperations[kind] : cpython::kNothing;
}

aspis_announcement announcement_of(const AuditEvent& event) {
  // From 1 on; an argument that there is not gives 0.
  const auto place = [&](std::string_view argument) {
    return static_cast<std::uint8_t>(event.argument(argument) + 1);
  };
  aspis_announcement result{};
  // What is loaded depends on more than the event's name: for stacks it counts for nothing.
  result.operations =
      event.times == Times::kLoad ? std::uint32_t{cpython::kNothing} : event.operations;
  result.once = event.times == Times::kOnce;
  result.of_path = event.path == 0 && (event.operations & cpython::kOpen) != 0;
  result.path = static_cast<std::uint8_t>(event.path + 1);
  result.other = static_cast<std::uint8_t>(event.other + 1);
  result.path_fd = std::max(place("dir_fd"), place("src_dir_fd"));
  result.other_fd = place("dst_dir_fd");
  if (event.name == "open") result.open_flags = place("flags");
  result.flags = event.times == Times::kLoad    ? ASPIS_SAID_AGAIN
                 : event.times == Times::kChild ? ASPIS_SAID_CHILD
                                                : 0;
  // Who names no file may execute one all the same: which is not compared.
  result.audited = event.path < 0 ? event.operations & cpython::kExec : event.operations;
  // A socket that is bound to a path makes a file there.
  if ((result.audited & cpython::kBind) != 0) result.audited |= cpython::kCreate;
  return result;
}

Announcement announce(const PythonPayload& audit) {
  Announcement result;
  const AuditEvent* known = audit.name_cut ? nullptr : cpython::find_audit_event(audit.name);
  if (known == nullptr || known->operations == cpython::kNothing) return result;
  result.operations = known->operations;
  result.times = known->times;
  const Value* object = value_at(audit, known->path);
  if (known->times == Times::kLoad) {
    if (object == nullptr || object->type == ASPIS_VALUE_NONE) result.operations = 0;
    return result;
  }
  if (known->path < 0) return result;
  if (known->arguments[static_cast<std::size_t>(known->path)] == "address") {
    result.address = said_address(object);
    return result;
  }
  // What is open already isn't opened; but it is still chmod'ed.
  if (is_int(object) && (known->operations & cpython::kOpen) != 0) result.operations = 0;
  result.path = said_path(audit, *known, known->path, {"dir_fd", "src_dir_fd"});
  result.other = said_path(audit, *known, known->other, {"dst_dir_fd"});
  return result;
}

Correlation judge(Announcement& announcement, Operation operation, const Event& event,
                  std::string_view cwd, std::string& said) {
  if ((announcement.operations & operation) == 0) {
    // A file that was opened for reading and is then mapped: nothing new was got at.
    const bool mapped = operation == cpython::kMmapExec && announcement.path &&
                        (announcement.performed & cpython::kOpen) != 0;
    std::string ignored;
    if (mapped && same_object(announcement, event, cwd, ignored)) return Correlation::kMatched;
    return Correlation::kUnaudited;
  }
  const bool again = (announcement.performed & operation) != 0;
  if (announcement.times == Times::kOnce && again) return Correlation::kUnaudited;
  announcement.performed |= operation;
  return same_object(announcement, event, cwd, said) ? Correlation::kMatched
                                                     : Correlation::kMismatch;
}

bool refines(const Announcement& later, const Announcement& earlier) {
  if (later.operations != earlier.operations || !later.path || !earlier.path) return false;
  return path_within(*earlier.path, {}, {later.path->text, false, true});
}

}  // namespace aspis
