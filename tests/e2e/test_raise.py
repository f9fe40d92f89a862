#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PermissionError from the kernel, at the line that asked: nothing of Aspis is in the process.

The interpreters are those of pythons.py. Exit code 77: there is none, or this kernel cannot (before 6.18, or lockdown).
"""

import functools
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

PROFILE = """abi <kernel>,
profile app {
  file,
  /** ix,
  capability,
  network,
  unix,
  signal,
  ptrace,
  deny python os.system,
  deny python open path="**/secret",
  deny python import module=colorsys,
  deny python compile filename="<evil>",
  deny python subprocess.Popen args="rm -r**",
  deny python socket.connect address="127.0.0.1 9",
  deny python app.deep arg0=0,
  deny python app.login arg0=root,
  deny python sys._current_frames,
  deny python cpython.run_module,
}
"""

# Each attempt says what became of it; the last lines show that the program is none the worse for it.
DENIED = """
import gc, os, socket, subprocess, sys
def attempt(name, call, *arguments):
    try:
        call(*arguments)
    except PermissionError as error:
        print(name, "PermissionError", error, error.__traceback__.tb_lineno)
    except OSError:
        print(name, "OSError")
    else:
        print(name, "passed")
attempt("system", os.system, "echo the shell has run")
attempt("open", open, sys.argv[1] + "/secret")
attempt("open_other", open, sys.argv[1] + "/policy")
attempt("import", __import__, "colorsys")
attempt("compile", compile, "1", "<evil>", "eval")
attempt("compile_other", compile, "1", "<fine>", "eval")
attempt("popen", subprocess.run, ["rm", "-rf", "/nonexistent/x"])
attempt("popen_other", subprocess.run, ["true"])
attempt("connect", socket.socket().connect, ("127.0.0.1", 9))
attempt("connect_other", socket.socket().connect, ("127.0.0.1", 10))
attempt("login", sys.audit, "app.login", "root")
attempt("login_other", sys.audit, "app.login", "guest")
attempt("frames", sys._current_frames)
def deep(event, arguments):
    if event == "app.deep" and arguments[0] > 0:
        sys.audit("app.deep", arguments[0] - 1)
sys.addaudithook(deep)
attempt("deep", sys.audit, "app.deep", 5)
count = 0
for _ in range(1000):
    try:
        os.system("false")
    except PermissionError:
        count += 1
