#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an election costs the API server: three daemons with leader_election and its default times on the simulator, each behind a
relay that counts what is asked of Leases; then three programs with client-go's leaderelection and the same times, where Go can build
them. A minute of each.

    bench_lead.py --mpijobd MPIJOBD --sim MPIJOB-SIM [--informer INFORMER] [--seconds N]"""
import argparse
import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from simulator import simulator

REPLICAS, WARM = 3, 12
METHOD = re.compile(rb"(GET|PUT|POST|PATCH|DELETE) (\S+)")


class Relay:
    """A way to the server. What goes over a connection belongs to what was asked for on it last."""

    def __init__(self, url):
        self.to = urllib.parse.urlparse(url)
        self.lock = threading.Lock()
        self.figures = {}
        self.reset()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def reset(self):
        with self.lock:
            self.figures = {"requests": 0, "writes": 0, "out": 0, "in": 0}

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection((self.to.hostname, self.to.port))
            about = {"lease": False}
            threading.Thread(target=self.pump, args=(client, server, about, "out"), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, about, "in"), daemon=True).start()

    def pump(self, from_, to, about, direction):
        with contextlib.suppress(OSError):
            while chunk := from_.recv(65536):
                asked = METHOD.match(chunk) if direction == "out" else None
                with self.lock:
                    if asked:
                        about["lease"] = b"/leases" in asked[2]
                    if about["lease"]:
                        self.figures["requests"] += bool(asked)
                        self.figures["writes"] += bool(asked) and asked[1] != b"GET"
                        self.figures[direction] += len(chunk)
                to.sendall(chunk)
        for end in from_, to:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def of_mpijobd(arguments, folder, kubeconfig, number):
    return [arguments.mpijobd, "run", "--no-supervisor", "--config", f"{folder}/mpijobd.yaml", "--kubeconfig", kubeconfig, "--state",
            f"{folder}/{number}.db", "--listen", "none", "--control", "none", "--log-level", "error", f"{folder}/p.lua"]


def of_client_go(arguments, _folder, kubeconfig, number):
    return [arguments.informer, "elect", kubeconfig, str(WARM + arguments.seconds + 5), f"peer-{number}"]


def measured(arguments, command):
    """The leader's figures, and those of the others."""
    with tempfile.TemporaryDirectory() as folder, simulator(arguments.sim, "--jobs", "0") as (url, kubeconfig), contextlib.ExitStack() as stack:
        with open(f"{folder}/mpijobd.yaml", "w", encoding="utf-8") as out:
            out.write("leader_election: { namespace: default }\n")
        with open(f"{folder}/p.lua", "w", encoding="utf-8") as out:
            out.write('policy { name = "p", every = "24h", replace = { labels = { swept = "yes" } } }\n')
        with open(kubeconfig, encoding="utf-8") as file:
            text = file.read()
        relays = []
        for number in range(REPLICAS):
            relays.append(Relay(url))
            own = f"{folder}/{number}.kubeconfig"
            with open(own, "w", encoding="utf-8") as out:
                out.write(re.sub(r"server: \S+", f"server: {relays[-1].url}", text))
            process = subprocess.Popen(command(arguments, folder, own, number), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        time.sleep(WARM)
        for relay in relays:
            relay.reset()
        time.sleep(arguments.seconds)
        figures = sorted((dict(relay.figures) for relay in relays), key=lambda f: f["writes"])
        if [bool(f["writes"]) for f in figures] != [False] * (REPLICAS - 1) + [True]:
            sys.exit(f"no single leader: {figures}")
        return figures[-1], figures[:-1]


def told(seconds, figures):
    mean = {name: sum(f[name] for f in figures) / len(figures) / seconds * 60 for name in figures[0]}
    return f"{mean['requests']:5.1f} requests ({mean['writes']:4.1f} writes), {mean['out'] / 1000:5.1f} KB to the server, {mean['in'] / 1000:5.1f} KB back"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mpijobd", required=True, type=os.path.abspath)
    parser.add_argument("--sim", required=True, type=os.path.abspath)
    parser.add_argument("--informer", type=os.path.abspath)
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    print("a minute of an election among three, with the default times")
    for name, command in [("mpijobd", of_mpijobd)] + ([("client-go", of_client_go)] if arguments.informer else []):
        leader, others = measured(arguments, command)
        print(f"  {name:10} the leader      {told(arguments.seconds, [leader])}")
        print(f"  {'':10} each other one  {told(arguments.seconds, others)}", flush=True)


main()
