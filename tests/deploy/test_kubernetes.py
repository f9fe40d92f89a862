# SPDX-License-Identifier: Apache-2.0
"""Chart and manifests, without a cluster: values by their schema, objects by the models of Kubernetes' own Python client."""

import datetime
import json
import pathlib
import re
import subprocess
import unittest

import jsonschema
import kubernetes.client
import yaml
from chart import CHART, PLAIN, plain_manifests, render

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())

MODELS = {
    "ConfigMap": "V1ConfigMap",
    "DaemonSet": "V1DaemonSet",
    "Namespace": "V1Namespace",
    "NetworkPolicy": "V1NetworkPolicy",
    "Service": "V1Service",
    "ServiceAccount": "V1ServiceAccount",
}
# Of the Prometheus operator: known to no client of Kubernetes.
OF_OTHERS = {"ServiceMonitor", "PrometheusRule"}
# Fields that are younger than Debian 12's client (Kubernetes 1.22), with the release that has them.
YOUNGER = {("V1SecurityContext", "appArmorProfile"): "1.30"}

# Every switch the other way.
ALL_VALUES = {
    "nameOverride": "watch",
    "image": {"repository": "registry.example/aspis", "digest": "sha256:" + "0" * 64},
    "imagePullSecrets": [{"name": "pull"}],
    "pins": False,
    "profiles": {"app.yaml": "apiVersion: aspis.dev/v1\nkind: Profile\nmetadata: {name: a}\nspec:\n  text: |\n    profile a {}\n"},
    "metrics": {
        "port": 9999,
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "rules": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboard": {"enabled": True},
        "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]},
    },
    "seLinuxOptions": {"type": "spc_t"},
    "affinity": {"nodeAffinity": {}},
    "podAnnotations": {"a": "b"},
    "podLabels": {"c": "d"},
}


def objects(texts):
    return [thing for name, text in texts.items() if name.endswith(".yaml") for thing in yaml.safe_load_all(text) if thing]


def check(case, value, kind, path):
    """`value` is of this type of the client's models, and has no members that it does not know."""
    if value is None:
        return
    if container := re.fullmatch(r"list\[(.*)\]", kind):
        case.assertIsInstance(value, list, path)
        for number, one in enumerate(value):
            check(case, one, container[1], f"{path}[{number}]")
    elif container := re.fullmatch(r"dict\(str, (.*)\)", kind):
        case.assertIsInstance(value, dict, path)
        for key, one in value.items():
            case.assertIsInstance(key, str, path)
            check(case, one, container[1], f"{path}.{key}")
    elif kind in ("str", "int", "bool", "float"):
        case.assertIs(type(value), {"str": str, "int": int, "bool": bool, "float": float}[kind], path)
    elif kind == "datetime":
        case.assertIsInstance(value, (str, datetime.datetime), path)
    elif kind != "object":
        model = getattr(kubernetes.client, kind)
        case.assertIsInstance(value, dict, path)
        names = {wire: name for name, wire in model.attribute_map.items()}
        for key, one in value.items():
            if (kind, key) in YOUNGER:
                continue
            case.assertIn(key, names, f"{path}: {kind} has no such member")
            check(case, one, model.openapi_types[names[key]], f"{path}.{key}")
        # The model itself refuses what lacks a member that must be there.
        known = {names[key]: one for key, one in value.items() if key in names}
        try:
            model(**known)
        except ValueError as error:
            case.fail(f"{path}: {error}")


