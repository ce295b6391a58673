#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What telling costs a run: 500 changes of 5 policies on the simulator, without anything, with a Kubernetes Event on each job, and
with notify.webhook for each change, to a web server of this machine. All in turn, three times; the least of each is printed.

    bench_notify.py --mpijobd MPIJOBD --sim MPIJOB-SIM"""
import argparse
import http.server
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading

from simulator import simulator

JOBS, POLICIES, ROUNDS = 500, 5, 3
# A policy may have 100 notifications waiting: each of them has a hundred of the jobs.
POLICY = """policy {{ name = "p{n}", every = "24h", events = {events}, limits = {{ cpu = "30s" }},
    match = {{ where = function(job) return tonumber(job.name:match "%d+$") % {policies} == {n} end }},
    replace = function(job) {tell} return {{ labels = {{ told = "yes" }} }} end }}
"""
WEBHOOK = 'assert(notify.webhook { sink = "ops", body = { job = job.key, phase = job.phase } })'
CASES = [("nothing", "false", ""), ("a Kubernetes Event", "true", ""), ("a webhook", "false", WEBHOOK)]


class Hook(http.server.BaseHTTPRequestHandler):
    heard = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Hook.heard += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


def seconds(text):
    """Of the day, from RFC 3339: the runs of one start are of one day, or the difference is mended."""
    hours, minutes, rest = text[11:].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def once(arguments, port, events, tell):
    """Wall time from the first run's beginning to the last one's end, and CPU time of the whole program."""
    with tempfile.TemporaryDirectory() as folder, simulator(arguments.sim, "--jobs", str(JOBS), "--seed", "1") as (_, kubeconfig):
        with open(f"{folder}/p.lua", "w", encoding="utf-8") as out:
            out.write("".join(POLICY.format(n=n, events=events, tell=tell, policies=POLICIES) for n in range(POLICIES)))
        with open(f"{folder}/mpijobd.yaml", "w", encoding="utf-8") as out:
            out.write(f"notify:\n  ops: {{ type: webhook, url: 'http://127.0.0.1:{port}/' }}\nhttp: {{ allow: ['127.0.0.1'] }}\n")
        common = ["--config", f"{folder}/mpijobd.yaml", "--state", f"{folder}/s.db"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([arguments.mpijobd, "run", "--once", *common, "--kubeconfig", kubeconfig, "--log-level", "error", f"{folder}/p.lua"], check=True,
                       stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        text = subprocess.run([arguments.mpijobd, "runs", *common, "-o", "json"], check=True, stdout=subprocess.PIPE).stdout
        runs = json.loads(text)
        changed = sum(run["changed"] for run in runs)
        if changed != JOBS:
            sys.exit(f"{changed} jobs were changed, and not {JOBS}")
        wall = (max(seconds(run["ended_at"]) for run in runs) - min(seconds(run["started_at"]) for run in runs)) % 86400
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mpijobd", required=True, type=os.path.abspath)
    parser.add_argument("--sim", required=True, type=os.path.abspath)
    arguments = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    took = {name: [] for name, _, _ in CASES}
    for _ in range(ROUNDS):
        for name, events, tell in CASES:
            took[name].append(once(arguments, server.server_port, events, tell))
    plain_wall, plain_cpu = (min(figures) for figures in zip(*took["nothing"]))
    print(f"{JOBS} changes, each with")
    for name, _, _ in CASES:
        wall, cpu = (min(figures) for figures in zip(*took[name]))
        print(f"  {name:20} {wall:6.3f} s until the runs have ended ({(wall - plain_wall) / JOBS * 1000:+.3f} ms a change), "
              f"{cpu:6.3f} s of CPU time in all ({(cpu - plain_cpu) / JOBS * 1000:+.3f} ms)")
    print(f"  of {ROUNDS * JOBS} webhooks {Hook.heard} went out within the 15 s that run --once waits: one a second to a destination")


main()
