#!/usr/bin/env bash
# In a guest with systemd, podman and containerd: an event says which container it is from, whoever runs that, and whatever it does
# to its cgroups. containers_guest.sh ASPIS, the program.
# SPDX-License-Identifier: Apache-2.0
set -uo pipefail

aspis=$(realpath "$1")
# shellcheck source-path=SCRIPTDIR source=guest_checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/guest_checks.sh"
dir=$(mktemp -d /var/tmp/aspis-containers.XXXXXX)
cd "$dir" || exit 1

say "an image"
mkdir -p /etc/containers image/{bin,dev,etc,proc,srv,sys,tmp,usr/local/bin}
# There is no journal that podman could read.
printf '[engine]\nevents_logger = "file"\n' >/etc/containers/containers.conf
printf '{"default":[{"type":"insecureAcceptAnything"}]}' >/etc/containers/policy.json
cp /run/job/busybox image/bin/busybox
for applet in sh sleep mkdir touch; do ln -s busybox "image/bin/$applet"; done
cp /run/job/busybox image/usr/local/bin/cat
for case in plain of-the-host nested moved plain-ctr kubernetes; do echo password >"image/srv/secret.$case"; done
echo plan >image/srv/plan
tar -C image -cf - . | podman import -q - localhost/box:1
is "podman import" 0 $?
podman save -q --format docker-archive -o box.tar localhost/box:1
is "podman save" 0 $?
containerd >containerd.log 2>&1 &
containerd=$!
soon ctr version >ctr.log 2>&1
is "containerd answers" 0 $?
for space in default k8s.io; do
  ctr --namespace "$space" image import box.tar >ctr.log 2>&1
  is "ctr image import, $space" 0 $?
done

