# SPDX-License-Identifier: Apache-2.0
"""What `aspis --help` says, of every command: completions are made of it, and manual pages compared with it."""

import dataclasses
import re
import subprocess

COLUMN = 30  # where a description begins; two more in a group of options


@dataclasses.dataclass
class Option:
    names: list  # of an argument one, without dashes
    value: str = ""  # FILE, MIB, …; empty: a flag, or an argument with choices
    choices: tuple = ()
    what: str = ""

    @property
    def short(self):
        """A few words: up to where the explanation begins."""
        text = re.split(r"[:;]", re.sub(r" \([^)]*\)", "", self.what), maxsplit=1)[0].strip()
        return text if len(text) <= 70 else text[:67].rsplit(" ", 1)[0] + " …"


@dataclasses.dataclass
class Command:
    path: tuple
    what: str
    options: list = dataclasses.field(default_factory=list)
    arguments: list = dataclasses.field(default_factory=list)
    commands: list = dataclasses.field(default_factory=list)

    def walk(self):
        yield self
        for command in self.commands:
            yield from command.walk()


def items(lines):
    """Pairs of what stands in the left column and its description, which may be on the lines below."""
    number = 0
    while number < len(lines) and lines[number].startswith("  ") and lines[number].strip() != "Options:":
        line = lines[number]
        number += 1
        column = COLUMN - 2 + len(line) - len(line.lstrip())
        left, what = line, ""
        if number < len(lines) and lines[number].startswith(" " * column):
            while number < len(lines) and lines[number].startswith(" " * column):
                what += " " + lines[number].strip()
                number += 1
        elif len(line) > column:
            left, what = line[:column], line[column:]
        yield left.strip(), what.strip()


def option(left, what):
    left = re.sub(r"( (REQUIRED|\.\.\.)| (Excludes|Needs): \S+)+", "", left)
    names, _, value = left.partition(" ")
    choices = re.search(r"\{(.*)\}", left)
    value = re.match(r"([A-Z][\w.]*(\[:NAME\]|=VALUE)?)?", value)[0]
    return Option(names.split(":")[0].split(","), value, tuple(choices[1].split(",")) if choices else (), what)


def read(program, path=()):
    """The command `path` of `program`, with all below it."""
    text = subprocess.run([program, *path, "--help"], capture_output=True, text=True, check=True).stdout
    lines = text.splitlines()
    command = Command(path, lines[0])
    for number, line in enumerate(lines):
        below = lines[number + 1 :]
        if line.strip() == "Options:":
            command.options += [option(*item) for item in items(below)]
        elif line == "Positionals:":
            command.arguments = [option(*item) for item in items(below)]
        elif line == "Subcommands:":
            command.commands = [read(program, (*path, left)) for left, _ in items(below)]
    return command
