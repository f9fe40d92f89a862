#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Interpreters that undo their probes, change under them, or lie about their objects: told, never believed, never a crash.

Exit code 77: Aspis may not observe here.
"""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ASPIS = os.environ.get("ASPIS", str(HERE.parents[1] / "build/dev/agent/cli/aspis"))
PYTHON = os.path.realpath("/usr/bin/python3")
SLOW = float(os.environ.get("ASPIS_SLOW", "1"))

# Writes bytes into its own memory, and goes on for long enough to be looked at.
WRITES = r"""
import ctypes, sys, time
address, value, seconds = int(sys.argv[1], 16), bytes.fromhex(sys.argv[2]), float(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
base = 0
if sys.argv[4] == 'DYN':
    base = int(open('/proc/self/maps').readline().split('-')[0], 16)
address += base
page = address & ~4095
assert libc.mprotect(ctypes.c_void_p(page), 8192, int(sys.argv[5])) == 0
sys.audit('tamper.before')
time.sleep(0.5)
ctypes.memmove(address, value, len(value))
sys.audit('tamper.after')
print(hex(address), flush=True)
time.sleep(seconds)
"""

# Threads, children, other images: nothing of this is tampering.
BUSY = r"""
import os, subprocess, sys, threading, time
end = time.monotonic() + float(sys.argv[1])
def say():
    while time.monotonic() < end: sys.audit('busy.x'); time.sleep(0.001)
threading.Thread(target=say).start()
while time.monotonic() < end:
    pid = os.fork()
    if pid == 0:
        sys.audit('busy.child'); time.sleep(0.3); os._exit(0)
    subprocess.run([sys.executable, '-IS', '-c', 'import sys; sys.audit("busy.other")'], check=True)
    pid2 = os.fork()
    if pid2 == 0: os.execv('/bin/sleep', ['sleep', '0.2'])
    os.waitpid(pid, 0); os.waitpid(pid2, 0)
"""

# One thread raises events with objects that the other rewrites. Who raises them never looks inside.
FLIPS = r"""
import ctypes, gc, struct, sys, threading
gc.disable()
rounds = int(sys.argv[1])
libc = ctypes.CDLL(None)  # calls into it run beside the interpreter
memcpy = libc.memcpy; memcpy.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
victims = [tuple(range(300, 310)), [object() for _ in range(6)], 'x' * 40, '\u20ac' * 20, 10**30, b'b' * 40, 1.5]
words = [0, 1, -1, 8, 2**31, 2**62, 2**63 - 1, -2**63, 0xffff888000000000 - 2**64, 0x1000, id(victims), id(victims[0])]
stop = False
def flip():
    n = 0
    # of all but their count of references; a list's items, and what the collector puts before an object, are elsewhere
    size = lambda v: 40 if isinstance(v, list) else sys.getsizeof(v) - 16 * (type(v).__flags__ >> 14 & 1)
    places = [id(v) + at for v in victims for at in range(8, size(v) - 7, 8)]
    saved = {p: ctypes.string_at(p, 8) for p in places}
    while not stop:
        place = places[n % len(places)]
        for word in words:
            memcpy(place, struct.pack('q', word), 8)
        memcpy(place, saved[place], 8)
        n += 1
    for place, bytes_ in saved.items(): memcpy(place, bytes_, 8)
thread = threading.Thread(target=flip); thread.start()
for n in range(rounds):
    sys.audit('flip.x', n, *victims)
stop = True; thread.join()
assert victims[0] == tuple(range(300, 310)) and victims[2] == 'x' * 40 and victims[4] == 10**30
sys.audit('flip.end', *victims)
"""


def probe_of(python):
    """Location and semaphore of its first USDT for audit events, and its type in ELF."""
    data = pathlib.Path(python).read_bytes()
    # before the names: location, base and semaphore (systemtap's sdt.h)
    at = data.index(b"python\0audit\0")
    location, _, semaphore = struct.unpack_from("<3Q", data, at - 24)
    return f"{location:x}", f"{semaphore:x}", {2: "EXEC", 3: "DYN"}[struct.unpack_from("<H", data, 16)[0]]


class Tamper(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        # a file of its own: probes of others on the system's interpreter are no concern of these tests
        self.python = str(self.directory / "python")
        shutil.copy(PYTHON, self.python)

    def observe(self, *command, options=()):
        log = self.directory / "events"
        done = subprocess.run(
            [ASPIS, "run", "-o", "json", *options, "--to", str(log), "--", *command], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, [json.loads(line) for line in log.read_text().splitlines()]

    def said(self, lines, name):
        return [line for line in lines if line.get("python", {}).get("event") == name]

    def tampered(self, address, value, protection, *options):
        *_, kind = probe_of(self.python)
        output, lines = self.observe(
            self.python, "-IS", "-c", WRITES, address, value, str(5 * SLOW), kind, str(protection), options=options
        )
        found = [line for line in lines if line["type"] == "aspis.tamper"]
        self.assertEqual(len(found), 1, [line["type"] for line in lines])
        self.assertEqual(found[0]["tamper"]["path"], self.python)
        self.assertEqual(found[0]["tamper"]["address"], output.strip())
        self.assertEqual(found[0]["process"]["exe"], self.python)
        return found[0]["tamper"], lines

    def test_a_semaphore_that_is_zeroed(self):
        _, semaphore, _ = probe_of(self.python)
        tamper, lines = self.tampered(semaphore, "0000", 3)
        self.assertEqual(tamper["what"], "semaphore")
        self.assertNotIn("found", tamper)
        self.assertEqual(len(self.said(lines, "tamper.before")), 1)
        self.assertEqual(len(self.said(lines, "tamper.after")), 0)

    def test_a_breakpoint_that_is_overwritten(self):
        location, *_ = probe_of(self.python)
        tamper, lines = self.tampered(location, "90", 7)
        self.assertEqual(tamper["what"], "site")
        self.assertEqual(tamper["found"], 0x90)
        self.assertEqual(len(self.said(lines, "tamper.after")), 0)

    def test_no_filter_hides_it(self):
        _, semaphore, _ = probe_of(self.python)
        self.tampered(semaphore, "0000", 3, "--event", "net.*")

    def test_variables_that_change_what_it_runs(self):
        environment = dict(os.environ, PYTHONPATH="/nowhere", PYTHONSTARTUP="/x y", UNRELATED="PYTHON=1")
        log = self.directory / "events"
        command = [ASPIS, "run", "-o", "json", "--to", str(log), "--", "sh", "-c", f"{self.python} -S -c 'import time; time.sleep({SLOW})'"]
        subprocess.run(command, check=True, env={k: v for k, v in environment.items() if k in ("PATH", "UNRELATED", "PYTHONPATH", "PYTHONSTARTUP")})
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        noted = {line["exec"]["path"]: line["exec"].get("environment") for line in lines if line["type"] == "process.exec"}
        self.assertEqual(sorted(noted.pop(self.python)), ["PYTHONPATH=/nowhere", "PYTHONSTARTUP=/x y"])
        self.assertEqual(set(noted.values()), {None})

    def test_what_is_no_tampering(self):
        _, lines = self.observe(self.python, "-IS", "-c", BUSY, str(6 * SLOW))
        self.assertEqual([line for line in lines if line["type"] == "aspis.tamper"], [])
        self.assertTrue(self.said(lines, "busy.child"))
        self.assertTrue(self.said(lines, "busy.other"))

    # The first events of a file that is new may be missing, which is told: late. So each waits first.

    def test_one_that_is_replaced_while_it_runs(self):
        script = (
            f"{self.python} -IS -c 'import sys, time; sys.audit(\"old.a\"); time.sleep({3 * SLOW}); sys.audit(\"old.b\")' & "
            f"sleep {SLOW}; cp {self.python} {self.python}.new; mv {self.python}.new {self.python}; "
            f"{self.python} -IS -c 'import sys, time; time.sleep({2 * SLOW}); sys.audit(\"new.a\")'; wait"
        )
        _, lines = self.observe("sh", "-c", script)
        for name in ("old.a", "old.b", "new.a"):
            self.assertEqual(len(self.said(lines, name)), 1, name)
        notices = [line["interpreter"] for line in lines if line["type"] == "aspis.interpreter"]
        self.assertEqual([notice["probe"] for notice in notices], ["usdt", "usdt"])
        self.assertEqual([line for line in lines if line["type"] == "aspis.tamper"], [])

    @unittest.skipUnless(shutil.which("objcopy"), "no objcopy")
    def test_one_that_is_overwritten_in_place(self):
        other = self.python + ".other"
        subprocess.run(["objcopy", "--remove-section", ".note.stapsdt", self.python, other], check=True)
        script = (
            f"{self.python} -IS -c 'import sys, time; time.sleep({SLOW}); sys.audit(\"old.a\")'; cat {other} > {self.python}; sleep {3 * SLOW}; "
            f"{self.python} -IS -c 'import sys; sys.audit(\"new.a\"); print(6 * 7)'"
        )
        output, lines = self.observe("sh", "-c", script)
        self.assertEqual(output, "42\n")
        for name in ("old.a", "new.a"):
            self.assertEqual(len(self.said(lines, name)), 1, name)
        notices = [line["interpreter"] for line in lines if line["type"] == "aspis.interpreter"]
        self.assertEqual([notice["probe"] for notice in notices], ["usdt", "calls"])

    def test_another_program_that_becomes_one(self):
        program = str(self.directory / "program")
        script = (
            f"cp /bin/true {program}; {program}; sleep 0.3; cat {self.python} > {program}; "
            f"{program} -IS -c 'import sys, time; time.sleep({2 * SLOW}); sys.audit(\"new.a\")'"
        )
        _, lines = self.observe("sh", "-c", script)
        self.assertEqual(len(self.said(lines, "new.a")), 1)

    def test_objects_that_are_rewritten_while_they_are_read(self):
        rounds = int(1500 / SLOW)
        _, lines = self.observe(self.python, "-IS", "-c", FLIPS, str(rounds))
        told = self.said(lines, "flip.x")
        summary = lines[-1]
        self.assertEqual(len(told) + summary["lost"]["total"], rounds)
        self.assertEqual([line["python"]["args"]["0"] for line in told][:10], list(range(10)))
        self.assertLess(max(len(json.dumps(line)) for line in told), 40000)
        self.assertEqual(len(self.said(lines, "flip.end")), 1)
        self.assertEqual(self.said(lines, "flip.end")[0]["python"]["args"]["2"], "x" * 40)


if __name__ == "__main__":
    if not os.path.exists(PYTHON):
        print("skipped: no /usr/bin/python3")
        sys.exit(77)
    if subprocess.run([ASPIS, "probe"], capture_output=True, check=False).returncode != 0:
        print("skipped: Aspis cannot observe here")
        sys.exit(77)
    unittest.main(verbosity=2)
