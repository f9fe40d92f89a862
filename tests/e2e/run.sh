#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The end-to-end tests that need no Aspis. Exit code: 0 passed, 1 failed, 77 skipped.
set -eu

cd "$(dirname "$0")"
python=${PYTHON:-/usr/bin/python3} # the distribution's: flask is installed for it

skip() {
  echo "skipped: $*"
  exit 77
}

[ -x "$python" ] || skip "no $python"
command -v ffmpeg >/dev/null || skip "no ffmpeg (apt install ffmpeg)"
[ -x "${GUNICORN:-/usr/bin/gunicorn}" ] || skip "no gunicorn (apt install gunicorn)"
"$python" -c 'import flask' 2>/dev/null || skip "no flask for $python (apt install python3-flask)"

export PYTHONDONTWRITEBYTECODE=1
"$python" -m unittest test_chain test_verdicts test_leak || exit 1
