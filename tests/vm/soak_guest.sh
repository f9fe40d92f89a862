#!/usr/bin/env bash
# In a guest: an agent, and programs that make events at a bounded rate and count them. soak_guest.sh DIRECTORY SECONDS RATE: prints what
# happens, then a line "== files", then the directory as an archive: log, counts, samples of the agent's memory, its metrics.
# SPDX-License-Identifier: Apache-2.0
set -uo pipefail

work=$1 seconds=$2 rate=$3 here=$PWD
# shellcheck source-path=SCRIPTDIR source=guest_checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/guest_checks.sh"
aspis=$here/build/dev/agent/cli/aspis

mkdir -p "$work" && cd "$work" && mkdir counts log profiles python state || exit 1
touch flooded allowed.{python,shell,child} secret.{python,shell}
cp "$here/build/dev/tests/bench/flood" flood
cp flood child
cp /bin/bash shell
python=$(realpath /usr/bin/python3)
profile() { # profile NAME PROGRAM
  printf 'profile soak-%s %s {\n  /** rwmix,\n  network,\n  audit deny %s/secret.* r,\n}\n' "$1" "$2" "$work" >"profiles/$1"
}
profile flood "$work/flood"
profile shell "$work/shell"
profile python "$python"
cat >aspis.yaml <<END
profiles: $work/profiles
observe: python
executables: [$work/flood, $work/shell]
pins: ""
state: $work/state
socket: {path: $work/sock}
metrics: 127.0.0.1:9464
outputs:
  - {type: log, path: $work/log/events.json, rotate_size: 16, keep: 100000}
END

say "the agent"
"$aspis" agent --config aspis.yaml >agent.out 2>agent.err &
agent=$!
# shellcheck disable=SC2317 # by soon
in_force() { grep -q 'profiles in force' agent.err; }
soon in_force
is "it has put profiles in force" 0 $?
((!failed)) || { cat agent.err; exit 1; }

scrape() {
  exec 3<>/dev/tcp/127.0.0.1/9464 && printf 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n' >&3 && sed '1,/^\r$/d' <&3
  exec 3>&-
}
sample() { # sample SECOND: the agent's memory then, in KiB
  awk -v at="$1" '{ kib[$1] = $2 } END { print at, kib["VmRSS:"], kib["RssAnon:"], kib["RssFile:"] + kib["RssShmem:"] }' "/proc/$agent/status"
}

say "$rate events a second for $seconds seconds"
# A tenth is Python's; a shell's loop makes forty, a program that is started each second twenty.
of_python=$((rate / 10)) of_flood=$((rate > 200 ? rate - rate / 10 - 60 : rate / 2))
"$aspis" tail --socket "$work/sock" -o json --verdict denied >/dev/null 2>tail.err &
tail=$!
/usr/bin/python3 "$here/tests/vm/soak_work.py" "$work" "$seconds" "$of_python" >counts/python &
workers=($!)
"$work/shell" "$here/tests/vm/soak_work.sh" "$work" "$seconds" >counts/shell &
workers+=($!)
"$work/flood" --threads 1 --seconds "$seconds" --rate "$of_flood" "$work/flooded" >counts/flood &
workers+=($!)
begin=$SECONDS
for ((at = 10; at <= seconds; at += 10)); do
  left=$((begin + at - SECONDS))
  if ((left > 0)); then sleep "$left"; fi
  now=$(sample $((SECONDS - begin))) || break
  echo "$now" >>rss
  if ((at % 60 == 0)); then
    scrape >metrics
    echo "$now KiB; $(awk '/^aspis_ringbuf_events_total / { made = $2 } /^aspis_events_lost_total/ { lost += $2 } END { print made, "events,", lost, "lost" }' metrics)"
  fi
done
wait "${workers[@]}"
is "all programs came to their end" "" "$(for file in counts/*; do [[ -s $file ]] || echo "$file"; done)"

say "the end"
sleep 2
scrape >metrics
kill "$tail" "$agent"
wait "$agent"
is "the agent's exit code" 0 $?
cat agent.err
df -h --output=avail "$work" | tail -n 1
echo "== files"
tar -cf - agent.err counts log metrics rss state
exit "$failed"
