# SPDX-License-Identifier: Apache-2.0
"""The service leaks as the story says, without Aspis: what enforcement has to stop."""
from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.error
from typing import Iterator

import client
import leak

HERE = pathlib.Path(__file__).resolve().parent
NOBODY = 65534
# No byte here is one that two pictures leave open, see leak.strangeness().
SECRET = "".join(f"account{n}:x:{1000 + n}:{1000 + n}:Name {n * n}:/home/account{n}:/bin/sh\n" for n in range(9))


@contextlib.contextmanager
def service(work: pathlib.Path, *, old_playlists: bool = True, user: int | None = None) -> Iterator[str]:
    """Runs the service in a directory and gives its address."""
    for name in ("app", "uploads", "converted"):
        (work / name).mkdir()
        if user is not None:
            os.chown(work / name, user, user)
    for name in ("app.py", "config.ini", "gunicorn.conf.py"):
        shutil.copy(HERE / "service" / name, work / "app")
    if not old_playlists:
        config = work / "app" / "config.ini"
        config.write_text(config.read_text().replace("old_playlists = yes", "old_playlists = no"))
    environment = dict(os.environ, SERVICE_APP=str(work / "app"), SERVICE_UPLOADS=str(work / "uploads"),
                       SERVICE_CONVERTED=str(work / "converted"), PYTHONDONTWRITEBYTECODE="1")
    log = work / "service.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [os.environ.get("GUNICORN", "/usr/bin/gunicorn"), "-c", "gunicorn.conf.py", "app:app"],
            cwd=work / "app", env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            user=user, group=user, extra_groups=None if user is None else [])
    try:
        yield client.wait_healthy(log, 30 * client.SLOW, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20 * client.SLOW)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Leak(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.work = pathlib.Path(directory.name)
        self.work.chmod(0o755)
        self.secret = self.work / "secret.txt"
        self.secret.write_text(SECRET)

    def leaked(self, url: str) -> str:
        return leak.read_secret(url, str(self.secret), 1000).decode("latin-1")

    def assert_nothing_leaks(self, url: str) -> None:
        try:
            self.assertEqual(self.leaked(url), "")
        except client.NoPicture:
            pass  # a refusal is as good as an empty picture

    def test_the_whole_secret_comes_out(self) -> None:
        with service(self.work) as url:
            self.assertEqual(self.leaked(url), SECRET)

    def test_a_clip_becomes_a_picture(self) -> None:
        clip = self.work / "clip.avi"
        subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=640x480:rate=10",
                        "-t", "1", "-c:v", "mpeg4", str(clip)], check=True, timeout=client.REQUEST_SECONDS)
        with service(self.work) as url:
            picture = client.thumbnail(url, "clip.avi", clip.read_bytes())
            self.assertTrue(picture.startswith(b"\x89PNG"))
            self.assertEqual(len(leak.cells_of(picture, 40)), 40 * 15, "320 × 240 pixels")
            with self.assertRaises(client.NoPicture):
                client.thumbnail(url, "clip.avi", b"no clip at all")

    def test_nothing_leaks_of_a_missing_secret(self) -> None:
        self.secret.unlink()
        with service(self.work) as url:
            self.assert_nothing_leaks(url)

    def test_nothing_leaks_of_a_denied_secret(self) -> None:
        self.secret.chmod(0)
        with service(self.work, user=NOBODY if os.geteuid() == 0 else None) as url:
            self.assert_nothing_leaks(url)

    def test_nothing_leaks_from_a_current_ffmpeg(self) -> None:
        with service(self.work, old_playlists=False) as url:
            self.assert_nothing_leaks(url)

    def test_the_configuration_comes_out(self) -> None:
        with service(self.work) as url:
            config = client.get(url + "/original?name=../app/config.ini")
            with self.assertRaises(urllib.error.HTTPError) as missing:
                client.get(url + "/original?name=none.avi")
        self.assertEqual(config, (self.work / "app" / "config.ini").read_bytes())
        self.assertEqual(missing.exception.code, 404)

    def test_the_pictures_are_in_the_converted_directory_only(self) -> None:
        with service(self.work) as url:
            self.leaked(url)
        self.assertTrue(all(re.fullmatch(r"\w{32}\.png", path.name) for path in (self.work / "converted").iterdir()))
        self.assertTrue(all(re.fullmatch(r"\w{32}\.avi", path.name) for path in (self.work / "uploads").iterdir()))
        self.assertEqual(sorted(path.name for path in (self.work / "app").iterdir()),
                         ["app.py", "config.ini", "gunicorn.conf.py"])


if __name__ == "__main__":
    unittest.main()
