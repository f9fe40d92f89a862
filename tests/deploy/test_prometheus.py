# SPDX-License-Identifier: Apache-2.0
"""Rules and dashboard name metrics, labels and values that there are: test_prometheus.py METRICS_DOC. promtool itself: tests/vm/cluster.sh."""

import json
import pathlib
import re
import subprocess
import sys
import unittest

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy/prometheus"
# Made by Prometheus, and labels that it adds.
OF_PROMETHEUS = {"up": set(), "ALERTS": set()}
LABELS_OF_PROMETHEUS = {"job", "instance"}


def metrics():
    rows = re.findall(r"^\| `(\w+)` \| \w+ \| (.*?) \|", subprocess.run(DOC, capture_output=True, text=True, check=True).stdout, re.M)
    return {name: set(re.findall(r"\w+", labels)) for name, labels in rows} | OF_PROMETHEUS


class Prometheus(unittest.TestCase):
    def check(self, expression):
        known = metrics()
        found = re.findall(r"\b(up|ALERTS|aspis_\w+|process_\w+)\b(?:\{(.*?)\})?", expression)
        self.assertTrue(found, expression)
        for name, selectors in found:
            self.assertIn(name, known, expression)
            for label in re.findall(r"(\w+)\s*[=!]~?", selectors):
                self.assertIn(label, known[name] | LABELS_OF_PROMETHEUS, expression)

    def rules(self):
        groups = yaml.safe_load((DEPLOY / "aspis.rules.yml").read_text())["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def test_rules_ask_for_what_there_is(self):
        for rule in self.rules():
            self.check(rule["expr"])

    def test_each_alert_says_what_and_how_bad(self):
        names = [rule["alert"] for rule in self.rules()]
        self.assertEqual(len(names), len(set(names)))
        for rule in self.rules():
            self.assertIn(rule["labels"]["severity"], ("info", "warning", "critical"))
            self.assertTrue(rule["annotations"]["summary"])
            self.assertRegex(rule["alert"], "^Aspis[A-Z]")

    def test_dashboard_asks_for_what_there_is(self):
        dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
        places = set()
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                self.check(target["expr"])
            where = panel["gridPos"]
            cells = {(x, y) for x in range(where["x"], where["x"] + where["w"]) for y in range(where["y"], where["y"] + where["h"])}
            self.assertFalse(cells & places, panel["title"] + " lies over another")
            self.assertLessEqual(where["x"] + where["w"], 24)
            places |= cells
        ids = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))

    def test_scrape_job_is_the_one_of_the_rules(self):
        jobs = yaml.safe_load((DEPLOY / "scrape.yml").read_text())["scrape_configs"]
        self.assertEqual([job["job_name"] for job in jobs], ["aspis"])
        text = (DEPLOY / "aspis.rules.yml").read_text() + (DEPLOY / "grafana-dashboard.json").read_text()
        self.assertEqual(set(re.findall(r'job=\\?"(\w+)', text)), {"aspis"})


if __name__ == "__main__":
    DOC = sys.argv.pop(1)
    unittest.main()
