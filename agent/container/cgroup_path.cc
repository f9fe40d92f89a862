// SPDX-License-Identifier: Apache-2.0
#include "agent/container/cgroup_path.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>

namespace aspis {
namespace {

constexpr std::size_t kIdLength = 64;
constexpr int kFileIdKernfs = 0xfe;  // include/linux/exportfs.h: FILEID_KERNFS

struct Prefix {
  std::string_view text, runtime;
};
/// Of a component: PREFIX ID [".scope"]. The last, without a name, is that of cgroupfs drivers.
constexpr Prefix kPrefixes[] = {
    {"docker-", "docker"}, {"libpod-", "podman"},      {"cri-containerd-", "containerd"},
    {"crio-", "cri-o"},    {"nerdctl-", "containerd"}, {"", ""}};

bool is_id(std::string_view text) {
  return text.size() == kIdLength && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// "podUID" and "kubepods-burstable-podUID.slice", where systemd wants "_" for "-".
std::string pod_uid_in(std::string_view component) {
  if (component.ends_with(".slice")) component.remove_suffix(6);
  const std::size_t at = component.rfind("pod");
  if (at == std::string_view::npos) return {};
  std::string uid(component.substr(at + 3));
  std::ranges::replace(uid, '_', '-');
  // Not podman's "libpod_pod_ID": it has a pod, and no Kubernetes that knows it by this.
  const bool good = uid.size() >= 32 && uid.front() != '-' && std::ranges::all_of(uid, [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
                    });
  return good ? uid : std::string();
}

}  // namespace

std::optional<Container> container_in(std::string_view cgroup_path) {
  std::optional<Container> found;
  std::string_view before;
  std::string uid;
  while (!cgroup_path.empty()) {
    cgroup_path.remove_prefix(cgroup_path.starts_with('/') ? 1 : 0);
    const std::size_t end = std::min(cgroup_path.find('/'), cgroup_path.size());
    std::string_view component = cgroup_path.substr(0, end);
    cgroup_path.remove_prefix(end);
    if (auto here = pod_uid_in(component.substr(0, component.find(':'))); !here.empty())
      uid = std::move(here);
    // containerd, with systemd's driver: "SLICE:cri-containerd:ID".
    std::string_view name = component.substr(component.rfind(':') + 1);
    if (name.ends_with(".scope")) name.remove_suffix(6);
    for (const Prefix& prefix : kPrefixes) {
      if (!name.starts_with(prefix.text) || !is_id(name.substr(prefix.text.size()))) continue;
      std::string_view runtime = prefix.runtime;
      if (runtime.empty() && before == "docker") runtime = "docker";
      if (runtime.empty() && component.find(":cri-containerd:") != std::string_view::npos)
        runtime = "containerd";
      found.emplace();
      found->id = name.substr(prefix.text.size());
      found->runtime = runtime;
      found->pod_uid = uid;
      break;
    }
    before = component;
  }
  return found;
}

Result<CgroupPaths> CgroupPaths::open(const std::string& mount) {
  Fd fd(::open(mount.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno(mount);
  struct statfs system{};
  if (::fstatfs(fd.get(), &system) != 0) return fail_errno(mount);
  if (system.f_type != CGROUP2_SUPER_MAGIC) return fail(mount + " is no cgroup2 file system");
  return CgroupPaths(std::move(fd), mount);
}

std::optional<std::string> CgroupPaths::path_of(std::uint64_t id) const {
  alignas(file_handle) char bytes[sizeof(file_handle) + sizeof(id)] = {};
  auto* handle = reinterpret_cast<file_handle*>(bytes);
  handle->handle_bytes = sizeof(id);
  handle->handle_type = kFileIdKernfs;
  std::memcpy(handle->f_handle, &id, sizeof(id));
  const Fd directory(::open_by_handle_at(mount_.get(), handle, O_PATH | O_CLOEXEC));
  if (!directory.valid()) return std::nullopt;
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(directory.get());
  const ssize_t length = ::readlink(link.c_str(), path, sizeof(path));
  if (length <= 0) return std::nullopt;
  std::string_view text(path, static_cast<std::size_t>(length));
  if (!text.starts_with(prefix_)) return std::string(text);
  text.remove_prefix(prefix_.size());
  return text.empty() ? "/" : std::string(text);
}

}  // namespace aspis
