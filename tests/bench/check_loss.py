#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is every event accounted for?

check_loss.py FILE OPENS PATH: FILE is what `aspis run -o json --to FILE` wrote while PATH was opened OPENS times.
Exit status 0: each of them is in FILE or counted as lost, and the account in aspis.summary agrees; 1: not.
"""
from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from typing import Any, Iterable

STAGES = ("ring", "scratch", "output", "decode", "throttled")
KERNEL_STAGES = ("ring", "scratch")


@dataclass
class Stream:
    """What one output holds."""

    opens: int = 0
    events: int = 0  # lines with a number
    last: int = 0
    doubles: int = 0
    gaps: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    summary: dict[str, Any] | None = None


def read(lines: Iterable[bytes], path: str) -> Stream:
    stream = Stream()
    seen = bytearray()
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
        except ValueError as error:
            raise SystemExit(f"check_loss: line {number} is no JSON: {error}") from error
        if event["type"] == "aspis.gap":
            for stage in STAGES:
                stream.gaps[stage] += event["lost"][stage]
        elif event["type"] == "aspis.summary":
            stream.summary = event
        elif (seq := event.get("seq")) is not None:
            stream.events += 1
            stream.last = max(stream.last, seq)
            if seq >= len(seen):
                seen.extend(bytes(max(seq + 1 - len(seen), 1 << 16)))
            stream.doubles += seen[seq]
            seen[seq] = 1
            if event["type"] == "file.open" and event["file"]["path"] == path:
                stream.opens += 1
    return stream


def problems(stream: Stream, opens: int, others: int | None = None) -> list[str]:
    """What does not add up; nothing when all is well. `others`: events that are no opens of the path, if known."""
    found: list[str] = []
    summary = stream.summary
    if summary is None:
        return ["no aspis.summary"]
    lost = summary["lost"]

    def must_equal(what: str, value: int, other_name: str, other: int) -> None:
        if value != other:
            found.append(f"{what} {value}, {other_name} {other} (difference {value - other:+})")

    must_equal("lost.total", lost["total"], "sum of the stages", sum(lost[stage] for stage in STAGES))
    must_equal("produced", summary["produced"], "lines with a number + filtered + lost.total",
               stream.events + summary["filtered"] + lost["total"])
    must_equal("emitted", summary["emitted"], "lines with a number", stream.events)
    must_equal("numbers seen twice", stream.doubles, "expected", 0)
    if stream.last > summary["produced"]:
        found.append(f"number {stream.last} is above produced {summary['produced']}")
    for stage in STAGES:
        # What the kernel lost last on a CPU has no event after it to tell of it, only the summary.
        told = stream.gaps[stage]
        if told > lost[stage] or (stage not in KERNEL_STAGES and told != lost[stage]):
            found.append(f"aspis.gap lines say {stage}={told}, aspis.summary {lost[stage]}")
    # Other events than the opens of PATH may be among the lost: start-up, exit.
    if stream.opens > opens:
        found.append(f"{stream.opens} opens in the file, but only {opens} were done")
    missing = opens - stream.opens
    if others is None:
        others = summary["produced"] - opens
    must_equal("produced", summary["produced"], "opens + other events", opens + others)
    if missing > lost["total"] + summary["filtered"]:
        found.append(f"{missing} opens are not in the file, but only {lost['total']} events were lost "
                     f"and {summary['filtered']} filtered")
    if others < 0:
        found.append(f"produced {summary['produced']}: fewer than the {opens} opens")
    elif lost["total"] + summary["filtered"] - missing > others:
        found.append("more was lost than was done")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("opens", type=int)
    parser.add_argument("path")
    parser.add_argument("--others", type=int, metavar="N",
                        help="events that are no opens of PATH, written or lost: must be N (default: any number)")
    parser.add_argument("--strict-gaps", action="store_true",
                        help="the aspis.gap lines must tell of every loss, also of a CPU's last ones")
    arguments = parser.parse_args()
    with open(arguments.file, "rb") as lines:
        stream = read(lines, arguments.path)
    found = problems(stream, arguments.opens, arguments.others)
    if arguments.strict_gaps and stream.summary and (told := sum(stream.gaps.values())) != stream.summary["lost"]["total"]:
        found.append(f"aspis.gap lines tell of {told} lost events, aspis.summary of {stream.summary['lost']['total']}")
    for problem in found:
        print(f"check_loss: {arguments.file}: {problem}", file=sys.stderr)
    if found or stream.summary is None:
        return 1
    lost = stream.summary["lost"]
    print(f"{arguments.opens} opens = {stream.opens} in the file + {arguments.opens - stream.opens} lost; "
          f"{stream.summary['produced']} events = {stream.events} written + {stream.summary['filtered']} filtered + "
          f"{lost['total']} lost ({', '.join(f'{stage} {lost[stage]}' for stage in STAGES)}); "
          f"{sum(stream.gaps.values())} of the losses told in the stream")
    return 0


if __name__ == "__main__":
    sys.exit(main())
