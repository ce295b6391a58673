# SPDX-License-Identifier: Apache-2.0
"""effects.tsv holds what changes of a field were seen to do under the real controllers (taken over from the project's
recorded effects; only the rows that the simulator models). Each is done again here, on the stepped clock."""
import os
import re
import unittest

from harness import HERE, Sim

BAD = {"'running' (bad value)": "running", "'Al' (bad value)": "Al", "absent": None, "absent (null)": None}


class Experiment:
    """One job under one controller."""

    def __init__(self, version, controller):
        self.version = version
        self.sim = Sim("--life", "--clock", "stepped", "--version", version, "--controller",
                       "training-operator" if controller.startswith("training") else "mpi-operator")
        self.one_ended = True

    def make(self, outcome="succeed", **fields):
        spec = {"mpiReplicaSpecs": {"Launcher": {"replicas": 1}, "Worker": {"replicas": 2}}}
        for path, value in fields.items():
            self.put(spec, path, value)
        self.sim.create("j", spec, version=self.version, annotations={
            "mpijob-sim/start-seconds": "1", "mpijob-sim/run-seconds": "5000", "mpijob-sim/outcome": outcome})
        self.sim.advance("2s")

    @staticmethod
    def put(spec, path, value):
        *above, last = path.split(".")
        for key in above:
            spec = spec.setdefault(key, {})
        spec[last] = value

    def set(self, field, value):
        path = None
        if field.startswith("launcher:"):
            kind = "/apis/batch/v1/namespaces/default/jobs" if self.version in ("v1alpha2", "v2beta1") else "/api/v1/namespaces/default/pods"
            field, path = field[len("launcher:"):], kind + "/j-launcher"
        patch = {}
        self.put(patch, field, value)
        self.sim.patch("j", patch, path=path)

    def end(self):
        """The launcher ends; one of the workers has ended before it, as in the experiments."""
        if self.one_ended and "j-worker-1" in self.sim.pods():
            self.sim.patch("j", {"status": {"phase": "Succeeded"}}, path="/api/v1/namespaces/default/pods/j-worker-1/status")
        self.sim.advance("6000s")

    def seen(self):
        answer = self.sim.job("j")
        pods = self.sim.pods()
        job = answer.json if answer.status == 200 else {}
        conditions = job.get("status", {}).get("conditions", [])
        return {"workers": sum("-worker-" in p for p in pods), "launcher": any("-launcher" in p for p in pods),
                "conditions": "+".join(c["type"] for c in conditions if c["status"] == "True"),
                "reason": next((c["reason"] for c in conditions if c["type"] == "Failed"), None),
                "there": answer.status == 200,
                "job": self.sim.get("/apis/batch/v1/namespaces/default/jobs/j-launcher").status == 200}


def expectation(note):
    """What a note says in words that can be checked."""
    want = {}
    counts = re.search(r"workers \d to (\d)", note) or re.search(r"MPIJob and (\d) workers stay", note)
    if counts:
        want["workers"] = int(counts[1])
    if re.search(r"launcher (pod )?removed", note):
        want["launcher"] = False
    elif re.search(r"launcher (pod )?kept", note):
        want["launcher"] = True
    failed = re.search(r"MPIJob Failed \((\w+)\)", note)
    if failed:
        want["conditions"], want["reason"] = "Created+Failed", failed[1]
    conditions = re.search(r"conditions (?:stay )?([A-Z]\w+(?:\+\w+)*)", note)
    if conditions:
        want["conditions"] = conditions[1]
    if re.search(r"still running|^running \d+ s after", note):
        want["conditions"] = "Created+Running"
    if "failed all the same" in note:
        want["conditions"] = "Created+Failed"
    if "MPIJob itself is deleted" in note:
        want["there"] = False
    if "launcher Job deleted with its pod" in note:
        want["job"] = want["launcher"] = False
    if re.search(r"pods left:? (none|0)", note) or "pods left none" in note:
        want["workers"], want["launcher"] = 0, False
    if "nothing deleted" in note:
        want.update(there=True, workers=2, launcher=True)
    return want


