#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The story in one minute: a converter service leaks /etc/passwd, and Aspis tells how.
#
# Needs root, an aspis (ASPIS=path), ffmpeg, gunicorn and flask of the distribution; no network but lo.
# KEEP=1 keeps the working directory. ASPIS_SLOW=10 makes all time limits ten times longer.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
aspis=${ASPIS:-$here/../../build/dev/agent/cli/aspis}
python=${PYTHON:-/usr/bin/python3} # the distribution's: flask is installed for it
gunicorn=${GUNICORN:-/usr/bin/gunicorn}
slow=${ASPIS_SLOW:-1}
secret=/etc/passwd
work=
aspis_pid=

say() { printf '\n== %s\n' "$*"; }
die() {
  echo "demo: $*" >&2
  exit 1
}

# Gone, or a zombie that only waits for us. The name before the state can hold anything, ")" too.
ended() {
  state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
  [ -z "$state" ] || [ "$state" = Z ]
}

# wait_end PID SECONDS
wait_end() {
  polls=$(($2 * 5))
  until ended "$1"; do
    [ "$polls" -gt 0 ] || return 1
    polls=$((polls - 1))
    sleep 0.2
  done
}

# Only what was started here: aspis by its pid, gunicorn by its pid file if it is still that process.
stop() {
  [ -n "$aspis_pid" ] || return 0
  kill -TERM "$aspis_pid" 2>/dev/null || true
  if ! wait_end "$aspis_pid" $((20 * slow)); then
    echo "demo: aspis did not end after SIGTERM, killing it" >&2
    kill -KILL "$aspis_pid" 2>/dev/null || true
  fi
  status=0
  wait "$aspis_pid" || status=$?
  aspis_pid=
  if service=$(cat "$work/service.pid" 2>/dev/null) && grep -qs "$work" "/proc/$service/cmdline"; then
    echo "demo: the service outlived aspis, ending it" >&2
    kill -TERM "$service" 2>/dev/null || true # its workers end with it, after KILL only in a while
    wait_end "$service" $((10 * slow)) || kill -KILL "$service" 2>/dev/null || true
    status=1
  fi
  return "$status"
}

cleanup() {
  result=$?
  trap - EXIT
  stop || true
  if [ -n "$work" ]; then
    [ "$result" -eq 0 ] || tail -n 30 "$work/service.log" 2>/dev/null >&2 || true
    if [ "${KEEP:-0}" = 1 ]; then
      echo "kept: $work"
    else
      rm -rf "$work"
    fi
  fi
  exit "$result"
}

[ "$(id -u)" -eq 0 ] || die "needs root, to load BPF programs"
[ -x "$aspis" ] || die "no aspis at $aspis: build it (./dev build) or set ASPIS"
command -v ffmpeg >/dev/null || die "ffmpeg is missing (apt install ffmpeg)"
[ -x "$gunicorn" ] || die "$gunicorn is missing (apt install gunicorn)"
"$python" -c 'import flask' 2>/dev/null || die "$python has no flask (apt install python3-flask)"
[ "$(cat /sys/class/net/lo/operstate)" != down ] || die "the interface lo is down (ip link set lo up)"

trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d)
mkdir "$work/app" "$work/uploads" "$work/converted"
cp "$here/service/app.py" "$here/service/config.ini" "$here/service/gunicorn.conf.py" "$work/app/"
export PYTHONDONTWRITEBYTECODE=1 ASPIS_SLOW="$slow"

say "start the service under aspis run"
SERVICE_APP=$work/app SERVICE_UPLOADS=$work/uploads SERVICE_CONVERTED=$work/converted \
  "$aspis" run -o json --to "$work/events.json" -- \
  "$gunicorn" --chdir "$work/app" -c "$work/app/gunicorn.conf.py" --pid "$work/service.pid" app:app \
  >"$work/service.log" 2>&1 &
aspis_pid=$!
url=$("$python" "$here/client.py" wait "$work/service.log" $((30 * slow))) || die "the service did not start"
echo "$url is healthy"

say "upload a clip, as customers do"
ffmpeg -nostdin -loglevel error -f lavfi -i testsrc=size=320x240:rate=10 -t 1 -c:v mpeg4 "$work/clip.avi"
"$python" "$here/client.py" upload "$url" "$work/clip.avi" "$work/clip.png" || die "no picture of the clip"
echo "its picture has $(wc -c <"$work/clip.png") bytes"

say "upload a playlist that calls itself video.avi, and read $secret out of its pictures"
"$python" "$here/leak.py" "$url" --secret "$secret" --keep "$work" >"$work/leaked.txt" || die "nothing leaked"
head -n 4 "$work/leaked.txt"
first=$(head -n 1 "$secret")
[ "$(head -n 1 "$work/leaked.txt")" = "$first" ] || die "that is not the first line of $secret: $first"

say "end the service"
stop || die "aspis run ended with $?"
echo "$(wc -l <"$work/events.json") events"

say "what Aspis saw"
"$python" "$here/chain.py" "$work/events.json" "$secret" || die "the chain is not whole"
