// SPDX-License-Identifier: Apache-2.0
// What container runtimes keep of a container in files: name, image, pod, labels.
#pragma once

#include <string>
#include <string_view>

#include "agent/event/container.h"

namespace aspis {

/// Fills in what the runtime's files below `root` ("" or a directory for tests) say of the
/// container; what cannot be read, or is not understood, stays empty. Files that are looked at:
///   docker      /var/lib/docker/containers/ID/config.v2.json
///   podman      /var/lib/containers/storage/overlay-containers/containers.json
///   containerd  /run/containerd/io.containerd.runtime.v2.task/*/ID/config.json (OCI annotations)
///   cri-o, podman  /run/containers/storage/overlay-containers/ID/userdata/config.json (the same)
void read_runtime_state(Container& container, const std::string& root = "");

}  // namespace aspis
