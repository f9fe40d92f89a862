# SPDX-License-Identifier: Apache-2.0
"""Finds in a JSON log of Aspis how a Python service came to read a secret through ffmpeg.

The chain, each link proved by a number and not by time:

    python.audit subprocess.Popen, by python3     its seq is the cause.seq of all that follow
      process.exec of ffmpeg                      same process as
      file.open of the secret, by ffmpeg

    chain.py EVENTS.json SECRET     exit code: 0 found, 1 a link is missing, 2 the log cannot be read
"""
from __future__ import annotations

import json
import os
import sys
from typing import Any, Iterable, NamedTuple

Event = dict[str, Any]

CAUSE = "subprocess.Popen"


class MissingLink(Exception):
    """What the log does not show."""


class Chain(NamedTuple):
    audit: Event
    execution: Event
    open: Event


def program(process: Event) -> str:
    return os.path.basename(process.get("exe", ""))


def caused_by_popen(event: Event) -> bool:
    cause = event.get("cause", {})
    return cause.get("event") == CAUSE and program(cause.get("process", {})).startswith("python3")


def find_chain(events: Iterable[Event], secret: str) -> Chain:
    """The first whole chain. Else raises MissingLink with the first link that no open of the secret has."""
    log = list(events)
    audits = {event["seq"]: event for event in log
              if event["type"] == "python.audit" and event["python"]["event"] == CAUSE}
    executions = {(event["process"]["pid"], event.get("cause", {}).get("seq")): event for event in log
                  if event["type"] == "process.exec" and program(event["process"]) == "ffmpeg"}
    opens = [event for event in log if event["type"] == "file.open"
             and event["file"]["path"] == secret and program(event["process"]) == "ffmpeg"]
    if not opens:
        raise MissingLink(f"no file.open of {secret} by ffmpeg, in {len(log)} events")
    problem = ""
    for opened in opens:
        pid = opened["process"]["pid"]
        if not caused_by_popen(opened):
            problem = f"ffmpeg (pid {pid}) opened {secret}, but its cause is not a {CAUSE} of python3"
            continue
        seq = opened["cause"]["seq"]
        execution = executions.get((pid, seq))
        if execution is None or not caused_by_popen(execution):
            problem = f"no process.exec of ffmpeg (pid {pid}) with the cause {CAUSE}, seq {seq}"
            continue
        audit = audits.get(seq)
        if audit is None or audit["process"]["pid"] != opened["cause"]["process"]["pid"]:
            problem = f"no python.audit {CAUSE} with seq {seq} by the process that the cause names"
            continue
        if "ffmpeg" not in json.dumps(audit["python"]["args"]):
            problem = f"the {CAUSE} with seq {seq} does not speak of ffmpeg"
            continue
        return Chain(audit, execution, opened)
    raise MissingLink(problem)


def lost(events: Iterable[Event]) -> int:
    return sum(event["lost"]["total"] for event in events if event["type"] == "aspis.gap")


def who(process: Event) -> str:
    return f"{process.get('exe', '?')}[{process['pid']}]"


def describe(chain: Chain) -> str:
    audit, execution, opened = chain
    arguments = audit["python"]["args"]
    command = arguments.get("args", arguments) if isinstance(arguments, dict) else arguments
    said = " ".join(map(str, command)) if isinstance(command, list) else json.dumps(command)
    source = opened["cause"]
    return "\n".join([
        f"  {who(audit['process'])}  said {CAUSE}: {said[:100]}  (seq {audit['seq']})",
        f"    └ exec  {who(execution['process'])}  cause: {CAUSE} seq {execution['cause']['seq']}",
        f"        └ open  {opened['file']['path']}  by {who(opened['process'])}"
        f"  cause: {CAUSE} seq {source['seq']} ← {who(source['process'])}"])


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as log:
            events = [json.loads(line) for line in log]
        print(describe(find_chain(events, arguments[1])))
    except (OSError, ValueError) as error:
        print(f"chain: {arguments[0]}: {error}", file=sys.stderr)
        return 2
    except KeyError as error:
        print(f"chain: {arguments[0]}: an event without the field {error}", file=sys.stderr)
        return 2
    except MissingLink as missing:
        print(f"chain: {missing}; the log says that {lost(events)} events were lost", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
