#!/usr/bin/env bash
# The agent as a pod, and its alerts, in one guest (cluster_guest.sh): the image is built and the manifests are played by podman against a pod that
# it denies something, which Prometheus and Alertmanager tell a receiver. In the same boot, which container an event is from, by podman and
# containerd (containers_guest.sh). cluster.sh [PRESET [KERNEL]]
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
preset=${1:-dev} kernel=${2:-6.12}

# shellcheck source-path=SCRIPTDIR
source tests/vm/common.sh
# shellcheck source-path=SCRIPTDIR
source tests/vm/images.sh
/usr/bin/python3 tests/deploy/check_kubectl.py "$(kubectl_of_sid)/usr/bin/kubectl"

# Not below /tmp: systemd empties that when it starts.
work=$(mktemp -d /var/tmp/aspis-cluster.XXXXXX)
trap 'rm -rf "$work"' EXIT
(cd "build/$preset" && cpack -G DEB -B "$work/packages") >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
mkdir "$work/context"
mv "$work"/packages/aspis_*.deb "$work/context"
rm -rf "$work/packages"
/usr/bin/python3 deploy/kubernetes/podman/pod.py localhost/aspis:0.1.0 tests/vm/cluster/app.yaml >"$work/pod.yaml"

./dev vm --root systemd --preset "$preset" --memory 4096 --with "$work" --timeout 1200 "$kernel" -- \
  "tests/vm/cluster_guest.sh $work; cluster=\$?; tests/vm/containers_guest.sh build/$preset/agent/cli/aspis && exit \$cluster"
