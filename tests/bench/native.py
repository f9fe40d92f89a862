#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the agent does on this machine, with the hooks that work here: a flood of events, and their delay.

native.py flood ASPIS FLOOD    events a second, memory, processor time and the exactness of the account of losses
native.py latency ASPIS        from the system call to the line at the output

Both print a Markdown table and compare it with the targets. Exit status 1: an account that does not add up.
"""
from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import check_loss

BUFFERS_MIB = (1, 16, 64)
OPENS = 200
PERIOD = 0.05
LATENCY_TARGET_MS = 20.0
# The ring is mapped twice (so that a record that wraps round is in one piece) and the queue of the output has 8 MiB,
# twice, for the lines on their way; a batch and the queue may each have grown to twice the room they need.
MEMORY_BASE_MIB = 56


def verdict(good: bool) -> str:
    return "ok" if good else "over"


def other_events(aspis: str, flood: str, directory: Path) -> int:
    """How many events a flood makes besides its opens: the start and the end of the program."""
    flooded, output = directory / "flooded", directory / "events.json"
    flooded.touch()
    subprocess.run([aspis, "run", "-o", "json", "--to", str(output), "--", flood, "--opens", "2", str(flooded)],
                   stdout=subprocess.DEVNULL, check=True)
    with output.open("rb") as lines:
        stream = check_loss.read(lines, str(flooded))
    assert stream.summary and stream.opens == 2
    return stream.summary["produced"] - 2


def flood_once(aspis: str, flood: str, directory: Path, buffer: int, others: int, arguments: list[str]) -> bool:
    """One row of the table; True if the account adds up."""
    flooded, output = directory / "flooded", directory / "events.json"
    flooded.touch()
    start = time.monotonic()
    process = subprocess.Popen(
        [aspis, "run", "--buffer-size", str(buffer), "-o", "json", "--to", str(output), "--",
         flood, *arguments, str(flooded)], stdout=subprocess.PIPE)
    assert process.stdout
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    if process.returncode != 0:
        print(f"| {buffer} | ended with {process.returncode} |", flush=True)
        return False
    done = json.loads(said)
    with output.open("rb") as lines:
        stream = check_loss.read(lines, str(flooded))
    found = check_loss.problems(stream, done["opens"], others)
    assert stream.summary
    lost = stream.summary["lost"]
    # wait4 counts the flood to the agent, as its parent: it says itself what it took.
    cpu = usage.ru_utime + usage.ru_stime - done["cpu"]
    memory, limit = usage.ru_maxrss / 1024, 2 * buffer + MEMORY_BASE_MIB
    print(f"| {buffer} | {done['opens']} | {done['rate']} | {lost['ring']} | {lost['output']} | "
          f"{100 * lost['total'] / stream.summary['produced']:.2f} % | {'yes' if not found else 'NO'} | "
          f"{memory:.0f} ({verdict(memory <= limit)}, ≤ {limit}) | {1e6 * cpu / max(stream.events, 1):.2f} | "
          f"{wall - done['seconds']:.1f} |", flush=True)
    for problem in found:
        print(f"bench: --buffer-size {buffer}: {problem}", file=sys.stderr)
    output.unlink()
    return not found


def flood(aspis: str, program: str, seconds: float, rate: int) -> bool:
    print("| ring, MiB | opens | opens/s | lost: ring | lost: output | lost | account exact | peak memory, MiB | "
          "agent, µs processor/event | end after the flood, s |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    exact = True
    with tempfile.TemporaryDirectory(prefix="aspis-bench.") as directory:
        others = other_events(aspis, program, Path(directory))
        for buffer in BUFFERS_MIB:
            exact &= flood_once(aspis, program, Path(directory), buffer, others,
                                ["--seconds", str(seconds), "--rate", str(rate)])
    return exact


def opener(directory: str) -> None:
    """The observed side: opens FILE.NUMBER.NANOSECONDS, which does not exist before. It takes its time from the name."""
    time.sleep(0.5)
    for number in range(OPENS):
        time.sleep(PERIOD)
        name = os.path.join(directory, f"at.{number}.{time.clock_gettime_ns(time.CLOCK_REALTIME)}")
        os.close(os.open(name, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        os.unlink(name)


def latency(aspis: str) -> bool:
    delays: list[float] = []
    with tempfile.TemporaryDirectory(prefix="aspis-bench.") as directory:
        # Events to a pipe of their own: the command keeps its standard output.
        reader, writer = os.pipe()
        process = subprocess.Popen(
            [aspis, "run", "-o", "json", "--event", "file.open", "--to", f"/proc/self/fd/{writer}", "--",
             sys.executable, "-S", __file__, "opener", directory], pass_fds=[writer])
        os.close(writer)
        rest = b""
        while data := os.read(reader, 1 << 16):
            arrived = time.clock_gettime_ns(time.CLOCK_REALTIME)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                event = json.loads(line)
                name = event.get("file", {}).get("path", "")
                if name.startswith(directory + "/at."):
                    delays.append((arrived - int(name.rsplit(".", 1)[1])) / 1e6)
        process.wait()
    if len(delays) != OPENS or process.returncode != 0:
        print(f"bench: latency: {len(delays)} of {OPENS} events arrived, exit status {process.returncode}",
              file=sys.stderr)
        return False
    delays.sort()
    median = statistics.median(delays)
    print("| opens | median, ms | p90, ms | max, ms | target |\n| --- | --- | --- | --- | --- |\n"
          f"| {len(delays)} | {median:.2f} | {delays[len(delays) * 9 // 10]:.2f} | {delays[-1]:.2f} | "
          f"{verdict(median < LATENCY_TARGET_MS)}: median < {LATENCY_TARGET_MS:.0f} |", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("flood", "latency", "opener"))
    parser.add_argument("program", nargs="+")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rate", type=int, default=200_000)
    arguments = parser.parse_args()
    if arguments.what == "opener":
        opener(arguments.program[0])
        return 0
    if arguments.what == "latency":
        return 0 if latency(arguments.program[0]) else 1
    return 0 if flood(arguments.program[0], arguments.program[1], arguments.seconds, arguments.rate) else 1


if __name__ == "__main__":
    sys.exit(main())
