#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Specs of policies a second: a spec file with 100 tests, each with a job, an hour that passes, and three assertions.

    bench_test.py MPIJOBD POLICY"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

SPEC = """for i = 1, 100 do
    it("test " .. i, function()
        local job = cluster.job { phase = "Succeeded", finished_for = "1h" }
        assert.untouched(job)
        clock.advance "1h"
        assert.replaced(job, { cleanPodPolicy = "All" })
        assert.effect(job, "effective")
    end)
end
"""


def main():
    program, policy = os.path.abspath(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(policy, folder)
        name = os.path.basename(policy).removesuffix(".lua")
        with open(f"{folder}/{name}_spec.lua", "w", encoding="utf-8") as out:
            out.write(SPEC)
        best = None
        for _ in range(5):
            began = time.monotonic()
            subprocess.run([program, "test", folder], check=True, stdout=subprocess.DEVNULL)
            took = time.monotonic() - began
            best = took if best is None else min(best, took)
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = (spent.ru_utime + spent.ru_stime) / 5
        print(f"{100 / best:.0f} specs a second (100 in {best:.3f} s, {cpu:.3f} s of CPU time), {spent.ru_maxrss // 1024} MiB")


main()
