# SPDX-License-Identifier: Apache-2.0
"""What `audited` rules grant: only what an audit event has announced. One case a process.

usage: policy_audited.py DIRECTORY CASE

Prints the errno of each step of the case (0: it was allowed), each at once: a backend that kills leaves those before.
DIRECTORY is that of tests/system/policy_audited_test.cc. What native code would do is done by ctypes, which raises no
event at a call before Python 3.14; from then on, what stood announced before the call is over by it (13 for a last 0).
"""

import concurrent.futures
import ctypes
import fcntl
import importlib.machinery
import importlib.util
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading

DIRECTORY = sys.argv[1]
UP = DIRECTORY + "/up"
FILE = UP + "/file"
TRUE = DIRECTORY + "/bin/true"
EXTENSION = UP + "/extension.so"
SYS_OPEN = 2

libc = ctypes.CDLL(None, use_errno=True)


def step(action):
    try:
        action()
        number = 0
    except OSError as error:
        number = error.errno
    print(number, end=" ", flush=True)


def opens(path, mode="r", **more):
    return lambda: open(path, mode, **more).close()


def native(name, *arguments):
    def call():
        coded = [os.fsencode(one) if isinstance(one, str) else one for one in arguments]
        if getattr(libc, name)(*coded) < 0:
            raise OSError(ctypes.get_errno(), name)

    getattr(libc, name)  # which raises events of its own
    return call


def open_to_read():
    step(opens(FILE))


def open_to_write():
    step(opens(UP + "/new", "w"))
    step(opens(FILE, "w"))
    step(opens(FILE, "r+b"))
    step(opens(FILE, "a"))


def native_open():
    step(native("open", FILE, os.O_RDONLY))


def native_openat():
    step(native("openat", -100, FILE, os.O_RDONLY))


def native_create():
    step(native("open", UP + "/created", os.O_WRONLY | os.O_CREAT, 0o600))


def raw_open():
    step(native("syscall", SYS_OPEN, FILE, os.O_RDONLY, 0))


def native_where_plain():
    step(native("open", DIRECTORY + "/plain", os.O_RDWR))


def another_file():
    """What was announced last was not found; it is still in force."""
    call = native("open", FILE, os.O_RDONLY)
    step(opens(UP + "/missing"))
    step(call)


def another_event():
    call = native("open", FILE, os.O_RDONLY)
    step(opens(UP + "/missing"))
    sys.audit("app.other", FILE)
    step(call)


def used_up():
    call = native("open", FILE, os.O_RDONLY)
    step(opens(FILE))
    step(call)


def used_up_by_a_plain_rule():
    """The file may be read by anybody, and be written only if announced."""
    both = DIRECTORY + "/both"
    call = native("open", both, os.O_WRONLY)
    step(opens(both))
    step(call)


def other_operation():
    unlink, read = native("unlink", FILE), native("open", FILE, os.O_RDONLY)
    sys.audit("open", FILE, "r", os.O_RDONLY)
    step(read)
    sys.audit("open", FILE, "r", os.O_RDONLY)
    step(unlink)


def only_to_read():
    write = native("open", FILE, os.O_WRONLY)
    sys.audit("open", FILE, "r", os.O_RDONLY)
    step(write)


def only_to_append():
    append, write = native("open", FILE, os.O_WRONLY | os.O_APPEND), native("open", FILE, os.O_WRONLY)
    for call in (append, write):
        sys.audit("open", FILE, "a", os.O_WRONLY | os.O_APPEND)
        step(call)


def relative_names():
    os.chdir(UP)
    for name in ("file", "./file", ".//file", "sub/../file", "../up/file", "sub//.././file"):
        step(opens(name))
    os.chdir("/")
    step(opens(UP[1:] + "/./file"))
    step(opens("//" + FILE))


def bytes_names():
    step(opens(os.fsencode(FILE)))
    step(opens(UP.encode() + b"/\xff\xfe", "w"))


def path_objects():
    step(opens(pathlib.Path(FILE)))
    step(lambda: pathlib.Path(FILE).read_text(encoding="utf-8"))
    step(lambda: os.remove(pathlib.Path(opened("victim"))))


def opened(name):
    with open(f"{UP}/{name}", "w", encoding="utf-8"):
        return f"{UP}/{name}"


