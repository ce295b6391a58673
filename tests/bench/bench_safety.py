#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a sweep costs with limits and the journal's chain, beside the same one without either, with the chain alone and with limits
alone: 2,000 changes of one policy on the simulator, all four in turn, and again; the least of each. The chain is taken away by a library that
has its statements do nothing (chain_off.c).

    bench_safety.py --mpijobd MPIJOBD --sim MPIJOB-SIM --chain-off LIBRARY [--rounds N] [--folder FOLDER]"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile

from simulator import simulator

JOBS = 2000
POLICY = """policy {{ name = "p", every = "24h", events = false, limits = {{ cpu = "60s", timeout = "10m"{limits} }}, replace = {{ labels = {{ swept = "yes" }} }} }}
"""
CASES = [("neither", False, False), ("the chain", False, True), ("limits", True, False), ("both", True, True)]


def seconds(text):
    hours, minutes, rest = text[11:].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def once(arguments, limits, chain):
    """Wall time of the run, and CPU time of the whole program."""
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder, simulator(arguments.sim, "--jobs", str(JOBS), "--seed", "1") as (_, kubeconfig):
        with open(f"{folder}/p.lua", "w", encoding="utf-8") as out:
            out.write(POLICY.format(limits=f", changes = {JOBS}, percent = 100" if limits else ""))
        with open(f"{folder}/mpijobd.yaml", "w", encoding="utf-8") as out:
            out.write(f"limits: {{ changes_per_hour: {JOBS} }}\n" if limits else "")
        common = ["--config", f"{folder}/mpijobd.yaml", "--state", f"{folder}/s.db"]
        environment = os.environ if chain else os.environ | {"LD_PRELOAD": arguments.chain_off}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([arguments.mpijobd, "run", "--once", *common, "--kubeconfig", kubeconfig, "--log-level", "error", f"{folder}/p.lua"],
                       check=True, stdout=subprocess.DEVNULL, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        run, = json.loads(subprocess.run([arguments.mpijobd, "runs", *common, "-o", "json"], check=True, stdout=subprocess.PIPE).stdout)
        verified = subprocess.run([arguments.mpijobd, "journal", "--verify", *common], check=False, capture_output=True).returncode == 0
        if run["changed"] != JOBS or verified != chain:
            sys.exit(f"{run['changed']} jobs of {JOBS} were changed, and the chain is {'whole' if verified else 'not there'}")
        wall = (seconds(run["ended_at"]) - seconds(run["started_at"])) % 86400
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mpijobd", required=True, type=os.path.abspath)
    parser.add_argument("--sim", required=True, type=os.path.abspath)
    parser.add_argument("--chain-off", required=True, type=os.path.abspath)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", help="where the journal is: the disk decides")
    arguments = parser.parse_args()
    took = {name: [] for name, _, _ in CASES}
    for _ in range(arguments.rounds):
        for name, limits, chain in CASES:
            took[name].append(once(arguments, limits, chain))
    plain_wall, plain_cpu = (min(figures) for figures in zip(*took["neither"]))
    print(f"{JOBS} changes of one run, with")
    for name, _, _ in CASES:
        wall, cpu = (min(figures) for figures in zip(*took[name]))
        print(f"  {name:10} {wall:6.2f} s ({(wall - plain_wall) / JOBS * 1000:+.3f} ms a change), "
              f"{cpu:6.2f} s of CPU time in all ({(cpu - plain_cpu) / JOBS * 1000:+.3f} ms)")


main()
