#!/usr/bin/env bash
# ./dev bench policy: compiles every profile of Debian's packages apparmor, apparmor-profiles and apparmor-profiles-extra, of
# bookworm and of trixie, with `aspis policy check` and with that suite's own apparmor_parser (which runs with its own C library,
# so that any host will do). Prints a table of user and system time and of the largest memory, as Markdown. Ends with status 1
# if a profile does not compile, or a target is missed.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/vm/common.sh
source tests/vm/common.sh
# shellcheck source=tests/vm/images.sh
source tests/vm/images.sh
aspis=$PWD/build/dev/agent/cli/aspis
status=0

results=$(mktemp -d "${TMPDIR:-/tmp}/aspis-bench.XXXXXX")
trap 'rm -rf "$results"' EXIT

profiles() { # profiles TREE: the files with profiles, not what they include
  find "$1/etc/apparmor.d" -maxdepth 1 -type f
  find "$1/usr/share/apparmor/extra-profiles" -maxdepth 1 -type f ! -name README
}

parser_of() { # parser_of TREE: the words of the command
  find "$1" -name 'ld-linux-x86-64.so.2' | head -1
  printf '%s\n' --library-path "$1/usr/lib/x86_64-linux-gnu:$1/lib/x86_64-linux-gnu"
  find "$1" -path '*bin/apparmor_parser' -type f
  # -Q and -K: no kernel, no cache. An empty configuration, as the suite's names places outside of its tree.
  printf '%s\n' --config-file=/dev/null -M "$1/usr/share/apparmor-features/features" -j1 -Q -K -q -b "$1/etc/apparmor.d"
}

# measure NAME HOW COMMAND…: seconds of processor time and the most KiB of one process; HOW: together, or a process a file.
# The files come on standard input.
measure() {
  local name=$1 how=$2
  shift 2
  local name_files=10000 TIMEFORMAT='%U %S'
  [[ $how == each ]] && name_files=1
  # GNU time is small: a process begins with the most memory that the one before its exec had.
  { time xargs -n "$name_files" /usr/bin/time -a -o "$results/memory" -f %M "$@" 2>>"$results/errors"; } 2>"$results/time" || {
    echo "bench: $name failed" >&2
    tail -5 "$results/errors" >&2
    status=1
  }
  echo "$(awk '{ print $1 + $2 }' "$results/time") $(grep -E '^[0-9]+$' "$results/memory" | sort -n | tail -1)" >"$results/$name"
  rm "$results/memory"
}

row() { # row SUITE HOW
  local own_time own_memory their_time their_memory
  read -r own_time own_memory <"$results/$1-$2-aspis"
  read -r their_time their_memory <"$results/$1-$2-parser"
  awk -v row="$1 | $2" -v t="$own_time" -v m="$own_memory" -v pt="$their_time" -v pm="$their_memory" 'BEGIN {
    printf "| %s | %.2f s | %.2f s | %.2f %s | %.1f MiB | %.1f MiB | %.2f %s |\n", row, pt, t, t / pt, t <= pt / 2 ? "ok" : "over",
      pm / 1024, m / 1024, m / pm, m <= pm / 2 ? "ok" : "over"
    exit t > pt / 2 || m > pm / 2
  }' || status=1
}

cmake --build --preset dev --target aspis >"$results/build" || {
  cat "$results/build" >&2
  exit 1
}
printf '# Compiling the profiles of Debian, targets: half of the time and of the memory\n\n'
printf '| suite | processes | apparmor_parser | aspis | ratio | apparmor_parser | aspis | ratio |\n'
printf '| --- | --- | --- | --- | --- | --- | --- | --- |\n'
for suite in bookworm trixie; do
  tree=$(policy_packages "$suite")/tree
  mapfile -t parser < <(parser_of "$tree")
  profiles "$tree" >"$results/files"
  for how in together each; do
    measure "$suite-$how-aspis" "$how" "$aspis" policy check -q --base "$tree/etc/apparmor.d" <"$results/files"
    measure "$suite-$how-parser" "$how" "${parser[@]}" <"$results/files"
    row "$suite" "$how"
  done
done
exit "$status"
