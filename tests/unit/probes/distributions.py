# SPDX-License-Identifier: Apache-2.0
"""Prints FILE NAME VERSION, by tabs, for files of the distributions that are installed here, as
importlib.metadata says; a few of each."""

import importlib.metadata
import json
import os
import sys

for distribution in importlib.metadata.distributions():
    files = [file for file in distribution.files or [] if str(file).endswith(".py") and ".." not in str(file)]
    for file in files[:: max(1, len(files) // 5)][:5]:
        path = str(distribution.locate_file(file))
        if os.path.isfile(path) and ("/site-packages/" in path or "/dist-packages/" in path):
            print(path, distribution.metadata["Name"], distribution.version, sep="\t")
