# SPDX-License-Identifier: Apache-2.0
"""The Helm chart, rendered, and the plain manifests, which are made of it. `chart.py --write` makes them anew."""

import functools
import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/aspis"
PLAIN = ROOT / "deploy/kubernetes"
# The sources of Debian's packages of Go libraries.
GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}

# What makes each directory of plain manifests: values, and the templates that are taken.
SETS = {
    "base": ({}, ["config.yaml", "daemonset.yaml", "profiles.yaml", "service.yaml", "serviceaccount.yaml"]),
    "prometheus-operator": (
        {"metrics": {"serviceMonitor": {"enabled": True}, "rules": {"enabled": True}}},
        ["prometheusrule.yaml", "servicemonitor.yaml"],
    ),
    "uninstall": ({"mode": "uninstall"}, ["daemonset.yaml"]),
}


@functools.lru_cache(maxsize=None)
def renderer():
    """The program: built once a run."""
    directory = tempfile.TemporaryDirectory(prefix="aspis-render.")
    program = os.path.join(directory.name, "render")
    environment = {**os.environ, **GO, "GOCACHE": os.path.join(directory.name, "cache")}
    subprocess.run(["go", "build", "-o", program, str(ROOT / "tests/deploy/render.go")], check=True, env=environment)
    return program, directory


def render(values, release="aspis", namespace="aspis"):
    """Texts by template. Raises CalledProcessError, with what is wrong in stderr."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        file.flush()
        text = subprocess.run(
            [renderer()[0], str(CHART), release, namespace, file.name], check=True, capture_output=True, text=True
        ).stdout
    return {part.split("\n", 1)[0]: part.split("\n", 1)[1] for part in text.split("---\n# Source: ")[1:]}


def plain_manifests():
    """What the files below deploy/kubernetes are to be."""
    for directory, (values, templates) in SETS.items():
        texts = render(values)
        for name in templates:
            made = "# Made of deploy/helm/aspis by tests/deploy/chart.py --write.\n" + texts[name]
            yield PLAIN / directory / name, made.replace("managed-by: Helm", "managed-by: kustomize")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: chart.py --write")
    for path, text in plain_manifests():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
