# SPDX-License-Identifier: Apache-2.0
"""What a profile denied, or in complain mode would have denied, by a JSON log of Aspis: just that, and nothing else."""
from __future__ import annotations

import json
import os
from typing import Any, Iterable

Event = dict[str, Any]

MARKS = {"denied": "DENIED", "complain": "COMPLAIN"}


def path(event: Event) -> str:
    """What the access was about; an event of no file has its members instead."""
    family = event["type"].split(".")[0]
    if family == "file":
        return event["file"].get("path", "?")
    return json.dumps(event.get(family, {}), sort_keys=True)


def verb(event: Event) -> str:
    return {"net.create": "socket"}.get(event["type"], event["type"].split(".")[1].replace("_", "-"))


def who(process: Event) -> str:
    return f"{os.path.basename(process.get('exe', '?'))}[{process['pid']}]"


def line(event: Event) -> str:
    """`open /etc/passwd  DENIED r profile service//cat  by cat[812] ← subprocess.Popen ← python3.11[799]`"""
    mark = "KILLED" if event.get("killed") else MARKS[event["verdict"]]
    text = (f"{verb(event)} {path(event)}  {mark} {event.get('denied', '')}"
            f" profile {event['profile']}  by {who(event['process'])}")
    cause = event.get("cause")
    if cause:
        text += f" ← {cause['event']}"
        if cause["process"]["pid"] != event["process"]["pid"]:
            text += f" ← {who(cause['process'])}"
    return text


def met(events: Iterable[Event], verdict: str) -> list[Event]:
    """The events of a profile's verdict. What a rule denies without a word is not one of them."""
    return [event for event in events
            if event.get("verdict") == verdict and "profile" in event and not event.get("quiet")]


def check(events: Iterable[Event], verdict: str, expected: dict[str, str]) -> tuple[list[str], list[str]]:
    """The lines to show, each access once, and what is not as expected."""
    shown: dict[tuple[str, str, str], str] = {}
    for event in met(events, verdict):
        shown.setdefault((event["type"], path(event), event["profile"]), line(event))
    seen = {key[1:] for key in shown}
    problems = [f"{name} is not {verdict} under {profile}" for name, profile in expected.items()
                if (name, profile) not in seen]
    problems += [f"unexpected: {text}" for key, text in shown.items() if expected.get(key[1]) != key[2]]
    return list(shown.values()), problems
