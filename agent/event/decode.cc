// SPDX-License-Identifier: Apache-2.0
#include "agent/event/decode.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "agent/event/kinds.h"

namespace aspis {
namespace {

/// Takes bytes off the front of a record; never more than there are.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : rest_(bytes) {}

  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  Result<std::string_view> take(std::size_t length, const char* what) {
    if (length > rest_.size()) {
      return fail(std::string(what) + ": " + std::to_string(length) + " bytes announced, " +
                  std::to_string(rest_.size()) + " left");
    }
    std::string_view bytes(reinterpret_cast<const char*>(rest_.data()), length);
    rest_ = rest_.subspan(length);
    return bytes;
  }

 private:
  std::span<const std::byte> rest_;
};

Result<Path> take_path(Cursor& tail, const aspis_path& raw, const char* what) {
  return Path{TRY(tail.take(raw.len, what)), raw.flags, raw.dev, raw.ino};
}

/// Arguments end in NUL; what follows the last NUL is a cut argument.
std::vector<std::string_view> split_argv(std::string_view bytes) {
  std::vector<std::string_view> argv;
  while (!bytes.empty()) {
    std::size_t end = bytes.find('\0');
    argv.push_back(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  return argv;
}

bool is_container(std::uint8_t type) {
  return type == ASPIS_VALUE_TUPLE || type == ASPIS_VALUE_LIST;
}

/// Bytes that a value of a fixed size must have; SIZE_MAX: any number.
std::size_t fixed_size(std::uint8_t type) {
  switch (type) {
    case ASPIS_VALUE_NONE:
    case ASPIS_VALUE_UNREADABLE:
      return 0;
    case ASPIS_VALUE_BOOL:
      return 1;
    case ASPIS_VALUE_INT:
    case ASPIS_VALUE_FLOAT:
      return 8;
    default:
      return SIZE_MAX;
  }
}

Result<> check_value(const aspis_value& raw) {
  if (raw.type > ASPIS_VALUE_UNREADABLE) {
    return fail("argument: unknown type " + std::to_string(raw.type));
  }
  if (std::size_t size = fixed_size(raw.type); size != SIZE_MAX && raw.len != size) {
    return fail("argument: type " + std::to_string(raw.type) + " with " + std::to_string(raw.len) +
                " bytes");
  }
  if (raw.type == ASPIS_VALUE_STR) {
    unsigned unit = raw.flags & ASPIS_VALUE_KIND;
    if (unit > 4 || unit == 3) {
      return fail("argument: str with code units of " + std::to_string(unit) + " bytes");
    }
    if (unit != 0 && raw.len % unit != 0) return fail("argument: str ends inside a code unit");
  }
  return {};
}

Result<Value> take_value(Cursor& tail, unsigned level);

Result<> take_items(Cursor& tail, unsigned count, unsigned level, std::vector<Value>& items) {
  if (count == 0) return {};
  if (level > ASPIS_DEPTH_MAX) return fail("argument: nested too deep");
  if (count * sizeof(aspis_value) > tail.left()) {
    return fail("argument: " + std::to_string(count) + " items announced, " +
                std::to_string(tail.left()) + " bytes left");
  }
  items.reserve(count);
  for (unsigned i = 0; i < count; ++i) items.push_back(TRY(take_value(tail, level + 1)));
  return {};
}

Result<Value> take_value(Cursor& tail, unsigned level) {
  aspis_value raw;
  std::string_view head = TRY(tail.take(sizeof(raw), "argument"));
  std::memcpy(&raw, head.data(), sizeof(raw));
  TRYV(check_value(raw));
  Value value;
  value.type = raw.type;
  value.flags = raw.flags;
  if (is_container(raw.type)) {
    TRYV(take_items(tail, raw.len, level, value.items));
  } else {
    value.bytes = TRY(tail.take(raw.len, "argument"));
  }
  return value;
}

/// The record as its kind's struct, and a cursor at the tail.
template <class Raw>
Result<const Raw*> payload(std::span<const std::byte> record) {
  if (record.size() < sizeof(Raw)) {
    return fail("payload: " + std::to_string(record.size()) + " bytes, " +
                std::to_string(sizeof(Raw)) + " needed");
  }
  return reinterpret_cast<const Raw*>(record.data());
}

template <class Raw>
Cursor tail_of(std::span<const std::byte> record) {
  return Cursor(record.subspan(sizeof(Raw)));
}

using Payload = decltype(Event::payload);

Result<Payload> decode_exec(std::span<const std::byte> record) {
  const auto* raw = TRY(payload<aspis_exec_event>(record));
  Cursor tail = tail_of<aspis_exec_event>(record);
  ExecPayload out;
  out.exe = TRY(take_path(tail, raw->exe, "exe"));
  out.cwd = TRY(take_path(tail, raw->cwd, "cwd"));
  out.argv = split_argv(TRY(tail.take(raw->argv_len, "argv")));
  out.argv_cut = raw->argv_cut != 0;
  out.ppid = raw->ppid;
  out.parent_start = raw->parent_start;
  return out;
}

Result<Payload> decode_fork(std::span<const std::byte> record) {
  const auto* raw = TRY(payload<aspis_fork_event>(record));
  return ForkPayload{raw->child_pid, raw->child_start};
}

Result<Payload> decode_exit(std::span<const std::byte> record) {
  const auto* raw = TRY(payload<aspis_exit_event>(record));
  return ExitPayload{raw->status};
}

Result<Payload> decode_file(std::span<const std::byte> record) {
  const auto* raw = TRY(payload<aspis_file_event>(record));
  Cursor tail = tail_of<aspis_file_event>(record);
  FilePayload out;
  out.path = TRY(take_path(tail, raw->path, "path"));
  out.other = TRY(take_path(tail, raw->other, "other path"));
  out.raw = raw;
  return out;
}

Result<Payload> decode_net(std::span<const std::byte> record) {
  const auto* raw = TRY(payload<aspis_net_event>(record));
  Cursor tail = tail_of<aspis_net_event>(record);
  return NetPayload{TRY(tail.take(raw->unix_len, "unix path")), raw};
}

Result<Payload> decode_privilege(std::span<const std::byte> record) {
  const auto* raw = TRY(payload<aspis_privilege_event>(record));
  Cursor tail = tail_of<aspis_privilege_event>(record);
  PrivilegePayload out;
  out.path = TRY(take_path(tail, raw->path, "path"));
  out.text = TRY(tail.take(raw->text_len, "text"));
  out.raw = raw;
  return out;
}

Result<Payload> decode_python(std::span<const std::byte> record) {
  const auto* raw = TRY(payload<aspis_python_event>(record));
  Cursor tail = tail_of<aspis_python_event>(record);
  PythonPayload out;
  out.name = TRY(tail.take(raw->name_len, "event name"));
  out.name_cut = raw->name_cut != 0;
  out.args = raw->args;
  out.throttled = raw->throttled;
  out.site = raw->site;
  if (raw->args_sent > ASPIS_AUDIT_ARGS_MAX || raw->args_sent > raw->args) {
    return fail("arguments: " + std::to_string(raw->args_sent) + " sent of " +
                std::to_string(raw->args));
  }
  std::string_view bytes = TRY(tail.take(raw->values_len, "arguments"));
  Cursor values(std::as_bytes(std::span(bytes)));
  TRYV(take_items(values, raw->args_sent, 0, out.values));
  if (values.left() != 0) {
    return fail("arguments: " + std::to_string(values.left()) + " bytes left over");
  }
  return out;
}

struct PayloadDecoder {
  std::string_view name;
  Result<Payload> (*decode)(std::span<const std::byte> record);
};

constexpr PayloadDecoder kDecoders[] = {
    {"exec", decode_exec},           {"fork", decode_fork}, {"exit", decode_exit},
    {"file", decode_file},           {"net", decode_net},   {"python", decode_python},
    {"privilege", decode_privilege},
};

using DecoderTable = std::array<decltype(PayloadDecoder::decode), ASPIS_KIND_COUNT>;

/// Decoder of each kind; null for kinds that only the agent makes.
constexpr DecoderTable make_table() {
  DecoderTable table{};
  for (std::size_t kind = 0; kind < table.size(); ++kind) {
    for (const PayloadDecoder& row : kDecoders) {
      if (row.name == kKinds[kind].payload) table[kind] = row.decode;
    }
  }
  return table;
}

constexpr DecoderTable kByKind = make_table();

}  // namespace

Result<Event> decode(std::span<const std::byte> record) {
  if (record.size() < sizeof(aspis_event)) {
    return fail("record: " + std::to_string(record.size()) + " bytes, no room for the header");
  }
  if (reinterpret_cast<std::uintptr_t>(record.data()) % alignof(aspis_event) != 0) {
    return fail("record: not 8-byte aligned");
  }
  const auto* head = reinterpret_cast<const aspis_event*>(record.data());
  if (head->size != record.size()) {
    return fail("record: header says " + std::to_string(head->size) + " bytes, got " +
                std::to_string(record.size()));
  }
  if (head->kind >= kByKind.size() || kByKind[head->kind] == nullptr) {
    return fail("record: unknown kind " + std::to_string(head->kind));
  }
  // Frames stand behind everything else.
  const std::size_t frames = head->frames * sizeof(aspis_frame);
  if (frames > record.size() - sizeof(aspis_event))
    return fail("record: no room for " + std::to_string(head->frames) + " frames");
  const std::span<const std::byte> stack = record.last(frames);
  Result<Payload> payload = kByKind[head->kind](record.first(record.size() - frames));
  if (!payload) {
    Error error = std::move(payload).error();
    error.message = std::string(kKinds[head->kind].type) + ": " + error.message;
    return tl::unexpected(std::move(error));
  }
  return Event{
      head, std::move(*payload), {reinterpret_cast<const char*>(stack.data()), stack.size()}};
}

}  // namespace aspis
