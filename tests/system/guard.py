# What somebody might try on an agent: guard.py PID PINS, in the directory that has its files. A line for each attempt, with
# what came of it.
# SPDX-License-Identifier: Apache-2.0
import ctypes
import errno
import json
import os
import pathlib
import socket
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
    place = pathlib.Path.cwd()
    name("write configuration", lambda: open("aspis.yaml", "a").close())
    name("truncate log", lambda: os.truncate("events.json", 0))
    name("chmod log", lambda: os.chmod("events.json", 0o666))
    name("chown log", lambda: os.chown("events.json", 33, 33))
    name("unlink log", lambda: os.unlink("events.json"))
    name("write rotated log", lambda: open("events.json.000001.zst", "a").close())
    name("link profile", lambda: os.link("profiles/confined", "second-name"))
    name("make profile", lambda: open("profiles/more", "x").close())
    name("make link", lambda: os.symlink("/dev/null", "profiles/link"))
    name("make directory", lambda: os.mkdir("profiles/more"))
    name("write in tree", lambda: open("profiles/abstractions/base", "a").close())
    name("rename over", lambda: os.rename("harmless", "profiles/confined"))
    name("rename profiles", lambda: os.rename("profiles", "profiles.away"))
    name("rename way", lambda: os.rename(place, f"{place}.away"))
    name("unlink socket", lambda: os.unlink("run/socket"))
    name("write program", lambda: open(os.readlink(f"/proc/{agent}/exe"), "a").close())
    say("mount over", libc.mount(b"none", b"profiles", b"tmpfs", 0, None))
    say("mount over way", libc.mount(b"none", bytes(place), b"tmpfs", 0, None))
    say("unmount pins", libc.umount2(b"/sys/fs/bpf", 2))
    name("write beside", lambda: open("beside", "w").close())
    name("rename beside", lambda: os.rename("beside", "harmless"))
    with socket.socket(socket.AF_UNIX) as agent_socket:
        agent_socket.connect("run/socket")
        agent_socket.sendall(b'{"request":"policy.mode","profile":"confined","mode":"kill"}\n')
        answer = json.loads(agent_socket.makefile().readline())
        print("policy.mode", errno.errorcode.get(answer.get("errno", 0), answer["ok"]))
say("signal 0", libc.kill(agent, 0))
print("maps", *sorted(objects(*MAP)))
print("programs", *sorted(objects(*PROGRAM)))
print("links", max(objects(*LINK)))  # those of probes are none of the agent's programs
