#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The memory of a job in one daemon that watches four kinds, beside the same number of MPIJobs alone; and how often each
kind was listed. One policy is about all four: kind = { "MPIJob", "TrainJob", "JobSet", "Job" }."""
import argparse
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request

from bench_daemon import Process, metrics_address, tell, text_of, total
from simulator import simulator

KINDS = {
    "MPIJob": ("kubeflow.org/v2beta1", "mpijobs"),
    "TrainJob": ("trainer.kubeflow.org/v1alpha1", "trainjobs"),
    "JobSet": ("jobset.x-k8s.io/v1alpha2", "jobsets"),
    "Job": ("batch/v1", "jobs"),
}
POLICY = """
policy { name = "tidy", kind = { %s }, on = "match", match = { phase = "Failed", finished_for = "9000d" },
         replace = { labels = { tidied = "yes" } } }
"""
LOT = 200  # requests in flight on one connection


def template(gpus):
    return {"spec": {"restartPolicy": "Never", "containers": [{
        "name": "main", "image": "registry.example.com/train/bert:2026.11", "command": ["python3", "/workspace/train.py"],
        "args": ["--epochs", "90", "--batch", "256"], "env": [{"name": "NCCL_DEBUG", "value": "WARN"}],
        "resources": {"limits": {"nvidia.com/gpu": str(gpus), "cpu": "16", "memory": "128Gi"}}}]}}


def spec(kind):
    if kind == "MPIJob":
        return {"slotsPerWorker": 4, "runPolicy": {"cleanPodPolicy": "Running"},
                "mpiReplicaSpecs": {"Launcher": {"replicas": 1, "template": template(0)}, "Worker": {"replicas": 4, "template": template(4)}}}
    if kind == "TrainJob":
        return {"runtimeRef": {"name": "torch-distributed"}, "trainer": {
            "numNodes": 4, "image": "registry.example.com/train/bert:2026.11", "command": ["python3", "/workspace/train.py"],
            "args": ["--epochs", "90", "--batch", "256"], "resourcesPerNode": {"limits": {"nvidia.com/gpu": "4", "cpu": "16"}}}}
    if kind == "JobSet":
        return {"replicatedJobs": [{"name": "node", "replicas": 2, "template": {"spec": {"parallelism": 2, "completions": 2,
                                                                                          "template": template(4)}}}]}
    return {"parallelism": 4, "completions": 4, "backoffLimit": 3, "template": template(4)}


def body_of(kind, i):
    return json.dumps({"apiVersion": KINDS[kind][0], "kind": kind, "metadata": {
        "name": f"{kind.lower()}-{i:06}", "labels": {"team": f"team-{i % 40}", "owner": f"user-{i % 900}", "run": f"r{i * 7919 % 1000003}"},
        "annotations": {"example.com/commit": f"{i * 2654435761 % (1 << 32):08x}"}}, "spec": spec(kind)}).encode()


def create(url, kind, count, first):
    """Many requests on one connection, one lot after the other."""
    host, port = url.split("//")[1].split(":")
    path = f"/apis/{KINDS[kind][0]}/namespaces/train/{KINDS[kind][1]}"
    with socket.create_connection((host, int(port))) as connection:
        answers = connection.makefile("rb")
        for begin in range(first, first + count, LOT):
            lot = [body_of(kind, i) for i in range(begin, min(begin + LOT, first + count))]
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            connection.sendall(b"".join((head % len(body)).encode() + body for body in lot))
            for _ in lot:
                status = answers.readline().split()[1]
                length = 0
                while (line := answers.readline().strip()):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                answers.read(length)
                if status != b"201":
                    raise OSError(f"a {kind} was not made: {status.decode()}")


def listed(url, kind):
    """The requests for lists of the kind, and for watches."""
    path = f"/apis/{KINDS[kind][0]}/{KINDS[kind][1]}"
    mine = [r for r in json.loads(text_of(f"{url}/_sim/requests?method=GET"))["requests"] if r["path"] == path]
    watches = [r for r in mine if "watch=" in r.get("query", "")]
    return len(mine) - len(watches), len(watches)


def known(options, url, kubeconfig, kinds, jobs):
    """RSS when all are known, in bytes; and the caches' own count."""
    with tempfile.TemporaryDirectory() as folder:
        policy = os.path.join(folder, "bench.lua")
        with open(policy, "w", encoding="ascii") as file:
            file.write(POLICY % ", ".join(f'"{kind}"' for kind in kinds))
        with open(os.path.join(folder, "log"), "w+", encoding="utf-8") as log:
            daemon = subprocess.Popen([options.mpijobd, "run", "--no-supervisor", "-A", "--kubeconfig", kubeconfig, "--state",
                                       os.path.join(folder, "s.db"), "--listen", "127.0.0.1:0", policy],
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                address = metrics_address(log.name, daemon)
                while total(text_of(address), "mpijobd_jobs") < jobs:
                    time.sleep(0.1)
                time.sleep(options.settle)
                caches = total(text_of(address), "mpijobd_cache_memory_bytes")
                return Process(daemon.pid).megabytes("VmRSS") * (1 << 20), caches
            finally:
                daemon.terminate()
                daemon.wait()


def measure(options, kinds, jobs):
    with simulator(options.sim, "--kinds") as (url, kubeconfig):
        urllib.request.urlopen(urllib.request.Request(f"{url}/api/v1/namespaces", json.dumps(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "train"}}).encode(), {"Content-Type": "application/json"})).close()
        for kind in kinds:
            create(url, kind, jobs // len(kinds), 0)
        urllib.request.urlopen(urllib.request.Request(f"{url}/_sim/requests", method="DELETE")).close()
        rss, caches = known(options, url, kubeconfig, kinds, jobs)
        return rss, caches, {kind: listed(url, kind) for kind in kinds}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mpijobd", required=True)
    parser.add_argument("--sim", required=True)
    parser.add_argument("--jobs", type=int, default=100000)
    parser.add_argument("--settle", type=float, default=8)
    options = parser.parse_args()
    empty, _, _ = measure(options, list(KINDS), 0)
    a_job = {}
    for kinds in (["MPIJob"], list(KINDS)):
        rss, caches, lists = measure(options, kinds, options.jobs)
        a_job[len(kinds)] = (rss - empty) / options.jobs
        print(f"{options.jobs} jobs: {', '.join(kinds)}")
        tell("RSS, whole process", f"{rss / (1 << 20):.0f}", "MB", f"{empty / (1 << 20):.0f} MB of it without a job")
        tell("memory a job (RSS)", f"{a_job[len(kinds)]:.0f}", "bytes")
        tell("memory a job (the caches' own count)", f"{caches / options.jobs:.0f}", "bytes")
        for kind, (count, watches) in lists.items():
            tell(f"{kind}: requests for lists, and watches", f"{count}, {watches}", "")
    tell("a job of four kinds, beside one of MPIJobs alone", f"{a_job[4] * 100 / a_job[1]:.0f}", "%")


main()
