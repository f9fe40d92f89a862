#!/usr/bin/env bash
# In a guest with --icount: what one open+close costs, in instructions. Prints "CASE MIN MEDIAN" for each case.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

aspis=$PWD/build/dev/agent/cli/aspis
open_close=$PWD/build/dev/tests/bench/open_close
cd "$(mktemp -d)"
mkfifo go

report() { # report CASE: its numbers, from what open_close said
  sed -n "s/^min \([0-9]*\) median \([0-9]*\) .*/$1 \1 \2/p"
}

"$open_close" --batches 40 | report base
for hooks in lsm fmod_ret; do
  # Loading takes longest, so both cases share an agent. What it observes waits until the other is measured, then becomes
  # the tracked process.
  rm -f attached
  "$aspis" run --hooks "$hooks" -o json --to events.json -- \
    sh -c "touch attached; read -r line <go; exec $open_close --batches 20 --stop parent" >tracked &
  until [[ -e attached ]]; do sleep 0.1; done
  sleep 1 # the agent comes to rest
  "$open_close" --batches 40 | report "$hooks-untracked"
  echo >go
  wait
  report "$hooks-tracked" <tracked

  # The events must have arrived, or nothing was measured: one for each open, and for the one that made the file.
  opens=$(grep -c '"type":"file.open".*/srv/aspis/bench/open/c\.txt"' events.json) || true
  ((opens == 1001)) || echo "$hooks: $opens of 1001 events arrived" >&2
done
