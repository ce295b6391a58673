#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The first list of many jobs from a real kube-apiserver: how long it takes, the requests, and the server's CPU. Beside
it on the same server curl, which throws the same bytes away, and pages without a resourceVersion, as etcd is read."""
import argparse
import concurrent.futures
import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request


class Server:
    def __init__(self, folder):
        with open(os.path.join(folder, "env"), encoding="utf-8") as file:
            env = dict(re.findall(r"^(?:export )?(\w+)='?([^'\n]*)'?$", file.read(), re.M))
        self.folder, self.url, self.token, self.ca = folder, env["APISERVER_URL"], env["APISERVER_TOKEN"], env["APISERVER_CA"]

        self.tls = ssl.create_default_context(cafile=self.ca)
        self.pid = self.find("kube-apiserver")
        self.etcd = self.find("etcd")

    def find(self, name):
        """The process that has the server's folder in its arguments."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                    words = file.read().split("\0")
            except OSError:
                continue
            if name in os.path.basename(words[0]) and any(self.folder in word for word in words[1:]):
                return int(pid)
        raise SystemExit(f"no {name} of {self.folder} runs")

    def cpu(self, pid):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, method=method, data=body and json.dumps(body).encode(), headers={
            "Authorization": "Bearer " + self.token, "Content-Type": "application/json", "User-Agent": "bench"})
        with urllib.request.urlopen(request, context=self.tls) as answer:
            return answer.read()

    def lists(self):
        """GETs of the jobs that were answered so far, watches not among them."""
        text = self.ask("GET", "/metrics").decode()
        return int(sum(float(n) for labels, n in re.findall(r"^apiserver_request_total\{([^}]*)\} (\S+)$", text, re.M)
                       if 'resource="mpijobs"' in labels and 'verb="LIST"' in labels))


def job(i):
    env = [{"name": f"SETTING_{n}", "value": f"value-{i * 7919 % 9973}-{n}"} for n in range(14)]
    container = {"name": "mpi", "image": "registry.example.com/mpi:1.2", "command": ["mpirun", "-np", str(i % 64 + 1), "python", "train.py"],
                 "env": env, "resources": {"limits": {"nvidia.com/gpu": i % 8 + 1, "memory": "64Gi"}}}
    template = {"metadata": {"labels": {"job": f"job-{i}"}}, "spec": {"containers": [container], "restartPolicy": "Never"}}
    return {"apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob",
            "metadata": {"name": f"job-{i}", "labels": {"team": f"team-{i % 12}"}},
            "spec": {"slotsPerWorker": 8, "runPolicy": {"cleanPodPolicy": "Running"},
                     "mpiReplicaSpecs": {"Launcher": {"replicas": 1, "template": template},
                                         "Worker": {"replicas": i % 16 + 1, "template": template}}}}


def fill(server, count):
    def create(i):
        try:
            server.ask("POST", "/apis/kubeflow.org/v2beta1/namespaces/default/mpijobs", job(i))
        except urllib.error.HTTPError as error:
            if error.code != 409:       # it is there already
                raise

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(create, range(count)))


def curl(server):
    """Milliseconds, and the bytes that came."""
    out = subprocess.run(["curl", "-sS", "--cacert", server.ca, "-H", "Authorization: Bearer " + server.token, "-A", "bench", "-o", "/dev/null",
                          "-w", "%{time_total} %{size_download}", server.url + "/apis/kubeflow.org/v2beta1/mpijobs?resourceVersion=0"],
                         check=True, capture_output=True, text=True).stdout.split()
    return float(out[0]) * 1000, int(out[1])


def ours(server, program, by_pages):
    env = dict(os.environ, **({"BY_PAGES": "1"} if by_pages else {}))
    process = subprocess.Popen(["stdbuf", "-oL", program, os.path.join(server.folder, "kubeconfig")], env=env, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("sync_ms"):
            process.kill()
            process.wait()
            return float(line.split()[1]), None
    raise SystemExit("the jobs were not listed")


def measure(server, what):
    cpu, etcd, lists = server.cpu(server.pid), server.cpu(server.etcd), server.lists()
    ms, size = what()
    return {"ms": ms, "size": size, "cpu": server.cpu(server.pid) - cpu, "etcd": server.cpu(server.etcd) - etcd, "lists": server.lists() - lists}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench-cache", required=True, help="tests/unit/bench_cache, built as it is released")
    parser.add_argument("--apiserver", required=True, help="the folder of `tests/apiserver/server up`")
    parser.add_argument("--jobs", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    server = Server(options.apiserver)
    fill(server, options.jobs)
    time.sleep(2)                       # until its cache has them
    ways = {"curl, resourceVersion=0": lambda: curl(server),
            "mpijobd, from the cache": lambda: ours(server, options.bench_cache, False),
            "mpijobd, by pages": lambda: ours(server, options.bench_cache, True)}
    results = {name: [measure(server, what) for what in [way] * options.rounds] for name, way in ways.items()}
    size = results["curl, resourceVersion=0"][0]["size"]
    print(f"{options.jobs} jobs, {size / 1e6:.1f} MB; the best of {options.rounds} rounds")
    print(f"{'':26} {'ms':>7} {'requests':>9} {'server CPU s':>13} {'etcd CPU s':>11}")
    for name, rounds in results.items():
        best = min(rounds, key=lambda r: r["ms"])
        cpu, etcd = min(r["cpu"] for r in rounds), min(r["etcd"] for r in rounds)
        print(f"{name:26} {best['ms']:7.0f} {best['lists']:9} {cpu:13.2f} {etcd:11.2f}")


if __name__ == "__main__":
    sys.exit(main())
