#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole daemon over many jobs: Lua, journal and cache. How long until it knows them and has swept those that match,
its memory, and its CPU while events come. Beside it on the same server, with the same events: a client-go informer that
keeps the metadata alone and changes nothing."""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from simulator import simulator

POLICY = """
policy { name = "free-gpus", on = "match", replace = { cleanPodPolicy = "All" },
         match = { phase = { "Succeeded", "Failed" }, cleanPodPolicy = { "unset", "None" }, finished_for = "2h" } }
"""


class Process:
    """CPU and memory of one, as /proc tells."""

    def __init__(self, pid):
        self.pid = pid

    def megabytes(self, name):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(name + ":")) / 1024

    def cpu(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def text_of(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode()


def total(metrics, name):
    """The sum of a metric over its labels."""
    return sum(float(line.rsplit(" ", 1)[1]) for line in metrics.splitlines()
               if line.startswith((name + " ", name + "{")))


class Stir(threading.Thread):
    """Patches a label of one job after another, so many a minute."""

    def __init__(self, url, per_minute):
        super().__init__(daemon=True)
        self.url, self.period, self.stop, self.sent = url, 60 / per_minute, threading.Event(), 0
        items = json.loads(text_of(url + "/apis/kubeflow.org/v2beta1/mpijobs?limit=500"))["items"]
        self.paths = [f"/apis/kubeflow.org/v2beta1/namespaces/{item['metadata']['namespace']}/mpijobs/{item['metadata']['name']}"
                      for item in items]

    def run(self):
        while not self.stop.wait(self.period):
            body = json.dumps({"metadata": {"labels": {"stirred": str(time.time_ns())}}}).encode()
            request = urllib.request.Request(self.url + self.paths[self.sent % len(self.paths)], body, method="PATCH",
                                             headers={"Content-Type": "application/merge-patch+json"})
            urllib.request.urlopen(request).close()
            self.sent += 1


def stirred(url, per_minute, seconds, process):
    """Events sent and the process's CPU in percent of a core, while they come."""
    stir = Stir(url, per_minute)
    stir.start()
    used, since = process.cpu(), time.monotonic()
    time.sleep(seconds)
    percent = (process.cpu() - used) * 100 / (time.monotonic() - since)
    stir.stop.set()
    stir.join()
    return stir.sent, percent


def wait_quiet(read, process, period=0.1, still=4.0, limit=600):
    """Waits until what is read has been the same for so many seconds: the value, the instant at which it came to be so,
    and the CPU that the process had used by then."""
    last, since, used, end = None, time.monotonic(), process.cpu(), time.monotonic() + limit
    while (not last or time.monotonic() - since < still) and time.monotonic() < end:
        now = read()
        if now != last:
            last, since, used = now, time.monotonic(), process.cpu()
        time.sleep(period)
    return last, since, used


def tell(what, value, unit, note=""):
    print(f"  {what:<62} {value:>10} {unit:<6} {note}".rstrip(), flush=True)


def metrics_address(log, daemon):
    """Where its log says that they are served."""
    while daemon.poll() is None:
        with open(log, encoding="utf-8") as file:
            found = re.search(r"metrics and health are served url=(\S+)\n", file.read())
        if found:
            return found[1] + "/metrics"
        time.sleep(0.02)
    raise OSError("mpijobd did not start")


def measure_daemon(url, kubeconfig, options, folder):
    policy = os.path.join(folder, "bench.lua")
    with open(policy, "w", encoding="ascii") as file:
        file.write(POLICY)
    log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
    begun = time.monotonic()
    daemon = subprocess.Popen([options.mpijobd, "run", "--no-supervisor", "-A", "--kubeconfig", kubeconfig, "--state", os.path.join(folder, "s.db"),
                               "--listen", "127.0.0.1:0", policy], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    process = Process(daemon.pid)
    try:
        address = metrics_address(log.name, daemon)

        def metric(name):
            return total(text_of(address), name)

        while metric("mpijobd_jobs") < options.jobs:
            time.sleep(0.05)
        tell("mpijobd: all jobs known after", f"{time.monotonic() - begun:.1f}", "s")
        changes, since, used = wait_quiet(lambda: metric("mpijobd_replaces_total"), process)
        tell("mpijobd: changes made, each journalled", f"{changes:.0f}", "")
        tell("mpijobd: and its last after", f"{since - begun:.1f}", "s", f"{used:.1f} s CPU so far")
        time.sleep(8)
        peak = process.megabytes("VmHWM")
        sent, percent = stirred(url, options.per_minute, options.seconds, process)
        tell("mpijobd: RSS, whole process", f"{process.megabytes('VmRSS'):.0f}", "MB", f"peak {peak:.0f} MB")
        tell(f"mpijobd: CPU while {sent} events came in {options.seconds} s", f"{percent:.2f}", "%")
    except (OSError, ValueError):
        log.seek(0)
        sys.stderr.write(log.read()[-3000:])
        raise
    finally:
        daemon.terminate()
        daemon.wait()
        log.close()


def measure_informer(url, kubeconfig, options):
    informer = subprocess.Popen([options.informer, "metadata", kubeconfig, str(options.seconds + 20)], stdout=subprocess.PIPE,
                                text=True)
    process = Process(informer.pid)
    try:
        for line in informer.stdout:
            name, value = line.split()
            if name == "sync_ms":
                tell("client-go, metadata alone: all jobs known after", f"{int(value) / 1000:.1f}", "s")
            if name == "rss_kb":  # it has settled
                break
        sent, percent = stirred(url, options.per_minute, options.seconds, process)
        tell("client-go, metadata alone: RSS, whole process", f"{process.megabytes('VmRSS'):.0f}", "MB",
             f"peak {process.megabytes('VmHWM'):.0f} MB")
        tell(f"client-go, metadata alone: CPU while {sent} events came in {options.seconds} s", f"{percent:.2f}", "%")
    finally:
        informer.terminate()
        informer.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mpijobd", required=True)
    parser.add_argument("--sim", required=True)
    parser.add_argument("--informer", help="tests/bench/informer, built")
    parser.add_argument("--jobs", type=int, default=100000)
    parser.add_argument("--seconds", type=int, default=30, help="watched, of each")
    parser.add_argument("--per-minute", type=int, default=1000, help="events")
    options = parser.parse_args()
    with simulator(options.sim, "--jobs", str(options.jobs)) as (url, kubeconfig), tempfile.TemporaryDirectory() as folder:
        print(f"{options.jobs} jobs, mixed; {options.per_minute} events a minute while it is watched")
        measure_daemon(url, kubeconfig, options, folder)
        if options.informer:
            measure_informer(url, kubeconfig, options)


if __name__ == "__main__":
    main()
