# SPDX-License-Identifier: Apache-2.0
"""Broken HTTP and broken documents over real sockets: whatever comes, the server lives, answers the next one, and ends
without a finding of the sanitizers (where it was built with them). FUZZ_ROUNDS and FUZZ_SEED choose how many and which."""
import glob
import json
import os
import random
import re
import select
import socket
import subprocess
import unittest

from harness import GROUP, TOP, Sim, program
from test_refusals import KINDS, QUEUE, TIME

ROUNDS, SEED = int(os.environ.get("FUZZ_ROUNDS", "300")), int(os.environ.get("FUZZ_SEED", "1"))
JOB = GROUP + "/namespaces/default/mpijobs"


def recorded():
    """Requests of the contract's cases as bytes."""
    requests = []
    for path in sorted(glob.glob(os.path.join(TOP, "tests", "contract", "cases", "*.json"))):
        with open(path) as f:
            topic = json.load(f)
        for step in (s for c in topic["cases"] for s in c["steps"] if "path" in s and s["do"].isupper()):
            target = step["path"].replace("${mj}", JOB).replace("${ns}", "default").replace(" ", "%20")
            body = (step["raw"] if "raw" in step else json.dumps(step.get("body", ""))).encode("utf-8", "surrogatepass")
            if len(body) < 20000 and len(target) < 2000:
                kind = (step.get("headers") or {}).get("Content-Type") or "application/json"
                requests.append(b"%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (
                    step["do"].replace("WATCH", "GET").encode(), target.encode("ascii", "replace"), kind.encode("ascii", "replace"),
                    len(body), body))
    return requests


def mangle(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data)) if data else 0
        what = rng.randrange(7)
        if what == 0:
            data[at:at + 1] = bytes([rng.randrange(256)])
        elif what == 1:
            del data[at:at + rng.randint(1, 40)]
        elif what == 2:
            data[at:at] = data[rng.randrange(at + 1):at]
        elif what == 3:
            data[at:at] = rng.choice([b"\0", b"\xff", b"{", b"[", b'"', b"\r\n", b"%00", b"%zz", b"999999999999999999999", b"-1", b"null"])
        elif what == 4:
            data[:] = data.replace(b"Content-Length: ", rng.choice([b"Transfer-Encoding: chunked\r\nX: ", b"Content-Length: 9"]))
        elif what == 5:
            data[:] = data[:at]
        else:
            data[at:at] = b"A" * rng.randint(1, 5000)
    return bytes(data)


ODD = [None, 1, -1, 1.5, "x", "", [], {}, [1], ["a"], [{}], [None], {"a": "b"}, True, "2026-01-01T00:00:00Z", 10 ** 18, [[]]]


def places(doc, path=()):
    """The path of everything in a document but itself."""
    items = doc.items() if isinstance(doc, dict) else enumerate(doc) if isinstance(doc, list) else ()
    for key, value in items:
        yield path + (key,)
        yield from places(value, path + (key,))


def odd(rng, doc):
    """A copy with one to three values that do not belong there."""
    doc = json.loads(json.dumps(doc))
    for _ in range(rng.randint(1, 3)):
        *above, last = rng.choice(list(places(doc)))
        at = doc
        for key in above:
            at = at[key]
        at[last] = json.loads(json.dumps(rng.choice(ODD)))
    return doc


class Fuzz(unittest.TestCase):
    def exchange(self, sim, data):
        s = socket.create_connection((sim.url.hostname, sim.url.port), 5)
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)  # so that half a request ends, too
            while select.select([s], [], [], 0.03)[0] and s.recv(65536):
                pass
        except OSError:
            pass
        finally:
            s.close()

    def test_broken_requests(self):
        rng, seeds = random.Random(SEED), recorded()
        with Sim("--jobs", "20", "--life") as sim:
            for n in range(ROUNDS):
                self.exchange(sim, mangle(rng, rng.choice(seeds)))
                if n % 100 == 0:
                    self.assertEqual(sim.get("/readyz").raw, b"ok")
            self.assertEqual(sim.get(GROUP + "/mpijobs").status, 200)

    def test_faults_at_random(self):
        rng, seeds = random.Random(SEED), recorded()
        help_text = subprocess.run([program(), "--help", "faults"], capture_output=True, text=True).stdout
        names = [n for n in re.findall(r"^  ([a-z-]+)  +[a-z0-9]", help_text, re.M) if n != "connect-break"]
        self.assertGreater(len(names), 25)
        with Sim("--jobs", "20") as sim:
            for n in range(ROUNDS // 5):
                if n % 3 == 0:
                    sim.ask("DELETE", "/_sim/faults")
                try:
                    sim.fault("%s:count=2" % rng.choice(names))
                except OSError:
                    pass  # a restart breaks this very connection
                self.exchange(sim, rng.choice(seeds))
            sim.ask("DELETE", "/_sim/faults")
            self.assertEqual(sim.get(GROUP + "/mpijobs").status, 200)

    def test_odd_documents(self):
        """What the controllers and Kueue look at, with values that do not belong there: they pass over it."""
        rng = random.Random(SEED)
        merge = {"Content_Type": "application/merge-patch+json"}
        table = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
        workloads = "/apis/kueue.x-k8s.io/v1beta2/namespaces/default/workloads"
        with Sim("--kueue", "--clock", "stepped") as sim:
            for n in range(ROUNDS):
                api, kind, plural, spec = rng.choice(list(KINDS.values()))
                path, name = "/apis/%s/namespaces/default/%s" % (api, plural), "j%d" % (n % 20)
                body = {"apiVersion": api, "kind": kind, "metadata": {
                    "name": name, "labels": {QUEUE: "q", TIME: "5"}, "annotations": {"mpijob-sim/run-seconds": "3", "mpijob-sim/admit-seconds": "1", "mpijob-sim/parts": "yes"}},
                    "spec": {**spec, "suspend": False, "activeDeadlineSeconds": 5, "parallelism": 2, "runtimePatches": [{"manager": "a"}]},
                    "status": {"conditions": [{"type": "Suspended", "status": "True", "lastTransitionTime": "x"}], "startTime": "x", "replicatedJobsStatus": []}}
                what = rng.randrange(5)
                if what == 0:
                    sim.ask("POST", path, odd(rng, body))
                elif what == 1:
                    sim.ask("POST", path, body)
                    sim.ask("PATCH", "%s/%s" % (path, name), {"spec": odd(rng, body)["spec"]}, **merge)
                elif what == 2:
                    sim.ask("POST", path, body)
                    sim.ask("PATCH", "%s/%s/status" % (path, name), {"status": odd(rng, {"status": body["status"]})["status"]}, **merge)
                elif what == 3:
                    sim.ask("DELETE", "%s/%s" % (path, name))
                else:
                    for one in sim.get(workloads).json["items"][:3]:
                        sim.ask("PUT", "%s/%s%s" % (workloads, one["metadata"]["name"], rng.choice(["", "/status"])), odd(rng, one))
                if n % 3 == 0:
                    sim.advance("1s")
                self.assertEqual(200, sim.get(rng.choice([path, workloads]), **table).status)


if __name__ == "__main__":
    unittest.main()
