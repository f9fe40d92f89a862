#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The story in three acts: a service leaks, and Aspis tells how; a profile is tried; it is enforced, the leaks are gone.

Each act proves what it says: whatever is not so ends the demo with exit code 1.

Needs root, an aspis (ASPIS=path), ffmpeg, gunicorn and flask of the distribution; no network but lo.
KEEP=1 keeps the working directory. ASPIS_SLOW=10 makes all time limits ten times longer.
"""
from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
from typing import Any, Callable, Iterator

import chain
import client
import leak
import verdicts

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ASPIS = pathlib.Path(os.environ.get("ASPIS", ROOT / "build/dev/agent/cli/aspis")).absolute()
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")  # the distribution's: flask is installed for it
GUNICORN = os.environ.get("GUNICORN", "/usr/bin/gunicorn")
PROFILE = HERE / "service" / "upload.profile"
SECRET = pathlib.Path("/etc/passwd")
TRAVERSAL = "/original?name=../app/config.ini"

PLOT = """A web service makes pictures of video clips with ffmpeg. It has two holes: a "clip" may be a playlist, which names
any file of the server as its next part; and GET /original believes any name, "../" included."""


class Untrue(Exception):
    """The story is not so, and why."""


def act(text: str) -> None:
    print(f"\n== {text}", flush=True)


def say(text: str, *lines: str) -> None:
    print("- " + "\n  ".join([text, *lines]), flush=True)


def must(so: bool, otherwise: str) -> None:
    if not so:
        raise Untrue(otherwise)


class Stage:
    """The directory of the service, of its policy and of our logs."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.service = directory / "service"
        for name in ("app", "uploads", "converted", "run", "tmp"):
            (self.service / name).mkdir(parents=True)
        for name in ("app.py", "config.ini", "gunicorn.conf.py"):
            shutil.copy(HERE / "service" / name, self.service / "app")
        self.config = self.service / "app" / "config.ini"
        self.policy = directory / "policy"
        (self.policy / "tunables").mkdir(parents=True)
        (self.policy / "tunables" / "upload").write_text(f"@{{SERVICE}} = {self.service}\n")

    def confined(self, *more: str) -> list[str]:
        """Options of aspis for a service under its profile."""
        return ["--profile", f"{PROFILE}:upload", "-I", str(self.policy), "--base", str(ROOT / "policy/profiles"),
                "--denials", *more]


