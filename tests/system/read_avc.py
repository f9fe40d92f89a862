#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads lines of `aspis -o avc` with AppArmor's own tools.

read_avc.py fields FILE  libapparmor reads each line, and has every member that the line has
read_avc.py rules FILE   what aa-logprof makes of the lines about files: "PROFILE: RULE", one a line

Exit status 77: python3-libapparmor or python3-apparmor is not installed.
"""

import re
import sys
from pathlib import Path

try:
    import LibAppArmor
except ImportError:
    print("python3-libapparmor is not installed")
    sys.exit(77)

# Members by their names in libapparmor's record. What it has no place for is not asked for.
NAMES = {
    "operation": "operation",
    "info": "info",
    "profile": "profile",
    "name": "name",
    "pid": "pid",
    "comm": "comm",
    "requested_mask": "requested_mask",
    "denied_mask": "denied_mask",
    "requested": "requested_mask",
    "denied": "denied_mask",
    "fsuid": "fsuid",
    "ouid": "ouid",
    "target": "name2",
    "peer": "peer",
    "signal": "signal",
    "capname": "name",
    "laddr": "net_local_addr",
    "lport": "net_local_port",
    "faddr": "net_foreign_addr",
    "fport": "net_foreign_port",
    "family": "net_family",
    "sock_type": "net_sock_type",
    "fstype": "fs_type",
    "srcname": "src_name",
    "flags": "flags",
    "addr": "net_addr",
    "peer_addr": "peer_addr",
}
UNTRUSTED = {"profile", "name", "comm", "target", "peer", "srcname", "fstype", "addr", "peer_addr"}
EVENTS = {
    "DENIED": LibAppArmor.AA_RECORD_DENIED,
    "ALLOWED": LibAppArmor.AA_RECORD_ALLOWED,
    "AUDIT": LibAppArmor.AA_RECORD_AUDIT,
}
MEMBER = re.compile(r'(\w+)=("[^"]*"|[^ ]*)')


def decoded(key: str, value: str) -> str:
    if value.startswith('"'):
        return value[1:-1]
    if key in UNTRUSTED and value != "none":
        return bytes.fromhex(value).decode("utf-8", "surrogateescape")
    return value


def wrong_members(line: str) -> list[str]:
    """What libapparmor did not read, or read differently."""
    record = LibAppArmor.parse_record(line)
    members = {key: decoded(key, value) for key, value in MEMBER.findall(line.partition(" apparmor=")[2])}
    outcome = line.partition(' apparmor="')[2].partition('"')[0]
    wrong = []
    if record.event != EVENTS[outcome]:
        return [f"is no {outcome} event"]
    for key, value in members.items():
        read = getattr(record, NAMES[key], None) if key in NAMES else None
        absent = key not in NAMES or (key == "addr" and value == "none")  # said to be none, and read so
        if not absent and str(read) != value:
            wrong.append(f"{key}={value}: read as {read}")
    return wrong


def check_fields(lines: list[str]) -> int:
    failures = read = 0
    for line in lines:
        if line.startswith("#"):
            if LibAppArmor.parse_record(line).event != LibAppArmor.AA_RECORD_INVALID:
                print("taken for an event:", line)
                failures += 1
            continue
        # No version of libapparmor knows the kernel's own word for it.
        wrong = [] if 'apparmor="KILLED"' in line else wrong_members(line)
        failures += bool(wrong)
        read += 1
        for text in wrong:
            print(f"{text}\n  in {line}")
    print(f"{read} lines read, {failures} wrong")
    return 1 if failures or not read else 0


def suggested_rules(path: str) -> list[str]:
    """As aa-logprof: its log reader, and a rule for each access that it found. Rules of files only."""
    try:
        from apparmor.logparser import ReadLog
    except ImportError:
        print("python3-apparmor is not installed")
        sys.exit(77)
    from apparmor.rule.file import FileRule

    class AnyProfile:
        """aa-logprof passes over profiles that it has no file of."""

        def filename_from_profile_name(self, name: str) -> str:
            return name

        def profile_exists(self, name: str) -> bool:
            return True

    rules = []
    found = ReadLog(path, AnyProfile(), "").read_log("")
    for profiles in found.values():
        for name, classes in profiles.items():
            by_file = classes.get("file") or classes.get("path") or {}  # 4.1 and 3.0
            for file, by_owner in by_file.items():
                for owner, letters in by_owner.items():
                    rule = FileRule(file, set(letters), None, FileRule.ALL, bool(owner), log_event=True)
                    rules.append(f"{name}: {rule.get_clean()}")
    return rules


def without_class(path: str) -> str:
    """A copy that libapparmor 3.0 reads: it takes no line with class=, not the kernel's own either."""
    text = Path(path).read_text("utf-8", "surrogateescape")
    copy = Path(path + ".without_class")
    copy.write_text(re.sub(r' class="\w+"', "", text), "utf-8", "surrogateescape")
    return str(copy)


def main() -> int:
    command, path = sys.argv[1], sys.argv[2]
    sample = 'type=AVC msg=audit(1.0:1): apparmor="DENIED" operation="open" class="file" profile="p" pid=1 comm="c"'
    if LibAppArmor.parse_record(sample).event != LibAppArmor.AA_RECORD_DENIED:
        path = without_class(path)
    lines = Path(path).read_text("utf-8", "surrogateescape").splitlines()
    if command == "fields":
        return check_fields(lines)
    for rule in suggested_rules(path):
        print(rule)
    return 0


if __name__ == "__main__":
    sys.exit(main())
