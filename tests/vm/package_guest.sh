#!/usr/bin/env bash
# In a guest with systemd: the life of the package aspis, from its installation to its purge. package_guest.sh DIRECTORY,
# which has the packages of two versions.
# SPDX-License-Identifier: Apache-2.0
set -uo pipefail

packages=("$1"/aspis_*.deb) # the older one is first

# shellcheck source-path=SCRIPTDIR source=guest_checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/guest_checks.sh"

state() { systemctl show -P "$1" aspis.service; }
journal() { journalctl --no-pager -o cat -u aspis.service; }
# The secret, or why not: releases differ in whom they say has failed.
reads() { /usr/local/bin/reader /srv/secret 2>&1 | sed 's/.*: //'; }
# What is waited for. shellcheck does not see that `soon` calls it.
# shellcheck disable=SC2317
{
  told() { journal | grep -q "$1"; }
  logged() { grep -q "$1" /var/log/aspis/events.json; }
  in_force() { aspis status --enforced 2>/dev/null | grep -qx "$1"; }
  allowed() { [[ $(reads) == password ]]; }
  # Also while it reloads: a profile is in force before the agent has said so to systemd.
  running() { [[ "$(state ActiveState) $(state SubState)" == "active running" ]]; }
  restarted() { [[ $(state ActiveState) == active && $(state MainPID) != "$main" ]]; }
}
installs() {
  dpkg -i "$1" >/tmp/dpkg.log 2>&1
  is "dpkg -i $(basename "$1")" 0 $?
  is "the service runs" "active running" "$(state ActiveState) $(state SubState)"
  if [[ $(state ActiveState) != active ]]; then # nothing of what comes then means anything
    cat /tmp/dpkg.log
    journal | tail -40
    exit 1
  fi
}

say install
installs "${packages[0]}"
is "it is enabled" enabled "$(systemctl is-enabled aspis.service)"
is "what it says of itself" "0 profiles in force" "$(state StatusText)"
is "its socket" "root:aspis 660" "$(stat -c '%U:%G %a' /run/aspis/aspis.sock)"
is "its directories" "750 750" "$(stat -c %a /var/log/aspis /var/lib/aspis | paste -sd ' ')"
is "no profiles, says aspis status" 2 "$(aspis status >/dev/null 2>&1; echo $?)"
is "restarts" 0 "$(state NRestarts)"

say observe
/usr/bin/python3 -c 'import subprocess; subprocess.run(["true"])'
soon logged '"event":"subprocess.Popen"'
is "a Python program is in the log" 0 $?

say confine
echo password >/srv/secret
cp /bin/cat /usr/local/bin/reader
cat >/etc/aspis/profiles.d/reader <<'END'
profile reader /usr/local/bin/reader {
  /** mr,
  deny /srv/forbidden r,
  audit deny /srv/secret r,
  set rlimit nofile <= 100,
}
END
soon in_force 1
is "the profile is in force once its file is there" 0 $?
is "it denies" "Permission denied" "$(reads)"
soon told 'open /srv/secret .*DENIED'
is "the journal tells of it" 0 $?
is "limits are set" "Max open files 100 100" \
  "$(/usr/local/bin/reader /proc/self/limits 2>&1 | sed -nE 's/ +/ /g; s/^(Max open files [0-9]+ [0-9]+).*/\1/p')"

say reload
sed -i '/secret/d' /etc/aspis/profiles.d/reader
systemctl reload aspis.service
is "systemctl reload" 0 $?
soon allowed
is "it allows what the profile does not deny any more" 0 $?
soon running
is "the service still runs" 0 $?

say "killed"
main=$(state MainPID)
kill -9 "$main"
soon restarted
is "systemd has started it again" 0 $?

say upgrade
echo '# a line of the administrator' >>/etc/aspis/aspis.yaml
sed -i '$s/}/  audit deny \/srv\/secret r, }/' /etc/aspis/profiles.d/reader
main=$(state MainPID)
installs "${packages[1]}"
is "it is a new one" yes "$([[ $(state MainPID) != "$main" ]] && echo yes)"
is "the configuration is the administrator's" "# a line of the administrator" "$(tail -1 /etc/aspis/aspis.yaml)"
is "the profile denies" "Permission denied" "$(reads)"
is "the log is whole" 0 "$(aspis log verify /var/log/aspis/events.json >/tmp/verify 2>&1; echo $?)"
cat /tmp/verify

say remove
dpkg -r aspis >/tmp/dpkg.log 2>&1
is "dpkg -r" 0 $?
is "no agent runs" "" "$(pgrep -x aspis)"
is "the service has gone" inactive "$(systemctl is-active aspis.service)"
is "nothing is confined" password "$(reads)"
is "nothing is left below /sys/fs/bpf" "" "$(ls /sys/fs/bpf)"
is "configuration and log stay" yes "$([[ -s /etc/aspis/aspis.yaml && -s /var/log/aspis/events.json ]] && echo yes)"

say "install again"
installs "${packages[1]}"

say purge
dpkg -P aspis >/tmp/dpkg.log 2>&1
is "dpkg -P" 0 $?
is "state, log and configuration have gone" "" "$(ls -d /var/lib/aspis /var/log/aspis /etc/aspis/aspis.yaml 2>/dev/null)"
is "no unit is left" "" "$(find /etc/systemd /var/lib/systemd -name '*aspis*')"

((!failed)) || journal | tail -40
say end
exit "$failed"
