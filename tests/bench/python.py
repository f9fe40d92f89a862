#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What audit events cost a Python program, on this machine: a Markdown table beside the targets.

usage: python.py ASPIS EMPTY_USDT

The least of many batches, each below the throttle (2048 of one event in 134 ms). An empty BPF program on the same
instruction is what no tool can be cheaper than.
"""
from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tempfile

PYTHON = "/usr/bin/python3"
EVENT_TARGET = 1.6  # times the empty program
STACK_TARGET_NS = 4000

# Prints the ns of one sys.audit() with a name and two arguments, below `depth` frames: the least of its batches.
LOOP = """
import sys, time
def down(depth):
    return down(depth - 1) if depth else batch()
def batch():
    audit = sys.audit
    start = time.perf_counter_ns()
    for _ in range(1000):
        audit("bench.event", "one", 2)
    return time.perf_counter_ns() - start
print("ready", flush=True)
sys.stdin.readline()
times = []
for _ in range(25):
    times.append(down(int(sys.argv[1])) / 1000)
    time.sleep(0.2)
print(min(times), flush=True)
"""

IMPORTS = ("import time; start = time.perf_counter_ns(); import asyncio, concurrent.futures, ctypes, decimal, email.message, html.parser, http.server, json, "
           "logging.config, multiprocessing.pool, sqlite3, ssl, tarfile, unittest, urllib.request, xml.dom.minidom, "
           "zipfile; print(time.perf_counter_ns() - start)")

FLASK = """
import time, flask
app = flask.Flask(__name__)
@app.get("/")
def hello():
    with open("/etc/hostname") as file:
        return file.read()
client = app.test_client()
for _ in range(50):
    client.get("/")
times = []
for _ in range(20):
    start = time.perf_counter_ns()
    for _ in range(50):
        client.get("/")
    times.append((time.perf_counter_ns() - start) / 50)
print(min(times))
"""


def audit_probe() -> tuple[str, str, str] | None:
    """The USDT python:audit of the interpreter: its file, and where it and its semaphore are in that."""
    binary = os.path.realpath(PYTHON)
    notes = subprocess.run(["readelf", "--notes", "--wide", binary], capture_output=True, text=True, check=False).stdout
    place = re.search(r"Name: audit\s+Location: 0x(\w+), Base: 0x\w+, Semaphore: 0x(\w+)", notes)
    if not place:
        return None
    segments = subprocess.run(["readelf", "--segments", "--wide", binary], capture_output=True, text=True, check=True)
    offsets = []
    for address in (int(place[1], 16), int(place[2], 16)):
        for row in re.finditer(r"LOAD\s+0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)", segments.stdout):
            offset, start, size = (int(number, 16) for number in row.groups())
            if start <= address < start + size:
                offsets.append(hex(address - start + offset))
    return (binary, offsets[0], offsets[1]) if len(offsets) == 2 else None


def loop(depth: int, prefix: list[str], empty: str = "") -> float:
    with subprocess.Popen([*prefix, PYTHON, "-c", LOOP, str(depth)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        assert process.stdin and process.stdout
        process.stdout.readline()
        probe = None
        if empty:
            place = audit_probe()
            assert place
            probe = subprocess.Popen([empty, place[0], str(process.pid), place[1], place[2]],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert probe.stdout
            probe.stdout.readline()
        process.stdin.write("go\n")
        process.stdin.flush()
        took = float(process.stdout.readline())
        if probe:
            probe.communicate()
        return took


def inside(prefix: list[str], code: str) -> float:
    """ns by what a program says of itself, the least of five runs; loading the kernel side is not its own."""
    return min(float(subprocess.run([*prefix, PYTHON, "-B", "-c", code], check=True, capture_output=True, text=True).stdout)
               for _ in range(5))


def row(name: str, text: str, target: str = "", good: bool | None = None) -> None:
    print(f"| {name} | {text} | {'' if good is None else ('ok: ' if good else 'over: ') + target} |")


def main() -> int:
    aspis, empty = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as directory:
        log = str(pathlib.Path(directory, "events"))

        def watched(stacks: str) -> list[str]:
            return [aspis, "run", "--stacks", stacks, "-o", "json", "--to", log, "--"]

        print("| what | cost | target |\n| --- | --- | --- |")
        base = loop(0, [])
        row("sys.audit(name, str, int), nobody listens", f"{base:.0f} ns")
        ours = loop(0, watched("none")) - base
        if audit_probe():
            bare = loop(0, [], empty) - base
            row("an empty program on the USDT", f"+{bare:.0f} ns")
            row("the event, sent", f"+{ours:.0f} ns, {ours / bare:.2f} × the empty program",
                f"≤ {EVENT_TARGET} ×", ours <= EVENT_TARGET * bare)
        else:
            row("the event, sent (no USDT in this interpreter to compare with)", f"+{ours:.0f} ns")
        deep = loop(10, watched("none"))
        stack = loop(10, watched("all")) - deep
        row("its stack, 11 frames", f"+{stack:.0f} ns", f"≤ {STACK_TARGET_NS} ns", stack <= STACK_TARGET_NS)

        alone, seen = inside([], IMPORTS), inside(watched("denied"), IMPORTS)
        row("imports of 17 modules of the standard library", f"{alone / 1e6:.0f} ms alone, {seen / 1e6:.0f} ms watched")
        if not subprocess.run([PYTHON, "-c", "import flask"], stderr=subprocess.DEVNULL, check=False).returncode:
            alone, seen = inside([], FLASK), inside(watched("denied"), FLASK)
            row("a Flask request that opens a file",
                f"{alone / 1e3:.0f} µs alone, {seen / 1e3:.0f} µs watched, +{100 * (seen - alone) / alone:.0f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
