// SPDX-License-Identifier: Apache-2.0
// Events by hand, with the bytes they point to.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "agent/event/event.h"

namespace aspis::testing {

/// An Event that owns what it points to. Movable into a deque only by construction there.
struct Made {
  aspis_event head{};
  aspis_file_event file{};
  aspis_net_event net{};
  std::deque<std::string> texts;
  Event event;

  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
};

/// Makes events of one process and thread; seq and time go up by one and by 1 ms each.
class EventMaker {
 public:
  std::uint32_t pid = 100, tid = 100;
  std::uint64_t start = 1000;
  std::uint32_t uid = 1000;
  std::uint8_t flags = ASPIS_F_PYTHON;
  std::uint64_t cause = 0;
  std::uint32_t lost = 0;
  std::uint64_t seq = 0, time = 0;

  Event& exec(std::string exe, std::string cwd = "", std::vector<std::string> argv = {},
              std::uint32_t ppid = 0, std::uint64_t parent_start = 0,
              aspis_kind kind = ASPIS_PROCESS_EXEC) {
    Made& made = make(kind);
    ExecPayload payload;
    payload.exe.text = made.keep(std::move(exe));
    payload.cwd.text = made.keep(std::move(cwd));
    for (std::string& argument : argv) payload.argv.push_back(made.keep(std::move(argument)));
    payload.ppid = ppid;
    payload.parent_start = parent_start;
    made.event.payload = std::move(payload);
    return made.event;
  }
  Event& fork(std::uint32_t child_pid, std::uint64_t child_start) {
    Made& made = make(ASPIS_PROCESS_FORK);
    made.event.payload = ForkPayload{child_pid, child_start};
    return made.event;
  }
  Event& exit() {
    Made& made = make(ASPIS_PROCESS_EXIT);
    made.event.payload = ExitPayload{};
    return made.event;
  }
  Event& file(aspis_kind kind, std::string path, std::string other = "",
              std::uint16_t path_flags = 0, std::uint32_t open_flags = 0) {
    Made& made = make(kind);
    made.file.flags = open_flags;
    FilePayload payload;
    payload.path.text = made.keep(std::move(path));
    payload.path.flags = path_flags;
    payload.other.text = made.keep(std::move(other));
    payload.raw = &made.file;
    made.event.payload = payload;
    return made.event;
  }
  Event& net(aspis_kind kind, std::uint16_t family, std::vector<std::uint8_t> address,
             std::uint16_t port, std::string unix_path = "") {
    Made& made = make(kind);
    made.net.family = family;
    made.net.port = port;
    if (!address.empty()) std::memcpy(made.net.address, address.data(), address.size());
    made.event.payload = NetPayload{made.keep(std::move(unix_path)), &made.net};
    return made.event;
  }
  Event& kill() {
    Made& made = make(ASPIS_PRIV_KILL);
    made.event.payload = PrivilegePayload{};
    return made.event;
  }
  Event& audit(std::string name, std::vector<Value> values = {}) {
    Made& made = make(ASPIS_PYTHON_AUDIT);
    PythonPayload payload;
    payload.name = made.keep(std::move(name));
    payload.args = static_cast<std::uint16_t>(values.size());
    payload.values = std::move(values);
    made.event.payload = std::move(payload);
    return made.event;
  }

  // Arguments. Texts are kept by the maker.
  Value str(std::string text, std::uint8_t value_flags = 0) {
    Value value;
    value.type = ASPIS_VALUE_STR;
    value.flags = static_cast<std::uint8_t>(1 | value_flags);
    value.bytes = texts_.emplace_back(std::move(text));
    return value;
  }
  Value bytes(std::string text) {
    Value value = str(std::move(text));
    value.type = ASPIS_VALUE_BYTES;
    value.flags = 0;
    return value;
  }
  Value integer(std::int64_t number) {
    const auto magnitude = static_cast<std::uint64_t>(number < 0 ? -number : number);
    Value value = str(std::string(reinterpret_cast<const char*>(&magnitude), sizeof(magnitude)));
    value.type = ASPIS_VALUE_INT;
    value.flags = number < 0 ? ASPIS_VALUE_NEGATIVE : 0;
    return value;
  }
  static Value none() { return {}; }
  static Value tuple(std::vector<Value> items) {
    Value value;
    value.type = ASPIS_VALUE_TUPLE;
    value.items = std::move(items);
    return value;
  }

 private:
  Made& make(aspis_kind kind) {
    Made& made = made_.emplace_back();
    time += 1'000'000;
    made.head.kind = static_cast<std::uint16_t>(kind);
    made.head.seq = ++seq;
    made.head.time = time;
    made.head.flags = flags;
    made.head.cause = cause;
    made.head.start = start;
    made.head.pid = pid;
    made.head.tid = tid;
    made.head.uid = uid;
    made.head.gid = 1000;
    made.head.lost_ring = lost;
    made.event.head = &made.head;
    return made;
  }

  std::deque<Made> made_;
  std::deque<std::string> texts_;
};

}  // namespace aspis::testing
