#!/usr/bin/env bash
# In a guest with systemd, podman, prometheus and alertmanager: cluster_guest.sh DIRECTORY, which has the package and the pod (cluster.sh).
# SPDX-License-Identifier: Apache-2.0
set -uo pipefail

work=$1 here=$PWD
# shellcheck source-path=SCRIPTDIR source=guest_checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/guest_checks.sh"

say storage
mkdir -p /etc/containers
# There is no journal that podman could read.
printf '[engine]\nevents_logger = "file"\n' >/etc/containers/containers.conf
# What podman before 4.4 does not read of the manifest: deploy/kubernetes/podman/pod.py.
printf '[containers]\npidns = "host"\n' | cat - /etc/containers/containers.conf >/run/agent.conf
printf '{"default":[{"type":"insecureAcceptAnything"}]}' >/etc/containers/policy.json

say "a base image, of this system's own packages"
# What is essential, with all libraries. Merged /usr: what packages name /bin/sh is /usr/bin/sh.
{
  printf '%s\n' bin sbin lib lib64 etc/passwd etc/group etc/shadow etc/gshadow
  dpkg-query -W -f '${Essential} ${Package}\n' |
    sed -nE 's/^yes (.*)/\1/p; s/^ *(no )?(dpkg|passwd|login|base-passwd|zlib1g)$/\2/p; /lib(js|python|gpgme|perl|devmapper|systemd-shared|kmod|ip)/d; s/^ *(no )?(lib.*)/\2/p' |
    xargs dpkg-query -L | sed -nE '\,^/usr/share/(doc|man|locale|zoneinfo)/,d; s,^/(bin|sbin|lib|lib64)/,/usr/\1/,; s,^/(.+),\1,p'
} | LC_ALL=C sort -u >/run/files
tar -C / --no-recursion --ignore-failed-read --hard-dereference -T /run/files -cf /run/base.tar 2>/run/tar.err
ls -l /run/base.tar
podman import -q /run/base.tar localhost/debian:12-slim >/run/imported 2>&1
is "podman import" 0 $?
((!failed)) || { cat /run/imported; exit 1; }
rm -f /run/base.tar

say "build"
build() { podman build --network=none --build-arg BASE=localhost/debian:12-slim "$@" >/run/build.log 2>&1 || tail -20 /run/build.log; }
build -f "$here/deploy/container/Containerfile" --target agent -t localhost/aspis:0.1.0 "$work/context"
build -f "$here/deploy/container/Containerfile" --target tail -t localhost/aspis-tail:0.1.0 "$work/context"
build -f "$here/tests/vm/cluster/Victim" -t localhost/victim:1 "$here/tests/vm/cluster"
podman images
is "the images" "aspis aspis-tail victim" "$(podman images --format '{{.Repository}}' | sed -n 's,localhost/\(aspis.*\|victim\),\1,p' | sort | paste -sd ' ')"
is "who the tail is" 10001:10001 "$(podman inspect --format '{{.Config.User}}' localhost/aspis-tail:0.1.0)"

((!failed)) || exit 1

say "the agent's pod"
CONTAINERS_CONF=/run/agent.conf podman kube play "$work/pod.yaml"
agent() { podman exec aspis-agent /usr/bin/aspis "$@"; }
soon agent status --enabled
is "the agent answers in its container" 0 $?
podman logs aspis-agent 2>&1 | tail -20
is "it is not privileged, and sees the node's processes" "false host" \
  "$(podman inspect --format '{{.HostConfig.Privileged}} {{.HostConfig.PidMode}}' aspis-agent)"
is "the profile of the ConfigMap is in force" "enforce    app" "$(agent policy list)"

