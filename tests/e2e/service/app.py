# SPDX-License-Identifier: Apache-2.0
"""Video thumbnails: POST /upload a clip, GET /converted/<name>.png one frame of it, GET /original?name=… the clip.

What the service may touch lies in three directories, so that a policy can name them:
SERVICE_APP (this code and config.ini), SERVICE_UPLOADS, SERVICE_CONVERTED.
config.ini is read once, while the module is imported; serving never needs it again.
"""
from __future__ import annotations

import configparser
import os
import pathlib
import subprocess
import uuid

import flask

APP = pathlib.Path(os.environ.get("SERVICE_APP", os.path.dirname(os.path.abspath(__file__))))
UPLOADS = pathlib.Path(os.environ.get("SERVICE_UPLOADS", "/srv/uploads"))
CONVERTED = pathlib.Path(os.environ.get("SERVICE_CONVERTED", "/srv/converted"))
FFMPEG = os.environ.get("SERVICE_FFMPEG", "ffmpeg")

ACCEPTED = {".avi", ".mkv", ".mov", ".mp4", ".webm"}

# DANGER, on purpose. Since the fixes of CVE-2016-1897 and CVE-2016-1898 ffmpeg checks which files a
# playlist may name. These options switch the checks off again, as an old ffmpeg behaved: whoever
# uploads a playlist then reads any file that this service can read. Only the demo wants that.
OLD_PLAYLIST_OPTIONS = [
    "-f", "hls",  # from ffmpeg 7 on not recognised under another name than .m3u8
    "-protocol_whitelist", "file,crypto,data",
    "-allowed_extensions", "ALL",
    "-allowed_segment_extensions", "ALL",
    "-extension_picky", "0",
]

config = configparser.ConfigParser()
with open(APP / "config.ini", encoding="utf-8") as file:
    config.read_file(file)
OLD_PLAYLISTS = config.getboolean("ffmpeg", "old_playlists", fallback=False)
SECONDS = config.getfloat("ffmpeg", "seconds", fallback=20) * float(os.environ.get("ASPIS_SLOW") or 1)

app = flask.Flask(__name__)
app.secret_key = config["service"]["secret_key"]
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024


def input_options(upload: pathlib.Path) -> list[str]:
    """Other demuxers refuse the options of the playlist demuxer, so look at the first bytes."""
    with open(upload, "rb") as clip:
        playlist = clip.read(7) == b"#EXTM3U"
    return OLD_PLAYLIST_OPTIONS if playlist and OLD_PLAYLISTS else []


def make_thumbnail(upload: pathlib.Path, picture: pathlib.Path) -> str:
    """One frame, 320 pixels wide. Returns what went wrong, or an empty string."""
    command = [FFMPEG, "-hide_banner", "-nostdin", "-loglevel", "error", *input_options(upload),
               "-i", str(upload), "-vf", "scale=320:-1", "-frames:v", "1", "-update", "1", str(picture)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0 and picture.exists():
        return ""
    return done.stderr.decode(errors="replace").strip() or f"ffmpeg ended with {done.returncode}"


@app.get("/healthz")
def healthz() -> str:
    return "ok\n"


@app.post("/upload")
def upload_clip() -> tuple[dict[str, str], int]:
    sent = flask.request.files.get("file")
    suffix = pathlib.Path(sent.filename or "").suffix.lower() if sent else ""
    if sent is None or suffix not in ACCEPTED:
        return {"error": "send one video as the form field 'file'"}, 400
    name = uuid.uuid4().hex  # never the client's own name
    upload = UPLOADS / (name + suffix)
    sent.save(upload)
    problem = make_thumbnail(upload, CONVERTED / f"{name}.png")
    if problem:
        app.logger.warning("convert %s: %s", upload, problem)
        return {"error": "this clip cannot be converted"}, 422
    return {"picture": f"/converted/{name}.png"}, 201


@app.get("/converted/<name>.png")
def converted(name: str) -> flask.Response:
    return flask.send_from_directory(CONVERTED, f"{name}.png", mimetype="image/png")


@app.get("/original")
def original() -> flask.Response:
    """A clip, as it was uploaded.

    DANGER, on purpose: the client's own name goes into the path, so that ../app/config.ini is a "clip", too.
    Only the demo wants that.
    """
    try:
        clip = (UPLOADS / flask.request.args.get("name", "")).read_bytes()
    except PermissionError as error:
        app.logger.warning("original: %s", error)
        flask.abort(403)
    except OSError:
        flask.abort(404)
    return flask.Response(clip, mimetype="application/octet-stream")
