# SPDX-License-Identifier: Apache-2.0
"""The interpreters that end-to-end tests run: CPython 3.8 to 3.1x, those of the system first."""

import glob
import os
import re
import subprocess


def version_of(python):
    said = subprocess.run(
        [python, "-IS", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False
    )
    return said.stdout.strip()


def interpreters():
    """ASPIS_PYTHONS (with ":" between them), or what is in /usr/bin and what pyenv has built."""
    if named := os.environ.get("ASPIS_PYTHONS"):
        return named.split(":")
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = glob.glob("/usr/bin/python3.[0-9]*") + glob.glob(pyenv + "/versions/3.*/bin/python3")
    found.sort(key=lambda path: (not path.startswith("/usr/"), path))
    return [path for path in found if re.fullmatch(r"3\.([89]|1\d)", version_of(path))]
