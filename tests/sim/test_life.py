# SPDX-License-Identifier: Apache-2.0
"""Jobs live, and the controller does what the real ones were seen to do."""
import unittest

from harness import Sim

REPLICAS = {"Launcher": {"replicas": 1}, "Worker": {"replicas": 2}}
PLAN = {"mpijob-sim/start-seconds": "5", "mpijob-sim/run-seconds": "100", "mpijob-sim/outcome": "succeed"}


class Life(unittest.TestCase):
    def sim(self, version, *more):
        sim = Sim("--life", "--clock", "stepped", "--version", version, *more)
        self.addCleanup(sim.stop)
        self.version = version
        return sim

    def make(self, sim, name="j", plan=None, **spec):
        return sim.create(name, {"mpiReplicaSpecs": REPLICAS, **spec}, version=self.version, annotations={**PLAN, **(plan or {})})

    def state(self, sim, name="j"):
        """Conditions that hold, phases of workers, phase of the launcher's pod."""
        job = sim.job(name).json
        pods = sim.pods(name + "-")
        return ([c["type"] for c in job.get("status", {}).get("conditions", []) if c["status"] == "True"],
                [pods[n] for n in sorted(pods) if "-worker-" in n], [pods[n] for n in pods if "-launcher" in n])

    def finished(self, sim, name="j"):
        sim.advance("6s")
        sim.advance("200s")

    def test_course(self):
        sim = self.sim("v1alpha2")
        self.make(sim)
        self.assertEqual(self.state(sim), (["Created"], ["Pending"] * 2, ["Pending"]))
        sim.advance("6s")
        self.assertEqual(self.state(sim), (["Created", "Running"], ["Running"] * 2, ["Running"]))
        sim.advance("200s")
        self.assertEqual(self.state(sim), (["Created", "Succeeded"], ["Running"] * 2, ["Succeeded"]))
        status = sim.job("j").json["status"]
        self.assertEqual(status["replicaStatuses"]["Worker"], {"active": 2})

    def test_pods_are_made_as_the_controllers_make_them(self):
        for version, name, owner in (("v1alpha2", "mpi_job_name", "Job"), ("v1", "mpi-job-name", "MPIJob"),
                                     ("v2beta1", "training.kubeflow.org/job-name", "Job")):
            sim = self.sim(version)
            self.make(sim)
            uid = sim.job("j").json["metadata"]["uid"]
            pods = sim.get("/api/v1/namespaces/default/pods").json["items"]
            self.assertEqual([p["metadata"]["labels"][name] for p in pods], ["j"] * 3)
            self.assertFalse([p for p in pods if "nodeName" in p["spec"]])  # pending: no node yet
            owners = {p["metadata"]["name"].split("-")[1]: p["metadata"]["ownerReferences"][0] for p in pods}
            self.assertEqual((owners["worker"]["kind"], owners["worker"]["uid"]), ("MPIJob", uid))
            self.assertEqual(owners["launcher"]["kind"], owner)
            if owner == "Job":
                job = sim.get("/apis/batch/v1/namespaces/default/jobs/j-launcher").json
                self.assertEqual(owners["launcher"]["uid"], job["metadata"]["uid"])
            sim.advance("6s")
            self.assertTrue(all(p["spec"]["nodeName"] for p in sim.get("/api/v1/namespaces/default/pods").json["items"]))

    def test_the_count_of_workers_goes_with_them(self):
        sim = self.sim("v1alpha2")
        self.make(sim)
        self.finished(sim)
        sim.patch("j", {"spec": {"cleanPodPolicy": "Running"}})
        self.assertEqual(self.state(sim)[1], [])
        self.assertEqual(sim.job("j").json["status"]["replicaStatuses"]["Worker"], {})

    def test_policy_at_the_end(self):
        for version, policy, workers, launcher in (
                ("v1alpha2", "Running", 0, 1), ("v1alpha2", "All", 0, 1), ("v1alpha2", "running", 2, 1),
                ("v1", "All", 0, 1), ("v1", "Al", 2, 1)):
            sim = self.sim(version)
            self.make(sim, cleanPodPolicy=policy)
            self.finished(sim)
            _, left, launchers = self.state(sim)
            self.assertEqual((len(left), len(launchers)), (workers, launcher), (version, policy))

    def test_policy_of_a_finished_job(self):
        for version, where, policy, workers, launcher in (
                ("v1alpha2", None, "Running", 0, 1), ("v1alpha2", "runPolicy", "All", 2, 1), ("v1", None, "All", 0, 1),
                ("v2beta1", "runPolicy", "All", 0, 1), ("v2beta1", "runPolicy", "None", 2, 1)):
            sim = self.sim(version)
            self.make(sim)
            self.finished(sim)
            sim.patch("j", {"spec": {where: {"cleanPodPolicy": policy}} if where else {"cleanPodPolicy": policy}})
            _, left, launchers = self.state(sim)
            self.assertEqual((len(left), len(launchers)), (workers, launcher), (version, where, policy))

    def test_training_operator(self):
        sim = self.sim("v1", "--controller", "training-operator")
        self.make(sim)
        self.finished(sim)
        sim.patch("j", {"spec": {"runPolicy": {"cleanPodPolicy": "Al"}}})  # a bad word acts as All, the launcher included
        self.assertEqual(self.state(sim)[1:], ([], []))
        self.make(sim, "k", runPolicy={"ttlSecondsAfterFinished": 60})
        self.finished(sim)
        self.assertEqual(sim.job("k").status, 404)
        self.assertEqual(sim.pods("k-"), {})

    def test_training_operator_deadline(self):
        sim = self.sim("v1", "--controller", "training-operator")
        self.make(sim, runPolicy={"activeDeadlineSeconds": 10})
        sim.advance("6s")
        sim.advance("50s")
        self.assertEqual(self.state(sim)[0], ["Created", "Running"])  # nobody looks
        sim.patch("j", {"metadata": {"labels": {"a": "b"}}})
        self.assertEqual(self.state(sim), (["Created", "Failed"], [], []))

    def test_deadline_is_the_launchers(self):
        for version, field in (("v1alpha2", None), ("v2beta1", "runPolicy")):
            sim = self.sim(version)
            value = {"activeDeadlineSeconds": 20}
            self.make(sim, **({field: value} if field else value))
            sim.advance("6s")
            sim.patch("j", {"spec": {field: {"activeDeadlineSeconds": 3600}} if field else {"activeDeadlineSeconds": 3600}})
            sim.advance("30s")  # the change came too late: the launcher Job has the old value
            conditions, workers, launcher = self.state(sim)
            self.assertEqual((conditions, len(workers), launcher), (["Created", "Failed"], 2, []), version)

    def test_deadline_of_the_launcher_job(self):
        sim = self.sim("v1alpha2")
        self.make(sim)
        sim.advance("6s")
        sim.patch("j", {"spec": {"activeDeadlineSeconds": 10}}, path="/apis/batch/v1/namespaces/default/jobs/j-launcher")
        sim.advance("20s")
        self.assertEqual(self.state(sim)[0], ["Created", "Failed"])

    def test_v1_ignores_deadlines(self):
        sim = self.sim("v1")
        self.make(sim, runPolicy={"activeDeadlineSeconds": 10})
        sim.advance("6s")
        sim.advance("50s")
        self.assertEqual(self.state(sim)[0], ["Created", "Running"])

    def test_suspend(self):
        sim = self.sim("v2beta1")
        self.make(sim)
        sim.advance("6s")
        sim.patch("j", {"spec": {"runPolicy": {"suspend": True}}})
        self.assertEqual(self.state(sim), (["Created", "Suspended"], [], []))
        sim.patch("j", {"spec": {"runPolicy": {"suspend": False}}})
        sim.advance("6s")
        self.assertEqual(self.state(sim)[0], ["Created", "Running"])

    def test_evicted(self):
        sim = self.sim("v2beta1")
        self.make(sim, plan={"mpijob-sim/outcome": "evict"}, runPolicy={"cleanPodPolicy": "All"})
        self.finished(sim)
        conditions, workers, _ = self.state(sim)
        self.assertEqual((conditions, len(workers)), (["Created", "Failed"], 2))
        self.assertNotIn("completionTime", sim.job("j").json["status"])

    def test_validation_error(self):
        sim = self.sim("v2beta1")
        self.make(sim)
        sim.advance("6s")
        sim.patch("j", {"spec": {"runPolicy": {"cleanPodPolicy": "running"}}})
        sim.advance("200s")
        self.assertEqual(self.state(sim)[0], ["Created", "Running"])  # the end is not recorded
        events = sim.get("/api/v1/namespaces/default/events").json["items"]
        self.assertEqual([e["reason"] for e in events], ["ValidationError"])
        sim.patch("j", {"spec": {"runPolicy": {"cleanPodPolicy": "Running"}}})
        self.assertEqual(self.state(sim), (["Created", "Succeeded"], [], ["Succeeded"]))

    def test_poison(self):
        """A string where a number belongs stops the old controllers for every job."""
        sim = self.sim("v1alpha2")
        self.make(sim)
        self.finished(sim)
        self.make(sim, "bad", activeDeadlineSeconds="3600")
        sim.patch("j", {"spec": {"cleanPodPolicy": "All"}})
        self.assertEqual(len(self.state(sim)[1]), 2)
        sim.patch("bad", {"spec": {"activeDeadlineSeconds": None}})
        self.assertEqual(self.state(sim)[1], [])

    def test_deletion(self):
        sim = self.sim("v2beta1")
        self.make(sim)
        sim.advance("6s")
        sim.ask("DELETE", "/apis/kubeflow.org/v2beta1/namespaces/default/mpijobs/j?propagationPolicy=Foreground")
        self.assertEqual((sim.job("j").status, sim.pods()), (404, {}))
        self.assertEqual(sim.get("/apis/batch/v1/namespaces/default/jobs").json["items"], [])

    def test_longest_name(self):
        sim = self.sim("v2beta1")
        self.make(sim, "n" * 253)
        sim.advance("6s")
        self.assertEqual(len(sim.pods()), 3)
        self.assertEqual(len(sim.ask("DELETE", "/api/v1/namespaces/default/pods").json["items"]), 3)
        self.assertEqual(sim.pods(), {})

    def test_a_day(self):
        sim = self.sim("all", "--jobs", "60")
        before = sim.get("/apis/kubeflow.org/v1/mpijobs").json["items"]
        sim.advance("1d")
        after = sim.get("/apis/kubeflow.org/v1/mpijobs").json["items"]
        self.assertGreater(len(after), len(before))
        new = {j["metadata"]["name"] for j in after} - {j["metadata"]["name"] for j in before}
        over = [j for j in after if j["metadata"]["name"] in new and "completionTime" in j.get("status", {})]
        self.assertGreater(len(over), 10)
        for job in over:  # in order and in time, however far the clock jumped
            self.assertLess(job["metadata"]["creationTimestamp"], job["status"]["startTime"])
            self.assertLess(job["status"]["startTime"], job["status"]["completionTime"])


if __name__ == "__main__":
    unittest.main()
