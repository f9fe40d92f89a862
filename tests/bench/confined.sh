#!/usr/bin/env bash
# In a guest with --icount: what one open+close costs under a profile, in instructions, by AppArmor and by Aspis, and by Aspis
# with a profile of a thousand times as many rules. Prints "CASE MIN MEDIAN" for each case.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

aspis=$PWD/build/dev/agent/cli/aspis
open_close=$PWD/build/dev/tests/bench/open_close
cd "$(mktemp -d)"
cp "$open_close" open_close

report() { # report CASE: its numbers, from what open_close said
  sed -n "s/^min \([0-9]*\) median \([0-9]*\) .*/$1 \1 \2/p"
}

profile() { # profile RULES: as many as that, and those that open_close needs
  echo "profile bench $PWD/open_close {"
  echo '  /{usr,lib,lib64,etc,proc,sys,dev,run}/** mrwk,'
  echo '  /{tmp,var/tmp}/** mrwkix,'
  echo '  /srv/ rw,'
  echo '  /srv/aspis/{,**} rw,'
  seq -f '  /srv/rule/%.0f/** r,' "$1"
  echo '  capability, signal, ptrace, network, unix,'
  echo '}'
}

./open_close --batches 40 | report base
for rules in 10 10000; do
  profile "$rules" >"profile-$rules"
  "$aspis" run --profile "profile-$rules:bench" --denials --to events -- ./open_close --batches 40 | report "aspis-$rules"
  # Nothing was denied, or the cost was that of something else.
  if grep -q DENIED events; then head -3 events >&2; fi
done
apparmor_parser --quiet --replace profile-10
./open_close --batches 40 | report apparmor
grep -q enforce <(aa-exec -p bench -- cat /proc/self/attr/current 2>/dev/null || cat /sys/kernel/security/apparmor/profiles) ||
  echo "AppArmor has not enforced it" >&2
