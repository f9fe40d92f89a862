// SPDX-License-Identifier: Apache-2.0
#include "agent/container/runtime_state.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>

#include "agent/container/bolt.h"

namespace aspis {
namespace {

using nlohmann::json;

constexpr std::uintmax_t kFileMax = 16 << 20;
constexpr std::string_view kTasks = "/run/containerd/io.containerd.runtime.v2.task";
constexpr std::string_view kMetadata = "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db";

/// Null: not there, not readable, too large, not JSON.
json read_json(const std::string& path) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  if (failure || size > kFileMax) return nullptr;
  std::ifstream file(path);
  json value = json::parse(file, nullptr, false);
  return value.is_discarded() ? json(nullptr) : value;
}

std::string text(const json& object, std::string_view key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const json& member(const json& object, std::string_view key) {
  static const json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

void take_labels(const json& labels, Container& to) {
  if (!labels.is_object()) return;
  for (const auto& [name, value] : labels.items())
    if (value.is_string()) to.labels[name] = value.get<std::string>();
}

void take(std::string& to, std::string value) {
  if (to.empty()) to = std::move(value);
}

/// Where annotations (or labels) hold what we look for; those of each runtime.
struct Annotation {
  std::string_view key;
  std::string Container::* to;
};
constexpr Annotation kAnnotations[] = {
    {"io.kubernetes.cri.container-name", &Container::name},
    {"io.kubernetes.cri.image-name", &Container::image},
    {"io.kubernetes.cri.sandbox-name", &Container::pod},
    {"io.kubernetes.cri.sandbox-namespace", &Container::pod_namespace},
    {"io.kubernetes.cri.sandbox-uid", &Container::pod_uid},
    {"io.kubernetes.container.name", &Container::name},
    {"io.kubernetes.cri-o.ImageName", &Container::image},
    {"io.kubernetes.pod.name", &Container::pod},
    {"io.kubernetes.pod.namespace", &Container::pod_namespace},
    {"io.kubernetes.pod.uid", &Container::pod_uid},
    {"nerdctl/name", &Container::name},
};

void take_annotations(const json& annotations, Container& to) {
  for (const Annotation& row : kAnnotations) take(to.*row.to, text(annotations, row.key));
  // cri-o keeps a pod's labels as JSON in one annotation.
  if (const auto labels =
          json::parse(text(annotations, "io.kubernetes.cri-o.Labels"), nullptr, false);
      labels.is_object())
    take_labels(labels, to);
}

void read_oci(const std::string& path, Container& to) {
  take_annotations(member(read_json(path), "annotations"), to);
}

/// Both keep their containers in the same place.
void read_crio_and_podman(const std::string& root, Container& to) {
  const json config = read_json(root + "/run/containers/storage/overlay-containers/" + to.id +
                                "/userdata/config.json");
  const json& annotations = member(config, "annotations");
  const std::string manager = text(annotations, "io.container.manager");
  if (manager == "cri-o") take(to.runtime, "cri-o");
  if (manager == "libpod") take(to.runtime, "podman");
  take_annotations(annotations, to);
}

void read_docker(const std::string& root, Container& to) {
  const json state = read_json(root + "/var/lib/docker/containers/" + to.id + "/config.v2.json");
  if (state.is_object()) take(to.runtime, "docker");
  std::string name = text(state, "Name");
  if (name.starts_with('/')) name.erase(0, 1);
  take(to.name, std::move(name));
  const json& config = member(state, "Config");
  take(to.image, text(config, "Image"));
  take_labels(member(config, "Labels"), to);
  take_annotations(member(config, "Labels"), to);  // of dockershim
}

void read_podman(const std::string& root, Container& to) {
  const json all =
      read_json(root + "/var/lib/containers/storage/overlay-containers/containers.json");
  if (!all.is_array()) return;
  for (const json& one : all) {
    if (text(one, "id") != to.id) continue;
    if (const json& names = member(one, "names");
        names.is_array() && !names.empty() && names[0].is_string())
      take(to.name, names[0].get<std::string>());
    const json more = json::parse(text(one, "metadata"), nullptr, false);  // JSON in a string
    take(to.name, text(more, "name"));
    take(to.image, text(more, "image-name"));
  }
}

/// What ctr and others give it has no annotations: their image is in containerd's database alone.
void read_containerd_task(const std::string& root, const std::string& space, Container& to) {
  const std::filesystem::path task = root + std::string(kTasks) + "/" + space + "/" + to.id;
  std::error_code failure;
  if (!std::filesystem::is_directory(task, failure)) return;
  take(to.runtime, space == "moby" ? "docker" : "containerd");
  read_oci((task / "config.json").string(), to);
  if (!to.image.empty()) return;
  const std::string_view buckets[] = {"v1", space, "containers", to.id};
  take(to.image, bolt_value(root + std::string(kMetadata), buckets, "image").value_or(""));
}

void read_containerd(const std::string& root, Container& to) {
  if (!to.space.empty()) return read_containerd_task(root, to.space, to);
  std::error_code failure;
  for (const auto& space : std::filesystem::directory_iterator(root + std::string(kTasks), failure))
    read_containerd_task(root, space.path().filename(), to);
}

}  // namespace

std::optional<Container> containerd_task_in(std::string_view cgroup_path, const std::string& root) {
  if (!cgroup_path.starts_with('/')) return std::nullopt;
  cgroup_path.remove_prefix(1);
  const std::size_t slash = cgroup_path.find('/');
  if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
  Container found;
  found.space = cgroup_path.substr(0, slash);
  cgroup_path.remove_prefix(slash + 1);
  found.id = cgroup_path.substr(0, cgroup_path.find('/'));  // below it may be more
  std::error_code failure;
  const std::string task = root + std::string(kTasks) + "/" + found.space + "/" + found.id;
  if (found.id.empty() || found.space == ".." || found.id == ".." ||
      !std::filesystem::is_directory(task, failure))
    return std::nullopt;
  found.name = found.id;
  return found;
}

void read_runtime_state(Container& container, const std::string& root) {
  read_crio_and_podman(root, container);
  read_docker(root, container);
  read_podman(root, container);
  read_containerd(root, container);
}

}  // namespace aspis