def perform(e, state, field, change):
    """Does what the row says. False: the simulator has no such experiment."""
    before, _, after = change.partition(" to ")
    field = field[len("spec."):] if field.startswith("spec.") else field
    in_spec = "spec." + field if not field.startswith("launcher:") else field
    if field.endswith("cleanPodPolicy"):
        return policy(e, state, field, in_spec, before, after.replace(" (wrong place)", ""), change)
    if field.endswith("activeDeadlineSeconds"):
        return deadline(e, state, field, in_spec, change)
    if field.endswith("ttlSecondsAfterFinished"):
        return ttl(e, state, field, in_spec, change)
    if field == "runPolicy.suspend" and change in ("true", "absent to true"):
        e.one_ended = False
        e.make(**({field: True} if state == "creation" else {}))
        if state == "succeeded":
            e.end()
        if state != "creation":
            e.set(in_spec, True)
        return state in ("creation", "running", "succeeded")
    if field == "runPolicy.managedBy" and state == "running":
        nested = "runPolicy.cleanPodPolicy" if e.version in ("v2beta1",) or e.training else "cleanPodPolicy"
        e.make(**{nested: "All"})
        e.set(in_spec, after)
        e.end()
        return True
    return False


def policy(e, state, field, in_spec, before, after, change):
    if state == "creation" and " " not in BAD.get(change, change):
        e.make(**{field: BAD.get(change, change)})
        e.end()
        return True
    old, new = BAD.get(before, before), BAD.get(after, after)
    known = (None, "None", "Running", "All", "running", "Al")
    if old not in known or new not in known or state not in ("running", "succeeded", "failed", "evicted"):
        return False
    e.make({"failed": "fail", "evicted": "evict"}.get(state, "succeed"), **({field: old} if old else {}))
    if state == "running":
        e.set(in_spec, new)
        e.end()
    else:
        e.one_ended = old is None or old == "None"  # with a policy the experiments had both running
        e.end()
        e.set(in_spec, new)
    return True


def deadline(e, state, field, in_spec, change):
    at_launch = re.match(r"(\d+) to (\d+)", change)
    if state == "creation" and change == "8":
        e.make(**{field: 8})
        e.sim.advance("14s")
    elif state == "running" and change == "absent to a value already past":
        e.make()
        e.sim.advance("30s")
        e.set(in_spec, 10)
    elif state == "running" and change == "absent to a value 6 s ahead":
        e.make()
        e.set(in_spec, 10)
        e.sim.advance("20s")
    elif state == "running" and at_launch and "before it ends" in change:
        old, new = int(at_launch[1]), int(at_launch[2])
        e.make(**({} if field.startswith("launcher:") else {field: old}))
        if field.startswith("launcher:"):
            e.set(in_spec, old)
        e.set(in_spec, new)
        e.sim.advance("26s")
    elif state == "succeeded":
        e.make()
        e.end()
        e.set(in_spec, 1)
    else:
        return False
    return True


def ttl(e, state, field, in_spec, change):
    e.one_ended = False
    if state == "creation" and change == "1" and e.version != "v2beta1":  # there it is a race
        e.make(**{field: 1})
        e.end()
        e.sim.advance("6s")
    elif state == "succeeded" and change == "absent to 1 (elapsed)":
        e.make()
        e.end()
        e.set(in_spec, 1)
    else:
        return False
    return True


class Effects(unittest.TestCase):
    def test_recorded_effects(self):
        checked = 0
        with open(os.path.join(HERE, "effects.tsv")) as f:
            rows = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
        for version, controller, state, field, change, note in rows:
            e = Experiment(version, controller)
            e.training = controller.startswith("training")
            try:
                with self.subTest(version=version, controller=controller, state=state, field=field, change=change, note=note):
                    want = expectation(note)
                    self.assertTrue(want and perform(e, state, field, change), "no such experiment")
                    seen = e.seen()
                    self.assertEqual({k: seen[k] for k in want}, want)
                checked += 1
            finally:
                e.sim.stop()
        self.assertEqual(checked, len(rows))


if __name__ == "__main__":
    unittest.main()
