#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long after an event the daemon's PUT is there, and how late a duration fires.

A plain watch client in this process sees both the event and what came of it, so the watch's own delivery is on both
sides. Beside it, in the same run: the same client answers events itself, without any journal, which is the floor."""
import argparse
import http.client
import json
import os
import random
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import urlsplit

from simulator import simulator

GROUP = "/apis/kubeflow.org/v2beta1"
NAMESPACE = "bench"


class Server:
    def __init__(self, url, ca=None, token=None):
        self.at = urlsplit(url)
        self.context = ssl.create_default_context(cafile=ca) if self.at.scheme == "https" else None
        self.headers = {"Authorization": "Bearer " + token} if token else {}

    def connect(self):
        if self.context:
            return http.client.HTTPSConnection(self.at.hostname, self.at.port, context=self.context)
        return http.client.HTTPConnection(self.at.hostname, self.at.port)


class Client:
    """One kept connection."""

    def __init__(self, server):
        self.server = server
        self.connection = server.connect()
        self.connection.connect()
        self.connection.sock.setsockopt(6, 1, 1)  # TCP_NODELAY

    def send(self, method, path, body=None, kind="application/json"):
        headers = dict(self.server.headers)
        if body is not None:
            headers["Content-Type"] = kind
            body = json.dumps(body)
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text)


class Watch(threading.Thread):
    """Writes down when each job was first seen with each of the labels."""

    def __init__(self, server, version, answering):
        super().__init__(daemon=True)
        self.server, self.version, self.answering = server, version, answering
        self.seen, self.news = {}, threading.Condition()
        self.writer = Client(server)

    def run(self):
        connection = self.server.connect()
        connection.request("GET", f"{GROUP}/namespaces/{NAMESPACE}/mpijobs?watch=1&resourceVersion={self.version}", None,
                           self.server.headers)
        answer = connection.getresponse()
        while True:
            line = answer.readline()
            now, wall = time.perf_counter(), time.time()
            if not line:
                return
            job = json.loads(line)["object"]
            name = job["metadata"]["name"]
            labels = job["metadata"].get("labels") or {}
            for key in ("go", "done"):
                self.seen.setdefault((name, key), (now, wall)) if key in labels else None
            if labels.get("go") == "self" and "done" not in labels:
                labels["done"] = "yes"
                self.writer.send("PUT", job_path(name), job)
            with self.news:
                self.news.notify()

    def wait(self, keys, seconds=60):
        end = time.time() + seconds
        with self.news:
            while not all(key in self.seen for key in keys):
                if time.time() > end:
                    missing = [key for key in keys if key not in self.seen]
                    raise RuntimeError(f"{len(missing)} of {len(keys)} did not come, such as {missing[0]}")
                self.news.wait(0.2)


def job_path(name=None, sub=None):
    return f"{GROUP}/namespaces/{NAMESPACE}/mpijobs" + (f"/{name}" if name else "") + (f"/{sub}" if sub else "")


def make_job(client, name):
    template = {"spec": {"containers": [{"name": "mpi", "image": "registry.example.com/mpi:1"}]}}
    client.send("POST", job_path(), {
        "apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"mpiReplicaSpecs": {"Launcher": {"replicas": 1, "template": template},
                                     "Worker": {"replicas": 4, "template": template}}}})


def finish_job(client, name, at):
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    job = client.send("GET", job_path(name))
    job["status"] = {"startTime": when, "completionTime": when, "conditions": [
        {"type": "Succeeded", "status": "True", "reason": "x", "message": "x", "lastTransitionTime": when,
         "lastUpdateTime": when}]}
    client.send("PUT", job_path(name, "status"), job)


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))]


def tell(what, seconds):
    print(f"  {what:<58} p50 {statistics.median(seconds) * 1000:7.2f} ms   p99 {percentile(seconds, 99) * 1000:7.2f} ms"
          f"   max {max(seconds) * 1000:7.2f} ms")


POLICIES = """
policy { name = "react", on = "match", match = { namespace = "bench", labels = { go = "yes" } }, replace = { labels = { done = "yes" } } }
policy { name = "timed", on = "match", match = { namespace = "bench", finished_for = "2h" }, replace = { labels = { done = "yes" } } }
"""


def one_round(client, watch, names, value):
    sent, acknowledged = {}, {}
    for name in names:
        time.sleep(random.uniform(0.004, 0.03))  # one at a time: no queue anywhere
        sent[name] = time.perf_counter()
        client.send("PATCH", job_path(name), {"metadata": {"labels": {"go": value}}}, "application/merge-patch+json")
        acknowledged[name] = time.perf_counter()
    watch.wait([(name, "done") for name in names])
    delivery = [watch.seen[name, "go"][0] - sent[name] for name in names]
    reaction = [watch.seen[name, "done"][0] - watch.seen[name, "go"][0] for name in names]
    return delivery, reaction


def measure(server, count, mpijobd, kubeconfig):
    client = Client(server)
    try:
        client.send("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    except RuntimeError:
        pass  # it is there
    mark = f"{os.getpid()}-"
    ours, theirs = [f"d-{mark}{i}" for i in range(count)], [f"p-{mark}{i}" for i in range(count)]
    timed = [f"t-{mark}{i}" for i in range(12)]
    for name in ours + theirs + timed:
        make_job(client, name)
    version = client.send("GET", job_path() + "?limit=1")["metadata"]["resourceVersion"]
    watch = Watch(server, version, True)
    watch.start()
    with tempfile.TemporaryDirectory() as folder:
        policy = os.path.join(folder, "bench.lua")
        with open(policy, "w", encoding="ascii") as file:
            file.write(POLICIES)
        log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        daemon = subprocess.Popen([mpijobd, "run", "--kubeconfig", kubeconfig, "--state", os.path.join(folder, "s.db"), "--listen",
                                   "none", policy], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            warm = ours[:5]
            one_round(client, watch, warm, "yes")
            delivery, reaction = one_round(client, watch, ours[5:], "yes")
            plain_delivery, plain = one_round(client, watch, theirs, "self")
            tell("a write is seen by a plain watch (its PATCH included)", delivery + plain_delivery)
            tell("event seen -> its change seen: mpijobd, journalled", reaction)
            tell("event seen -> its change seen: this client, no journal", plain)
            start = int(time.time()) + 3
            for i, name in enumerate(timed):
                finish_job(client, name, start + i - 7200)
            watch.wait([(name, "done") for name in timed])
            tell("finished_for = \"2h\": the instant -> its change seen",
                 [watch.seen[name, "done"][1] - (start + i) for i, name in enumerate(timed)])
        except RuntimeError:
            log.seek(0)
            sys.stderr.write(log.read()[-3000:])
            raise
        finally:
            daemon.terminate()
            daemon.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mpijobd", required=True)
    parser.add_argument("--sim", help="start this mpijob-sim")
    parser.add_argument("--apiserver", help="or use the server of this folder (tests/apiserver/server up)")
    parser.add_argument("--count", type=int, default=400)
    options = parser.parse_args()
    if options.apiserver:
        env = dict(line.strip().split("=", 1) for line in open(os.path.join(options.apiserver, "env"), encoding="utf-8")
                   if "=" in line)
        env = {key.replace("export ", ""): value.strip("'\"") for key, value in env.items()}
        measure(Server(env["APISERVER_URL"], env["APISERVER_CA"], env["APISERVER_TOKEN"]), options.count, options.mpijobd,
                os.path.join(options.apiserver, "kubeconfig"))
        return
    with simulator(options.sim) as (url, kubeconfig):
        measure(Server(url), options.count, options.mpijobd, kubeconfig)


main()
