# SPDX-License-Identifier: Apache-2.0
"""verdicts.py shows what a profile denied, and notices what is missing or too much."""
from __future__ import annotations

import unittest

import verdicts

PYTHON = {"pid": 10, "exe": "/usr/bin/python3.11"}
FFMPEG = {"pid": 20, "exe": "/usr/bin/ffmpeg"}
PASSWD = {"type": "file.open", "process": FFMPEG, "file": {"path": "/etc/passwd"}, "verdict": "denied",
          "profile": "service//ffmpeg", "requested": "r", "denied": "r",
          "cause": {"event": "subprocess.Popen", "process": PYTHON}}
CONFIG = {"type": "file.open", "process": PYTHON, "file": {"path": "/srv/a=b.ini"}, "verdict": "denied",
          "profile": "service", "requested": "r", "denied": "r", "cause": {"event": "open", "process": PYTHON}}
ALLOWED = {"type": "file.open", "process": PYTHON, "file": {"path": "/srv/app.py"}, "verdict": "allowed"}
KERNEL = {"type": "net.connect", "process": PYTHON, "net": {"family": "inet"}, "verdict": "denied"}  # by no profile
QUIET = dict(CONFIG, file={"path": "/srv/__pycache__"}, quiet=True)
SOCKET = {"type": "net.create", "process": PYTHON, "net": {"type": "raw", "family": "inet"}, "verdict": "complain",
          "profile": "service", "denied": "create"}
LOG = [ALLOWED, PASSWD, KERNEL, CONFIG, QUIET, PASSWD, {"type": "aspis.summary"}]
EXPECTED = {"/etc/passwd": "service//ffmpeg", "/srv/a=b.ini": "service"}


class Check(unittest.TestCase):
    def test_just_what_is_expected(self) -> None:
        lines, problems = verdicts.check(LOG, "denied", EXPECTED)
        self.assertEqual(lines, [
            "open /etc/passwd  DENIED r profile service//ffmpeg  by ffmpeg[20] ← subprocess.Popen ← python3.11[10]",
            "open /srv/a=b.ini  DENIED r profile service  by python3.11[10] ← open"])
        self.assertEqual(problems, [])

    def test_missing(self) -> None:
        _, problems = verdicts.check(LOG, "denied", dict(EXPECTED, **{"/etc/shadow": "service"}))
        self.assertEqual(problems, ["/etc/shadow is not denied under service"])

    def test_under_another_profile(self) -> None:
        _, problems = verdicts.check(LOG, "denied", dict(EXPECTED, **{"/etc/passwd": "service"}))
        self.assertEqual(len(problems), 2)
        self.assertIn("/etc/passwd is not denied under service", problems)

    def test_another_verdict_is_missing(self) -> None:
        _, problems = verdicts.check(LOG, "complain", EXPECTED)
        self.assertEqual(len(problems), 2)

    def test_unexpected(self) -> None:
        lines, problems = verdicts.check([*LOG, SOCKET], "complain", {})
        self.assertEqual(lines, [
            'socket {"family": "inet", "type": "raw"}  COMPLAIN create profile service  by python3.11[10]'])
        self.assertEqual(problems, ["unexpected: " + lines[0]])


if __name__ == "__main__":
    unittest.main()
