#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every interpreter here says the same to Aspis as to a hook of its own, whatever its version and its build.

The interpreters: those that ASPIS_PYTHONS lists (with ":" between), else /usr/bin/python3.* and the upstream builds below
$PYENV_ROOT. Exit code 77: there is none, or Aspis may not observe.
"""

import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from pythons import interpreters, version_of

HERE = pathlib.Path(__file__).resolve().parent
ASPIS = os.environ.get("ASPIS", str(HERE.parents[1] / "build/dev/agent/cli/aspis"))
SCRIPT = str(HERE / "twenty_events.py")
EXPECTED = HERE / "twenty_expected.jsonl"  # what 3.11 says to a hook
DIFFERENCES = HERE / "twenty_differences.txt"


def plain(argument):
    """Without what no two processes share: numbers of processes, descriptors, ports, and names that are made up."""
    if isinstance(argument, dict) and "type" in argument:
        return {"type": argument["type"].rsplit(".", 1)[-1]}
    if isinstance(argument, list):
        return [plain(item) for item in argument]
    if isinstance(argument, str):
        return re.sub(r"(directory/tmp)\w+", r"\1…", argument)
    return argument


def events_of(lines):
    """From twenty.begin to twenty.end."""
    events = []
    for event, arguments in lines:
        if event == "twenty.begin":
            events = []
        if event == "os.kill":
            arguments = ["PID", *arguments[1:]]
        if event == "socket.connect":
            arguments = [arguments[0], [arguments[1][0], "PORT"]]
        events.append([event, plain(arguments)])
        if event == "twenty.end":
            return events
    return None


def seen_by_aspis(python, arguments=()):
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as log:
        file = log + "/events"
        done = subprocess.run(
            [ASPIS, "run", "-o", "json", "--to", file, "--", python, SCRIPT, directory, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        lines = [json.loads(line) for line in pathlib.Path(file).read_text().splitlines()]
    pid = next(line["process"]["pid"] for line in lines if line.get("python", {}).get("event") == "twenty.begin")
    said = [
        [line["python"]["event"], list(line["python"]["args"].values())]
        for line in lines
        if line["type"] == "python.audit" and line["process"]["pid"] == pid
    ]
    return events_of(said), lines


def audits_by_process(python, environment, options):
    """What two processes say, one after the other, that run an interpreter which Aspis has never seen."""
    with tempfile.TemporaryDirectory() as log:
        file = log + "/events"
        # The first audit events of a process are of its start, long before its first line.
        script = f"'{python}' -IS -c pass; '{python}' -IS -c pass"
        done = subprocess.run(
            [ASPIS, "run", *options, "-o", "json", "--to", file, "--", "/bin/sh", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        lines = [json.loads(line) for line in pathlib.Path(file).read_text().splitlines()]
    said = {}
    for line in lines:
        if line["type"] == "python.audit":
            said.setdefault(line["process"]["pid"], []).append([line["python"]["event"], line["python"].get("args")])
    return list(said.values()), [line["interpreter"] for line in lines if line["type"] == "aspis.interpreter"]


def seen_by_a_hook(python):
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run([python, SCRIPT, directory, "hook"], capture_output=True, text=True, check=True)
    return events_of(json.loads(line) for line in done.stdout.splitlines())


def differences():
    """VERSION EVENT lines: in this version this event is there, or not, or has other arguments than in 3.11."""
    rows = set()
    for line in DIFFERENCES.read_text().splitlines():
        if line and not line.startswith("#"):
            version, event = line.split()[:2]
            rows.add((version, event))
    return rows


class PythonEvents(unittest.TestCase):
    """One test for each interpreter, made below."""

    seen: dict = {}

    def check(self, python):
        expected = seen_by_a_hook(python)
        self.assertGreater(len(expected), 20)
        seen, lines = seen_by_aspis(python)
        self.assertEqual(seen, expected)
        notices = [line["interpreter"] for line in lines if line["type"] == "aspis.interpreter"]
        self.assertTrue(notices, "no interpreter was told of")
        for notice in notices:
            self.assertEqual(notice["offsets"], "assumed")
            self.assertNotIn("missed", notice)
            self.assertNotIn("late", notice)
        # A hook of the program's own must not make events appear twice.
        hooked, _ = seen_by_aspis(python, ["hook"])
        self.assertEqual(hooked, expected)
        self.seen[version_of(python)] = seen

    def check_hold(self, python, environment):
        said, notices = audits_by_process(python, environment, ["--hold"])
        self.assertEqual(len(said), 2)
        self.assertGreater(len(said[0]), 20)
        self.assertEqual(said[0], said[1])
        self.assertEqual([notice.get("late") for notice in notices], [None])

    def test_hold_misses_nothing_of_an_executable_never_seen(self):
        """One with all of CPython in it, renamed."""
        alone = [python for python in interpreters() if python.startswith("/usr/bin/")]
        if not alone:
            self.skipTest("no interpreter of Debian's")
        with tempfile.TemporaryDirectory() as directory:
            copy = directory + "/some-service"
            shutil.copy(alone[0], copy)
            self.check_hold(copy, {})

    def test_hold_misses_nothing_of_a_library_never_seen(self):
        """Which no place that the loader usually looks at would lead to."""
        shared = [path for path in interpreters() if glob.glob(str(pathlib.Path(path).parents[1] / "lib/libpython3.*.so.1.0"))]
        if not shared:
            self.skipTest("no upstream build")
        library = glob.glob(str(pathlib.Path(shared[0]).parents[1] / "lib/libpython3.*.so.1.0"))[0]
        with tempfile.TemporaryDirectory() as directory:
            shutil.copy(library, directory)
            self.check_hold(shared[0], {"LD_LIBRARY_PATH": directory})

    def test_the_versions_say_the_same(self):
        """Runs last: unittest sorts by name, and "python…" comes before "the…"."""
        expected = [json.loads(line) for line in EXPECTED.read_text().splitlines()]
        found = set()
        for version, events in self.seen.items():
            found |= {(version, event[0]) for event in events if event not in expected}
            found |= {(version, event[0]) for event in expected if event not in events}
        self.assertEqual(found, {row for row in differences() if row[0] in self.seen})


def add_test(python):
    name = re.sub(r"\W", "_", f"test_python_{version_of(python)}_{python}")
    setattr(PythonEvents, name, lambda self: self.check(python))


if __name__ == "__main__":
    pythons = interpreters()
    if not pythons:
        print("skipped: no CPython 3.8 or later here")
        sys.exit(77)
    if subprocess.run([ASPIS, "probe"], capture_output=True, check=False).returncode != 0:
        print("skipped: Aspis cannot observe here")
        sys.exit(77)
    for each in pythons:
        add_test(each)
    unittest.main(verbosity=2)
