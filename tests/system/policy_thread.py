# SPDX-License-Identifier: Apache-2.0
"""What a thread of Python may do by what is on its stack, in its context, or has been said: one case a process.

usage: policy_thread.py DIRECTORY CASE

Prints the errno of each step of the case (0: it was allowed), each at once: a backend that kills leaves those before.
DIRECTORY is that of tests/system/policy_thread_test.cc.
"""

import os
import socket
import subprocess
import sys
import threading

DIRECTORY = sys.argv[1]
sys.path.insert(0, DIRECTORY + "/site-packages")


def step(action):
    try:
        action()
        number = 0
    except OSError as error:
        number = error.errno
    print(number, end=" ", flush=True)


def run():
    subprocess.run(["/usr/bin/true"], check=True)


def reads(path):
    def read():
        with open(path, encoding="utf-8"):
            pass

    return read


def of(user):
    return reads(f"{DIRECTORY}/users/{user}/file")


def context(*arguments):
    sys.audit("aspis.context", *arguments)


def in_thread(action):
    thread = threading.Thread(target=action)
    thread.start()
    thread.join()


def exec_of_the_program():
    step(run)


def exec_through_yaml():
    import yaml

    step(run)
    yaml.call(lambda: step(run))
    step(run)


def denied_only_in_one_class():
    import yaml

    yaml.call(lambda: step(reads("/etc/passwd")))


def deep_below_yaml():
    import yaml

    def down(levels):
        if levels:
            down(levels - 1)
        else:
            step(run)

    yaml.call(lambda: down(400))


def thread_of_yaml():
    """The frames of the thread are the program's own and threading's."""
    import yaml

    yaml.call(lambda: in_thread(lambda: step(run)))


def generator_of_yaml():
    import yaml

    values = yaml.each([lambda: step(run)])
    next(values)
    step(run)


def single_file_package():
    import some_name

    some_name.call(lambda: step(run))


def restricted_to():
    import strict

    step(reads("/etc/passwd"))
    strict.call(lambda: step(reads("/etc/hostname")))
    strict.call(lambda: step(lambda: socket.socket(socket.AF_INET)))
    strict.call(lambda: step(reads("/etc/passwd")))


def restricted_socket():
    import strict

    step(lambda: socket.socket(socket.AF_UNIX))
    strict.call(lambda: step(lambda: socket.socket(socket.AF_UNIX)))


def restricted_link():
    import strict

    step(lambda: os.link(DIRECTORY + "/free/a", DIRECTORY + "/free/b"))
    strict.call(lambda: step(lambda: os.link(DIRECTORY + "/free/a", DIRECTORY + "/free/c")))


def restricted_names():
    import strict

    step(lambda: os.mkdir(DIRECTORY + "/free/directory"))
    strict.call(lambda: step(lambda: os.rename(DIRECTORY + "/free/x", DIRECTORY + "/free/y")))


def both_at_once():
    import strict
    import yaml

    yaml.call(lambda: strict.call(lambda: step(reads("/etc/hostname"))))
    yaml.call(lambda: strict.call(lambda: step(reads("/etc/passwd"))))


def event_of_the_program():
    step(lambda: sys.audit("app.no"))


def event_in_yaml():
    import yaml

    yaml.call(lambda: step(lambda: sys.audit("app.no")))


def context_unset():
    step(of("alice"))


def context_set():
    context("user", "alice")
    step(of("alice"))
    step(of("bob"))


def context_unset_again():
    context("user", "alice")
    context("user", None)
    step(of("alice"))


def context_changed():
    context("user", "alice")
    context("user", "bob")
    step(of("bob"))
    step(of("alice"))


def context_beyond_ascii():
    context("user", "zo\u00eb\u20ac")
    step(of("zo\u00eb\u20ac"))
    step(of("alice"))


def context_that_begins_alike():
    context("user", "ali")
    step(of("alice"))


def context_refused_keeps():
    context("user", "alice")
    for value in ("a/b", "*", "..", ".", "", "x" * 64, "b?b", 5):
        context("user", value)
    context("no-key", "bob")
    step(of("alice"))
    step(of("bob"))


def context_locked():
    context("user", "alice", 4711)
    context("user", "bob")
    context("user", "bob", 4712)
    context("user", None)
    step(of("alice"))
    step(of("bob"))


def context_unlocked():
    context("user", "alice", 4711)
    context("user", "bob", 4711)
    step(of("bob"))
    step(of("alice"))


def context_of_threads():
    context("user", "alice")

    def other():
        step(of("alice"))
        context("user", "bob")
        step(of("bob"))

    in_thread(other)
    step(of("alice"))
    step(of("bob"))


def context_of_children():
    context("user", "alice")
    file = DIRECTORY + "/users/%s/file"
    for user in ("alice", "bob"):
        child = subprocess.run(["/usr/bin/cat", file % user], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        print(0 if child.returncode == 0 else 13, end=" ", flush=True)


def many_contexts():
    """More than can be kept: the one that is needed is there."""
    context("user", "alice")
    for n in range(20):
        context(f"key{n}", "bob")
    step(of("alice"))
    step(of("bob"))


def context_in_a_flood():
    """Events without rules are throttled; what is asked for is done all the same."""
    for _ in range(5000):
        context("user", "alice")
    context("user", "bob")
    step(of("bob"))
    step(of("alice"))


def changes_on_event():
    step(reads("/etc/passwd"))
    sys.audit("app.other")
    step(reads("/etc/passwd"))
    sys.audit("app.ready", 1)
    step(reads("/etc/hostname"))
    step(reads("/etc/passwd"))


if __name__ == "__main__":
    globals()[sys.argv[2]]()
    print("end", flush=True)
