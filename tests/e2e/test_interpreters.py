#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Interpreters are found by what is in their files, wherever those are, and a noisy one does not hide the rest.

Exit code 77: Aspis may not observe here.
"""

import glob
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ASPIS = os.environ.get("ASPIS", str(HERE.parents[1] / "build/dev/agent/cli/aspis"))
PYTHON = os.path.realpath("/usr/bin/python3")  # with all of CPython in one file
# Says that it runs, then opens a file each time it is asked to, by a name that is its own.
WAITS = "import sys\nprint(1, flush=True)\nfor line in sys.stdin: open('/etc/hostname').close(); print(1, flush=True)"

EMBEDDING = r"""
#include <Python.h>
int main(void) {
  Py_Initialize();
  PyRun_SimpleString("import sys\nprint(1, flush=True)\n"
                     "for line in sys.stdin: open('/etc/hostname').close(); print(1, flush=True)");
  return Py_FinalizeEx();
}
"""


def upstream():
    """Root directories of upstream builds with a shared libpython."""
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = glob.glob(pyenv + "/versions/3.*/lib/libpython3.*.so.1.0")
    return sorted({str(pathlib.Path(path).parents[1]) for path in found if "libpython3.6" not in path and "3.7" not in path})


class Waiting:
    """A process that runs Python and waits to be asked."""

    def __init__(self, command, **options):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True, **options
        )
        self.answer()

    def answer(self):
        if self.process.stdout.readline() != "1\n":
            raise AssertionError("the program did not start")

    def ask(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def listed(pid):
    done = subprocess.run([ASPIS, "interpreters", "--json", "--pid", str(pid)], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def tailed(waiting):
    """What is seen of a process that runs already, when it is asked once."""
    with tempfile.TemporaryDirectory() as directory:
        log = pathlib.Path(directory) / "events"
        with subprocess.Popen(
            [ASPIS, "tail", "-o", "json", "--to", str(log), "--pid", str(waiting.process.pid)], stderr=subprocess.PIPE, text=True
        ) as tail:
            try:
                deadline = time.monotonic() + 120
                while "process.found" not in (log.read_text() if log.exists() else ""):
                    if tail.poll() is not None or time.monotonic() > deadline:
                        raise AssertionError("tail has not begun: " + (tail.stderr.read() if tail.poll() is not None else ""))
                    time.sleep(0.1)
                waiting.ask()
                time.sleep(0.5)
            finally:
                tail.terminate()
                tail.wait()
        return [json.loads(line) for line in log.read_text().splitlines()]


class Interpreters(unittest.TestCase):
    def check(self, waiting, probe, path_end):
        rows = listed(waiting.process.pid)
        self.assertEqual(len(rows), 1, rows)
        self.assertEqual(rows[0]["probe"], probe)
        self.assertEqual(rows[0]["offsets"], "assumed")
        self.assertEqual(rows[0]["missed"], [])
        self.assertEqual(rows[0]["processes"], [waiting.process.pid])
        self.assertTrue(rows[0]["path"].endswith(path_end), rows[0]["path"])
        lines = tailed(waiting)
        notices = [line["interpreter"] for line in lines if line["type"] == "aspis.interpreter"]
        self.assertEqual([notice.get("late") for notice in notices], [True])
        said = [line for line in lines if line.get("python", {}).get("args", {}).get("path") == "/etc/hostname"]
        self.assertEqual(len(said), 1, lines)
        self.assertEqual(said[0]["process"]["pid"], waiting.process.pid)
        return rows[0]

    def test_the_distributions(self):
        with Waiting([PYTHON, "-IS", "-c", WAITS]) as waiting:
            self.check(waiting, "usdt", PYTHON)

    def test_one_under_another_name(self):
        with tempfile.TemporaryDirectory() as directory:
            shutil.copy(PYTHON, directory + "/service")
            with Waiting([directory + "/service", "-IS", "-c", WAITS]) as waiting:
                self.check(waiting, "usdt", "/service")

    def test_one_that_an_upgrade_has_removed(self):
        with tempfile.TemporaryDirectory() as directory:
            shutil.copy(PYTHON, directory + "/python")
            with Waiting([directory + "/python", "-IS", "-c", WAITS]) as waiting:
                os.unlink(directory + "/python")
                self.check(waiting, "usdt", "/python (deleted)")

    def test_one_in_another_mount_namespace(self):
        with tempfile.TemporaryDirectory() as directory:
            script = f"mount -t tmpfs none {directory} && cp {PYTHON} {directory}/python && exec {directory}/python -IS -c \"$1\""
            with Waiting(["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", WAITS]) as waiting:
                self.assertFalse(os.path.exists(directory + "/python"))
                row = self.check(waiting, "usdt", "/python")
                self.assertNotEqual(row["namespaces"], ["host"])

    def test_upstream_builds(self):
        roots = upstream()
        if not roots:
            self.skipTest("no upstream build of CPython 3.8 or later here")
        for root in roots:
            with self.subTest(root), Waiting([root + "/bin/python3", "-IS", "-c", WAITS]) as waiting:
                self.check(waiting, "entry" if "/3.8." in root else "calls", ".so.1.0")

    def test_a_program_that_embeds_one(self):
        roots = [root for root in upstream() if shutil.which("cc")]
        if not roots:
            self.skipTest("no upstream build, or no compiler")
        library = glob.glob(roots[-1] + "/lib/libpython3.*.so.1.0")[0]
        include = glob.glob(roots[-1] + "/include/python3.*")[0]
        with tempfile.TemporaryDirectory() as directory:
            source = pathlib.Path(directory) / "embedding.c"
            source.write_text(EMBEDDING)
            program = directory + "/embedding"
            subprocess.run(
                ["cc", "-I", include, str(source), library, "-Wl,-rpath," + os.path.dirname(library), "-o", program], check=True
            )
            with Waiting([program], env={**os.environ, "PYTHONHOME": roots[-1]}) as waiting:
                self.check(waiting, "calls", ".so.1.0")

    def test_what_is_no_interpreter(self):
        with subprocess.Popen(["sleep", "60"]) as sleep:
            self.assertEqual(listed(sleep.pid), [])
            sleep.terminate()

    # Each is told here: none is lost, filtered or throttled.
    def test_its_events_are_counted(self):
        code = (
            "import subprocess, sys\nfor n in range(100): sys.audit('x.y', n)\n"
            "print(subprocess.run([sys.argv[1], 'interpreters', '--json'], capture_output=True, text=True).stdout, end='')"
        )
        with tempfile.TemporaryDirectory() as directory:
            log = pathlib.Path(directory) / "events"
            python = directory + "/python"
            shutil.copy(PYTHON, python)
            done = subprocess.run(
                [ASPIS, "run", "-o", "json", "--hold", "--to", str(log), "--", "sh", "-c", f'{python} -IS -c "$1" {ASPIS}', "sh", code],
                capture_output=True, text=True, check=True,
            )
            lines = [json.loads(line) for line in log.read_text().splitlines()]
        while_it_ran = [row for row in map(json.loads, done.stdout.splitlines()) if row["path"] == python]
        told = [line for line in lines if line["type"] == "python.audit" and line["process"]["exe"] == python]
        counted = [row for row in lines[-1]["interpreters"] if row["path"] == python]
        self.assertEqual(len(counted), 1, lines[-1])
        self.assertEqual(counted[0]["events"], len(told) + lines[-1]["lost"]["throttled"])
        self.assertGreater(counted[0]["events"], while_it_ran[0]["events"])
        self.assertGreater(while_it_ran[0]["events"], 100)

    def test_a_noisy_event_is_throttled_and_counted(self):
        code = "import sys\nfor n in range(300000): id(n)\nsys.audit('after.it')"
        with tempfile.TemporaryDirectory() as directory:
            log = pathlib.Path(directory) / "events"
            subprocess.run([ASPIS, "run", "-o", "json", "--to", str(log), "--", PYTHON, "-IS", "-c", code], check=True)
            lines = [json.loads(line) for line in log.read_text().splitlines()]
        summary = lines[-1]
        told = [line for line in lines if line.get("python", {}).get("event") == "builtins.id"]
        self.assertGreaterEqual(len(told), 2048)
        self.assertEqual(len(told) + summary["lost"]["throttled"], 300000)
        gaps = sum(line["lost"]["throttled"] for line in lines if line["type"] == "aspis.gap")
        self.assertEqual(gaps, summary["lost"]["throttled"])
        self.assertEqual(
            summary["produced"] + summary["notices"], summary["emitted"] + summary["filtered"] + summary["lost"]["total"]
        )
        self.assertEqual(lines[-1]["lost"]["ring"], 0)
        self.assertEqual([line["python"]["event"] for line in lines if line.get("python", {}).get("event") == "after.it"], ["after.it"])


if __name__ == "__main__":
    if not os.path.exists(PYTHON):
        print("skipped: no /usr/bin/python3")
        sys.exit(77)
    if subprocess.run([ASPIS, "probe"], capture_output=True, check=False).returncode != 0:
        print("skipped: Aspis cannot observe here")
        sys.exit(77)
    unittest.main(verbosity=2)
