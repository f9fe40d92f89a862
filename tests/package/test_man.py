#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command and option of `aspis --help` is in the manual page that it belongs to.

usage: test_man.py ASPIS
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

import cli_help  # noqa: E402


def page_of(command):
    name = {"agent": "aspis-agent.8", "policy": "aspis-policy.1"}.get("".join(command.path[:1]), "aspis.1")
    return ROOT / "docs" / "man" / f"{name}.scd"


def words(page):
    """What the page shows in bold: options, and the commands of its synopsis."""
    text = page.read_text()
    return set(re.findall(r"\*(--?[\w-]+|aspis [^*]*)\*", text))


def main():
    missing = []
    for command in cli_help.read(sys.argv[1]).walk():
        page = page_of(command)
        known = words(page)
        name = " ".join(("aspis", *command.path))
        # In one line of the synopsis: verify|enable.
        if not command.commands and name not in known and f"*{command.path[-1]}*" not in page.read_text():
            missing.append(f"{page.name}: {name}")
        missing += [f"{page.name}: {name} {one}" for option in command.options for one in option.names if one not in known]
    print("\n".join(missing) or "nothing is missing")
    sys.exit(bool(missing))


if __name__ == "__main__":
    main()
