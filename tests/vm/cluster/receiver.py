# SPDX-License-Identifier: Apache-2.0
"""A receiver of Alertmanager's webhooks: a line for each alert."""

import http.server
import json


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for alert in body["alerts"]:
            print(alert["status"], alert["labels"]["alertname"], alert["labels"].get("profile", "-"), flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", 9999), Receiver).serve_forever()
