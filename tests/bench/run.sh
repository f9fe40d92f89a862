#!/usr/bin/env bash
# ./dev bench: prints what Aspis costs, as Markdown, next to the targets. Nothing here is a test that time could fail; only
# an account of losses that does not add up, or a measurement that could not be made, ends with status 1.
#
# In guests (--icount: a nanosecond is an instruction, the same in every run), instructions for one open+close of a path of
# 27 bytes and 5 components, the least of many batches of 50:
#   - without the agent;
#   - the agent attached, the process not tracked;
#   - the process tracked. The agent is stopped during a batch, as it has no other processor to run on. The least of batches
#     in which it does run is the same, within 3 instructions, but not their median.
# Under a profile, against AppArmor with the same one, and with 10,000 rules more (confined.sh).
# On this machine, as root: a flood of events, the delay from the system call to the line, and what audit events cost Python.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bench=tests/bench
aspis=$PWD/build/dev/agent/cli/aspis
untracked_target=200
tracked_target=4000
status=0

results=$(mktemp -d "${TMPDIR:-/tmp}/aspis-bench.XXXXXX")
trap 'rm -rf "$results"' EXIT

value() { # value KERNEL CASE
  awk -v name="$2" '$1 == name { print $2 }' "$results/$1"
}

row() { # row KERNEL CASE TARGET
  local base cost word=ok
  base=$(value "$1" base)
  cost=$(value "$1" "$2")
  if [[ -z $base || -z $cost ]]; then
    echo "| $1 | ${2/-/ | } | not measured | | | |"
    status=1
    return
  fi
  ((cost - base <= $3)) || word=over
  echo "| $1 | ${2/-/ | } | $base | $cost | +$((cost - base)) | $word: ≤ +$3 |"
}

cmake --build --preset dev --target aspis open_close flood empty_usdt >"$results/build" || {
  cat "$results/build" >&2
  exit 1
}

printf '# Cost in the kernel, instructions per open+close\n\n'
./dev vm --icount --timeout 1200 6.12 -- bash "$bench/confined.sh" >"$results/confined" 2>"$results/confined.errors" &
for kernel in 6.1 6.12; do
  ./dev vm --icount --timeout 400 "$kernel" -- bash "$bench/guest.sh" >"$results/$kernel" 2>"$results/$kernel.errors" &
done
wait
printf '| kernel | hooks | process | no agent | with agent | cost | target |\n| --- | --- | --- | --- | --- | --- | --- |\n'
for kernel in 6.1 6.12; do
  for hooks in lsm fmod_ret; do
    row "$kernel" "$hooks-untracked" "$untracked_target"
    row "$kernel" "$hooks-tracked" "$tracked_target"
  done
  # What the guests said besides, if anything
  sed "s/^/bench: $kernel: /" "$results/$kernel.errors" >&2
done

confined() { # confined CASE LEAST: its cost and its target, a cost
  local base cost word=ok
  base=$(value confined base)
  cost=$(value confined "$1")
  if [[ -z $base || -z $cost || -z $2 ]]; then
    echo "| $1 | not measured | |"
    status=1
    return
  fi
  ((cost - base <= $2)) || word=over
  echo "| $1 | +$((cost - base)) | $word: ≤ +$2 |"
}

theirs=$(($(value confined apparmor) - $(value confined base))) || theirs=
ten=$(($(value confined aspis-10) - $(value confined base))) || ten=
printf '\n# The same under a profile, Linux 6.12 with lsm\n\n| who, rules | cost | target |\n| --- | --- | --- |\n'
confined apparmor "$theirs"
confined aspis-10 "$theirs"
confined aspis-10000 "$((${ten:-0} * 105 / 100))"
sed "s/^/bench: confined: /" "$results/confined.errors" >&2

printf '\n# On this machine: %s, %s processors, load %s\n' "$(uname -r)" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)"
if ((EUID != 0)); then
  printf '\nNot measured: needs root.\n'
  exit "$status"
fi
printf '\n## 200,000 events a second for 5 seconds\n\n'
python3 "$bench/native.py" flood "$aspis" "$PWD/build/dev/tests/bench/flood" || status=1
printf '\n## From the system call to the line at the output\n\n'
python3 "$bench/native.py" latency "$aspis" || status=1

printf '\n## What Python code pays\n\n'
python3 "$bench/python.py" "$aspis" "$PWD/build/dev/tests/bench/empty_usdt" || status=1
exit "$status"