print("again", count)
gc.collect()
print("end")
"""

EXPECTED = [
    "system PermissionError os.system 5",
    "open PermissionError open 5",
    "open_other passed",
    "import PermissionError import 5",
    "compile PermissionError compile 5",
    "compile_other passed",
    "popen PermissionError subprocess.Popen 5",
    "popen_other passed",
    "connect PermissionError socket.connect 5",
    "connect_other OSError",
    "login PermissionError app.login 5",
    "login_other passed",
    "frames PermissionError sys._current_frames 5",
    "deep PermissionError app.deep 5",
    "again 1000",
    "end",
]


def run(profile, *command):
    """The command under the profile: its outcome, and the events."""
    with tempfile.TemporaryDirectory() as directory:
        log = pathlib.Path(directory, "events")
        outcome = subprocess.run(
            [ASPIS, "run", "--profile", str(profile), "--stacks", "none", "-o", "json", "--to", str(log), "--", *command],
            capture_output=True, text=True, check=False, timeout=300)
        return outcome, [json.loads(line) for line in log.read_text().splitlines()]


@functools.cache
def interpreter_of(python):
    """What is said of an interpreter where the kernel is to raise in it."""
    with tempfile.TemporaryDirectory() as directory:
        profile = pathlib.Path(directory, "policy")
        profile.write_text(PROFILE)
        _, events = run(profile, python, "-S", "-c", "")
    found = [event["interpreter"] for event in events if event["type"] == "aspis.interpreter"]
    assert len(found) == 1, (python, found)
    return found[0]


def able():
    """The interpreters in which the kernel can raise."""
    return [python for python in interpreters() if interpreter_of(python)["probe"] == "raise"]


class Raised(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name).resolve()
        self.profile = self.root / "policy"
        self.profile.write_text(PROFILE)
        (self.root / "secret").write_text("secret")
        self.script = self.root / "script.py"
        self.script.write_text(DENIED)

    def test_in_every_interpreter_here(self):
        """Debian's, which are optimised as a whole (LTO), have several functions that raise events; upstream's have one."""
        for python in interpreters():
            with self.subTest(python=python):
                said = interpreter_of(python)
                self.assertEqual(said["probe"], "raise", said)

    def test_at_the_line_that_asked(self):
        for python in able():
            with self.subTest(python=python):
                outcome, events = run(self.profile, python, "-S", str(self.script), str(self.root))
                self.assertEqual(outcome.stdout.splitlines(), EXPECTED, outcome.stderr)
                denied = [event for event in events if event["type"] == "python.audit" and event["verdict"] == "denied"]
                self.assertEqual(len(denied), 9 + 1000)
                for event in denied:
                    self.assertEqual(event["info"], "PermissionError raised")
                    self.assertNotIn("killed", event)
                said = [event["python"]["event"] for event in events if event["type"] == "python.audit"]
                self.assertEqual(said.count("os.system"), 1001, "each event is told once")
                self.assertEqual(said.count("app.login"), 2)

    def test_where_it_cannot_be_raised_the_process_is_ended(self):
        for python in set(interpreters()) - set(able()):
            with self.subTest(python=python):
                for attempt in ("import os; os.system('true')", "import colorsys", "import sys; sys.audit('app.login', 'root')"):
                    outcome, _ = run(self.profile, python, "-S", "-c", attempt + "; print('went on')")
                    self.assertEqual((outcome.returncode, outcome.stdout), (-9, ""), outcome.stderr)

    def test_start_up_is_ended_instead(self):
        for python in interpreters():
            with self.subTest(python=python):
                outcome, events = run(self.profile, python, "-S", "-m", "this")
                self.assertEqual(outcome.returncode, -9, outcome.stderr)
                self.assertTrue([event for event in events if event.get("verdict") == "denied" and event.get("killed")])

    def test_too_deep_is_ended_instead(self):
        code = (
            "import sys\n"
            "def deep(event, arguments):\n"
            "    if event == 'app.deep' and arguments[0] > 0:\n"
            "        sys.audit('app.deep', arguments[0] - 1)\n"
            "sys.addaudithook(deep)\n"
            "try:\n"
            "    sys.audit('app.deep', 60)\n"
            "except PermissionError:\n"
            "    print('raised')\n"
            "print('went on')\n")
        script = self.root / "deep.py"
        script.write_text(code)
        if not able():
            self.skipTest("no interpreter in which the kernel can raise")
        outcome, _ = run(self.profile, able()[0], "-S", str(script))
        self.assertEqual((outcome.returncode, outcome.stdout), (-9, ""), outcome.stderr)

    def test_what_is_only_audited_happens(self):
        self.profile.write_text(PROFILE.replace("deny python", "audit python"))
        outcome, events = run(self.profile, interpreters()[0], "-S", "-c", "import os; os.system('echo it ran')")
        self.assertEqual((outcome.returncode, outcome.stdout), (0, "it ran\n"), outcome.stderr)
        probes = [event["interpreter"]["probe"] for event in events if event["type"] == "aspis.interpreter"]
        self.assertTrue(probes and "raise" not in probes, "it costs more, and nothing needs it")


def why_not():
    if not interpreters():
        return "no Python from 3.8 on"
    row = [line for line in subprocess.run([ASPIS, "probe"], capture_output=True, text=True, check=False).stdout.splitlines()
           if line.startswith("rules on audit events")]
    if not row:
        return "aspis probe says nothing of rules on audit events: it needs root"
    return "" if "raise" in row[0].split("events")[1].split()[0] else row[0]


if __name__ == "__main__":
    if reason := why_not():
        print("skipped: " + reason)
        sys.exit(77)
    print("interpreters: " + ", ".join(version_of(python) for python in interpreters()))
    print("the kernel can raise in: " + ", ".join(version_of(python) for python in able()))
    unittest.main(verbosity=2)
