// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/interpreters.h"

#include <spdlog/spdlog.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "probes/cpython/layouts.h"

namespace aspis {
namespace {

/// Row of the version's layout in cpython::layouts(); -1: there is none.
int layout_row(const cpython::Interpreter& interpreter) {
  if (interpreter.free_threaded) return -1;
  const auto layouts = cpython::layouts();
  const auto row =
      std::find_if(layouts.begin(), layouts.end(), [&](const aspis_python_layout& layout) {
        return layout.major == interpreter.major && layout.minor == interpreter.minor;
      });
  return row == layouts.end() ? -1 : static_cast<int>(row - layouts.begin());
}

}  // namespace

bool Interpreters::attach(const cpython::Interpreter& interpreter) {
  if (!seen_.emplace(interpreter.device, interpreter.inode).second) return false;
  const std::string name = interpreter.shown.empty() ? interpreter.path : interpreter.shown;
  if (interpreter.audit_locations == 0) {
    spdlog::warn(
        "{}: CPython {}.{} has no audit probe (built without --with-dtrace): what it says is "
        "missing",
        name, interpreter.major, interpreter.minor);
    return false;
  }
  const int row = layout_row(interpreter);
  if (row < 0) {
    spdlog::warn("{}: the object layout of CPython {}.{}{} is not known: what it says is missing",
                 name, interpreter.major, interpreter.minor, interpreter.free_threaded ? "t" : "");
    return false;
  }
  if (const auto attached =
          observer_.attach_audit(interpreter.path, static_cast<std::uint32_t>(row));
      !attached) {
    spdlog::warn("{}: what this interpreter says is missing", attached.error().text());
    return false;
  }
  files_.emplace_back(interpreter.device, interpreter.inode);
  spdlog::debug("{}: probing CPython {}.{}", name, interpreter.major, interpreter.minor);
  return true;
}

std::size_t Interpreters::attach_standard() {
  std::size_t count = 0;
  for (const auto& interpreter : cpython::candidates())
    if (interpreter.audit_locations != 0 && attach(interpreter)) ++count;
  return count;
}

void Interpreters::note_image(std::uint32_t pid, std::uint32_t device, std::uint64_t inode) {
  if (!images_.emplace(device, inode).second) return;
  const std::pair<std::uint64_t, std::uint64_t> file{makedev(device >> 20, device & 0xfffff),
                                                     inode};
  if (seen_.contains(file)) return;
  const auto found = cpython::inspect_process(static_cast<pid_t>(pid));
  if (!found) {
    spdlog::debug("{}", found.error().text());
    images_.erase({device, inode});  // it ended too soon: the next one may not
    return;
  }
  for (const auto& interpreter : *found)
    if (attach(interpreter))
      spdlog::info("{}: probed after its start as process {}: its first audit events are missing",
                   interpreter.shown, pid);
}

}  // namespace aspis
