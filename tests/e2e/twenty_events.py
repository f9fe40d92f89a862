# SPDX-License-Identifier: Apache-2.0
"""Raises twenty kinds of audit events with known arguments, between the events "twenty.begin" and "twenty.end".

usage: twenty_events.py DIRECTORY [hook]

DIRECTORY is empty and may be written to. With "hook", what CPython itself passes to a hook in the process is printed, as
one JSON list [NAME, [ARGUMENT…]] a line: what an observer should have seen.
"""

import json
import os
import sys

# Imported before the events, so that importing raises none between them.
import ctypes
import glob
import marshal
import pickle
import shutil
import socket
import subprocess
import tempfile


def shown(value):
    """As Aspis writes a value: what is no plain value is its type."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, bytes):
        return {"bytes": value.decode("latin-1")}
    if isinstance(value, (tuple, list)):
        return [shown(item) for item in value]
    return {"type": type(value).__name__}


def record(event, arguments):
    if recording:
        # a list: print() and json could raise events of their own
        recorded.append([event, [shown(argument) for argument in arguments[:8]]])


recording, recorded = False, []
os.chdir(sys.argv[1])
if sys.argv[2:] == ["hook"]:
    sys.addaudithook(record)
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
code = compile("1 + 1", "<twenty>", "eval")
protocol0 = b"cdatetime\ndate\n."
import datetime  # what the pickle names

recording = True
sys.audit("twenty.begin")
open("file", "w").close()
compile("1 + 2", "<twenty>", "eval")
eval(code)
os.mkdir("directory", 0o700)
os.rename("file", "directory/renamed")
os.chmod("directory/renamed", 0o640)
os.symlink("renamed", "directory/link")
os.listdir("directory")
os.truncate("directory/renamed", 5)
shutil.copyfile("directory/renamed", "copy")
glob.glob("*.nothing")
os.remove("copy")
os.putenv("TWENTY", "é€")
os.kill(os.getpid(), 0)
with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
    client.connect(listener.getsockname())
subprocess.run(["true", "two words"], check=True)
os.system("true")
ctypes.CDLL(None)
pickle.loads(protocol0)
marshal.loads(marshal.dumps([1, "two", 3.5]))
tempfile.mkdtemp(dir="directory")
sys.audit("twenty.values", 1, -2, 3 << 40, 1.5, True, None, "é€🐍", b"\xff\x00")
sys.audit("twenty.nested", ("::1", 80), ["a", ("b",)], {}, object)
sys.audit("twenty.end")
recording = False
listener.close()
for line in recorded:
    print(json.dumps(line))