say "the agent"
# What another one has left in force would see the same programs.
"$aspis" agent --uninstall >/dev/null 2>&1
mkdir profiles
printf 'profile box /usr/local/bin/cat flags=(attach_disconnected) {\n  /** mrix,\n  audit deny /srv/secret.* r,\n}\n' >profiles/box
cat >profiles/chosen <<'END'
profile by-name /usr/local/bin/cat container=(image=localhost/box:* name=chosen) flags=(attach_disconnected) {
  /** mrix,
  deny /srv/plan r,
}
profile by-pod /usr/local/bin/cat container=(runtime=containerd pod=shop-* namespace=prod) flags=(attach_disconnected) {
  /** mrix,
  deny /srv/plan r,
}
END
cat >aspis.yaml <<END
profiles: $dir/profiles
observe: confined
pins: ""
state: ""
socket: {path: $dir/sock}
outputs:
  - {type: file, path: $dir/events.json, denials_only: true}
END
"$aspis" agent --config aspis.yaml >agent.out 2>agent.err &
agent=$!
# shellcheck disable=SC2317 # by soon
in_force() { grep -q 'profiles in force' agent.err; }
soon in_force
is "it has put profiles in force" 0 $?

# of CASE MEMBER…: of the container in the event of its file.
of() {
  python3 - "$@" <<'END'
import json, sys
case, *members = sys.argv[1:]
for line in open("events.json"):
    event = json.loads(line)
    if event.get("file", {}).get("path") == f"/srv/secret.{case}":
        print(*(event.get("container", {}).get(member, "-") for member in members))
        break
END
}
# shellcheck disable=SC2317 # by soon
told() { [[ -e events.json && -n $(of "$1" id) ]]; }
# tells CASE ID RUNTIME IMAGE NAME: soon its event says that.
tells() {
  soon told "$1"
  is "$1: id, runtime, image, name" "${*:2}" "$(of "$1" id runtime image name)"
}

say podman
box() { # box CASE OPTION… -- SCRIPT
  local case=$1 options=()
  shift
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  podman run --cidfile "cid.$case" --name "$case" --network none "${options[@]}" localhost/box:1 /bin/sh -c "$2" >"out.$case" 2>&1
}
box plain -- '/usr/local/bin/cat /srv/secret.plain'
tells plain "$(<cid.plain)" podman localhost/box:1 plain
box of-the-host --pid host -- '/usr/local/bin/cat /srv/secret.of-the-host 2>/dev/null; cat /proc/1/comm'
tells of-the-host "$(<cid.of-the-host)" podman localhost/box:1 of-the-host
is "it sees the host's processes" systemd "$(tail -n 1 out.of-the-host)"

# A cgroup in its own, made by itself.
box nested --privileged --cgroupns private -- '
  mkdir /sys/fs/cgroup/inner && echo $$ >/sys/fs/cgroup/inner/cgroup.procs
  cat /proc/self/cgroup; /usr/local/bin/cat /srv/secret.nested'
tells nested "$(<cid.nested)" podman localhost/box:1 nested
is "it was in a cgroup of its own" 0::/inner "$(grep '^0::' out.nested)"

# The same from outside, to a process that runs.
box moved --detach -- 'until [ -e /tmp/go ]; do sleep 0.2; done; /usr/local/bin/cat /srv/secret.moved'
pid=$(podman inspect --format '{{.State.Pid}}' moved)
cgroup=/sys/fs/cgroup$(cut -d: -f3 "/proc/$pid/cgroup")
mkdir "$cgroup/child" && echo "$pid" >"$cgroup/child/cgroup.procs"
is "it is in that cgroup" "$cgroup/child" "/sys/fs/cgroup$(cut -d: -f3 "/proc/$pid/cgroup")"
podman exec moved /bin/touch /tmp/go
tells moved "$(<cid.moved)" podman localhost/box:1 moved

# The first program that runs in it, and the same one in another container.
box chosen -- '/usr/local/bin/cat /srv/plan'
is "chosen: by the shell" "Permission denied" "$(sed -n 's/^cat: .*plan.: //p' out.chosen)"
podman rm chosen >/dev/null
podman run --name chosen --network none localhost/box:1 /usr/local/bin/cat /srv/plan >out.first 2>&1
is "chosen: it is the first program" "Permission denied" "$(sed 's/.*: //' out.first)"
podman run --name other --network none localhost/box:1 /usr/local/bin/cat /srv/plan >out.other 2>&1
is "another name" plan "$(<out.other)"

say containerd
ctr run --rm localhost/box:1 web-1 /bin/sh -c 'cat /proc/self/cgroup; /usr/local/bin/cat /srv/secret.plain-ctr' >out.ctr 2>&1
cat out.ctr
tells plain-ctr web-1 containerd localhost/box:1 web-1

# As kubelet has it with the driver cgroupfs, and the annotations of CRI, of which ctr gives none by itself.
id=$(sha256sum <<<kubernetes | cut -c1-64) uid=0f4c8f4e-3c1e-4d3b-9f57-2b6d1f0a9c11
ctr --namespace k8s.io run --rm --cgroup "/kubepods/burstable/pod$uid/$id" --annotation io.kubernetes.cri.container-name=web \
  --annotation io.kubernetes.cri.sandbox-name=cart-0 --annotation io.kubernetes.cri.sandbox-namespace=prod \
  localhost/box:1 "$id" /bin/sh -c 'cat /proc/self/cgroup; /usr/local/bin/cat /srv/secret.kubernetes' >out.kubernetes 2>&1
cat out.kubernetes
tells kubernetes "$id" containerd localhost/box:1 web
is "its pod" "cart-0 prod $uid" "$(of kubernetes pod namespace pod_uid)"

kubernetes() { # NAMESPACE: of a new pod, whose only program reads the plan
  local id
  id=$(sha256sum <<<"$1" | cut -c1-64)
  ctr --namespace k8s.io run --rm --cgroup "/kubepods/burstable/pod$uid/$id" --annotation io.kubernetes.cri.container-name=web \
    --annotation io.kubernetes.cri.sandbox-name=shop-1 --annotation "io.kubernetes.cri.sandbox-namespace=$1" \
    localhost/box:1 "$id" /usr/local/bin/cat /srv/plan 2>&1 | sed 's/.*: //'
}
is "a pod's first program" "Permission denied" "$(kubernetes prod)"
is "in another namespace" plan "$(kubernetes test)"
is "chosen, by ctr" "Permission denied" "$(ctr run --rm localhost/box:1 chosen /usr/local/bin/cat /srv/plan 2>&1 | sed 's/.*: //')"

say end
if ((failed)); then
  tail -n 5 agent.err out.* containerd.log
  cat events.json
fi
podman rm -af >/dev/null 2>&1
kill "$agent" "$containerd"
wait "$agent"
is "the agent's exit code" 0 $?
exit "$failed"
