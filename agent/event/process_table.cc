// SPDX-License-Identifier: Apache-2.0
#include "agent/event/process_table.h"

#include <utility>

namespace aspis {
namespace {

using Entry = std::shared_ptr<const Process>;

int ancestors(const Entry& process) {
  int depth = 0;
  for (const Process* at = process.get(); at != nullptr; at = at->parent.get()) ++depth;
  return depth;
}

// A copy of the chain that ends after `keep` processes.
Entry shortened(const Entry& process, int keep) {
  if (process == nullptr || keep == 0) return nullptr;
  auto copy = std::make_shared<Process>(*process);
  copy->parent = shortened(process->parent, keep - 1);
  return copy;
}

// Cutting at twice the depth that is kept makes the copies rare: one in kAncestorsKept generations.
Entry bounded(const Entry& parent) {
  if (ancestors(parent) < 2 * ProcessTable::kAncestorsKept) return parent;
  return shortened(parent, ProcessTable::kAncestorsKept);
}

bool stale(const Process& process, const aspis_event& head) {
  const bool python = (head.flags & ASPIS_F_PYTHON) != 0;
  return (python && !process.python) || process.uid != head.uid || process.gid != head.gid ||
         process.cgroup != head.cgroup;
}

void copy_head(Process& process, const aspis_event& head) {
  process.id = process_id(head);
  process.uid = head.uid;
  process.gid = head.gid;
  process.cgroup = head.cgroup;
  process.python |= (head.flags & ASPIS_F_PYTHON) != 0;
}

}  // namespace

Entry ProcessTable::find(const ProcessId& id) {
  const Entry* found = processes_.find(id);
  return found == nullptr ? nullptr : *found;
}

Entry ProcessTable::put(Process process) {
  const ProcessId id = process.id;
  return processes_.insert(id, std::make_shared<const Process>(std::move(process)));
}

// The process of the header, entered or brought up to date if need be.
Entry ProcessTable::current(const aspis_event& head) {
  const Entry* found = processes_.find(process_id(head));
  if (found != nullptr && !stale(**found, head)) return *found;
  Process process = found == nullptr ? Process{} : **found;
  copy_head(process, head);
  return put(std::move(process));
}

Entry ProcessTable::image(const aspis_event& head, const ExecPayload& exec) {
  Process process;
  copy_head(process, head);
  process.exe = exec.exe.text;
  process.cwd = exec.cwd.text;
  process.argv.assign(exec.argv.begin(), exec.argv.end());
  process.argv_cut = exec.argv_cut;
  process.ppid = exec.ppid;
  process.parent = bounded(find({exec.ppid, exec.parent_start}));
  return put(std::move(process));
}

void ProcessTable::fork(const Entry& parent, const ForkPayload& fork) {
  Process child = *parent;
  child.id = {fork.child_pid, fork.child_start};
  child.ppid = parent->id.pid;
  child.parent = bounded(parent);
  put(std::move(child));
}

// After os.chdir nobody has told where the process is.
Entry ProcessTable::forget_directory(const aspis_event& head, const Entry& process) {
  if (process->cwd.empty()) return process;
  Process moved = *process;
  moved.cwd.clear();
  copy_head(moved, head);
  return put(std::move(moved));
}

Entry ProcessTable::apply(const Event& event) {
  const aspis_event& head = *event.head;
  if (const auto* exec = event.as<ExecPayload>()) return image(head, *exec);
  Entry process = current(head);
  if (const auto* python = event.as<PythonPayload>(); python && python->name == "os.chdir") {
    return forget_directory(head, process);
  }
  if (const auto* child = event.as<ForkPayload>()) fork(process, *child);
  if (event.as<ExitPayload>() != nullptr) processes_.erase(process->id);
  return process;
}

}  // namespace aspis
