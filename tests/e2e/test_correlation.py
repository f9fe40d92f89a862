#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What native code does is unaudited, each time; what Python does itself is not; what is only said is unperformed.

The interpreter's own habits (loading extensions, locale, ssl, the resolver) are told apart by rule: of the kernel's
events of an import of all of Django's modules, and of gunicorn's start, fewer than one in 200 may be called unaudited.

Exit code: 0 passed, 1 failed, 77 skipped.
"""

import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ASPIS = os.environ.get("ASPIS", str(HERE.parent.parent / "build/dev/agent/cli/aspis"))
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
GUNICORN = os.environ.get("GUNICORN", "/usr/bin/gunicorn")
KERNEL = ("file.", "net.", "process.exec", "privilege.")
FALSE_UNAUDITED = 0.005

NATIVE = """
import ctypes, os, pathlib, readline, ssl, sys, threading
directory = sys.argv[1]
libc = ctypes.CDLL(None)
def path(name):
    return os.fsencode(f"{directory}/{name}")
def honest(name):
    open(path(name)).close()
def thread(action, *arguments):
    one = threading.Thread(target=action, args=arguments)
    one.start()
    one.join()
for _ in range(3):
    honest("honest")
    libc.open(path("ctypes"), os.O_RDONLY)
    libc.syscall(257, -100, path("syscall"), os.O_RDONLY, 0)
    thread(libc.open, path("thread"), os.O_RDONLY)
    try:
        ssl.create_default_context().load_verify_locations(path("extension"))
    except ssl.SSLError:
        pass
    readline.read_history_file(path("history"))
    libc.unlink(path("unlinked"))
    libc.mkdir(path("made"), 0o700)
    libc.rename(path("renamed"), path("renamed-to"))
    libc.rename(path("renamed-to"), path("renamed"))
    libc.rmdir(path("made"))
    pathlib.Path(directory, "unlinked").touch()
"""
# events that the kernel tells of each, by path: how many, in three rounds
UNAUDITED = {"ctypes": 3, "syscall": 3, "thread": 3, "extension": 3, "history": 3, "unlinked": 3, "made": 6,
             "renamed": 3, "renamed-to": 3}

FORGED = """
import os, sys
directory = sys.argv[1]
sys.audit("os.system", b"x")
sys.audit("open", directory + "/never", "r", os.O_RDONLY)
sys.audit("os.remove", directory + "/never", -1)
sys.audit("subprocess.Popen", "/usr/bin/never", ["never"], None, None)
"""

DJANGO = """
import importlib, pathlib, django
from django.conf import settings
settings.configure(SECRET_KEY="x", INSTALLED_APPS=["django.contrib." + name for name in
    ("admin", "auth", "contenttypes", "messages", "sessions")])
django.setup()
top = pathlib.Path(django.__file__).parent
for file in sorted(top.rglob("*.py")):
    name = ".".join(("django", *file.relative_to(top).with_suffix("").parts))
    if not any(part in name for part in ("gis", "postgres", "oracle", "mysql", "__main__", "template")):
        try:
            importlib.import_module(name)
        except Exception:
            pass
"""


def observe(command, **options):
    with tempfile.NamedTemporaryFile(suffix=".json") as log:
        subprocess.run([ASPIS, "run", "-o", "json", "--to", log.name, "--", *command], check=False, **options)
        return [json.loads(line) for line in log]


def unaudited_share(events):
    kernel = [event for event in events if event["type"].startswith(KERNEL)]
    unaudited = [event for event in kernel if event.get("correlation") == "unaudited"]
    for event in unaudited:
        print("unaudited:", event["type"], event.get("file", {}).get("path", ""))
    print(f"{len(unaudited)} of {len(kernel)} unaudited")
    return len(unaudited) / len(kernel) if kernel else 1


class Correlation(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="aspis-correlation-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def paths(self, events, correlation):
        """How many events of each file of the directory."""
        found = collections.Counter()
        for event in events:
            path = event.get("file", {}).get("path", "")
            if event.get("correlation") == correlation and path.startswith(str(self.directory)):
                found[os.path.basename(path)] += 1
        return found

    def test_native_code(self):
        for name in (*UNAUDITED, "honest"):
            if name not in ("made", "renamed-to"):
                (self.directory / name).touch()
        events = observe([PYTHON, "-c", NATIVE, str(self.directory)])
        self.assertEqual(dict(self.paths(events, "unaudited")), UNAUDITED)
        self.assertEqual(self.paths(events, "matched")["honest"], 3)

    def test_forged(self):
        events = observe([PYTHON, "-c", FORGED, str(self.directory)])
        unperformed = collections.Counter(
            event["cause"]["event"] for event in events if event["type"] == "python.unperformed"
            and ("never" in json.dumps(event["cause"]) or event["cause"]["event"] == "os.system"))
        self.assertEqual(unperformed, {"os.system": 1, "open": 1, "os.remove": 1, "subprocess.Popen": 1})

    def test_django(self):
        if subprocess.run([PYTHON, "-c", "import django"], stderr=subprocess.DEVNULL, check=False).returncode:
            self.skipTest("no django (apt install python3-django)")
        events = observe([PYTHON, "-B", "-c", DJANGO], stderr=subprocess.DEVNULL)
        self.assertGreater(len(events), 4000)
        self.assertLess(unaudited_share(events), FALSE_UNAUDITED)

    def test_gunicorn(self):
        flask = subprocess.run([PYTHON, "-c", "import flask"], stderr=subprocess.DEVNULL, check=False)
        if flask.returncode or not os.path.exists(GUNICORN):
            self.skipTest("no gunicorn or no flask (apt install gunicorn python3-flask)")
        (self.directory / "hello.py").write_text(
            "import flask\napp = flask.Flask('hello')\napp.get('/')(lambda: 'hello')\n")
        log = self.directory / "log"
        command = [ASPIS, "run", "-o", "json", "--to", str(log), "--", GUNICORN, "--workers", "4", "--chdir",
                   str(self.directory), "--bind", "127.0.0.1:18767", "hello:app"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as service:
            try:
                for _ in range(300):
                    try:
                        urllib.request.urlopen("http://127.0.0.1:18767/", timeout=10).close()
                        break
                    except OSError:
                        time.sleep(0.2)
            finally:
                service.send_signal(signal.SIGTERM)
                service.wait()
        events = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertGreater(len(events), 1000)
        self.assertLess(unaudited_share(events), FALSE_UNAUDITED)


if __name__ == "__main__":
    if os.geteuid() != 0 or not os.path.exists(PYTHON):
        print(f"skipped: needs root and {PYTHON}")
        sys.exit(77)
    unittest.main()
