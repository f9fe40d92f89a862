#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes webhooks on loopback, and answers as it is told.

usage: receiver.py DIRECTORY [--port N] [--unix PATH] [--tls CERTIFICATE KEY]

Writes its port into DIRECTORY/port, and each request into DIRECTORY/requests, a JSON object a line: when, path, headers,
body, the status that was answered. DIRECTORY/answers has what is answered, a line a request, until it is used up: a status,
and after it headers NAME=VALUE or sleep=SECONDS. Then 200.
"""

import argparse
import http.server
import json
import os
import pathlib
import socket
import socketserver
import ssl
import time

parser = argparse.ArgumentParser()
parser.add_argument("directory", type=pathlib.Path)
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--unix")
parser.add_argument("--tls", nargs=2)
arguments = parser.parse_args()
directory = arguments.directory


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "local"

    def log_message(self, *_):
        pass

    def do_POST(self):
        came = time.time()
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answers = directory / "answers"
        lines = answers.read_text().splitlines() if answers.exists() else []
        status, *words = (lines[0] if lines else "200").split()
        if lines:
            answers.write_text("".join(line + "\n" for line in lines[1:]))
        record = {"came": came, "path": self.path, "headers": dict(self.headers), "body": body, "status": int(status)}
        with open(directory / "requests", "a") as log:
            log.write(json.dumps(record) + "\n")
        headers = dict(word.split("=", 1) for word in words)
        time.sleep(float(headers.pop("sleep", 0)))
        try:
            self.send_response(int(status))
            for name, value in headers.items():
                self.send_header(name, value.replace("_", " "))
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"ok\n")
        except OSError:
            pass  # the other end did not wait


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    if arguments.unix:
        address_family = socket.AF_UNIX

        def server_bind(self):
            socketserver.TCPServer.server_bind(self)
            self.server_name, self.server_port = "local", 0


server = Server(arguments.unix or ("127.0.0.1", arguments.port), Handler)
if arguments.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*arguments.tls)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
(directory / "port.new").write_text(str(server.server_port))
os.rename(directory / "port.new", directory / "port")
server.serve_forever()
