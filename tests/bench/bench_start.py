#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the HTTP side costs a daemon that has it: memory, and time to start. The same daemon is started again and again, in turn without
it (listen, control: none) and with all of it: metrics, both tokens, HTTPS, the control socket, the dashboard with all its files fetched, and one
browser that hears events. A start ends when systemd would be told READY=1: its policies are in force. Of the times the
least one is taken, which is what a machine that does other things too adds the least to; of the memory the one in the middle.

    tests/bench/bench_start.py --mpijobd FILE --sim FILE [--starts N] [--json]"""
import argparse
import json
import os
import re
import socket
import ssl
import statistics
import subprocess
import tempfile
import time
import urllib.request

from simulator import simulator

POLICY = """
policy { name = "free-gpus", on = "match", replace = { cleanPodPolicy = "All" },
         match = { phase = { "Succeeded", "Failed" }, cleanPodPolicy = { "unset", "None" }, finished_for = "200d" } }
"""
# The kernel goes through all that it knows of a folder when that is first watched; /tmp may be large, and is not the daemon's.
SMALL = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
WITH = "listen: 127.0.0.1:0\ntokens: { read: read, write: write }\ntls: { certificate: tls.crt, key: tls.key }\n"
WITHOUT = "listen: none\ncontrol: none\n"
PATIENCE = 60  # seconds that anything may take


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Daemon:
    """Started in the folder; `wall` and `cpu`: seconds until it was ready."""

    def __init__(self, mpijobd, folder, configuration):
        self.folder = folder
        for name in os.listdir(folder):
            if name.startswith("s.db"):
                os.unlink(f"{folder}/{name}")
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notices.settimeout(PATIENCE)
        notices.bind(f"{folder}/notify")
        self.log = open(f"{folder}/log", "w+", encoding="utf-8")
        begun = time.monotonic()
        self.process = subprocess.Popen([mpijobd, "run", "--no-supervisor", "--no-watch", "--config", configuration], cwd=folder, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"})
        try:
            while b"READY=1" not in notices.recv(4096):
                pass
            self.wall, self.cpu = time.monotonic() - begun, self.used()
        except OSError:
            self.close()
            raise
        finally:
            notices.close()
            os.unlink(f"{folder}/notify")

    def used(self):
        """CPU seconds of all its threads."""
        total = 0
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{thread}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def megabytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s*(\d+)", file.read()).group(1)) / 1024

    def settled(self):
        """Its memory when it grows no more: the jobs come in behind the start."""
        last, since, end = 0.0, time.monotonic(), time.monotonic() + PATIENCE
        while time.monotonic() - since < 0.4 and time.monotonic() < end:
            now = self.megabytes()
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.02)
        return last

    def url(self):
        """Its log comes behind what it does."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with open(f"{self.folder}/log", encoding="utf-8") as file:
                found = re.search(r"url=(\S+)\n", file.read())
            if found:
                return found.group(1)
            time.sleep(0.01)
        raise OSError("the log does not say where the HTTP side is")

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def visited(url, folder):
    """As a browser with the dashboard does; its stream of events, which goes on."""
    trusted = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=f"{folder}/tls.crt"))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), trusted)

    def ask(url, path):
        return opener.open(urllib.request.Request(url + path, headers={"Authorization": "Bearer writes"}), timeout=PATIENCE)
    page = ask(url, "/").read().decode()
    todo, done = re.findall(r'(?:href|src)="(/dashboard/[^"]+)"', page), set()
    while todo:
        path = todo.pop()
        if path not in done:
            done.add(path)
            todo += ["/dashboard/" + name for name in re.findall(r'"\./([\w.]+\.js)"', ask(url, path).read().decode())]
    for path in ("/metrics", "/livez", "/api/v1/policies", "/api/v1/status", "/api/v1/approvals", "/api/v1/runs?limit=50"):
        ask(url, path).read()
    events = ask(url, "/api/v1/events")
    events.readline()
    return events, len(done)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--mpijobd", required=True, type=os.path.abspath)
    parser.add_argument("--sim", required=True)
    parser.add_argument("--starts", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {"without": [], "with": []}
    with simulator(options.sim, "--jobs", "300") as (_, kubeconfig), tempfile.TemporaryDirectory(dir=SMALL) as folder:
        for name, text in (("p.lua", POLICY), ("read", "reads\n"), ("write", "writes\n")):
            write(f"{folder}/{name}", text)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/tls.key", "-out", f"{folder}/tls.crt"], check=True, capture_output=True)
        for name, more in (("without", WITHOUT), ("with", WITH)):
            write(f"{folder}/{name}.yaml", f"cluster: {{ kubeconfig: {kubeconfig} }}\npolicies: [ p.lua ]\nstate: s.db\n{more}")
        for number in range(2 * options.starts):
            name = ("without", "with")[number % 2]
            daemon = Daemon(options.mpijobd, folder, f"{name}.yaml")
            try:
                events, files = visited(daemon.url(), folder) if name == "with" else (None, None)
                found[name].append((daemon.settled(), daemon.wall * 1000, daemon.cpu * 1000))
                if events:
                    assert files > 10, files
                    events.close()
            finally:
                daemon.close()
    least = {name: [statistics.median(memory), min(wall), min(cpu)] for name, (memory, wall, cpu) in ((name, zip(*rows)) for name, rows in found.items())}
    if options.json:
        print(json.dumps(least))
        return
    for number, (what, unit) in enumerate((("RSS", "MB"), ("until its policies are in force", "ms"), ("CPU until then", "ms"))):
        without, having = least["without"][number], least["with"][number]
        print(f"  {what:<34} {without:7.1f} {unit} without, {having:7.1f} {unit} with the HTTP side: {having - without:+.1f} {unit}")


main()
