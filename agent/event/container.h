// SPDX-License-Identifier: Apache-2.0
// The container that a process is in.
#pragma once

#include <map>
#include <string>

namespace aspis {

/// From the path of its cgroup: id and runtime, and of Kubernetes the pod's uid. The rest, and the
/// runtime where the path does not name it, is from the runtime's own files, where they can be
/// read; empty: not known.
struct Container {
  std::string id;       ///< hexadecimal, whole; of containerd's own clients, any name
  std::string runtime;  ///< "docker", "podman", "containerd", "cri-o"; empty: not known
  std::string name;
  std::string image;
  std::string pod;  ///< name of the Kubernetes pod
  std::string pod_namespace;
  std::string pod_uid;
  std::map<std::string, std::string> labels;
  std::string space = {};  ///< containerd's namespace, where the id is good in it alone
};

}  // namespace aspis
