#!/usr/bin/env bash
# ./dev soak [SECONDS [RATE [KERNEL]]]: does an agent under a steady load stay as large as it is, and does its log hold every event?
# In a guest, programs make RATE events a second, and count them; the agent logs them, and its resident memory is looked at every ten
# seconds (soak_guest.sh). The log comes back to be checked here (soak_check.py), where that takes minutes, not hours.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source-path=SCRIPTDIR
source tests/vm/common.sh
seconds=${1:-3600} rate=${2:-5000} kernel=${3:-6.12}
for number in "$seconds" "$rate"; do
  [[ $number =~ ^[1-9][0-9]*$ ]] || die "soak: SECONDS and RATE are numbers"
done
((seconds >= 60)) || die "soak: the first minute is a warm-up: at least 60 seconds"
need zstd zstd

# Not below /tmp: a log of an hour takes hundreds of megabytes.
work=$(mktemp -d /var/tmp/aspis-soak.XXXXXX)
trap 'rm -rf "$work"' EXIT
status=0

# What the guest says, up to a line of its own; then its files, as an archive.
receive() {
  local line
  while IFS= read -r line && [[ $line != "== files" ]]; do printf '%s\n' "$line"; done
  if [[ $line == "== files" ]]; then tar -C "$work" -xf -; fi
}
./dev vm --timeout $((seconds + 900)) "$kernel" -- "tests/vm/soak_guest.sh $work $seconds $rate" | receive || status=$?
[[ -s $work/rss ]] || exit "$status"
python3 tests/vm/soak_check.py build/dev/agent/cli/aspis "$work" || status=1
exit "$status"
