#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server that is asked for more than it can do: policies that start together, one with most of the jobs, at a simulator that works on 4
PUTs at once, 10 ms each (400 a second), and answers 429 beyond that, or lets them wait, so that each takes longer. What came of it: time,
requests that were in vain, what failed, and when each policy was through.

    bench_overload.py --mpijobd MPIJOBD --sim MPIJOB-SIM [--rounds N]"""
import argparse
import json
import os
import subprocess
import tempfile
import urllib.request

from simulator import simulator

GREEDY, SMALL, EACH = 1200, 11, 20
JOBS = GREEDY + SMALL * EACH
POLICY = """policy {{ name = "{name}", every = "24h", events = false, breaker = false, limits = {{ cpu = "60s", timeout = "10m", concurrency = 32 }},
    match = {{ where = function(job) local n = tonumber(job.name:sub(-5)); return n >= {first} and n < {last} end }},
    replace = {{ labels = {{ told = "yes" }} }} }}
"""
CASES = [("429 beyond its capacity", "capacity:method=PUT,path=*/mpijobs/*,seats=4,ms=10,retry-after=1"),
         ("ever slower beyond it", "capacity:method=PUT,path=*/mpijobs/*,seats=4,ms=10,queue=100000")]


def seconds(text):
    hours, minutes, rest = text[11:].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def once(arguments, fault):
    with tempfile.TemporaryDirectory() as folder, simulator(arguments.sim, "--jobs", str(JOBS), "--seed", "1") as (url, kubeconfig):
        names = sorted(int(job["metadata"]["name"][-5:])
                       for job in json.load(urllib.request.urlopen(f"{url}/apis/kubeflow.org/v2beta1/mpijobs"))["items"])
        with open(f"{folder}/p.lua", "w", encoding="utf-8") as out:
            at = 0
            for name, count in [("greedy", GREEDY)] + [(f"small-{n}", EACH) for n in range(SMALL)]:
                last = names[at + count] if at + count < len(names) else names[-1] + 1
                out.write(POLICY.format(name=name, first=names[at], last=last))
                at += count
        urllib.request.urlopen(urllib.request.Request(f"{url}/_sim/faults", data=fault.encode(), method="POST"))
        common = ["--state", f"{folder}/s.db"]
        subprocess.run([arguments.mpijobd, "run", "--once", *common, "--kubeconfig", kubeconfig, "--log-level", "error", f"{folder}/p.lua"],
                       check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        runs = json.loads(subprocess.run([arguments.mpijobd, "runs", *common, "--limit", "0", "-o", "json"], check=True, stdout=subprocess.PIPE).stdout)
        asked = json.load(urllib.request.urlopen(f"{url}/_sim/requests?method=PUT&limit=1&body=0"))
        begin = min(seconds(run["started_at"]) for run in runs)
        took = {run["policy"]: (seconds(run["ended_at"]) - begin) % 86400 for run in runs}
        small = sorted(time for name, time in took.items() if name != "greedy")
        return {"seconds": max(took.values()), "small first": small[0], "small last": small[-1],
                "changed": sum(run["changed"] for run in runs), "failed": sum(run["failed"] for run in runs),
                "codes": asked["codes"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mpijobd", required=True, type=os.path.abspath)
    parser.add_argument("--sim", required=True, type=os.path.abspath)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"one policy with {GREEDY} jobs and {SMALL} with {EACH} each, at a server that makes 400 changes a second")
    for name, fault in CASES:
        for _ in range(arguments.rounds):
            it = once(arguments, fault)
            print(f"  {name:24} {it['seconds']:6.2f} s in all ({it['changed'] / it['seconds']:4.0f} changes a second), {it['failed']} failed, "
                  f"429 {it['codes'].get('429', 0)} times; the small policies were through after {it['small first']:.2f} to {it['small last']:.2f} s")


main()
