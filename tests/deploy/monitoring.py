# SPDX-License-Identifier: Apache-2.0
"""Alerts and dashboard, against the metrics of a real daemon that has all of them: promtool's tests of the rules, every metric and label
that a query names, and every runbook."""
import json
import os
import re
import ssl
import subprocess
import urllib.request

import yaml

from checks import check
from cluster import until
from render import SOURCE

ALERTS = f"{SOURCE}/deploy/prometheus/alerts.yaml"
DASHBOARD = f"{SOURCE}/deploy/grafana/mpijobd.json"
CONFIGURATION = """
policies: [ policies ]
state: own/s.db
listen: 127.0.0.1:0
tls: { certificate: tls.crt, key: tls.key }
leader_election: { namespace: default }
limits: { changes_per_hour: 100 }
notify: { ops: { type: webhook, url: "http://127.0.0.1:1/" } }
"""
POLICIES = """
policy { name = "acts", on = "match", slo = { freed_within = "5m" }, match = { phase = "Succeeded" }, replace = { cleanPodPolicy = "All" }, limits = { percent = 100 } }
policy { name = "asks", schedule = "0 0 1 1 *", match = { phase = "Failed" }, approval = "always", replace = { cleanPodPolicy = "All" } }
policy { name = "rests", schedule = "0 0 1 1 *", run = function() end }
"""
# They come with the first of what they count, or with sharding, which excludes an election.
LATER = {"mpijobd_policy_quarantined", "mpijobd_notifications_total", "mpijobd_shards", "mpijobd_shards_owned"}


def metrics_of_a_daemon(work, build):
    """The text of /metrics when it has acted."""
    folder = f"{work}/numbers"
    os.makedirs(f"{folder}/policies")
    for name, text in (("mpijobd.yaml", CONFIGURATION), ("policies/p.lua", POLICIES)):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-days", "30",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/tls.key", "-out", f"{folder}/tls.crt"], check=True, capture_output=True)
    log = f"{folder}/log"
    with subprocess.Popen([f"{build}/src/sim/mpijob-sim", "--jobs", "40", "--version", "v2beta1", "--kubeconfig", f"{folder}/kubeconfig"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as sim, open(log, "w", encoding="utf-8") as out:
        sim.stdout.readline()
        with subprocess.Popen([f"{build}/mpijobd", "run", "--no-supervisor", "--config", f"{folder}/mpijobd.yaml", "--kubeconfig", f"{folder}/kubeconfig"],
                              stdin=subprocess.DEVNULL, stdout=out, stderr=out) as daemon:
            def get(path):
                with open(log, encoding="utf-8") as file:
                    url = re.search(r"url=(https://\S+)", file.read())
                if not url:
                    return ""
                trusted = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=f"{folder}/tls.crt"))
                with urllib.request.build_opener(urllib.request.ProxyHandler({}), trusted).open(url.group(1) + path, timeout=10) as answer:
                    return answer.read().decode()
            try:
                until(60, "it has acted", lambda: re.search(r'^mpijobd_policy_run_seconds_count\{policy="acts"\} [1-9]', get("/metrics"), re.M))
                for asked in (["trigger", "asks"], ["pause", "rests"]):
                    subprocess.run([f"{build}/mpijobd", *asked, "--config", f"{folder}/mpijobd.yaml"], capture_output=True, check=False)
                until(60, "one waits, and one rests", lambda: all(re.search(one, get("/metrics"), re.M) for one in (
                    r'^mpijobd_runs_waiting\{policy="asks"\} 1', r'^mpijobd_policy_paused\{policy="rests"\} 1')))
                return get("/metrics")
            finally:
                daemon.terminate()
                daemon.wait(timeout=60)
                sim.terminate()


def labels_of(text):
    """Metric -> the labels that its series have."""
    found = {}
    for name, labels in re.findall(r"^(mpijobd_\w+)(?:\{(.*)\})? ", text, re.M):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    for name, kind in re.findall(r"^# TYPE (mpijobd_\w+) (\w+)$", text, re.M): # those of no series yet
        found.setdefault(name + ("_total" if kind == "counter" else ""), set())
    return found


