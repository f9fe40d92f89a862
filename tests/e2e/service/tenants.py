# SPDX-License-Identifier: Apache-2.0
"""A service of several users, for whom one worker works by turns; what it may do, tenants.profile says."""

import os
import secrets
import subprocess
import sys

import flask
import yaml

UPLOADS = os.environ["UPLOADS"]
TOKEN = secrets.randbits(63)  # code that a request brings along cannot change for whom it is

app = flask.Flask(__name__)


@app.before_request
def on_behalf_of():
    sys.audit("aspis.context", "user", flask.request.headers["X-User"], TOKEN)


@app.teardown_request
def on_behalf_of_nobody(_error):
    sys.audit("aspis.context", "user", None, TOKEN)


def errno_of(action):
    try:
        action()
    except OSError as error:
        return str(error.errno)
    return "0"


@app.get("/file/<owner>")
def read(owner):
    def open_it():
        with open(f"{UPLOADS}/{owner}/file", encoding="utf-8") as file:
            file.read()

    return errno_of(open_it)


@app.get("/convert")
def convert():
    return errno_of(lambda: subprocess.run(["/usr/bin/true"], check=True))


@app.post("/settings")
def settings():
    return errno_of(lambda: yaml.unsafe_load(flask.request.data))