class Run:
    """The service under `aspis run OPTION…`."""

    def __init__(self, stage: Stage, name: str, options: list[str]) -> None:
        self.pid_file = stage.service / "run" / "pid"
        self.mine = os.fsencode(stage.directory)
        self.log = stage.directory / f"{name}.log"
        self.events_file = stage.directory / f"{name}.json"
        environment = dict(os.environ, SERVICE_APP=str(stage.service / "app"), TMPDIR=str(stage.service / "tmp"),
                           SERVICE_UPLOADS=str(stage.service / "uploads"), PYTHONDONTWRITEBYTECODE="1",
                           SERVICE_CONVERTED=str(stage.service / "converted"))
        with open(self.log, "wb") as output:
            # In the directory of the code: gunicorn searches modules where it was started.
            self.aspis = subprocess.Popen(
                [str(ASPIS), "run", "-o", "json", "--to", str(self.events_file), *options, "--",
                 GUNICORN, "-c", "gunicorn.conf.py", "--pid", str(self.pid_file), "app:app"],
                cwd=stage.service / "app", env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def stop(self) -> int:
        """Ends only what was started here: aspis, and gunicorn if its pid file still names that process."""
        self.aspis.terminate()
        try:
            status = self.aspis.wait(20 * client.SLOW)
        except subprocess.TimeoutExpired:
            print("demo: aspis did not end after SIGTERM, killing it", file=sys.stderr)
            self.aspis.kill()
            status = self.aspis.wait()
        with contextlib.suppress(OSError, ValueError):
            pid = int(self.pid_file.read_text())
            if self.mine in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                print("demo: the service outlived aspis, ending it", file=sys.stderr)
                os.kill(pid, signal.SIGTERM)  # its workers end with it
                status = status or 1
        return status

    def events(self) -> list[dict[str, Any]]:
        with open(self.events_file, encoding="utf-8") as log:
            return [json.loads(line) for line in log]


@contextlib.contextmanager
def service(stage: Stage, name: str, options: list[str]) -> Iterator[tuple[Run, str]]:
    """Runs the service, and gives its address. At the end it must have been well until then."""
    run = Run(stage, name, options)
    try:
        url = client.wait_healthy(run.log, 30 * client.SLOW, run.aspis.pid)
        say(f"the service runs at {url}")
        yield run, url
    except (KeyboardInterrupt, SystemExit):
        run.stop()
        raise
    except Exception:
        run.stop()
        print(*run.log.read_text(errors="replace").splitlines()[-30:], sep="\n", file=sys.stderr)
        raise
    status = run.stop()
    must(status == 0, f"aspis run ended with {status}")


def convert(url: str, clip: bytes) -> None:
    """What customers do works, or the act is no use."""
    picture = client.thumbnail(url, "clip.avi", clip)
    must(picture.startswith(b"\x89PNG"), "what the clip became is no picture")
    say(f"a customer's clip is converted: its picture has {len(picture)} bytes")


def refused(what: Callable[..., bytes], *arguments: Any) -> Exception | None:
    """How the service said no, or ended instead of an answer."""
    try:
        what(*arguments)
    except TimeoutError:
        raise
    except (client.NoPicture, OSError, http.client.HTTPException) as no:
        return no
    return None


def show(run: Run, verdict: str, stage: Stage) -> None:
    """Each leak was met by the part of the service that it comes through, and nothing else was."""
    lines, problems = verdicts.check(run.events(), verdict, {
        str(SECRET): "upload//serving//ffmpeg", str(stage.config): "upload//serving"})
    print(*("  " + line for line in lines), sep="\n")
    must(not problems, "\n  ".join(["the profile is not right:", *problems]))


def watch(stage: Stage, clip: bytes) -> bytes:
    """Gives the picture that the playlist became."""
    act("1. Watch: aspis run -- gunicorn …")
    with service(stage, "watch", []) as (run, url):
        convert(url, clip)
        text = leak.read_secret(url, str(SECRET), leak.FRAME_BYTES - 1, stage.directory)
        lines = text.decode(errors="replace").splitlines()
        must(lines[:1] == SECRET.read_text().splitlines()[:1], f"that is not the first line of {SECRET}: {lines[:1]}")
        say(f"a playlist that calls itself video.avi is converted, too, and its picture shows {SECRET}:", *lines[:3])
        config = client.get(url + TRAVERSAL)
        must(config == stage.config.read_bytes(), f"that is not {stage.config}")
        say(f"GET {TRAVERSAL} gives the secret of the configuration:",
            *(line for line in config.decode().splitlines() if line.startswith("secret_key")))
    events = run.events()
    say(f"how {SECRET} came out, among {len(events)} events:")
    print(chain.describe(chain.find_chain(events, str(SECRET))))
    return (stage.directory / "picture-0-0.png").read_bytes()


def attempt(stage: Stage, clip: bytes, picture: bytes) -> None:
    act("2. Try a profile: aspis run --profile upload.profile --complain --denials -- gunicorn …")
    say(f"the profile is {os.path.relpath(PROFILE, ROOT)}")
    with service(stage, "complain", stage.confined("--complain")) as (run, url):
        convert(url, clip)
        must(client.thumbnail(url, "video.avi", leak.playlist(str(SECRET), 0, b"")) == picture,
             "the picture of the playlist is not the one of before")
        say(f"the playlist still gives the picture of {SECRET}")
        must(client.get(url + TRAVERSAL) == stage.config.read_bytes(), f"that is not {stage.config}")
        say(f"GET {TRAVERSAL} still gives the secret")
    say("the profile would have denied these two, and nothing else of all that the service did:")
    show(run, "complain", stage)


def enforce(stage: Stage, clip: bytes) -> None:
    act("3. Enforce it: aspis run --profile upload.profile --denials -- gunicorn …")
    with service(stage, "enforce", stage.confined()) as (run, url):
        convert(url, clip)
        answer = refused(client.thumbnail, url, "video.avi", leak.playlist(str(SECRET), 0, b""))
        must(answer is not None, "the playlist still gives a picture")
        say(f"the playlist gives no picture: {answer}")
        answer = refused(client.get, url + TRAVERSAL)
        must(answer is not None, "the configuration can still be read")
        say(f"GET {TRAVERSAL}, which the service itself has read before it listened: {answer}")
        if isinstance(answer, urllib.error.HTTPError):
            must(answer.code == 403, "that is another problem than a permission")
        else:
            say("the hooks of this kernel cannot refuse, so Aspis killed who asked, before it saw anything")
        client.get(url + "/healthz")
        say("the service still answers")
    say("the profile denied these two, and nothing else:")
    show(run, "denied", stage)


def missing() -> str:
    """What must be installed or done first."""
    if os.geteuid() != 0:
        return "needs root, to load BPF programs"
    if not os.access(ASPIS, os.X_OK):
        return f"no aspis at {ASPIS}: build it (./dev build) or set ASPIS"
    if not shutil.which("ffmpeg"):
        return "ffmpeg is missing (apt install ffmpeg)"
    if not os.access(GUNICORN, os.X_OK):
        return f"{GUNICORN} is missing (apt install gunicorn)"
    # Found, not imported: in a slow guest that takes long.
    find = "import importlib.util, sys; sys.exit(importlib.util.find_spec('flask') is None)"
    if subprocess.run([PYTHON, "-c", find], check=False).returncode:
        return f"{PYTHON} has no flask (apt install python3-flask)"
    if pathlib.Path("/sys/class/net/lo/operstate").read_text().strip() == "down":
        return "the interface lo is down (ip link set lo up)"
    return ""


def perform(directory: pathlib.Path) -> None:
    stage = Stage(directory)
    clip = directory / "clip.avi"
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=10",
                    "-t", "1", "-c:v", "mpeg4", str(clip)], check=True, timeout=client.REQUEST_SECONDS)
    print(PLOT)
    picture = watch(stage, clip.read_bytes())
    attempt(stage, clip.read_bytes(), picture)
    enforce(stage, clip.read_bytes())
    print("\nThe leaks are gone.")


def main() -> int:
    begun = time.monotonic()
    problem = missing()
    if problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    directory = pathlib.Path(tempfile.mkdtemp())
    try:
        perform(directory)
    except Untrue as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except (client.NoPicture, chain.MissingLink, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        print(f"demo: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if os.environ.get("KEEP") == "1":
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory)
    print(f"\nThe story took {time.monotonic() - begun:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
