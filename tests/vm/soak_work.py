#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes events of many kinds at a rate, and counts them.

soak_work.py DIRECTORY SECONDS RATE; prints as JSON how often it did what, for soak_check.py.
"""

import collections
import json
import os
import socket
import subprocess
import sys
import time

EVENTS_A_ROUND = 18
NOTES_A_ROUND = 4
CHILD_OPENS = 10

counts = collections.Counter()


def count(*keys):
    counts.update(keys)


def files(work):
    allowed, secret = f"{work}/allowed.python", f"{work}/secret.python"
    with open(allowed, "rb"):
        count(f"python.audit open {allowed} allowed", f"file.open {allowed} allowed")
    try:
        with open(secret, "rb"):
            sys.exit("what is denied was allowed")
    except PermissionError:
        count(f"python.audit open {secret} allowed", f"file.open {secret} denied")


def directories(work):
    old, new = f"{work}/python/old", f"{work}/python/new"
    os.mkdir(old)
    os.rename(old, new)
    os.rmdir(new)
    for verb, path in ("mkdir", old), ("rename", old), ("rmdir", new):
        count(f"python.audit os.{verb} {path} allowed", f"file.{verb} {path} allowed")


def connection():
    with socket.socket() as one:
        count("python.audit socket.__new__ allowed", "net.create inet allowed")
        try:
            one.connect(("127.0.0.1", 9))
        except ConnectionRefusedError:
            count("python.audit socket.connect allowed", "net.connect 127.0.0.1:9 allowed")


def child(work):
    program, file = f"{work}/child", f"{work}/allowed.child"
    subprocess.run([program, "--threads", "1", "--opens", str(CHILD_OPENS), file], stdout=subprocess.DEVNULL, check=True)
    count(f"python.audit subprocess.Popen {program} allowed", f"process.exec {program} allowed", f"process.exit {program} allowed")
    counts[f"file.open {file} allowed"] += CHILD_OPENS


def main():
    work, seconds, rate = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    begin = time.monotonic()
    rounds = children = 0
    while (passed := time.monotonic() - begin) < seconds:
        files(work)
        directories(work)
        connection()
        for number in range(NOTES_A_ROUND):
            sys.audit("soak.note", rounds, number)
            count("python.audit soak.note allowed")
        rounds += 1
        if passed > children:
            child(work)
            children += 1
        early = rounds * EVENTS_A_ROUND / rate - passed
        if early > 0.02:
            time.sleep(early)
    print(json.dumps(counts))


main()
