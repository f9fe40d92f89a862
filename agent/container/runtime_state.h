// SPDX-License-Identifier: Apache-2.0
// What container runtimes keep of a container in files: name, image, pod, labels.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/event/container.h"

namespace aspis {

/// The container of containerd's own clients (ctr, the library): "/NAMESPACE/ID", where the id may
/// be any name, so that only containerd knows whether it is one. Nothing: it has no such task.
std::optional<Container> containerd_task_in(std::string_view cgroup_path,
                                            const std::string& root = "");

/// Fills in what the runtime's files below `root` ("" or a directory for tests) say of the
/// container; what cannot be read, or is not understood, stays empty. Files that are looked at:
///   docker      /var/lib/docker/containers/ID/config.v2.json
///   podman      /var/lib/containers/storage/overlay-containers/containers.json
///   containerd  /run/containerd/io.containerd.runtime.v2.task/*/ID/config.json (OCI annotations)
///               /var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db (the image)
///   cri-o, podman  /run/containers/storage/overlay-containers/ID/userdata/config.json (as
///               containerd's)
void read_runtime_state(Container& container, const std::string& root = "");

}  // namespace aspis
