// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/kernel_side.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace aspis {
namespace {

struct FreeTypes {
  void operator()(btf* types) const { btf__free(types); }
};

/// Reached by others than the hooks: attached to interpreters (probes.h), or run by walk_tasks().
constexpr std::string_view kElsewhere[] = {"on_audit", "on_audit_raise", "on_audit_return",
                                           "find_tasks", "list_domains"};

bool has_its_place(std::string_view program) {
  for (const std::string_view name : kElsewhere)
    if (name == program) return false;
  return attached_directly(program);
}

}  // namespace

int NamedFds::find(std::string_view name) const {
  for (const auto& [known, fd] : all_)
    if (known == name) return fd.get();
  return -1;
}

Result<> Section::open(int map_fd, bool writable) {
  bpf_map_info info{};
  std::uint32_t length = sizeof(info);
  if (map_fd < 0 || bpf_obj_get_info_by_fd(map_fd, &info, &length) != 0)
    return fail_errno("cannot look at the variables of the BPF side");
  const std::unique_ptr<btf, FreeTypes> types(btf__load_from_kernel_by_id(info.btf_id));
  const btf_type* section = types ? btf__type_by_id(types.get(), info.btf_value_type_id) : nullptr;
  if (section == nullptr || !btf_is_datasec(section))
    return fail("the kernel does not say what the variables of the BPF side are");
  const btf_var_secinfo* places = btf_var_secinfos(section);
  for (unsigned i = 0; i < btf_vlen(section); ++i) {
    const btf_type* variable = btf__type_by_id(types.get(), places[i].type);
    Variable& known = variables_[btf__name_by_offset(types.get(), variable->name_off)];
    known.offset = places[i].offset;
    known.size = places[i].size;
  }
  map_fd_ = map_fd;
  writable_ = writable;
  return {};
}

void* Section::find(std::string_view name, std::size_t size) {
  const auto found = variables_.find(name);
  if (found == variables_.end() || found->second.size != size) return nullptr;
  Variable& variable = found->second;
  if (!variable.window) {
    auto window = MapWindow::open(map_fd_, variable.offset, size, writable_);
    if (!window) return nullptr;
    variable.window.emplace(std::move(*window));
  }
  return variable.window->data();
}

Result<std::unique_ptr<KernelSide>> KernelSide::create(KernelFds fds, LoadFacts facts) {
  std::unique_ptr<KernelSide> side(new KernelSide(std::move(fds), std::move(facts)));
  TRYV(side->bss_.open(side->map("bss"), true));
  TRYV(side->rodata_.open(side->map("rodata"), false));
  return side;
}

/// Programs of the backend first: of two at one tracepoint (exec) the first one decides.
Result<> KernelSide::attach() {
  TRYV(attach(true));
  return attach(false);
}

/// All of them are of kinds whose place is a part of the program (lsm, fmod_ret, fentry, tp_btf).
Result<> KernelSide::attach(bool of_backend) {
  for (const auto& [name, program] : fds_.programs) {
    if (!has_its_place(name) || of_a_backend(name) != of_backend) continue;
    Fd link(bpf_raw_tracepoint_open(nullptr, program.get()));
    if (link.valid()) {
      fds_.links.add(name, std::move(link));
      continue;
    }
    const int error = errno;
    if (name.find("__") == std::string::npos) return fail_errno("cannot attach " + name, error);
    facts.missing.push_back(
        {name, std::string("attaching refused: ") + std::strerror(error), true});
  }
  return {};
}

std::vector<int> KernelSide::backend_links() const {
  std::vector<int> links;
  for (const auto& [name, link] : fds_.links)
    if (of_a_backend(name)) links.push_back(link.get());
  return links;
}

Result<std::vector<std::byte>> KernelSide::walk_tasks(std::string_view program) const {
  const Fd link(bpf_link_create(this->program(program), 0, BPF_TRACE_ITER, nullptr));
  if (!link.valid()) return fail_errno("cannot walk the running tasks");
  const Fd walk(bpf_iter_create(link.get()));
  if (!walk.valid()) return fail_errno("cannot walk the running tasks");
  std::vector<std::byte> written;
  std::byte piece[4096];
  ssize_t got = 0;
  while ((got = ::read(walk.get(), piece, sizeof(piece))) > 0 || (got < 0 && errno == EAGAIN)) {
    if (got > 0) written.insert(written.end(), piece, piece + got);
  }
  if (got < 0) return fail_errno("walking the running tasks stopped early");
  return written;
}

std::uint64_t KernelSide::missed_runs() const {
  std::uint64_t sum = 0;
  for (const auto& [name, program] : fds_.programs) {
    bpf_prog_info info{};
    std::uint32_t length = sizeof(info);
    if (bpf_obj_get_info_by_fd(program.get(), &info, &length) == 0) sum += info.recursion_misses;
  }
  return sum;
}

}  // namespace aspis