say "a victim"
echo 1 >/proc/sys/kernel/bpf_stats_enabled
podman kube play "$here/tests/vm/cluster/victim.yaml"
# shellcheck disable=SC2317 # by soon
denied() { podman logs aspis-agent 2>/dev/null | grep -m1 '"path":"/srv/secret".*"verdict":"denied"' >/run/denied; }
soon denied
is "what is denied is in the agent's log" 0 $?
cat /run/denied
[[ -s /run/denied ]] || echo '{"container":{}}' >/run/denied
container() { python3 -c 'import json, sys; print(json.load(open("/run/denied"))["container"].get(sys.argv[1]))' "$1"; }
is "with the container's name" shop-web "$(container name)"
is "its image" localhost/victim:1 "$(container image)"
is "and its runtime" podman "$(container runtime)"
is "the victim says" "Permission denied" "$(podman logs shop-web 2>&1 | sed -n '1s/.*: //p')"

say "tail, without root"
podman run --rm --network=host -v /run/aspis:/run/aspis:ro --entrypoint /usr/bin/timeout localhost/aspis-tail:0.1.0 20 \
  aspis tail -o json --verdict denied >/run/tail 2>/run/tail.err
is "a tail in a container sees it" yes "$(grep -qm1 /srv/secret /run/tail && echo yes)"
cat /run/tail.err

say "alerts"
cp "$here"/deploy/prometheus/*.yml /run/
is "promtool check rules" 0 "$(promtool check rules /run/aspis.rules.yml >/run/promtool 2>&1; echo $?)"
cat /run/promtool
is "promtool test rules" 0 "$(promtool test rules /run/aspis_test.yml >/run/promtool 2>&1; echo $?)"
cat /run/promtool
cat "$here/tests/vm/cluster/prometheus.yml" /run/scrape.yml >/run/prometheus.yml
is "promtool check config" 0 "$(promtool check config /run/prometheus.yml >/run/promtool 2>&1; echo $?)"
cat /run/promtool
is "promtool check metrics" 0 "$(agent_metrics() { exec 3<>/dev/tcp/127.0.0.1/9464; printf 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n' >&3; sed '1,/^\r$/d' <&3; }
  agent_metrics >/run/metrics; promtool check metrics </run/metrics >/run/promtool 2>&1; echo $?)"
cat /run/promtool
is "it tells what is pinned" "aspis_pinned 1 aspis_adopted 0" "$(grep -E '^aspis_(pinned|adopted) ' /run/metrics | paste -sd ' ')"
is "and how full tables are" yes "$(grep -q '^aspis_map_entries{map="audit_announcements"} [1-9]' /run/metrics && echo yes)"
is "and what programs cost" yes "$(grep -qE '^aspis_program_runs_total\{program="lsm__file_open"\} [1-9]' /run/metrics &&
  grep -qE '^aspis_program_seconds_total\{program="lsm__file_open"\} [0-9.e-]*[1-9]' /run/metrics && echo yes)"
grep -E '^aspis_policy_(events|kernel)|^process' /run/metrics
python3 "$here/tests/vm/cluster/receiver.py" >/run/received 2>&1 &
prometheus-alertmanager --config.file="$here/tests/vm/cluster/alertmanager.yml" --storage.path=/run/alertmanager \
  --web.listen-address=127.0.0.1:9093 --cluster.listen-address= >/run/alertmanager.log 2>&1 &
prometheus --config.file=/run/prometheus.yml --storage.tsdb.path=/run/prometheus --web.listen-address=127.0.0.1:9090 >/run/prometheus.log 2>&1 &
# shellcheck disable=SC2317 # by soon
received() { grep -qx "firing AspisDenials app" /run/received; }
soon received
is "one alert has come from the rule to the receiver" 0 $?
cat /run/received

say end
if ((failed)); then
  podman logs aspis-agent 2>&1 | tail -n 5
  podman logs shop-web 2>&1 | tail -n 3
  tail -n 5 /run/alertmanager.log /run/prometheus.log
fi
podman kube down "$here/tests/vm/cluster/victim.yaml" >/dev/null 2>&1
CONTAINERS_CONF=/run/agent.conf podman kube down "$work/pod.yaml" >/dev/null 2>&1
exit "$failed"
