# SPDX-License-Identifier: Apache-2.0
"""Walks its own frames with the offsets that it is given, as the BPF side does, and compares.

walk_frames.py NAME=VALUE…: the fields of struct aspis_python_frames. Ends with 1 if a frame differs.
The thread sleeps in C while another one reads: no GIL is needed for it."""

import ctypes
import sys
import threading
import time

row = {name: int(value) for name, value in (word.split("=") for word in sys.argv[1:])}


def word(address, size=8):
    return int.from_bytes(ctypes.string_at(address, size), sys.byteorder)


def text(address):
    return ctypes.cast(address, ctypes.py_object).value


def thread_state(thread):
    """The first slot of thread-specific data that leads to a state of this thread."""
    for slot in range(32):
        state = word(thread + 0x310 + 16 * slot + 8)
        if state and readable(state + row["thread_id"]) and word(state + row["thread_id"]) == thread:
            return state
    raise SystemExit("no state of the thread found")


def readable(address):
    with open("/proc/self/mem", "rb") as memory:
        try:
            memory.seek(address)
            return len(memory.read(8)) == 8
        except (OSError, ValueError, OverflowError):
            return False


def checked(address):
    if not readable(address):
        raise SystemExit("an address that is none: %#x" % address)
    return word(address)


def walk(thread):
    frame = checked(thread_state(thread) + row["thread_frame"])
    if row["form"] == 1:
        frame = checked(frame + row["cframe_frame"])
    found = []
    while frame and len(found) < 64:
        if not row["frame_owner"] or word(frame + row["frame_owner"], 1) < row["owner_skip"]:
            code = checked(frame + row["frame_code"]) & ~row["code_tag"]
            if checked(code + 8) != id(type(walk.__code__)):
                raise SystemExit("no code object")
            lasti = word(frame + row["frame_lasti"], 4)
            if row["lasti_form"] == 1:
                lasti *= 2
            elif row["lasti_form"] == 2:
                lasti = word(frame + row["frame_lasti"]) - code - row["code_instructions"]
            found.append((text(checked(code + row["code_filename"])), text(checked(code + row["code_name"])),
                          word(code + row["code_first_line"], 4), text(checked(code + row["code_lines"])), lasti))
        frame = checked(frame + row["frame_back"])
    return found


def expected(frame):
    found = []
    while frame:
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        lines = code.co_linetable if hasattr(code, "co_linetable") else code.co_lnotab
        found.append((code.co_filename, name, code.co_firstlineno, lines, frame.f_lasti))
        frame = frame.f_back
    return found


class Sleeper:
    def generator(self):
        yield [time.sleep(1) for _ in range(1)]

    def run(self):
        list(self.generator())


thread = threading.Thread(target=Sleeper().run, daemon=True)
thread.start()
time.sleep(0.3)
got, wanted = walk(thread.ident), expected(sys._current_frames()[thread.ident])
thread.join()
if got != wanted or len(got) < 5:
    sys.exit("walked:   %r\nexpected: %r" % (got, wanted))