def names_beyond_ascii():
    for name in ("caf\xe9", "\u20ac\xe9", "\U0001f40d\u20ac", "\udcff\u20ac", "\udc80"):
        step(opens(f"{UP}/{name}", "w"))
        step(lambda: os.remove(f"{UP}/{name}"))


def long_names():
    path = UP
    for _ in range(8):
        path += "/" + "d" * 200
        os.mkdir(path)
    for name in ("x", "xyz", "x" * 200):
        step(opens(f"{path}/{name}", "w"))


def os_open():
    step(lambda: os.close(os.open(FILE, os.O_RDWR)))


def from_a_directory():
    """An open does not tell which one."""
    descriptor = os.open(UP, os.O_RDONLY)
    for action in (
        lambda: os.mkdir("made", dir_fd=descriptor),
        lambda: os.chmod("made", 0o700, dir_fd=descriptor),
        lambda: os.rename("made", "moved", src_dir_fd=descriptor, dst_dir_fd=descriptor),
        lambda: os.rmdir("moved", dir_fd=descriptor),
        lambda: os.symlink("x", "link", dir_fd=descriptor),
        lambda: os.unlink("link", dir_fd=descriptor),
        lambda: os.open("file", os.O_RDONLY, dir_fd=descriptor),
    ):
        step(action)


def through_a_link():
    step(opens(DIRECTORY + "/link"))


def through_a_linked_directory():
    step(opens(DIRECTORY + "/linked/file"))


def back_from_a_linked_directory():
    """By its text it is another file."""
    step(opens(DIRECTORY + "/linked_sub/../both"))
    step(opens(DIRECTORY + "/linked_sub/../file"))


def in_a_chroot():
    os.chroot(UP)
    step(opens("/file"))
    os.chdir("/sub")
    step(opens("../file"))


def links():
    step(lambda: os.symlink("anywhere", UP + "/made"))
    step(lambda: os.unlink(UP + "/made"))
    step(lambda: os.link(FILE, UP + "/hard"))
    step(lambda: os.rename(UP + "/hard", UP + "/renamed"))
    step(lambda: os.replace(UP + "/renamed", FILE))


def native_link():
    step(native("link", FILE, UP + "/native"))


def link_beyond_what_is_announced():
    """The new name would give unannounced what the old one gives only announced."""
    step(lambda: os.link(FILE, DIRECTORY + "/plain_too"))


def native_rename():
    step(native("rename", FILE, UP + "/native"))


def native_unlink():
    step(native("unlink", FILE))


def native_symlink():
    step(native("symlink", "x", UP + "/native"))


def attributes():
    step(lambda: os.chmod(FILE, 0o600))
    step(lambda: os.chown(FILE, -1, -1))
    step(lambda: os.truncate(FILE, 0))
    with open(FILE, "r+", encoding="utf-8") as file:
        step(lambda: os.chmod(file.fileno(), 0o644))
        step(lambda: os.fchmod(file.fileno(), 0o600))
        step(lambda: os.chown(file.fileno(), -1, -1))


def native_chmod():
    step(native("chmod", FILE, 0o777))


def native_truncate():
    step(native("truncate", FILE, 0))


def what_is_open():
    with open(FILE, "r+", encoding="utf-8") as file:
        step(lambda: fcntl.flock(file, fcntl.LOCK_EX))
        sys.audit("app.other")
        step(lambda: file.truncate(0))
        step(lambda: file.truncate(1))
        step(native("ftruncate", file.fileno(), 0))


def open_to_append_only():
    descriptor = os.open(DIRECTORY + "/log", os.O_WRONLY | os.O_APPEND)
    step(lambda: os.write(descriptor, b"x"))
    step(native("ftruncate", descriptor, 0))


def directories():
    step(lambda: os.mkdir(UP + "/directory"))
    step(lambda: os.listdir(UP))
    step(lambda: os.listdir(UP + "/"))
    step(lambda: os.scandir(UP).close())
    os.chdir(UP)
    step(os.listdir)
    step(lambda: os.listdir("."))
    step(lambda: os.rmdir("directory"))


def listed_what_is_no_directory():
    """Which is not done, so that the announcement stays: it is one to read."""
    read, write = native("open", FILE, os.O_RDONLY), native("open", FILE, os.O_RDWR)
    for call in (read, write):
        try:
            os.listdir(FILE)
        except NotADirectoryError:
            step(call)


def native_mkdir():
    step(native("mkdir", UP + "/native", 0o700))


