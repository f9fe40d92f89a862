#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Inside a guest: runs the GoogleTest programs of a directory that are meant for this boot.

usage: run_in_guest.py DIRECTORY SECONDS_PER_PROGRAM [all]

all: also those that are meant for the same backend on another kernel.

Every test's result is a line "@result JSON" on stdout, which tests/vm/summary.py reads on the host. Results are taken
from what a program prints, not from its XML report, because a program that crashes leaves no report.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import threading

BEGIN = re.compile(r"\[ RUN      \] (\S+)")
END = re.compile(r"\[ +(OK|FAILED|SKIPPED) +\] (\S+?)(?:,|\s|$)")
TIME = re.compile(r"\((\d+) ms\)$")
OUTCOMES = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}


def result(outcome, name, reason="", line=""):
    took = TIME.search(line)
    row = {"outcome": outcome, "name": name, "reason": reason, "seconds": int(took[1]) // 1000 if took else 0}
    print("@result " + json.dumps(row), flush=True)


def skip_reason(lines):
    """GoogleTest prints "file:line: Skipped" and the reason below it."""
    for number, line in enumerate(lines):
        if line.endswith(": Skipped"):
            return " ".join(lines[number + 1 :]).strip() or line
    return "no reason given"


def report_disabled(program):
    suite = ""
    listing = subprocess.run([program, "--gtest_list_tests"], capture_output=True, text=True, check=False).stdout
    for line in listing.splitlines():
        name = line.split("#")[0].rstrip()
        if not line.startswith("  "):
            suite = name
        elif "DISABLED_" in suite + name:
            result("skipped", f"{program.name}: {suite}{name.strip()}", "disabled")


def run(program, seconds):
    print(f"== {program.name}", flush=True)
    report_disabled(program)
    process = subprocess.Popen([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    too_long = threading.Event()
    timer = threading.Timer(seconds, lambda: (too_long.set(), process.kill()))
    timer.start()
    running, lines, failed = None, [], 0
    for line in process.stdout:
        line = line.rstrip("\n")
        if begin := BEGIN.search(line):
            running, lines = begin[1], []
        elif running and (end := END.search(line)) and end[2] == running:
            outcome = OUTCOMES[end[1]]
            failed += outcome == "failed"
            if outcome == "failed":
                print("\n".join([*lines, line]), flush=True)
            result(outcome, f"{program.name}: {running}", skip_reason(lines) if outcome == "skipped" else "", line)
            running, lines = None, []
        else:
            lines.append(line)
    status = process.wait()
    timer.cancel()
    if status == 0:
        return
    how = f"still ran after {seconds:g} s" if too_long.is_set() else f"ended with status {status}"
    if running:
        print("\n".join(lines), flush=True)
        result("failed", f"{program.name}: {running}", how)
    elif failed == 0:  # a crash, or an exit outside of any test
        print("\n".join(lines), flush=True)
        result("failed", f"{program.name}: the program itself", how)


def main():
    directory, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])
    backend = os.environ.get("ASPIS_VM_BACKEND", "lsm")
    kernel = ".".join(os.uname().release.split(".")[:2])
    for marker in sorted(directory.glob("*.guests")):
        program = marker.with_suffix("")
        guests = marker.read_text().split()
        if sys.argv[3:] == ["all"]:
            guests = [f"{kernel}-{guest.partition('-')[2]}" for guest in guests]
        if f"{kernel}-{backend}" not in guests:
            continue
        if program.exists():
            run(program.absolute(), seconds)
        else:
            result("failed", f"{program.name}: the program itself", "was not built")
    print("@end", flush=True)


if __name__ == "__main__":
    main()
