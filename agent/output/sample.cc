// SPDX-License-Identifier: Apache-2.0
#include "agent/output/sample.h"

#include <cstdlib>

#include "agent/event/decode.h"

namespace aspis::sample {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::string value(std::uint8_t type, std::uint8_t flags, std::uint16_t length,
                  std::string_view bytes) {
  const aspis_value raw{type, flags, length};
  return std::string(reinterpret_cast<const char*>(&raw), sizeof(raw)).append(bytes);
}

template <class T>
std::string_view raw_bytes(const T& object) {
  return {reinterpret_cast<const char*>(&object), sizeof(object)};
}

std::string sized(std::uint8_t type, std::uint8_t flags, std::string_view bytes) {
  return value(type, flags, static_cast<std::uint16_t>(bytes.size()), bytes);
}

}  // namespace

std::span<const std::byte> Wire::bytes() {
  const auto size = static_cast<std::uint32_t>(text_.size());
  std::memcpy(text_.data() + offsetof(aspis_event, size), &size, sizeof(size));
  aligned_.assign((text_.size() + 7) / 8, 0);
  std::memcpy(aligned_.data(), text_.data(), text_.size());
  return std::as_bytes(std::span(aligned_)).first(text_.size());
}

std::string none() {
  return value(ASPIS_VALUE_NONE, 0, 0, {});
}

std::string boolean(bool set) {
  return sized(ASPIS_VALUE_BOOL, 0, set ? std::string_view("\1") : std::string_view("\0", 1));
}

std::string integer(std::int64_t number, std::uint8_t flags) {
  std::uint64_t magnitude = static_cast<std::uint64_t>(number);
  if (number < 0) {
    magnitude = 0 - magnitude;
    flags |= ASPIS_VALUE_NEGATIVE;
  }
  return sized(ASPIS_VALUE_INT, flags, raw_bytes(magnitude));
}

std::string floating(double number) {
  return sized(ASPIS_VALUE_FLOAT, 0, raw_bytes(number));
}

std::string str(std::string_view units, std::uint8_t unit, std::uint8_t flags) {
  return sized(ASPIS_VALUE_STR, static_cast<std::uint8_t>(unit | flags), units);
}

std::string bytes(std::string_view text, std::uint8_t flags) {
  return sized(ASPIS_VALUE_BYTES, flags, text);
}

std::string other(std::string_view type_name) {
  return sized(ASPIS_VALUE_OTHER, 0, type_name);
}

std::string unreadable() {
  return value(ASPIS_VALUE_UNREADABLE, 0, 0, {});
}

std::string list(const std::vector<std::string>& items, std::uint8_t flags, std::uint8_t type) {
  std::string out = value(type, flags, static_cast<std::uint16_t>(items.size()), {});
  for (const std::string& item : items) out += item;
  return out;
}

std::string tuple(const std::vector<std::string>& items) {
  return list(items, 0, ASPIS_VALUE_TUPLE);
}

aspis_event head(aspis_kind kind) {
  aspis_event head{};
  head.kind = kind;
  head.seq = 42;
  head.time = 3600 * kSecond + 678'901'234;
  head.cause = 41;
  head.start = 3600 * kSecond;
  head.cgroup = 4311;
  head.pid = head.tid = 812;
  head.uid = head.gid = 33;
  return head;
}

aspis_path path(std::string_view text, std::uint16_t flags) {
  return {static_cast<std::uint16_t>(text.size()), flags, 254U << 20 | 1,
          text.empty() ? 0U : 131074U};
}

Wire file_event(aspis_kind kind, std::string_view path_text, std::string_view other_text,
                const aspis_file_event& fields) {
  aspis_file_event raw = fields;
  const auto path_flags = fields.path.flags;
  const auto other_flags = fields.other.flags;
  raw.e = head(kind);
  raw.path = path(path_text, path_flags);
  raw.other = path(other_text, other_flags);
  return Wire(raw).tail(path_text).tail(other_text);
}

Wire python_event(std::string_view name, const std::vector<std::string>& values) {
  aspis_python_event raw{};
  raw.e = head(ASPIS_PYTHON_AUDIT);
  raw.e.pid = raw.e.tid = 799;
  raw.e.cause = 0;
  raw.e.flags = ASPIS_F_PYTHON;
  std::string encoded;
  for (const std::string& value : values) encoded += value;
  raw.name_len = static_cast<std::uint16_t>(name.size());
  raw.values_len = static_cast<std::uint16_t>(encoded.size());
  raw.args = raw.args_sent = static_cast<std::uint16_t>(values.size());
  return Wire(raw).tail(name).tail(encoded);
}

std::shared_ptr<const Process> python() {
  Process init;
  init.id = {1, 0};
  init.exe = "/usr/lib/systemd/systemd";
  Process python;
  python.id = {799, 3000 * kSecond};
  python.uid = python.gid = 33;
  python.cgroup = 4311;
  python.exe = "/usr/bin/python3.11";
  python.argv = {"python3", "/srv/app/main.py"};
  python.python = true;
  python.ppid = 1;
  python.parent = std::make_shared<const Process>(init);
  return std::make_shared<const Process>(python);
}

std::shared_ptr<const Process> cat() {
  Process cat;
  cat.id = {812, 3600 * kSecond};
  cat.uid = cat.gid = 33;
  cat.cgroup = 4311;
  cat.exe = "/usr/bin/cat";
  cat.cwd = "/srv/app";
  cat.argv = {"cat", "/etc/passwd"};
  cat.ppid = 799;
  cat.parent = python();
  return std::make_shared<const Process>(cat);
}

std::shared_ptr<const Cause> popen_cause() {
  Cause cause;
  cause.seq = 41;
  cause.event = "subprocess.Popen";
  cause.args = R"({"executable":"cat","args":["cat","/etc/passwd"],"cwd":null,"env":null})";
  cause.process = python();
  return std::make_shared<const Cause>(cause);
}

Sample::Sample(std::string_view title, Wire wire) : title(title), wire_(std::move(wire)) {
  Result<Event> event = decode(wire_.bytes());
  if (!event) std::abort();  // a sample is fixed: it decodes, or this program is wrong
  event_ = std::move(*event);
  record.kind = event_.kind();
  record.time = event_.head->time;
  record.seq = event_.head->seq;
  record.event = &event_;
  const bool audit = event_.as<PythonPayload>() != nullptr;
  record.process = audit ? python() : cat();
  if (!audit) record.cause = popen_cause();
}

Sample::Sample(std::string_view title, aspis_kind kind) : title(title), wire_(head(kind)) {
  record.kind = kind;
  record.time = head(kind).time;
}

}  // namespace aspis::sample
