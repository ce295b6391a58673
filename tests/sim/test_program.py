# SPDX-License-Identifier: Apache-2.0
"""The program itself: its ready line, its end, its refusals."""
import json
import os
import ssl
import subprocess
import unittest
import urllib.request

from harness import GROUP, Sim, program


def run(*args):
    return subprocess.run([program(), *args], capture_output=True, text=True, timeout=20)


class Program(unittest.TestCase):
    def test_ready_line_and_kubeconfig(self):
        with Sim("--jobs", "7", "--token", "T", "--view-token", "V") as sim:
            self.assertEqual((sim.ready["ready"], sim.ready["jobs"]), (True, 7))
            self.assertEqual(os.stat(sim.kubeconfig).st_mode & 0o777, 0o600)
            with open(sim.kubeconfig) as f:
                text = f.read()
            self.assertIn("server: " + sim.ready["url"], text)
            self.assertIn('token: "T"', text)
            self.assertEqual(sim.get(GROUP + "/mpijobs").status, 403)
            self.assertEqual(len(sim.get(GROUP + "/mpijobs", Authorization="Bearer T").json["items"]), 7)

    def test_same_seed_same_jobs(self):
        def names(seed):
            with Sim("--jobs", "30", "--seed", seed, "--now", "2026-01-01T00:00:00Z") as sim:
                return sim.get(GROUP + "/mpijobs").raw
        self.assertEqual(names("5"), names("5"))
        self.assertNotEqual(names("5"), names("6"))

    def test_believable(self):
        with Sim("--jobs", "400") as sim:
            jobs = sim.get(GROUP + "/mpijobs").json["items"]
        sizes = [len(json.dumps(j, separators=(",", ":"))) for j in jobs]
        self.assertTrue(2500 < sum(sizes) / len(sizes) < 4500, sum(sizes) / len(sizes))
        last = [j["status"]["conditions"][-1]["type"] if "status" in j else "" for j in jobs]
        for phase in ("Running", "Succeeded", "Failed"):
            self.assertGreater(last.count(phase), 20, phase)
        self.assertGreater(len({j["metadata"]["namespace"] for j in jobs}), 5)
        reasons = [c["reason"] for j in jobs for c in j.get("status", {}).get("conditions", [])]
        self.assertIn("MPIJobEvicted", reasons)
        self.assertIn("activeDeadlineSecond", {k for j in jobs for k in j["spec"]} | {
            k for j in jobs for k in j["spec"].get("runPolicy", {})})

    def test_versions(self):
        for version in ("v1alpha2", "v1", "v2beta1"):
            with Sim("--version", version, "--jobs", "3") as sim:
                self.assertEqual([v["version"] for v in sim.get("/apis/kubeflow.org").json["versions"]], [version])
                self.assertEqual(len(sim.get("/apis/kubeflow.org/%s/mpijobs" % version).json["items"]), 3)

    def test_lossy_storage(self):
        """The definition of mpi-operator v0.3.0 stores v2beta1: v1alpha2's own fields go, with 200 and no Warning."""
        with Sim("--store-as", "v2beta1") as sim:
            made = sim.create("x", {"cleanPodPolicy": "All", "mpiReplicaSpecs": {"Launcher": {"replicas": 1}}})
            self.assertNotIn("cleanPodPolicy", made["spec"])
            self.assertIn("mpiReplicaSpecs", made["spec"])

    def test_training_operator_schema(self):
        with Sim("--version", "v1", "--controller", "training-operator") as sim:
            spec = {"mpiReplicaSpecs": {"Launcher": {"replicas": 1}}, "unknown": 1,
                    "runPolicy": {"schedulingPolicy": {"queue": "a"}}}
            made = sim.create("x", spec, version="v1")
            self.assertNotIn("unknown", made["spec"])
            self.assertIs(made["spec"]["runPolicy"]["suspend"], False)
            path = "/apis/kubeflow.org/v1/namespaces/default/mpijobs/x"
            made["spec"]["runPolicy"]["schedulingPolicy"]["queue"] = "b"
            self.assertIn("queue is immutable", sim.ask("PUT", path, made).json["message"])
            made["spec"]["runPolicy"] = {"activeDeadlineSeconds": "3600"}
            self.assertIn("must be of type integer", sim.ask("PUT", path, made).json["message"])

    def test_refuses_other_addresses(self):
        refused = run("--listen", "0.0.0.0:0")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--yes-really", refused.stderr)
        with Sim("--listen", "0.0.0.0:0", "--yes-really") as sim:
            self.assertEqual(sim.get("/readyz").raw, b"ok")

    def test_alike(self):
        with Sim("--jobs", "200", "--alike") as sim:
            jobs = sim.get(GROUP + "/mpijobs").json["items"]
        self.assertEqual(len({json.dumps(j["spec"], sort_keys=True) for j in jobs}), 1)
        self.assertEqual(len({j["metadata"]["name"] for j in jobs}), 200)
        self.assertGreater(len({json.dumps(j.get("status", {}).get("conditions")) for j in jobs}), 100)

    def test_bad_arguments(self):
        for args, word in ((["--job", "3"], "--jobs"), (["--jobs", "x"], "whole number"), (["--version", "v9"], "v1alpha2"),
                           (["--listen", "nowhere"], "HOST:PORT"), (["--faults", "stal"], "stall"), (["--jobs"], "value"),
                           (["--faults", "delay:sm=3"], "no key 'sm'"), (["--kubeconfig", "/none/such/file"], "/none/such/file")):
            result = run(*args)
            self.assertEqual(result.returncode, 2, args)
            self.assertIn(word, result.stderr)

    def test_help(self):
        self.assertIn("examples:", run("--help").stdout)
        self.assertIn("reset-after", run("--help", "faults").stdout)

    def test_tls(self):
        def fetch(*args):
            with Sim("--tls", *args) as sim:
                with open(sim.kubeconfig) as f:
                    coded = next(line.split()[1] for line in f if "certificate-authority-data" in line)
                import base64
                context = ssl.create_default_context(cadata=base64.b64decode(coded).decode())
                with urllib.request.urlopen(sim.ready["url"] + "/readyz", context=context) as r:
                    return r.read()
        self.assertEqual(fetch(), b"ok")
        for bad in ("--tls-expired", "--tls-wrong-name"):
            with self.assertRaisesRegex(urllib.error.URLError, "certificate"):
                fetch(bad)

    def test_requests_and_counters(self):
        with Sim() as sim:
            sim.create("a")
            sim.job("a")
            seen = sim.get("/_sim/requests?method=POST").json
            self.assertEqual((seen["methods"]["POST"], seen["codes"]["201"], len(seen["requests"])), (1, 1, 1))
            self.assertEqual(json.loads(seen["requests"][0]["body"])["metadata"]["name"], "a")
            self.assertEqual(sim.get("/_sim/counters").json["objects"]["mpijobs"], 1)
            sim.ask("DELETE", "/_sim/requests")
            self.assertEqual(sim.get("/_sim/requests").json["total"], 0)


if __name__ == "__main__":
    unittest.main()
