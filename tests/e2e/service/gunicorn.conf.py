# SPDX-License-Identifier: Apache-2.0
"""Settings of gunicorn for the thumbnail service."""
import os

bind = os.environ.get("SERVICE_BIND", "127.0.0.1:0")  # port 0: any free one, gunicorn logs which
workers = 2
worker_class = "sync"
timeout = int(30 * float(os.environ.get("ASPIS_SLOW") or 1))
graceful_timeout = timeout
# The app, and with it config.ini, is loaded before listen() and before the workers are forked.
# So "start-up" ends at listen(), and a policy can change the profile there.
preload_app = True
