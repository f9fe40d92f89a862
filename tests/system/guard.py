# What somebody might try on an agent: guard.py PID PINS. A line for each attempt, with what came of it.
# SPDX-License-Identifier: Apache-2.0
import ctypes
import errno
import os
import pathlib
import sys

libc = ctypes.CDLL(None, use_errno=True)
agent, pins = int(sys.argv[1]), pathlib.Path(sys.argv[2])
BPF, PTRACE_SEIZE = 321, 0x4206
PROGRAM, MAP, LINK = (11, 13), (12, 14), (31, 30)  # linux/bpf.h: BPF_*_GET_NEXT_ID, BPF_*_GET_FD_BY_ID


def say(what, result):
    print(what, "0" if result >= 0 else errno.errorcode[ctypes.get_errno()], flush=True)


def bpf(command, number):
    attributes = (ctypes.c_uint32 * 32)(number)
    return libc.syscall(BPF, command, attributes, ctypes.sizeof(attributes)), attributes[1]


def objects(next_id, by_id):
    number, results = 0, set()
    while True:
        found, number = bpf(next_id, number)
        if found < 0:
            break
        fd, _ = bpf(by_id, number)
        results.add("0" if fd >= 0 else errno.errorcode[ctypes.get_errno()])
        if fd >= 0:
            os.close(fd)
    return results


def name(what, change):
    try:
        change()
        print(what, "0", flush=True)
    except OSError as error:
        print(what, errno.errorcode[error.errno], flush=True)


if "--harmless" not in sys.argv:
    say("ptrace", libc.ptrace(PTRACE_SEIZE, agent, 0, 0))
    say("signal", libc.kill(agent, 28))  # SIGWINCH
    link = next(pins.rglob("links/*"))
    name("unlink", link.unlink)
    name("rename", lambda: pins.rename(f"{pins}.away"))
say("signal 0", libc.kill(agent, 0))
print("maps", *sorted(objects(*MAP)))
print("programs", *sorted(objects(*PROGRAM)))
print("links", max(objects(*LINK)))  # those of probes are none of the agent's programs
