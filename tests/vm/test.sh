#!/usr/bin/env bash
# ./dev test [all]: every test we have, on the host and in guests, and one closing line that sums them up.
# all: each program in every guest with its backends, not only in those that tests/**/CMakeLists.txt names for it.
# A stage that breaks is a failed test and does not keep the others from running.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
which=${1:-}
[[ -z $which ]] || export ASPIS_TEST_ALL=1
jobs=$(nproc)
results=$PWD/build/results
rm -rf "$results"
mkdir -p "$results"

# A run that is ended from outside says nothing: guests have what is left of 80 minutes less those that come after them.
budget=$((80 * 60)) after_guests=$((11 * 60))
guest_seconds() {
  local left=$((budget - after_guests - SECONDS))
  echo $((left < 300 ? 300 : left))
}

say() { printf '\n== %s\n' "$*"; }

# record PLACE OUTCOME NAME REASON: a result that no test program wrote.
record() {
  python3 -c 'import json, sys; print("@result " + json.dumps(dict(zip(("outcome", "name", "reason"), sys.argv[1:]))))' \
    "$2" "$3" "$4" >>"$results/$1.log"
}

build() { # build PRESET
  say "build $1"
  ./dev build "$1" || {
    record "$1" failed "build" "see above"
    return 1
  }
}

run_ctest() { # run_ctest PLACE PRESET LABEL
  say "$3 tests ($2)"
  # Its status says no more than the report does, unless there is no report.
  ctest --test-dir "build/$2" --label-regex "^$3\$" --parallel "$jobs" --timeout 300 --output-on-failure \
    --output-junit "$results/$1.xml" | grep -v ' Passed ' || true
  [[ -s $results/$1.xml ]] || record "$1" failed "ctest" "wrote no report"
}

native() {
  local name
  if ((EUID == 0)); then
    run_ctest native dev native
    return
  fi
  while read -r name; do
    record native skipped "$name" "needs root"
  done < <(ctest --test-dir build/dev --show-only --label-regex '^native$' | sed -n 's/^ *Test *#[0-9]*: //p')
}

# in_newest ROOT PYTHON TEST: a test that takes the newest interpreters, which are in no other Debian, or a kernel that can write
# the registers of a process.
in_newest() {
  local place="vm 6.18 $1"
  say "$place"
  if ./dev vm --root "$1" --timeout "$(guest_seconds)" 6.18 -- "$2" "tests/e2e/$3"; then
    record "$place" passed "$3" ""
  else
    record "$place" failed "$3" "see above (exit status 77: skipped, and it must not be)"
  fi
}

# The package on a machine with systemd, from its installation to its purge.
package() {
  say "vm 6.1 systemd"
  if tests/vm/package.sh; then
    record "vm 6.1 systemd" passed "package.sh" ""
  else
    record "vm 6.1 systemd" failed "package.sh" "see above"
  fi
}

# The agent as a pod, and an alert of what it denies.
cluster() {
  say "vm 6.12 podman"
  if tests/vm/cluster.sh; then
    record "vm 6.12 podman" passed "cluster.sh" ""
  else
    record "vm 6.12 podman" failed "cluster.sh" "see above"
  fi
}

in_guest() { # in_guest KERNEL BACKEND
  local place="vm $1 $2"
  say "$place"
  { ./dev vm --backend "$2" --timeout "$(guest_seconds)" "$1" -- python3 tests/vm/run_in_guest.py build/dev/tests/vm 1500 ${which:+"$which"} ||
    echo "@status $?"; } | tee "$results/$place.log" | grep -v '^@' || true
  grep -qx '@end' "$results/$place.log" ||
    record "$place" failed "the guest" "did not get to its end, exit status $(sed -n 's/^@status //p' "$results/$place.log")"
}

# beside COMMAND…: in the background, when there is a processor for it: an emulated guest keeps one busy. Longest first.
beside() {
  while (($(jobs -rp | wc -l) >= jobs)); do wait -n || true; done
  "$@" &
}

if build dev; then
  run_ctest unit dev unit
  native
  # The first boot, which fills the cache, goes alone.
  ./dev vm 6.1 -- true
  beside in_guest 6.12 lsm
  beside in_guest 6.1 lsm
  beside in_guest 6.12 nolsm
  beside in_guest 6.1 nolsm
  beside package
  beside cluster
  beside in_newest sid python3.13 test_raise.py
  beside in_newest host python3 test_raise.py
  beside in_newest sid python3.13 test_python_events.py
  wait
fi
if build asan; then
  run_ctest asan asan unit
fi

say "summary, after $((SECONDS / 60)) min $((SECONDS % 60)) s"
python3 tests/vm/summary.py "$results"
