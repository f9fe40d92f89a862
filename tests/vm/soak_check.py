#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is every event accounted for, and has the agent stayed as large as it was?

soak_check.py ASPIS DIRECTORY: what soak_guest.sh has brought. Prints a table; exit status 0: both are so, 1: not.
"""

import collections
import json
import pathlib
import statistics
import subprocess
import sys

WARM_UP = 60  # seconds: caches fill
PERIODS = 6  # whose levels are compared
DRIFT_MAX = 2048  # KiB
STAGES = ("ring", "scratch", "output", "decode", "throttled")


def lines_of(log):
    """All files of the log, the oldest first."""
    for part in sorted(log.glob("events.json.*")):
        with subprocess.Popen(["zstd", "-dcq", part], stdout=subprocess.PIPE) as process:
            yield from process.stdout
    with open(log / "events.json", "rb") as last:
        yield from last


def key(event):
    """As the programs call what they have done; None: nothing that they count."""
    kind = event["type"]
    verdict = event.get("verdict", "allowed")
    if file := event.get("file"):
        return f"{kind} {file['path']} {verdict}"
    if python := event.get("python"):
        path = "".join(f"{value} " for name, value in list(python.get("args", {}).items())[:1] if name in ("path", "src", "executable"))
        return f"{kind} {python['event']} {path}{verdict}"
    if exec_ := event.get("exec"):
        return f"{kind} {exec_['path']} {verdict}"
    if net := event.get("net"):
        return f"{kind} {net['address']}:{net['port']} {verdict}" if "address" in net else f"{kind} {net.get('family')} {verdict}"
    if kind == "process.exit":
        return f"{kind} {event['process'].get('exe')} {verdict}"
    return None


class Log:
    def __init__(self, lines):
        self.delivered = collections.Counter()
        self.told = collections.Counter()  # losses, by stage
        self.numbered = self.doubles = self.notices = 0
        self.summary = None
        seen = bytearray()
        for line in lines:
            event = json.loads(line)
            if event["type"] == "aspis.gap":
                self.told.update({stage: event["lost"][stage] for stage in STAGES})
            elif event["type"] == "aspis.summary":
                self.summary = event
            elif (number := event.get("seq")) is None:
                self.notices += event["type"] != "aspis.log"
            else:
                self.numbered += 1
                if number >= len(seen):
                    seen.extend(bytes(number + (1 << 20) - len(seen)))
                self.doubles += seen[number]
                seen[number] = 1
                self.delivered[key(event)] += 1


def made_in(directory):
    """What the programs have counted. The directory had the same name in the guest."""
    made = collections.Counter()
    for file in (directory / "counts").iterdir():
        counts = json.loads(file.read_text())
        if file.name == "flood":
            counts = {f"file.open {directory}/flooded allowed": counts["opens"]}
        made.update(counts)
    return made


def metric(text, name):
    """The sum over its labels."""
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name)


def problems_of_counts(log, made, metrics):
    if log.summary is None:
        yield "the log has no aspis.summary"
        return
    lost = log.summary["lost"]
    equal = [
        ("sum of the stages", sum(lost[stage] for stage in STAGES), "lost", lost["total"]),
        ("produced", log.summary["produced"], "lines with a number + filtered + lost",
         log.numbered + log.summary["filtered"] + lost["total"]),
        ("numbers seen twice", log.doubles, "expected", 0),
        ("notices in the summary", log.summary["notices"], "in the log", log.notices),
        ("lost by metrics", metrics, "by the summary", lost["total"]),
    ]  # fmt: skip
    for stage in ("output", "decode", "throttled"):  # of the others, the last ones of a processor have no event to tell them
        equal.append((f"told as {stage}", log.told[stage], "in the summary", lost[stage]))
    for one, found, other, expected in equal:
        if found != expected:
            yield f"{one} {found}, {other} {expected}"
    missing = 0
    for name, number in sorted(made.items()):
        delivered = log.delivered[name]
        missing += number - delivered
        if delivered > number or (lost["total"] == 0 and delivered != number):
            yield f"{name}: made {number}, in the log {delivered}"
    if missing > lost["total"]:
        yield f"{missing} events are not in the log, and only {lost['total']} are counted as lost"


def levels(sizes):
    """The median of each period: a queue that is long for a moment, as others took the processor, is given back, and no growth."""
    count = min(PERIODS, len(sizes))
    return [statistics.median(sizes[i * len(sizes) // count : (i + 1) * len(sizes) // count]) for i in range(count)]


def main():
    aspis, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    found = []
    verified = subprocess.run([aspis, "log", "verify", "--state", directory / "state", directory / "log/events.json"],
                              capture_output=True, text=True, check=False)  # fmt: skip
    print(verified.stdout.strip(), verified.stderr.strip(), sep="\n")
    if verified.returncode != 0 or "the chain is whole" not in verified.stdout:
        found.append("the chain is not whole")
    log = Log(lines_of(directory / "log"))
    made = made_in(directory)
    metrics = (directory / "metrics").read_text()
    found += problems_of_counts(log, made, metric(metrics, "aspis_events_lost_total"))

    samples = [[int(word) for word in line.split()] for line in (directory / "rss").read_text().splitlines()]
    warm = [rss for second, rss, *_ in samples if second >= WARM_UP]
    level = levels(warm)
    drift = max(level) - min(level)
    if drift > DRIFT_MAX:
        found.append(f"the agent's memory differs by {drift:.0f} KiB after its warm-up")

    print(f"\n| {'made, by kind':<74} | {'made':>9} | {'in log':>9} |\n| {'-' * 74} | {'-' * 8}: | {'-' * 8}: |")
    for name, number in sorted(made.items()):
        print(f"| {name.replace(str(directory), ''):<74} | {number:>9} | {log.delivered[name]:>9} |")
    print(f"| {'all of these':<74} | {sum(made.values()):>9} | {sum(log.delivered[name] for name in made):>9} |")
    seconds = samples[-1][0]
    summary = log.summary or {"produced": 0, "lost": {"total": 0}}
    print(f"\nevents     {summary['produced']}, others than these included"
          f"\nrate       {summary['produced'] / seconds:.0f} a second, for {seconds} seconds"
          f"\nlost       {summary['lost']['total']}"
          f"\nagent      {metric(metrics, 'process_cpu_seconds_total'):.0f} seconds of CPU"
          f"\nRSS        {min(warm)} to {max(warm)} KiB after {WARM_UP} seconds; medians of {len(level)} periods: "
          + " ".join(f"{one:.0f}" for one in level))  # fmt: skip
    for problem in found:
        print(f"PROBLEM    {problem}")
    print(f"verdict    {'failed' if found else 'passed'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