def native_list():
    step(lambda: os.listdir(UP))
    step(native("open", UP, os.O_RDONLY | os.O_DIRECTORY))


def another_thread():
    ready, done = threading.Event(), []
    call = native("open", UP + "/shared", os.O_WRONLY | os.O_CREAT, 0o600)

    def other():
        ready.wait()
        step(call)
        done.append(True)

    threading.Thread(target=other).start()
    os.open(FILE, os.O_RDONLY)
    sys.audit("open", UP + "/shared", None, os.O_WRONLY | os.O_CREAT)
    ready.set()
    while not done:  # without a call that may raise an event
        pass
    step(call)


def many_at_once():
    def work():
        for _ in range(50):
            with open(FILE, encoding="utf-8"):
                pass

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        for result in [threads.submit(work) for _ in range(4)]:
            step(result.result)


def in_a_flood():
    def flood():
        for _ in range(2500):
            os.close(os.open(FILE, os.O_RDONLY))

    step(flood)


def with_a_hook():
    sys.addaudithook(lambda *_: None)
    step(opens(FILE))


def executes():
    step(lambda: subprocess.run([TRUE], check=True))
    step(lambda: subprocess.run([TRUE], check=True, preexec_fn=lambda: sys.audit("app.child")))
    step(lambda: subprocess.run([TRUE], check=True, close_fds=False))
    os.environ["PATH"] = "/nowhere:" + DIRECTORY + "/bin"
    step(lambda: subprocess.run(["true"], check=True))
    step(lambda: subprocess.run(["./true"], check=True, cwd=DIRECTORY + "/bin"))
    step(lambda: os.waitpid(os.posix_spawn(TRUE, [TRUE], {}), 0))
    child = os.fork()
    if not child:
        os.execv(TRUE, [TRUE])
    step(lambda: os.waitpid(child, 0))


def executed():
    os.execv(TRUE, [TRUE])


def native_exec():
    step(native("execv", TRUE, (ctypes.c_char_p * 2)(os.fsencode(TRUE), None)))


def native_exec_after_a_child():
    call = native("execv", TRUE, (ctypes.c_char_p * 2)(os.fsencode(TRUE), None))
    step(lambda: subprocess.run([TRUE], check=True))
    step(call)


def native_exec_in_place_of_a_child():
    call = native("execv", TRUE, (ctypes.c_char_p * 2)(os.fsencode(TRUE), None))
    sys.audit("subprocess.Popen", TRUE, [TRUE], None, None)
    step(call)


def loaded():
    """An extension module is opened and mapped by the loader, which the import announces."""
    step(lambda: load(EXTENSION))
    step(lambda: ctypes.CDLL(UP + "/library.so"))


def load(path):
    loader = importlib.machinery.ExtensionFileLoader("_contextvars", path)
    spec = importlib.util.spec_from_file_location("_contextvars", path, loader=loader)
    try:
        importlib.util.module_from_spec(spec)
    except ImportError as error:
        raise PermissionError(13, str(error)) from error


def imported():
    sys.dont_write_bytecode = False
    sys.path.insert(0, UP + "/modules")
    import said_module

    step(lambda: said_module.__name__)
    step(lambda: os.stat(importlib.util.cache_from_source(said_module.__file__)))


def temporary():
    with tempfile.NamedTemporaryFile(dir=UP):
        print(0, end=" ", flush=True)
    with tempfile.TemporaryDirectory(dir=UP) as name:
        step(opens(name + "/file", "w"))
    step(lambda: None)


def sockets():
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        step(lambda: server.bind(UP + "/socket"))
        server.listen()
        step(lambda: client.connect(UP + "/socket"))


def native_connect():
    class Address(ctypes.Structure):
        _fields_ = [("family", ctypes.c_ushort), ("path", ctypes.c_char * 108)]

    address = Address(socket.AF_UNIX, os.fsencode(UP + "/socket"))
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        step(lambda: server.bind(UP + "/socket"))
        server.listen()
        step(native("connect", client.fileno(), ctypes.byref(address), ctypes.sizeof(address)))


def denied_all_the_same():
    step(opens(UP + "/no/file"))


def told():
    step(opens(UP + "/told"))


def of_the_owner():
    step(opens(UP + "/../owned/mine"))
    step(opens(UP + "/../owned/others"))


if __name__ == "__main__":
    globals()[sys.argv[2]]()
    print("end", flush=True)
