#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The story in three acts: a converter service leaks, Aspis tells how; a profile is tried; it is enforced, and the leaks
# are gone. Each act proves what it says: whatever is not so ends the demo with exit code 1.
#
# Needs root, an aspis (ASPIS=path), ffmpeg, gunicorn and flask of the distribution; no network but lo.
# KEEP=1 keeps the working directory. ASPIS_SLOW=10 makes all time limits ten times longer.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
aspis=$(realpath "${ASPIS:-$source/build/dev/agent/cli/aspis}")
python=${PYTHON:-/usr/bin/python3} # the distribution's: flask is installed for it
gunicorn=${GUNICORN:-/usr/bin/gunicorn}
slow=${ASPIS_SLOW:-1}
secret=/etc/passwd
traversal='/original?name=../app/config.ini'
work=
aspis_pid=
begun=$(date +%s)

act() { printf '\n== %s\n' "$*"; }
say() { printf -- '- %s\n' "$*"; }
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

# start ACT OPTION…: the service under `aspis run OPTION…`. Sets url, log and events.
start() {
  log=$work/$1.log events=$work/$1.json
  shift
  # gunicorn searches modules where it was started, too.
  cd "$work/service/app"
  SERVICE_APP=$work/service/app SERVICE_UPLOADS=$work/service/uploads SERVICE_CONVERTED=$work/service/converted \
    TMPDIR=$work/service/tmp \
    "$aspis" run -o json --to "$events" "$@" -- \
    "$gunicorn" -c gunicorn.conf.py --pid "$work/service/run/pid" app:app >"$log" 2>&1 &
  aspis_pid=$!
  cd "$here"
  url=$("$python" client.py wait "$log" $((30 * slow)) "$aspis_pid") || die "the service did not start"
  say "the service runs at $url"
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
  if service=$(cat "$work/service/run/pid" 2>/dev/null) && grep -qs "$work" "/proc/$service/cmdline"; then
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
    [ "$result" -eq 0 ] || tail -n 30 "$log" >&2 2>/dev/null || true
    if [ "${KEEP:-0}" = 1 ]; then
      echo "kept: $work"
    else
      rm -rf "$work"
    fi
  fi
  exit "$result"
}

end_service() { stop || die "aspis run ended with $?"; }

# The good clip: what customers do works, or the act is no use.
convert() {
  "$python" client.py upload "$url" "$work/clip.avi" "$work/clip.png" || die "no picture of the clip"
  say "a customer's clip is converted: its picture has $(wc -c <"$work/clip.png") bytes"
}

# key_in FILE: the line with the service's secret
key_in() { grep '^secret_key = ' "$1"; }

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
log=$work/watch.log
mkdir -p "$work/service/app" "$work/service/uploads" "$work/service/converted" "$work/service/run" "$work/service/tmp"
cp "$here/service/app.py" "$here/service/config.ini" "$here/service/gunicorn.conf.py" "$work/service/app/"
mkdir -p "$work/policy/tunables"
echo "@{SERVICE} = $work/service" >"$work/policy/tunables/upload"
export PYTHONDONTWRITEBYTECODE=1 ASPIS_SLOW="$slow"
ffmpeg -nostdin -loglevel error -f lavfi -i testsrc=size=320x240:rate=10 -t 1 -c:v mpeg4 "$work/clip.avi"

act "1. Watch: aspis run -- gunicorn …"
start watch
convert
"$python" leak.py "$url" --secret "$secret" --keep "$work" >"$work/leaked.txt" || die "nothing leaked"
first=$(head -n 1 "$secret")
[ "$(head -n 1 "$work/leaked.txt")" = "$first" ] || die "that is not the first line of $secret: $first"
say "a playlist that calls itself video.avi is converted, too, and its picture shows $secret:"
head -n 3 "$work/leaked.txt" | sed 's/^/  /'
"$python" client.py get "$url$traversal" >"$work/leaked.ini" || die "no $traversal"
say "GET $traversal gives the secret of the configuration:"
key_in "$work/leaked.ini" | sed 's/^/  /' || die "there is no secret in it"
end_service
say "how $secret came out, by $(wc -l <"$events") events:"
"$python" chain.py "$events" "$secret" || die "the chain is not whole"

act "2. Try a profile: aspis run --profile upload.profile --complain -- gunicorn …"
set -- --profile "$here/service/upload.profile:upload" -I "$work/policy" --base "$source/policy/profiles" --denials
start complain "$@" --complain
convert
"$python" client.py upload "$url" "$work/video-0-0.avi" "$work/video.png" || die "complain mode changed what the service does"
cmp "$work/video.png" "$work/picture-0-0.png" || die "the picture of the playlist is not the one of before"
say "the playlist gives the same picture of $secret as before"
"$python" client.py get "$url$traversal" | key_in - >/dev/null || die "complain mode changed what the service does"
say "GET $traversal gives the secret"
end_service
say "the profile would have denied these two, and nothing else:"
set -- "$secret=upload//serving//ffmpeg" "$work/service/app/config.ini=upload//serving"
"$python" verdicts.py "$events" complain "$@" || die "the profile is not right"

act "3. Enforce it: aspis run --profile upload.profile -- gunicorn …"
set -- --profile "$here/service/upload.profile:upload" -I "$work/policy" --base "$source/policy/profiles" --denials
start enforce "$@"
convert
if answer=$("$python" client.py upload "$url" "$work/video-0-0.avi" "$work/video.png" 2>&1); then
  die "the playlist still gives a picture"
fi
say "the playlist gives no picture: $answer"
if answer=$("$python" client.py get "$url$traversal" 2>&1); then
  die "the configuration can still be read"
fi
say "GET $traversal gives nothing: $answer"
"$python" client.py get "$url/healthz" >/dev/null || die "the service does not answer any more"
say "the service still answers"
end_service
say "the profile denied these two, and nothing else:"
set -- "$secret=upload//serving//ffmpeg" "$work/service/app/config.ini=upload//serving"
"$python" verdicts.py "$events" denied "$@" || die "that is not what it should deny"

printf '\nThe leaks are gone. It took %s s.\n' $(($(date +%s) - begun))
