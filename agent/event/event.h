// SPDX-License-Identifier: Apache-2.0
// One decoded event: typed views into the bytes that the kernel sent. Nothing here owns memory; an
// Event is valid as long as the record it was decoded from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bpf/abi/event.h"

namespace aspis {

/// A path of the kernel, and what is to be said about it (ASPIS_PATH_*).
struct Path {
  std::string_view text;  ///< bytes as in the file system: not always UTF-8
  std::uint16_t flags = 0;
  std::uint32_t dev = 0;
  std::uint64_t ino = 0;
};

/// One argument of an audit event. Containers hold their elements.
struct Value {
  std::uint8_t type = ASPIS_VALUE_NONE;  ///< enum aspis_value_type
  std::uint8_t flags = 0;                ///< ASPIS_VALUE_*
  std::string_view bytes;    ///< str (code units), bytes, type name; raw scalar otherwise
  std::vector<Value> items;  ///< tuple and list

  [[nodiscard]] bool cut() const { return (flags & ASPIS_VALUE_CUT) != 0; }
};

struct ExecPayload {
  Path exe, cwd;
  std::vector<std::string_view> argv;
  bool argv_cut = false;
  std::vector<std::string> environment;  ///< NAME=VALUE that Python heeds; the agent looks for them
  bool environment_cut = false;          ///< there is more of it
  std::uint32_t ppid = 0;
  std::uint64_t parent_start = 0;
};
struct ForkPayload {
  std::uint32_t child_pid = 0;
  std::uint64_t child_start = 0;
};
struct ExitPayload {
  std::uint32_t status = 0;  ///< as wait(2)
};
struct FilePayload {
  Path path, other;
  const aspis_file_event* raw = nullptr;
};
struct NetPayload {
  std::string_view unix_path;
  const aspis_net_event* raw = nullptr;
};
struct PrivilegePayload {
  Path path;
  std::string_view text;
  const aspis_privilege_event* raw = nullptr;
};
struct PythonPayload {
  std::string_view name;
  bool name_cut = false;
  std::uint16_t args = 0;       ///< passed; `values` may be fewer
  std::uint16_t site = 0;       ///< row of the site (bpf/abi/python_site.h)
  std::uint32_t throttled = 0;  ///< events of this thread just before this one that were not told
  std::vector<Value> values;
};

struct Event {
  const aspis_event* head = nullptr;
  std::variant<std::monostate, ExecPayload, ForkPayload, ExitPayload, FilePayload, NetPayload,
               PrivilegePayload, PythonPayload>
      payload;
  std::string_view frames;  ///< struct aspis_frame[], not aligned: what Python was doing

  [[nodiscard]] aspis_kind kind() const { return static_cast<aspis_kind>(head->kind); }
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&payload);
  }
};

}  // namespace aspis
