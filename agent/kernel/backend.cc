// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/backend.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "agent/kernel/libbpf_log.h"
#include "aspis_probe_bpf.skel.h"

namespace aspis {
namespace {

constexpr std::array<std::string_view, kBackends.size()> kNames = {"lsm", "fmod_ret", "tracepoint"};

struct Destroy {
  void operator()(aspis_probe_bpf* skeleton) const { aspis_probe_bpf::destroy(skeleton); }
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
  void operator()(btf* types) const { btf__free(types); }
};
using Skeleton = std::unique_ptr<aspis_probe_bpf, Destroy>;
using Link = std::unique_ptr<bpf_link, Destroy>;

std::string refused(std::string_view step, int error) {
  return std::string(step) + " refused: " + std::strerror(error < 0 ? -error : error);
}

/// A skeleton with only `program` of it, loaded. Null: `trial` says why.
Skeleton load_only(const char* program, Trial& trial) {
  Skeleton skeleton(aspis_probe_bpf::open());
  if (!skeleton) {
    trial.why_not = refused("opening", errno);
    return nullptr;
  }
  bpf_program* chosen = bpf_object__find_program_by_name(skeleton->obj, program);
  bpf_program__set_autoload(chosen, true);
  if (const int error = aspis_probe_bpf::load(skeleton.get()); error != 0) {
    trial.why_not = refused("loading", error);
    return nullptr;
  }
  return skeleton;
}

}  // namespace

std::string_view backend_name(Backend backend) {
  return kNames[static_cast<std::size_t>(backend)];
}

std::optional<Backend> backend_from_name(std::string_view name) {
  for (const Backend backend : kBackends)
    if (backend_name(backend) == name) return backend;
  return std::nullopt;
}

Trial try_backend(Backend backend) {
  Trial trial;
  LibbpfLog log;
  const std::string name(backend_name(backend));
  const Skeleton skeleton = load_only(name.c_str(), trial);
  if (!skeleton) return trial;
  const Link link(
      bpf_program__attach(bpf_object__find_program_by_name(skeleton->obj, name.c_str())));
  if (!link) {
    trial.why_not = refused("attaching", errno);
    return trial;
  }
  if (const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC); fd >= 0) ::close(fd);
  trial.works =
      (skeleton->bss->lsm_ran | skeleton->bss->fmod_ret_ran | skeleton->bss->tracepoint_ran) != 0;
  if (!trial.works)
    trial.why_not = backend == Backend::kLsm
                        ? "attached, but never called: boot with \"bpf\" in the lsm= list"
                        : "attached, but never called";
  return trial;
}

Trial try_signed_code() {
  Trial trial;
  LibbpfLog log;
  const std::unique_ptr<btf, Destroy> kernel(btf__load_vmlinux_btf());
  const auto has = [&](const char* function) {
    return kernel && btf__find_by_name_kind(kernel.get(), function, BTF_KIND_FUNC) > 0;
  };
  if (!has("bpf_lsm_file_post_open"))
    trial.why_not = "the hook file_post_open is needed: Linux 6.9";
  else if (!has("bpf_get_fsverity_digest"))
    trial.why_not = "a kernel with CONFIG_FS_VERITY is needed";
  if (!trial.why_not.empty()) return trial;
  const Skeleton skeleton = load_only("signed_code", trial);
  if (!skeleton) return trial;
  const Link link(bpf_program__attach(skeleton->progs.signed_code));
  if (!link) {
    trial.why_not = refused("attaching", errno);
    return trial;
  }
  if (const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC); fd >= 0) ::close(fd);
  trial.works = skeleton->bss->signed_code_ran != 0;
  if (!trial.works) trial.why_not = "the backend lsm is needed: boot with \"bpf\" in the lsm= list";
  return trial;
}

Trial try_task_iterator() {
  Trial trial;
  LibbpfLog log;
  const Skeleton skeleton = load_only("iterator", trial);
  if (!skeleton) return trial;
  const Link link(bpf_program__attach_iter(skeleton->progs.iterator, nullptr));
  trial.works = link != nullptr;
  if (!trial.works) trial.why_not = refused("attaching", errno);
  return trial;
}

Trial try_register_write() {
  Trial trial;
  LibbpfLog log;
  trial.works = load_only("register_write", trial) != nullptr;
  return trial;
}

Trial try_uprobe() {
  Trial trial;
  LibbpfLog log;
  const Skeleton skeleton = load_only("user_probe", trial);
  if (!skeleton) return trial;
  // The first byte of this program's text, for this process alone: attached and taken away, never
  // hit.
  const Link link(bpf_program__attach_uprobe(skeleton->progs.user_probe, false, ::getpid(),
                                             "/proc/self/exe", 0x1000));
  trial.works = link != nullptr;
  if (!trial.works) trial.why_not = refused("attaching", errno);
  return trial;
}

}  // namespace aspis
