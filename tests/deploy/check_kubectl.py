# SPDX-License-Identifier: Apache-2.0
"""What kubectl itself says of the plain manifests, without a server: check_kubectl.py KUBECTL.

`kubectl kustomize` builds each directory. DaemonSets and Services are decoded into the types of that kubectl's Kubernetes by commands that work with
`--local`, which refuse values of another type and drop members that they do not know: all must be there afterwards. Of other kinds kubectl has no such
command: `label --local` sees that they are objects. Definitions of the Prometheus operator are not known to it. tests/vm/cluster.sh has it from Debian sid.
"""

import os
import pathlib
import subprocess
import sys

import yaml

PLAIN = pathlib.Path(__file__).resolve().parents[2] / "deploy/kubernetes"
TYPED = {"DaemonSet": ["set", "image", "agent=x"], "Service": ["set", "selector", "a=b"]}


def missing(before, after, path=""):
    """Members that are gone, or lists that are shorter."""
    if isinstance(before, dict):
        for key, value in before.items():
            if not isinstance(after, dict) or key not in after:
                # What Go's types leave out when it is empty is no loss.
                if value not in (None, {}, [], "", False, 0):
                    yield f"{path}.{key}"
            else:
                yield from missing(value, after[key], f"{path}.{key}")
    elif isinstance(before, list):
        if not isinstance(after, list) or len(after) != len(before):
            yield path
        else:
            for number, (old, new) in enumerate(zip(before, after)):
                yield from missing(old, new, f"{path}[{number}]")


def main(kubectl):
    environment = {**os.environ, "KUBECONFIG": "/dev/null"}
    failed = checked = 0
    for directory in sorted(path.parent for path in PLAIN.glob("*/kustomization.yaml")):
        built = subprocess.run([kubectl, "kustomize", str(directory)], check=True, capture_output=True, text=True, env=environment).stdout
        for thing in yaml.safe_load_all(built):
            if thing["apiVersion"].startswith("monitoring.coreos.com/"):
                continue
            verb = TYPED.get(thing["kind"], ["label", "a=b"])
            command = [kubectl, *verb[:-1], "--local", "-f", "-", verb[-1], "-o", "yaml"]
            # What the command itself replaces is not looked for.
            result = subprocess.run(command, input=yaml.safe_dump(thing), capture_output=True, text=True, env=environment)
            gone = list(missing(thing, yaml.safe_load(result.stdout) or {})) if result.returncode == 0 else [result.stderr.strip()]
            gone = [one for one in gone if not (thing["kind"] == "Service" and one.startswith(".spec.selector"))]
            checked += 1
            if gone:
                failed += 1
                print(f"{directory.name}: {thing['kind']} {thing['metadata']['name']}: {', '.join(gone)}")
    print(f"kubectl: {checked - failed} passed, {failed} failed")
    return failed != 0 or checked == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
