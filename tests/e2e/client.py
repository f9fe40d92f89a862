# SPDX-License-Identifier: Apache-2.0
"""Talks to the thumbnail service, with the standard library only."""
from __future__ import annotations

import json
import os
import pathlib
import re
import time
import urllib.error
import urllib.request
import uuid

SLOW = float(os.environ.get("ASPIS_SLOW") or 1)  # a guest without KVM needs about 10
REQUEST_SECONDS = 30 * SLOW

# No proxy: the service is on this host, whatever the environment says.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NoPicture(Exception):
    """The service answered that it cannot convert the clip."""


def get(url: str, seconds: float = REQUEST_SECONDS) -> bytes:
    with _opener.open(url, timeout=seconds) as answer:
        return answer.read()


def thumbnail(url: str, filename: str, clip: bytes) -> bytes:
    """Uploads a clip and downloads its picture."""
    boundary = uuid.uuid4().hex
    head = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n")
    body = head.encode() + clip + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(
        f"{url}/upload", data=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
    try:
        with _opener.open(request, timeout=REQUEST_SECONDS) as answer:
            picture = json.load(answer)["picture"]
    except urllib.error.HTTPError as error:
        if error.code != 422:
            raise
        raise NoPicture(error.read().decode(errors="replace").strip()) from error
    return get(url + picture)


def runs(pid: int) -> bool:
    try:
        # The name before the state can hold anything, ")" too.
        return pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_healthy(log: pathlib.Path, seconds: float, pid: int) -> str:
    """Learns the address from gunicorn's log (the port is chosen by the kernel) and waits for an answer.

    No longer than the process `pid`, which no one waits for meanwhile, runs.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end and runs(pid):
        listening = re.search(r"Listening at: (http://\S+)", log.read_text(errors="replace")) if log.exists() else None
        if listening:
            try:
                get(f"{listening[1]}/healthz", seconds=5 * SLOW)
                return listening[1]
            except OSError:
                pass
        time.sleep(0.1)
    if not runs(pid):
        raise ChildProcessError(f"the service ended, see {log}")
    raise TimeoutError(f"the service is not healthy after {seconds:.0f} s, see {log}")
