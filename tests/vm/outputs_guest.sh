#!/usr/bin/env bash
# In a guest with systemd: what the agent's outputs send, and what rsyslog, systemd's journal, auditd and a receiver of
# webhooks make of it. outputs_guest.sh ASPIS, the program.
# SPDX-License-Identifier: Apache-2.0
set -uo pipefail

aspis=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(mktemp -d /var/tmp/aspis-outputs.XXXXXX)
received=/var/log/aspis-received
# shellcheck source-path=SCRIPTDIR source=guest_checks.sh
. "$here/guest_checks.sh"
cd "$dir" || exit 1

# same WHAT EXPECTED COMMAND…: soon it prints that.
same() {
  local what=$1 expected=$2 end=$((SECONDS + 60))
  shift 2
  until [[ $("$@") == "$expected" ]] || ((SECONDS >= end)); do sleep 0.5; done
  is "$what" "$expected" "$("$@")"
}

# Each output relates the two clocks of its own: microseconds differ.
timeless() { sed -E 's/"time":"[^"]*",//'; }

# What is waited for. shellcheck does not see that they are called.
# shellcheck disable=SC2317
{
  gone() { ! pgrep -x rsyslogd >/dev/null; }
  in_force() { grep -q 'profiles in force' agent.err; }
  lines() { if [[ -e $1 ]]; then grep -c . "$1"; else echo 0; fi; }
  denials() { grep -c '"verdict":"denied"' "$1" 2>/dev/null; }
  records() { ausearch -m USER_AVC --raw 2>/dev/null | grep -c 'apparmor="DENIED"'; }
  in_journal() { journalctl -q --no-pager -o cat ASPIS_VERDICT=denied ASPIS_PROFILE=reader | wc -l; }
  # Events that it has told of: a message shows one, or none that was not shown before, and says how many more.
  hooks() {
    python3 -c 'import json, re
texts = [json.loads(json.loads(line)["body"])["text"] for line in open("hook/requests")]
print(sum(int(more) for text in texts for more in re.findall(r" \(×(\d+) more\)$", text)) + bool(texts))' 2>/dev/null
  }
}

say "receivers"
cat >/etc/rsyslog.conf <<END
module(load="imuxsock" SysSock.UseSpecialParser="off" SysSock.ParseHostname="on")
module(load="imudp")
module(load="imtcp")
input(type="imudp" address="127.0.0.1" port="5514")
input(type="imtcp" address="127.0.0.1" port="5601")
template(name="fields" type="string" string="%app-name%|%procid%|%msgid%|%hostname%|%syslogfacility-text%.%syslogseverity-text%|%protocol-version%|%msg%\n")
template(name="file" type="string" string="$received-%inputname%")
# The journal passes on what is sent to itself, too, as RFC 3164.
if \$app-name == "aspis" and \$protocol-version == "1" then action(type="omfile" dynafile="file" template="fields")
END
rm -f "$received"-*
# Its alias is what its socket starts.
systemctl enable --quiet --now auditd.service rsyslog.service
is "rsyslog and auditd run" "active active" "$(systemctl is-active rsyslog.service auditd.service | paste -sd ' ')"
mkdir hook
python3 "$here/../unit/webhook/receiver.py" hook --port 8099 &
receiver=$!
soon test -s hook/port

say "the agent"
echo password >secret
cp /bin/cat reader
mkdir profiles
printf 'profile reader %s/reader {\n  /** mr,\n  audit deny %s/secret r,\n}\n' "$dir" "$dir" >profiles/reader
cat >aspis.yaml <<END
profiles: [$dir/profiles]
observe: python
pins: ""
state: ""
socket: {path: $dir/sock}
redact: ['--password[=\\s](.+)']
outputs:
  - {type: file, path: $dir/all.json}
  - {type: file, path: $dir/ecs.json, format: ecs, denials_only: true}
  - {type: syslog, to: "udp:127.0.0.1:5514", denials_only: true}
  - {type: syslog, to: "tcp:127.0.0.1:5601", denials_only: true}
  - {type: syslog, denials_only: true}
  - {type: journal, format: compact, denials_only: true}
  - {type: audit}
  - {type: webhook, to: "http://127.0.0.1:8099/hook", group: 10}
