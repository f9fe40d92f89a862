#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sums up the results of ./dev test.

usage: summary.py DIRECTORY

Reads DIRECTORY/*.xml (JUnit, from ctest) and DIRECTORY/*.log (output of run_in_guest.py); the file's name says where the
tests ran. Prints the slowest tests, failed and skipped ones by name, with reasons, and ends with the line "N passed, N failed, N skipped".
Exit status 1 when anything failed.
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree

# GoogleTest prints "file:line: Skipped", then the reason, then "[  SKIPPED ] name".
SKIP_REASON = re.compile(r": Skipped\n(.*?)\n*\[  SKIPPED \]", re.DOTALL)


def from_junit(path):
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = f"{path.stem}: {case.get('name')}"
        text = case.findtext("system-out") or ""
        seconds = int(float(case.get("time") or 0))
        skipped = case.find("skipped")
        if skipped is not None or case.get("status") in ("notrun", "disabled"):
            found = SKIP_REASON.search(text)
            reason = found.group(1).strip() if found else (skipped.get("message") if skipped is not None else "disabled")
            yield "skipped", name, reason or "no reason given", seconds
        elif case.get("status") == "fail" or case.find("failure") is not None:
            yield "failed", name, "", seconds
        else:
            yield "passed", name, "", seconds


def from_log(path):
    with open(path, errors="replace") as log:
        for line in log:
            if line.startswith("@result "):
                entry = json.loads(line.removeprefix("@result "))
                yield entry["outcome"], f"{path.stem}: {entry['name']}", entry["reason"], entry.get("seconds", 0)


def main():
    results = {"passed": [], "failed": [], "skipped": []}
    times = []
    directory = pathlib.Path(sys.argv[1])
    for path in sorted(directory.iterdir()):
        reader = {".xml": from_junit, ".log": from_log}.get(path.suffix)
        if reader is None:
            continue
        for outcome, name, reason, seconds in reader(path):
            results[outcome].append((name, " ".join(reason.split())))
            times.append((seconds, name))
    print("\nslowest:")
    for seconds, name in sorted(times, reverse=True)[:10]:
        print(f"  {seconds:4} s  {name}")
    for outcome in "skipped", "failed":
        if results[outcome]:
            print(f"\n{outcome}:")
        for name, reason in results[outcome]:
            print(f"  {name}" + (f" ({reason})" if reason else ""))
    print()
    print(", ".join(f"{len(results[outcome])} {outcome}" for outcome in ("passed", "failed", "skipped")))
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
