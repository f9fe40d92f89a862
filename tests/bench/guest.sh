#!/usr/bin/env bash
# In a guest with --icount: what one open+close costs, in instructions. Prints "CASE MIN MEDIAN" for each case.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

aspis=$PWD/build/dev/agent/cli/aspis
open_close=$PWD/build/dev/tests/bench/open_close

# measure CASE COMMAND…: COMMAND runs open_close in the end.
measure() {
  local name=$1
  shift
  "$@" | sed -n "s/^min \([0-9]*\) median \([0-9]*\) .*/$name \1 \2/p"
}

measure base "$open_close" --batches 60
for hooks in lsm fmod_ret; do
  # Attached, and not about this process.
  "$aspis" run --hooks "$hooks" -o json --to /dev/null -- sh -c "touch /run/$hooks; exec sleep 1000" &
  agent=$!
  until [[ -e /run/$hooks ]]; do sleep 0.1; done
  sleep 1
  measure "$hooks-untracked" "$open_close" --batches 60
  kill "$agent"
  wait "$agent" || true

  measure "$hooks-tracked" "$aspis" run --hooks "$hooks" -o json --to "/tmp/$hooks.json" -- \
    "$open_close" --batches 30 --stop parent
  # The events must have arrived, or nothing was measured: one open for each, and the one that made the file.
  opens=$(grep -c '"type":"file.open".*/srv/aspis/bench/open/c\.txt"' "/tmp/$hooks.json")
  ((opens == 1501)) || echo "$hooks: $opens of 1501 events arrived" >&2
done