END
is "the check" 0 "$("$aspis" agent --check --config aspis.yaml >check.out 2>&1; echo $?)"
"$aspis" agent --config aspis.yaml >agent.out 2>agent.err &
agent=$!
soon in_force || cat agent.err
"$aspis" tail --socket "$dir/sock" -o json >tail.json 2>tail.err &
tail=$!
sleep 2

say "three denials"
for _ in 1 2 3; do ./reader secret 2>/dev/null; done
/usr/bin/python3 -c 'import subprocess; subprocess.run(["true", "--password=geheim", "--password", "geheim"])'
same "the file has them" 3 denials all.json
same "ECS has them" 3 denials ecs.json
for input in imudp imtcp imuxsock; do
  same "rsyslog has them, by $input" 3 lines "$received-$input"
done
host=$(hostname)
for input in imudp imtcp imuxsock; do
  is "their structure, by $input" "aspis|$agent|file.open|$host|authpriv.warning|1" \
    "$(cut -d'|' -f1-6 "$received-$input" | sort -u)"
  is "what they say, by $input" "$(grep '"verdict":"denied"' all.json | timeless)" \
    "$(cut -d'|' -f7- "$received-$input" | sed 's/^ //' | timeless)"
done
same "the journal has them, by its fields" 3 in_journal
is "other fields of the journal" "file.open aspis 4 $dir/reader" \
  "$(journalctl -q --no-pager -o json ASPIS_PROFILE=reader | head -1 | python3 -c 'import json, sys
e = json.loads(sys.stdin.readline()); print(e["ASPIS_TYPE"], e["SYSLOG_IDENTIFIER"], e["PRIORITY"], e["ASPIS_EXE"])')"
same "ausearch finds them" 3 records
is "what a record says" 'apparmor="DENIED" operation="open" profile="reader" requested_mask="r" denied_mask="r"' \
  "$(ausearch -m USER_AVC --raw 2>/dev/null | head -1 | grep -oE '(apparmor|operation|profile|requested_mask|denied_mask)="[^"]*"' | paste -sd ' ')"
is "aureport counts them" 3 "$(aureport --avc 2>/dev/null | grep -c '^[0-9]\+\. ')"
same "the webhook tells of all three" 3 hooks
is "in no more than two messages" 1 "$(($(lines hook/requests) <= 2))"

say "secrets"
kill "$tail"
wait "$tail" 2>/dev/null
for file in all.json tail.json; do
  is "$file has the command line" yes "$(grep -q '"--password=\*\*\*","--password","\*\*\*"' "$file" && echo yes)"
  is "$file has no secret" 0 "$(grep -c geheim "$file")"
done

say "rsyslog is killed, and comes again"
systemctl kill -s KILL rsyslog.service
systemctl stop rsyslog.service syslog.socket 2>/dev/null
# systemd may have begun to start it again by then: what that one takes by UDP dies with it.
sleep 3
systemctl stop rsyslog.service syslog.socket 2>/dev/null
soon gone
is "it does not run" inactive "$(systemctl is-active rsyslog.service)"
for _ in {1..20}; do ./reader secret 2>/dev/null; done
same "the file has them" 23 denials all.json
is "nothing came" 3 "$(lines "$received-imtcp")"
systemctl start syslog.socket rsyslog.service
same "rsyslog has all of them, by TCP" 23 lines "$received-imtcp"
same "by UDP on this machine, too" 23 lines "$received-imudp"
same "the journal has them, whom nobody killed" 23 in_journal
same "ausearch, too" 23 records

say "the end"
grep VmRSS "/proc/$agent/status"
kill "$agent"
wait "$agent"
is "the agent has lost nothing" 0 $?
is "no loss in its account" 0 "$(grep '"type":"aspis.summary"' all.json | grep -o '"output":[0-9]*' | cut -d: -f2)"
kill "$receiver"

if ((failed)); then
  tail -n 20 agent.err
  tail -n 3 "$received"-* hook/requests
  ausearch -m USER_AVC --raw 2>&1 | head -3
  journalctl -q --no-pager -u rsyslog -u auditd | tail -20
fi
say end
exit "$failed"
