#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Python stacks of events are those that Python itself tells (stacks.py), on every interpreter here and with every hook
backend that works here. Under profiles in guests only.

The interpreters: those that ASPIS_PYTHONS lists (with ":" between), else /usr/bin/python3.* and the upstream builds below
$PYENV_ROOT. Exit code 77: there is none, or Aspis may not observe.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from pythons import interpreters, version_of

HERE = pathlib.Path(__file__).resolve().parent
ASPIS = os.environ.get("ASPIS", str(HERE.parents[1] / "build/dev/agent/cli/aspis"))
SCRIPT = str(HERE / "stacks.py")
FRAMES_MAX = 48
PLACES = 30


def backends():
    """Those that `aspis probe` does not call refused."""
    said = subprocess.run([ASPIS, "probe"], capture_output=True, text=True, check=False).stdout
    return [words[1] for words in map(str.split, said.splitlines()) if words[:1] == ["hooks:"] and words[2] != "no"]


def observe(command, *options):
    """The events of a command, and what Aspis said."""
    with tempfile.NamedTemporaryFile("r") as lines:
        done = subprocess.run(
            [ASPIS, "run", "-o", "json", "--to", lines.name, *options, "--", *command], capture_output=True, text=True, check=False
        )
        return done, [json.loads(line) for line in lines]


def frames_of(event):
    """Without the innermost frame."""
    return [[frame.get("file"), frame.get("function"), frame.get("line")] for frame in event["stack"][1:]]


PYTHONS = interpreters()
BACKENDS = backends()


class Stacks(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="aspis-stacks-")
        self.addCleanup(self.directory.cleanup)
        self.path = self.directory.name

    def run_script(self, python, backend, stacks):
        """Events of stacks.py by the names of its places, and what is expected of each."""
        done, events = observe([python, "-I", SCRIPT, self.path], "--hooks", backend, "--stacks=" + stacks)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("unverified", done.stderr)
        with open(self.path + "/expected", encoding="utf-8") as lines:
            expected = dict(map(json.loads, lines))
        self.assertEqual(len(expected), PLACES)
        found = {}
        for event in events:
            name = event.get("python", {}).get("event", "")
            if event["type"] == "file.open":
                name = "stack." + os.path.relpath(event["file"]["path"], self.path)
            if name.startswith("stack.") and name[6:] in expected:
                self.assertNotIn(name[6:], found)
                found[name[6:]] = event
        self.assertEqual(sorted(found), sorted(expected))
        return found, expected

    def check(self, event, expected):
        self.assertEqual(frames_of(event), expected[: FRAMES_MAX - 1])
        self.assertEqual("stack_cut" in event, len(expected) >= FRAMES_MAX)
        self.assertEqual(event["stack"][0]["function"], "said" if "python" in event else "opened")

    def test_all(self):
        for python in PYTHONS:
            for backend in BACKENDS if python == PYTHONS[0] else BACKENDS[:1]:
                found, expected = self.run_script(python, backend, "all")
                for name, event in found.items():
                    with self.subTest(python=python, backend=backend, place=name):
                        self.check(event, expected[name])

    def test_of_what_is_not_announced_only(self):
        for backend in BACKENDS:
            found, expected = self.run_script(PYTHONS[0], backend, "denied")
            for name, event in found.items():
                with self.subTest(backend=backend, place=name):
                    if "python" in event:
                        self.assertNotIn("stack", event)
                        continue
                    self.assertEqual(event["correlation"], "unaudited")
                    self.check(event, expected[name])

    def test_none(self):
        done, events = observe([PYTHONS[0], "-I", SCRIPT, self.path], "--stacks=none")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(len(events), 100)
        self.assertFalse([event for event in events if "stack" in event])

    def write(self, name, text):
        path = pathlib.Path(self.path, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_files_belong_to_distributions(self):
        version = version_of(PYTHONS[0])
        site = "venv/lib/python%s/site-packages/" % version
        self.write(site + "shape.py", "import sys\ndef say(): sys.audit('x.say')\n")
        self.write(site + "shape-1.2.dist-info/METADATA", "Name: Shape\nVersion: 1.2\n")
        self.write(site + "shape-1.2.dist-info/RECORD", "shape.py,,\n")
        script = self.write(
            "main.py",
            "import sys\nsys.path.insert(0, '%s/%s')\nimport shape, timeit\ntimeit.timeit(shape.say, number=1)\n" % (self.path, site),
        )
        _, events = observe([PYTHONS[0], script], "--stacks=all")
        (said,) = [event for event in events if event.get("python", {}).get("event") == "x.say"]
        of = [(frame.get("distribution"), frame.get("version")) for frame in said["stack"]]
        self.assertEqual(of[0], ("Shape", "1.2"))
        self.assertIn(("python", version), of)
        self.assertEqual(of[-1], ("__main__", None))

    @unittest.skipUnless("ASPIS_VM_BACKEND" in os.environ, "confines processes: in guests only")
    def test_of_what_a_profile_denies(self):
        profile = self.write("profile", "profile p {\n  /** rwmixk,\n  audit deny /etc/hostname r,\n  network,\n}\n")
        script = self.write(
            "main.py",
            "import threading\ndef read():\n  try: open('/etc/hostname')\n  except PermissionError: pass\n"
            "t = threading.Thread(target=read)\nt.start(); t.join()\nread()\n",
        )
        done, events = observe([PYTHONS[0], "-I", script], "--profile", profile + ":p")
        self.assertEqual(done.returncode, 0, done.stderr)
        denied = [
            event for event in events if event.get("verdict") == "denied" and event.get("file", {}).get("path") == "/etc/hostname"
        ]
        lines = [[(frame["function"].rsplit(".")[-1], frame["line"]) for frame in event["stack"]] for event in denied]
        self.assertEqual([line[0] for line in lines], [("read", 3)] * 2)
        self.assertEqual([name for name, _ in lines[0][1:]], ["run", "_bootstrap_inner", "_bootstrap"])
        self.assertEqual(lines[1][1:], [("<module>", 7)])


if __name__ == "__main__":
    if not PYTHONS or not BACKENDS or os.geteuid() != 0:
        print("skipped: no interpreter of 3.8 or later, or no hook backend that works")
        sys.exit(77)
    unittest.main()
