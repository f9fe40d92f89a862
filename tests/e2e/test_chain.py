# SPDX-License-Identifier: Apache-2.0
"""chain.py finds the whole chain, and notices every missing link."""
from __future__ import annotations

import json
import unittest

import chain

SECRET = "/etc/passwd"
PYTHON = {"pid": 10, "exe": "/usr/bin/python3.11"}
FFMPEG = {"pid": 20, "exe": "/usr/bin/ffmpeg"}
POPEN = {"event": "subprocess.Popen", "args": {"executable": "ffmpeg"}, "seq": 5, "process": PYTHON}
LOG = [
    {"type": "file.open", "seq": 4, "process": PYTHON, "file": {"path": SECRET}},
    {"type": "python.audit", "seq": 5, "process": PYTHON,
     "python": {"event": "subprocess.Popen", "args": {"executable": "ffmpeg", "args": ["ffmpeg", "-i", "a.avi"]}}},
    {"type": "process.exec", "seq": 6, "process": FFMPEG, "cause": POPEN},
    {"type": "file.open", "seq": 7, "process": FFMPEG, "file": {"path": "/srv/uploads/a.avi"}, "cause": POPEN},
    {"type": "aspis.gap", "lost": {"total": 3}},
    {"type": "file.open", "seq": 8, "process": FFMPEG, "file": {"path": SECRET}, "cause": POPEN},
]
AUDIT, EXEC, OPEN = 1, 2, 5


class FindChain(unittest.TestCase):
    def setUp(self) -> None:
        self.log = json.loads(json.dumps(LOG))  # no dict shared between events

    def assert_missing(self, text: str) -> None:
        with self.assertRaisesRegex(chain.MissingLink, text):
            chain.find_chain(self.log, SECRET)

    def test_whole(self) -> None:
        found = chain.find_chain(self.log, SECRET)
        self.assertEqual([event["seq"] for event in found], [5, 6, 8])
        self.assertEqual(chain.lost(self.log), 3)
        lines = chain.describe(found).splitlines()
        self.assertEqual(len(lines), 3)
        self.assertIn("ffmpeg -i a.avi", lines[0])
        self.assertIn("open  /etc/passwd  by /usr/bin/ffmpeg[20]", lines[2])
        self.assertIn("seq 5 ← /usr/bin/python3.11[10]", lines[2])

    def test_no_open(self) -> None:
        del self.log[OPEN]
        self.assert_missing("no file.open")

    def test_open_without_cause(self) -> None:
        del self.log[OPEN]["cause"]
        self.assert_missing("its cause is not")

    def test_open_with_another_cause(self) -> None:
        self.log[OPEN]["cause"]["event"] = "open"
        self.assert_missing("its cause is not")

    def test_cause_raised_by_another_program(self) -> None:
        self.log[OPEN]["cause"]["process"]["exe"] = "/usr/bin/perl"
        self.assert_missing("its cause is not")

    def test_no_exec(self) -> None:
        del self.log[EXEC]
        self.assert_missing("no process.exec")

    def test_exec_with_another_cause(self) -> None:
        self.log[EXEC]["cause"]["seq"] = 4
        self.assert_missing("no process.exec")

    def test_no_audit_event(self) -> None:
        del self.log[AUDIT]
        self.assert_missing("no python.audit")

    def test_audit_event_of_another_process(self) -> None:
        self.log[AUDIT]["process"]["pid"] = 11
        self.assert_missing("no python.audit")

    def test_audit_event_about_something_else(self) -> None:
        self.log[AUDIT]["python"]["args"] = {"executable": "ls", "args": ["ls"]}
        self.assert_missing("does not speak of ffmpeg")


if __name__ == "__main__":
    unittest.main()
