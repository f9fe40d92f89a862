# SPDX-License-Identifier: Apache-2.0
"""Raises audit events, and opens files behind Python's back, from all sorts of places, and says what the
stack is there.

stacks.py DIRECTORY: DIRECTORY/expected gets a line of JSON for each place: its name, and the frames that led to
it, innermost first, as Python's own frame objects have them. The audit event is called "stack.NAME", the file
DIRECTORY/NAME; the innermost frame, which is `said` or `opened`, is left out."""

import asyncio
import ctypes
import functools
import json
import os
import signal
import sys
import threading
import time

directory = sys.argv[1]
libc = ctypes.CDLL(None)
expected = open(directory + "/expected", "w")
write = threading.Lock()


def note(name, frame):
    frames = []
    while frame:
        code = frame.f_code
        frames.append([code.co_filename, getattr(code, "co_qualname", code.co_name), frame.f_lineno])
        frame = frame.f_back
    with write:
        expected.write(json.dumps([name, frames]) + "\n")
        expected.flush()


def said(name):
    note(name, sys._getframe(1))
    sys.audit("stack." + name)


def opened(name):
    """The call releases the GIL: nobody holds it when the kernel sees the open."""
    note(name, sys._getframe(1))
    os.close(libc.open(os.fsencode(directory + "/" + name), os.O_CREAT | os.O_RDWR, 0o600))


class Class:
    said("class-body")

    def method(self, name):
        (lambda: said(name))()

    def __del__(self):
        said("finalizer")


def recursive(depth, name):
    if depth:
        return recursive(depth - 1, name)
    said(name)


def generator(name):
    yield from inner_generator(name)


def inner_generator(name):
    with_value = yield 1
    said(name)
    opened(name + "-native")
    yield with_value


async def coroutine(name):
    await asyncio.sleep(0)
    await inner_coroutine(name)


async def inner_coroutine(name):
    async for _ in asynchronous_generator():
        said(name)
    opened(name + "-native")


async def asynchronous_generator():
    await asyncio.sleep(0)
    yield 1


async def tasks():
    await asyncio.gather(coroutine("task-1"), coroutine("task-2"))
    await asyncio.get_running_loop().run_in_executor(None, said, "executor")


def callbacks():
    sorted([2, 1], key=lambda value: said("sort-key-%d" % value) or value)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    done = []

    def on_compare(a, b):
        if not done:
            done.append(1)
            said("ctypes-callback")
            opened("ctypes-callback-native")
        return 0

    numbers = (ctypes.c_int * 2)(1, 2)
    libc.qsort(numbers, 2, ctypes.sizeof(ctypes.c_int), compare(on_compare))
    functools.reduce(lambda a, b: said("reduce"), [1, 2])
    list(map(said, ["map"]))


def thread(name, barrier):
    barrier.wait()
    opened(name)
    said(name + "-said")


said("module")
opened("native")
Class().method("lambda")
recursive(5, "recursion")
recursive(60, "deep")
values = generator("generator")
next(values), next(values)
asyncio.run(tasks())
callbacks()
exec(compile("def made():\n\n    said('exec')\nmade()\n", "<generated>", "exec"))
exec("opened('exec-native')")
both = threading.Barrier(3)
threads = [threading.Thread(target=thread, args=("thread-%d" % i, both)) for i in range(3)]
for one in threads:
    one.start()
for one in threads:
    one.join()
signal.signal(signal.SIGUSR1, lambda *_: said("signal"))
os.kill(os.getpid(), signal.SIGUSR1)
time.sleep(0.01)
if os.fork() == 0:
    opened("child")  # ends at once: nobody can read its memory afterwards
    os._exit(0)
os.wait()
expected.close()
