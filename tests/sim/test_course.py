# SPDX-License-Identifier: Apache-2.0
"""How TrainJobs, JobSets and Jobs end under --kueue: by deadlines, by a child Job's, and because their work is done."""
import unittest

from harness import Sim
from test_refusals import JOB

PATHS = {"TrainJob": ("trainer.kubeflow.org/v1alpha1", "trainjobs"), "JobSet": ("jobset.x-k8s.io/v1alpha2", "jobsets"),
         "Job": ("batch/v1", "jobs"), "Workload": ("kueue.x-k8s.io/v1beta2", "workloads")}
SPECS = {"TrainJob": {"runtimeRef": {"name": "torch"}, "trainer": {"numNodes": 2}},
         "JobSet": {"replicatedJobs": [{"name": "node", "template": {"spec": JOB}}]}, "Job": JOB}


class Course(unittest.TestCase):
    def setUp(self):
        self.sim = Sim("--kueue", "--clock", "stepped", "--now", "2026-01-01T00:00:00Z")

    def tearDown(self):
        self.sim.stop()

    def path(self, kind, name=""):
        api, plural = PATHS[kind]
        return "/apis/%s/namespaces/default/%s%s" % (api, plural, name and "/" + name)

    def make(self, kind, name, more=None, queue=True, **meta):
        labels = dict(meta.pop("labels", {}), **({"kueue.x-k8s.io/queue-name": "q"} if queue else {}))
        answer = self.sim.ask("POST", self.path(kind), {
            "apiVersion": PATHS[kind][0], "kind": kind, "metadata": {"name": name, "labels": labels, **meta},
            "spec": {**SPECS[kind], **(more or {})}})
        self.assertEqual(201, answer.status, answer.raw)
        self.sim.advance("1s")
        return answer.json

    def status(self, kind, name):
        return self.sim.get(self.path(kind, name)).json.get("status", {})

    def conditions(self, kind, name):
        return {c["type"]: c["reason"] for c in self.status(kind, name).get("conditions", []) if c["status"] == "True"}

    def workload(self, name):
        items = self.sim.get(self.path("Workload")).json["items"]
        return next(w for w in items if w["metadata"]["ownerReferences"][0]["name"] == name)

    def test_work_that_is_done(self):
        for kind, end in (("TrainJob", "Complete"), ("JobSet", "Completed"), ("Job", "Complete")):
            name = kind.lower()
            self.make(kind, name, annotations={"mpijob-sim/run-seconds": "60"})
            self.sim.advance("30s")
            self.assertNotIn(end, self.conditions(kind, name))
            self.sim.advance("60s")
            self.assertIn(end, self.conditions(kind, name))
            self.assertEqual({"Succeeded"}, set(self.sim.pods(name + "-").values()))
            self.assertIn({"type": "Finished", "status": "True", "reason": "Succeeded"}, [
                {k: c[k] for k in ("type", "status", "reason")} for c in self.workload(name)["status"]["conditions"]])
        self.make("Job", "bad", annotations={"mpijob-sim/run-seconds": "1", "mpijob-sim/outcome": "fail"})
        self.sim.advance("5s")
        self.assertIn("Failed", self.conditions("Job", "bad"))
        self.assertEqual({}, self.sim.pods("bad-"))

    def test_what_is_stopped_has_its_time_from_the_beginning_again(self):
        self.make("TrainJob", "t", annotations={"mpijob-sim/run-seconds": "60"})
        self.sim.advance("40s")
        workload = self.path("Workload", self.workload("t")["metadata"]["name"])
        self.sim.patch("", {"spec": {"active": False}}, path=workload)
        self.sim.advance("300s")
        self.assertEqual({"Suspended": "SuspendedJobs"}, self.conditions("TrainJob", "t"))
        self.sim.patch("", {"spec": {"active": True}}, path=workload)
        self.sim.advance("40s")
        self.assertEqual({}, self.conditions("TrainJob", "t"))
        self.sim.advance("30s")
        self.assertIn("Complete", self.conditions("TrainJob", "t"))

    def test_deadlines(self):
        self.make("Job", "j", {"activeDeadlineSeconds": 60})
        self.make("TrainJob", "t", {"activeDeadlineSeconds": 60})
        owner = self.sim.get(self.path("TrainJob", "t")).json["metadata"]["uid"]
        self.make("JobSet", "t", queue=False, ownerReferences=[
            {"apiVersion": PATHS["TrainJob"][0], "kind": "TrainJob", "name": "t", "uid": owner, "controller": True}])
        self.sim.advance("70s")
        self.assertEqual({"Failed": "DeadlineExceeded"}, self.conditions("Job", "j"))
        self.assertEqual({"Failed": "DeadlineExceeded"}, self.conditions("TrainJob", "t"))
        self.assertEqual(404, self.sim.get(self.path("JobSet", "t")).status)
        self.assertEqual({}, self.sim.pods())

    def test_the_deadline_of_a_child_leaves_the_set(self):
        self.make("TrainJob", "t")
        owner = self.sim.get(self.path("TrainJob", "t")).json["metadata"]["uid"]
        a_set = self.make("JobSet", "t", queue=False, ownerReferences=[
            {"apiVersion": PATHS["TrainJob"][0], "kind": "TrainJob", "name": "t", "uid": owner, "controller": True}])
        self.make("Job", "t-node-0", queue=False, labels={"jobset.sigs.k8s.io/jobset-name": "t"}, ownerReferences=[
            {"apiVersion": PATHS["JobSet"][0], "kind": "JobSet", "name": "t", "uid": a_set["metadata"]["uid"], "controller": True}])
        answer = self.sim.ask("PATCH", self.path("Job", "t-node-0") + "/status", {"status": {"startTime": "2026-01-01T00:00:00Z", "active": 1}},
                              Content_Type="application/merge-patch+json")
        self.assertEqual(200, answer.status)
        self.sim.patch("", {"spec": {"activeDeadlineSeconds": 3600}}, path=self.path("Job", "t-node-0"))
        self.sim.advance("50m")
        self.assertEqual({}, self.conditions("TrainJob", "t"))
        self.sim.advance("15m")
        self.assertEqual({"Failed": "DeadlineExceeded"}, self.conditions("Job", "t-node-0"))
        self.assertEqual({"Failed": "FailedJobs"}, self.conditions("TrainJob", "t"))
        self.assertEqual({"Failed": "FailedJobs"}, self.conditions("JobSet", "t"))
        self.assertEqual({}, self.sim.pods())

    def test_parts_are_made_and_put_back(self):
        self.make("TrainJob", "t", annotations={"mpijob-sim/parts": "yes"})
        job = self.sim.get(self.path("Job", "t-node-0")).json
        self.assertEqual("JobSet", job["metadata"]["ownerReferences"][0]["kind"])
        self.assertEqual({"jobset.sigs.k8s.io/jobset-name": "t", "jobset.sigs.k8s.io/replicatedjob-name": "node",
                          "trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}, job["metadata"]["labels"])
        self.assertEqual((2, False, 2), (job["spec"]["parallelism"], job["spec"]["suspend"], job["status"]["ready"]))
        for kind, name in (("JobSet", "t"), ("Job", "t-node-0")):  # put back
            self.sim.patch("", {"spec": {"suspend": True}}, path=self.path(kind, name))
            self.sim.advance("1s")
            self.assertFalse(self.sim.get(self.path(kind, name)).json["spec"]["suspend"])
        self.assertEqual(200, self.sim.ask("DELETE", self.path("JobSet", "t")).status)
        self.sim.advance("1s")  # made again
        self.assertEqual(200, self.sim.get(self.path("JobSet", "t")).status)
        self.assertEqual(200, self.sim.get(self.path("Job", "t-node-0")).status)
        workload = self.path("Workload", self.workload("t")["metadata"]["name"])
        self.sim.patch("", {"spec": {"active": False}}, path=workload)
        self.sim.advance("1s")
        self.assertTrue(self.sim.get(self.path("Job", "t-node-0")).json["spec"]["suspend"])
        self.assertEqual({}, self.sim.pods())
        self.sim.patch("", {"spec": {"active": True}}, path=workload)
        self.sim.patch("", {"spec": {"activeDeadlineSeconds": 60}}, path=self.path("Job", "t-node-0"))
        self.sim.advance("120s")
        self.assertEqual({"Failed": "FailedJobs"}, self.conditions("TrainJob", "t"))
        self.assertEqual("Failed", self.status("JobSet", "t")["terminalState"])
        self.make("JobSet", "s", annotations={"mpijob-sim/parts": "yes"})
        self.assertEqual(200, self.sim.get(self.path("Job", "s-node-0")).status)
        for kind, name in (("TrainJob", "t"), ("JobSet", "s")):  # they go with their owners
            self.assertEqual(200, self.sim.ask("DELETE", self.path(kind, name)).status)
        self.sim.advance("1s")
        self.assertEqual([], self.sim.get(self.path("Job")).json["items"])
        self.assertEqual([], self.sim.get(self.path("JobSet")).json["items"])


if __name__ == "__main__":
    unittest.main()
