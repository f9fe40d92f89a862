#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two tenants, one gunicorn worker, under a profile: neither reads the other's files, and YAML runs nothing.

usage: test_tenants.py BACKEND     (needs a backend that refuses: lsm or fmod_ret)

Exit code: 0 passed, 1 failed, 77 skipped.
"""

import concurrent.futures
import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ASPIS = os.environ.get("ASPIS", str(HERE.parent.parent / "build/dev/agent/cli/aspis"))
GUNICORN = os.environ.get("GUNICORN", "/usr/bin/gunicorn")
PORT = 18765
USERS = ("alice", "bob")
PATIENCE = 300  # s, for the kernel side to be loaded in an emulated guest

GADGET = b"!!python/object/apply:subprocess.check_call [['/usr/bin/true']]"


def ask(path, user, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", data=body, 
                                     headers={"X-User": user, "Content-Type": "application/yaml"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read().decode()


def wait_for_service(process):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            return ask("/convert", "nobody")
        except OSError:
            time.sleep(0.5)
    sys.exit("the service did not start")


def tenant(user):
    """What its requests are answered, one after the other: those for its own files, and for the other's."""
    other = USERS[1 - USERS.index(user)]
    answers = [(ask(f"/file/{user}", user), ask(f"/file/{other}", user)) for _ in range(25)]
    return set(answers)


def check(problems, what, got, expected):
    print(f"{what}: {got}")
    if got != expected:
        problems.append(f"{what}: expected {expected}")


def main():
    for needed in ("flask", "yaml"):
        if importlib.util.find_spec(needed) is None:
            print(f"skipped: no python3-{needed}")
            return 77
    if not os.path.exists(GUNICORN):
        print("skipped: no gunicorn")
        return 77
    directory = pathlib.Path(tempfile.mkdtemp(prefix="aspis-tenants-", dir="/var/tmp"))
    uploads = directory / "uploads"
    for user in USERS:
        (uploads / user).mkdir(parents=True)
        (uploads / user / "file").write_text(user)
    profile = directory / "profile"
    text = (HERE / "service/tenants.profile").read_text()
    profile.write_text(text.replace("@SERVICE@", str(HERE / "service")).replace("@UPLOADS@", str(uploads)))
    problems = []
    command = [ASPIS, "run", "--hooks", sys.argv[1], "--denials", "-o", "json", "--to", str(directory / "events"),
               "--profile", str(profile), "--", GUNICORN, "--workers", "1", "--threads", "4", "--bind",
               f"127.0.0.1:{PORT}", "--chdir", str(HERE / "service"), "--worker-tmp-dir", "/dev/shm", "tenants:app"]
    with subprocess.Popen(command, env=dict(os.environ, UPLOADS=str(uploads), PYTHONDONTWRITEBYTECODE="1")) as service:
        try:
            check(problems, "the service runs a program", wait_for_service(service), "0")
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                for user, answers in zip(USERS, pool.map(tenant, USERS)):
                    check(problems, f"{user}: own file, the other's", answers, {("0", "13")})
            check(problems, "nobody reads anything", ask("/file/alice", "nobody"), "13")
            check(problems, "a gadget in YAML", ask("/settings", "alice", GADGET), "13")
            check(problems, "YAML without one", ask("/settings", "alice", b"a: [1, 2]"), "0")
            check(problems, "the service runs a program again", ask("/convert", "alice"), "0")
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait()
    shutil.rmtree(directory)
    for problem in problems:
        print("FAILED:", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
