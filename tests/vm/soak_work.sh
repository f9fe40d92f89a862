#!/usr/bin/env bash
# Twenty times a second, without starting a program: opens a file that it may open, and one that it may not. soak_work.sh DIRECTORY SECONDS;
# prints how often as JSON, for soak_check.py.
# SPDX-License-Identifier: Apache-2.0
work=$1 seconds=$2 count=0
mkfifo "$work/nothing"
exec 3<>"$work/nothing" 2>/dev/null
while ((SECONDS < seconds)); do
  : <"$work/allowed.shell"
  : <"$work/secret.shell"
  ((++count))
  read -r -t 0.05 <&3
done
printf '{"file.open %s allowed": %d, "file.open %s denied": %d}\n' "$work/allowed.shell" "$count" "$work/secret.shell" "$count"