def classic(text):
    """The same in the form that `promtool check metrics` reads: there counters have their whole name."""
    counters = set(re.findall(r"^# TYPE (\S+) counter$", text, re.M))
    lines = [line for line in text.splitlines() if not line.startswith(("# UNIT", "# EOF"))]
    lines = [re.sub(r" # \{.*", "", line) if not line.startswith("#") else line for line in lines]  # it knows no exemplars
    return "\n".join(re.sub(r"^(# (?:TYPE|HELP) )(\S+)", lambda m: m.group(1) + m.group(2) + ("_total" if m.group(2) in counters else ""), line)
                     for line in lines) + "\n"


def wrong(query, known):
    """What a query names that the program does not have."""
    plain = re.sub(r"\[\$?\w+\]", "[5m]", query)
    for name, labels in re.findall(r"\b(mpijobd_\w+)\b(?:\{([^}]*)\})?", plain):
        if name not in known and name not in LATER:
            yield f"{name}, in {query}"
        elif known.get(name):
            for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", labels):
                if label not in known[name]:
                    yield f"{name} has no label {label}, in {query}"


def run(promtool, work, build):
    text = metrics_of_a_daemon(work, build)
    known = labels_of(text)
    done = subprocess.run([promtool, "check", "metrics"], input=classic(text), capture_output=True, text=True, check=False)
    check("promtool has nothing to say about /metrics", done.returncode == 0 and not done.stderr, done.stderr)
    done = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    check("promtool takes the alerts", done.returncode == 0, done.stdout + done.stderr)
    with open(f"{SOURCE}/docs/install.md", encoding="utf-8") as file:
        page = re.search(r"^```yaml\n# prometheus.yml\n(.*?)^```$", file.read(), re.M | re.S).group(1)
    with open(f"{work}/prometheus.yml", "w", encoding="utf-8") as file:
        file.write(page.replace("[ alerts.yaml ]", f"[ {ALERTS} ]"))
    done = subprocess.run([promtool, "check", "config", "--syntax-only", f"{work}/prometheus.yml"], capture_output=True, text=True, check=False)
    check("and the configuration of the install page", done.returncode == 0, done.stdout + done.stderr)
    tests = ALERTS.replace("alerts.yaml", "alerts_test.yaml")
    done = subprocess.run([promtool, "test", "rules", tests], capture_output=True, text=True, check=False)
    check("promtool test rules: each alert fires where it should", done.returncode == 0, done.stdout + done.stderr)
    with open(ALERTS, encoding="utf-8") as file:
        rules = [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]
    with open(tests, encoding="utf-8") as file:
        tried = [(one["alertname"], bool(one["exp_alerts"])) for test in yaml.safe_load(file)["tests"] for one in test["alert_rule_test"]]
    untried = [(rule["alert"], fires) for rule in rules for fires in (True, False) if (rule["alert"], fires) not in tried]
    check("each alert has a test in which it fires, and one in which it does not", not untried, untried)
    unknown = [what for rule in rules for what in wrong(rule["expr"], known)]
    check("the metrics and labels of the alerts are the daemon's", not unknown, "\n".join(unknown))
    with open(f"{SOURCE}/docs/runbook.md", encoding="utf-8") as file:
        sections = {f"docs/runbook.md#{heading.lower()}" for heading in re.findall(r"^## (\w+)$", file.read(), re.M)}
    check("each alert has its section of the runbook, and each section its alert", sections == {rule["annotations"]["runbook"] for rule in rules},
          sections ^ {rule["annotations"]["runbook"] for rule in rules})
    with open(DASHBOARD, encoding="utf-8") as file:
        board = json.load(file)
    queries = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    queries += [re.sub(r"^label_values\((\w+), (\w+)\)$", r'\1{\2=""}', one["definition"]) for one in board["templating"]["list"] if "definition" in one]
    unknown = [what for query in queries for what in wrong(query, known)]
    check(f"the metrics and labels of the dashboard's {len(queries)} queries are the daemon's", len(queries) > 30 and not unknown, "\n".join(unknown))
    asked = {rule["expr"] for rule in rules}
    grammar = yaml.safe_dump({"groups": [{"name": "dashboard", "rules": [{"record": f"q{i}", "expr": re.sub(r"\$__rate_interval", "5m", query)}
                                                                        for i, query in enumerate(queries) if query not in asked]}]})
    with open(f"{work}/dashboard.yaml", "w", encoding="utf-8") as file:
        file.write(grammar)
    done = subprocess.run([promtool, "check", "rules", "--lint=none", f"{work}/dashboard.yaml"], capture_output=True, text=True, check=False)
    check("and each is one that Prometheus reads", done.returncode == 0, done.stdout + done.stderr)