class Objects(unittest.TestCase):
    def check_all(self, things):
        self.assertTrue(things)
        for thing in things:
            where = f"{thing['kind']} {thing['metadata']['name']}"
            if thing["kind"] in OF_OTHERS:
                self.assertEqual(thing["apiVersion"], "monitoring.coreos.com/v1", where)
                check(self, thing["metadata"], "V1ObjectMeta", where)
            else:
                check(self, thing, MODELS[thing["kind"]], where)

    def test_of_the_chart(self):
        self.check_all(objects(render({})))
        self.check_all(objects(render({"mode": "uninstall"})))
        everything = objects(render(ALL_VALUES, release="other", namespace="security"))
        self.check_all(everything)
        self.assertEqual({thing["metadata"]["namespace"] for thing in everything}, {"security"})
        self.assertEqual({thing["kind"] for thing in everything}, (set(MODELS) | OF_OTHERS) - {"Namespace"})

    def test_plain_ones_are_those_of_the_chart(self):
        for path, text in plain_manifests():
            self.assertEqual(path.read_text(), text, f"{path}: tests/deploy/chart.py --write makes it anew")

    def test_plain_ones_are_whole(self):
        for directory in (path for path in PLAIN.iterdir() if (path / "kustomization.yaml").exists()):
            listed = set(yaml.safe_load((directory / "kustomization.yaml").read_text())["resources"])
            there = {path.name for path in directory.glob("*.yaml")} - {"kustomization.yaml"}
            self.assertEqual({name for name in listed if not name.startswith("../")}, there)
            self.check_all([yaml.safe_load((directory / name).read_text()) for name in there])

    def test_names_are_those_that_are_asked_for(self):
        for values in ({}, ALL_VALUES):
            found = {(thing["kind"], thing["metadata"]["name"]): thing for thing in objects(render(values))}
            (daemon_set,) = [thing for (kind, _), thing in found.items() if kind == "DaemonSet"]
            pod = daemon_set["spec"]["template"]
            self.assertIn(("ServiceAccount", pod["spec"]["serviceAccountName"]), found)
            volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
            for volume in pod["spec"]["volumes"]:
                if "configMap" in volume:
                    self.assertIn(("ConfigMap", volume["configMap"]["name"]), found)
            self.assertEqual({mount["name"] for mount in pod["spec"]["containers"][0]["volumeMounts"]}, volumes)
            for kind, selected in (("Service", "selector"), ("DaemonSet", "selector"), ("ServiceMonitor", "selector")):
                for thing in (one for (of, _), one in found.items() if of == kind):
                    selector = thing["spec"][selected]
                    labels = pod["metadata"]["labels"]
                    self.assertLessEqual((selector.get("matchLabels") or selector).items(), labels.items(), kind)

    def test_the_agent_is_not_privileged(self):
        (daemon_set,) = [thing for thing in objects(render({})) if thing["kind"] == "DaemonSet"]
        (container,) = daemon_set["spec"]["template"]["spec"]["containers"]
        context = container["securityContext"]
        self.assertFalse(context["privileged"])
        self.assertEqual(context["capabilities"]["drop"], ["ALL"])
        unit = (ROOT / "deploy/systemd/aspis.service").read_text()
        (bounding,) = re.findall(r"^CapabilityBoundingSet=(.*)$", unit, re.M)
        self.assertEqual({"CAP_" + name for name in context["capabilities"]["add"]}, set(bounding.split()), "as the service")
        for mount in container["volumeMounts"]:
            # The API server refuses it of containers that are not privileged.
            self.assertNotEqual(mount.get("mountPropagation"), "Bidirectional")

    def test_the_configuration_has_no_unknown_keys(self):
        known = set(re.findall(r"^\| `([a-z_.]+)` \|", (ROOT / "docs/configuration.md").read_text(), re.M))
        for values in ({}, ALL_VALUES):
            (text,) = [thing["data"]["aspis.yaml"] for thing in objects(render(values)) if thing["metadata"]["name"].endswith("-config")]
            for key, value in yaml.safe_load(text).items():
                for name in [f"{key}.{one}" for one in value] if isinstance(value, dict) else [key]:
                    self.assertTrue(name in known or name == "outputs", name)

    def test_labels_do_not_break_selectors(self):
        """A selector cannot be changed: it has neither version nor managed-by."""
        (daemon_set,) = [thing for thing in objects(render({})) if thing["kind"] == "DaemonSet"]
        self.assertEqual(set(daemon_set["spec"]["selector"]["matchLabels"]), {"app.kubernetes.io/name", "app.kubernetes.io/instance"})


class Values(unittest.TestCase):
    def refused(self, values, what):
        with self.assertRaises(jsonschema.ValidationError) as caught:
            jsonschema.validate(values, SCHEMA)
        self.assertIn(what, str(caught.exception.message) + "/".join(map(str, caught.exception.absolute_path)))

    def test_the_schema_is_one(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_the_defaults_are_valid_and_all_described(self):
        jsonschema.validate(VALUES, SCHEMA)
        jsonschema.validate(ALL_VALUES, SCHEMA)
        self.assertEqual(set(VALUES), set(SCHEMA["properties"]) - {"global"})
        self.assertEqual(set(VALUES["metrics"]), set(SCHEMA["properties"]["metrics"]["properties"]))

    def test_mistakes_are_refused(self):
        self.refused({"tolerance": []}, "tolerance")
        self.refused({"mode": "off"}, "off")
        self.refused({"metrics": {"port": 0}}, "port")
        self.refused({"metrics": {"port": "9464"}}, "port")
        self.refused({"config": {"metrics": "0.0.0.0:1"}}, "metrics")
        self.refused({"capabilities": ["CAP_BPF", "SYS_PTRACE"]}, "CAP_BPF")
        self.refused({"capabilities": ["BPF"]}, "capabilities")
        self.refused({"runtimes": ["run"]}, "run")
        self.refused({"profiles": {"../a": "x"}}, "../a")
        self.refused({"image": {"repository": "a", "digest": "abc"}}, "abc")

    def test_the_template_refuses_unknown_values(self):
        with self.assertRaises(subprocess.CalledProcessError) as caught:
            render({"metrics": None})
        self.assertIn("metrics", caught.exception.stderr)


if __name__ == "__main__":
    unittest.main()
