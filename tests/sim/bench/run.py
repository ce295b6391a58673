# SPDX-License-Identifier: Apache-2.0
"""The measurements behind scripts/bench-sim. The simulator has one thread, so it never uses more than one core; on a busy
machine the figures by its own processor time say more than those by the clock."""
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
SIM, SECONDS = sys.argv[1], sys.argv[2]
ALL = "/apis/kubeflow.org/v1alpha2/mpijobs"


class Sim:
    def __init__(self, *args):
        self.started = time.monotonic()
        self.process = subprocess.Popen([SIM, *args], stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]
        self.seconds = time.monotonic() - self.started

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as r:
            return r.read()

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024


def wrk(sim, path, *args, **env):
    """(requests a second, requests a second of the simulator's own processor time)."""
    before = sim.cpu_seconds()
    out = subprocess.run(["wrk", "-d" + SECONDS, *args, sim.url + path], capture_output=True, text=True, check=True,
                         env={**os.environ, **env})
    if "Non-2xx" in out.stdout or out.stderr:
        sys.exit("bench-sim: unexpected answers\n" + out.stdout + out.stderr)
    total = int(re.search(r"(\d+) requests in", out.stdout).group(1))
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out.stdout).group(1)), total / (sim.cpu_seconds() - before)


def report(name, value, unit, target):
    print("%-44s %12s %-8s (wanted: %s)" % (name, value, unit, target), flush=True)


def path_of(job):
    return "/apis/kubeflow.org/v1alpha2/namespaces/%(namespace)s/mpijobs/%(name)s" % job["metadata"]


def speed():
    with Sim("--jobs", "200") as sim, tempfile.NamedTemporaryFile("w", suffix=".tsv") as objects:
        jobs = json.loads(sim.get(ALL))["items"]
        jobs.sort(key=lambda j: abs(len(json.dumps(j, separators=(",", ":"))) - 3072))
        size = len(sim.get(path_of(jobs[0])))
        rate, per_core = wrk(sim, path_of(jobs[0]), "-t1", "-c8")
        report("GET of %d bytes" % size, "%.0f" % rate, "/s", "-")
        report("GET, in a second of its one thread's time", "%.0f" % per_core, "/s", "15,000")
        for job in jobs[:4]:
            objects.write(path_of(job) + "\t" + json.dumps(job, separators=(",", ":")) + "\n")
        objects.flush()
        rate, per_core = wrk(sim, "", "-t4", "-c4", "-s", os.path.join(HERE, "put.lua"), BENCH_OBJECTS=objects.name)
        report("PUT of 3 KB that changes the spec", "%.0f" % rate, "/s", "-")
        report("PUT, in a second of its one thread's time", "%.0f" % per_core, "/s", "8,000")


def size():
    with Sim("--jobs", "100000") as sim:
        report("100,000 jobs: resident memory", "%.0f" % sim.memory_mb(), "MB", "under 600")
        report("100,000 jobs: ready after", "%.1f" % sim.seconds, "s", "-")
        best = None
        for _ in range(10):
            begin = time.monotonic()
            page = sim.get(ALL + "?limit=500")
            best = min(best or 9e9, time.monotonic() - begin)
        report("page of 500 of them, %d KB" % (len(page) // 1024), "%.1f" % (best * 1000), "ms", "under 10")


def watches(count=1000):
    with Sim("--jobs", "50") as sim:
        host, port = sim.url[7:].split(":")
        version = json.loads(sim.get(ALL + "?limit=1"))["metadata"]["resourceVersion"]
        socks = []
        for _ in range(count):
            s = socket.create_connection((host, int(port)))
            s.sendall(("GET %s?watch=1&resourceVersion=%s HTTP/1.1\r\nHost: x\r\n\r\n" % (ALL, version)).encode())
            socks.append(s)
        while json.loads(sim.get("/_sim/counters"))["watches"] < count:
            pass
        job = json.loads(sim.get(ALL))["items"][0]
        req = urllib.request.Request(sim.url + path_of(job), method="PATCH", data=b'{"metadata":{"labels":{"bench":"1"}}}',
                                     headers={"Content-Type": "application/merge-patch+json"})
        begin = time.monotonic()
        urllib.request.urlopen(req).read()
        waiting = {s: b"" for s in socks}
        while waiting:
            for s in poll(waiting):
                waiting[s] += s.recv(65536)
                if b'"bench":"1"' in waiting[s]:
                    del waiting[s]
        report("%d watches see a change within" % count, "%.0f" % ((time.monotonic() - begin) * 1000), "ms", "-")
        report("%d watches: resident memory" % count, "%.0f" % sim.memory_mb(), "MB", "-")


def poll(waiting):
    p = select.poll()
    by_fd = {}
    for s in waiting:
        p.register(s, select.POLLIN)
        by_fd[s.fileno()] = s
    ready = p.poll(10000)
    if not ready:
        sys.exit("bench-sim: %d watches saw nothing" % len(waiting))
    return [by_fd[fd] for fd, _ in ready]


speed()
size()
watches()
