#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The agent as a pod for `podman kube play`, made of the manifests in ../base: pod.py [IMAGE [PROFILES…]] > pod.yaml

What is changed, as podman 4.3 (Debian 12) knows no more:
- the DaemonSet becomes a Pod: there is one node;
- hostPID is not read by podman before 4.4: it is said to podman itself, CONTAINERS_CONF with `pidns = "host"`;
- probes are left out: podman makes health checks of them, which need timers of systemd;
- ServiceAccount, priority, tolerations and node selector mean nothing here; seccompProfile and appArmorProfile are podman's own defaults (AppArmor
  is off where the kernel has no profile loaded; else `--security-opt apparmor=unconfined` has no place in a manifest: run podman with
  `apparmor_profile = "unconfined"`);
- mountPropagation is left out: podman's bind mounts are recursive, and the node's bpffs is there before the pod is;
- the pod is in the node's network, so that no network has to be made; metrics are at 127.0.0.1 alone;
- runtimes' state: /var/lib/containers, too, where podman has names and images.
PROFILES are files that the ConfigMap of profiles has instead.
"""

import pathlib
import sys

import yaml

BASE = pathlib.Path(__file__).resolve().parent.parent / "base"
UNKNOWN_TO_POD = ("serviceAccountName", "automountServiceAccountToken", "enableServiceLinks", "priorityClassName", "tolerations", "nodeSelector")
UNKNOWN_TO_CONTAINER = ("startupProbe", "readinessProbe", "livenessProbe", "ports")


def load(name):
    return yaml.safe_load((BASE / name).read_text())


def main(image=None, *profiles):
    config, profile_map, daemon_set = load("config.yaml"), load("profiles.yaml"), load("daemonset.yaml")
    settings = yaml.safe_load(config["data"]["aspis.yaml"])
    settings["metrics"] = "127.0.0.1:9464"
    config["data"]["aspis.yaml"] = yaml.safe_dump(settings)
    if profiles:
        profile_map["data"] = {pathlib.Path(path).name: pathlib.Path(path).read_text() for path in profiles}
    template = daemon_set["spec"]["template"]
    spec = {key: value for key, value in template["spec"].items() if key not in UNKNOWN_TO_POD}
    spec["hostNetwork"] = True
    spec["restartPolicy"] = "OnFailure"
    spec["volumes"].append({"name": "storage", "hostPath": {"path": "/var/lib/containers", "type": "DirectoryOrCreate"}})
    for container in spec["containers"]:
        for key in UNKNOWN_TO_CONTAINER:
            container.pop(key, None)
        for key in ("appArmorProfile", "seccompProfile"):
            container["securityContext"].pop(key, None)
        container["volumeMounts"].append({"name": "storage", "mountPath": "/var/lib/containers", "readOnly": True})
        for mount in container["volumeMounts"]:
            mount.pop("mountPropagation", None)
        if image:
            container["image"] = image
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "aspis", "labels": template["metadata"]["labels"]}, "spec": spec}
    yaml.safe_dump_all([config, profile_map, pod], sys.stdout, sort_keys=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
