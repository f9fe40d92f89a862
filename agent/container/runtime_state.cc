// SPDX-License-Identifier: Apache-2.0
#include "agent/container/runtime_state.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>

namespace aspis {
namespace {

using nlohmann::json;

constexpr std::uintmax_t kFileMax = 16 << 20;

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

void read_docker(const std::string& root, Container& to) {
  const json state = read_json(root + "/var/lib/docker/containers/" + to.id + "/config.v2.json");
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

void read_containerd(const std::string& root, Container& to) {
  const std::filesystem::path tasks = root + "/run/containerd/io.containerd.runtime.v2.task";
  std::error_code failure;
  for (const auto& space : std::filesystem::directory_iterator(tasks, failure))
    read_oci((space.path() / to.id / "config.json").string(), to);
}

}  // namespace

void read_runtime_state(Container& container, const std::string& root) {
  read_oci(
      root + "/run/containers/storage/overlay-containers/" + container.id + "/userdata/config.json",
      container);
  read_docker(root, container);
  read_podman(root, container);
  read_containerd(root, container);
}

}  // namespace aspis
