# SPDX-License-Identifier: Apache-2.0
"""What real API servers, definitions and webhooks refused or threw away of TrainJobs, JobSets, Jobs and Kueue's jobs, row
for row of the recorded effects: each change is tried again here, and has to get the same answer."""
import csv
import json
import os
import re
import unittest

from harness import TOP, Sim

PLAYED = {"mpi-operator-v0.8.2+kueue-v0.19.2", "jobset-v0.12.0", "trainer-v2.3.0+jobset-v0.12.0", "kube-controller-manager-v1.34.4",
          "jobset-v0.12.0+kueue-v0.19.2", "trainer-v2.3.0+jobset-v0.12.0+kueue-v0.19.2", "kube-controller-manager-v1.34.4+kueue-v0.19.2"}
QUEUE, CLASS, TIME = ("kueue.x-k8s.io/" + k for k in ("queue-name", "priority-class", "max-exec-time-seconds"))
POD = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
JOB = {"parallelism": 2, "completions": 2, "template": POD}
KINDS = {
    "v2beta1": ("kubeflow.org/v2beta1", "MPIJob", "mpijobs", {"mpiReplicaSpecs": {
        "Launcher": {"replicas": 1, "template": POD}, "Worker": {"replicas": 2, "template": POD}}}),
    "jobset.x-k8s.io/v1alpha2": ("jobset.x-k8s.io/v1alpha2", "JobSet", "jobsets", {"replicatedJobs": [
        {"name": "leader", "template": {"spec": JOB}}, {"name": "worker", "template": {"spec": JOB}}]}),
    "trainer.kubeflow.org/v1alpha1": ("trainer.kubeflow.org/v1alpha1", "TrainJob", "trainjobs", {
        "runtimeRef": {"name": "torch"}, "trainer": {"numNodes": 2, "image": "i"}}),
    "batch/v1": ("batch/v1", "Job", "jobs", JOB),
}
ENDS = {"JobSet": "Completed", "TrainJob": "Complete", "Job": "Complete"}


def rows():
    for name in ("effects-kinds.tsv", "effects-kueue.tsv"):
        with open(os.path.join(TOP, "tests/fixtures", name), encoding="utf-8") as f:
            for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["verdict"] in ("rejected", "dropped") and row["controller"] in PLAYED:
                    yield row


def value_of(change):
    """The value that the words of a change end in."""
    word = re.sub(r"( \(.*\))?(, no label)?$", "", change.split(" to ")[-1])
    if "a string" in change:
        return word.strip("'")
    return json.loads(word) if re.fullmatch(r"-?[\d.]+", word) else word


def label_change(key, change):
    """The value of a label before the change, and after it."""
    before = None if "added" in change else {QUEUE: "wide", CLASS: "low", TIME: "3600"}[key]
    after = None if "removed" in change else {QUEUE: "wide2" if " to wide2" in change else "wide", CLASS: "high",
                                              TIME: "7200" if "7200" in change else "3600"}[key]
    return before, after


def nested(path, value):
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


class Experiment:
    def __init__(self, sim, number, row):
        self.sim, self.row, self.name = sim, row, "x%d" % number
        api, self.kind, plural, spec = KINDS[row["api_version"]]
        prefix = "/api/" if "/" not in api else "/apis/"
        self.path = "%s%s/namespaces/default/%s" % (prefix, api, plural)
        self.body = {"apiVersion": api, "kind": self.kind, "metadata": {"name": self.name, "labels": {}, "annotations": {}},
                     "spec": json.loads(json.dumps(spec))}

    def send(self, path, patch):
        return self.sim.ask("PATCH", path, patch, Content_Type="application/merge-patch+json")

    def make(self):
        row, field, change = self.row, self.row["field"], self.row["change"]
        meta, spec = self.body["metadata"], self.body["spec"]
        if "kueue" in row["controller"] and "does not manage" not in change:
            meta["labels"][QUEUE] = "wide"
        key = re.fullmatch(r"metadata\.labels\[(.*)\]", field)
        if key:
            before, _ = label_change(key[1], change)
            if before:
                meta["labels"][key[1]] = before
        if "as the label" in change:
            meta["labels"][TIME] = "3600"
        if row["job_state"] == "pending":
            meta["annotations"]["mpijob-sim/admit-seconds"] = "never"
        if row["job_state"] == "suspended":
            spec["suspend"] = True
        if self.kind == "MPIJob":
            meta["annotations"]["mpijob-sim/start-seconds"] = "1"
            meta["annotations"]["mpijob-sim/run-seconds"] = "5" if row["job_state"] == "succeeded" else "5000"
        elif change.startswith("3600"):
            spec["activeDeadlineSeconds"] = 3600
        answer = self.sim.ask("POST", self.path, self.body)
        assert answer.status == 201, answer.raw
        self.sim.advance("20s")
        if row["job_state"] in ("complete", "completed"):
            answer = self.send("%s/%s/status" % (self.path, self.name), {"status": {"conditions": [
                {"type": ENDS[self.kind], "status": "True", "reason": "R", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}})
            assert answer.status == 200, answer.raw
            self.sim.advance("1s")

    def replicated(self, path):
        """The whole list with one change in it: a merge patch replaces lists."""
        jobs = json.loads(json.dumps(self.sim.get("%s/%s" % (self.path, self.name)).json["spec"]["replicatedJobs"]))
        at, keys = jobs[1], path.split(".")
        for key in keys[:-1]:
            at = at.setdefault(key, {})
        at[keys[-1]] = {"a": "b"} if keys[-1] in ("labels", "nodeSelector") else 3
        return {"replicatedJobs": jobs}

    def patch(self):
        field, change = self.row["field"], self.row["change"]
        key = re.fullmatch(r"metadata\.labels\[(.*)\]", field)
        if key:
            return {"metadata": {"labels": {key[1]: label_change(key[1], change)[1]}}}
        if field.startswith("workload:"):
            field = field[len("workload:"):]
            return nested(field, None if change.endswith("(null)") else value_of(change))
        if field.startswith("spec.replicatedJobs[]."):
            return {"spec": self.replicated(field[len("spec.replicatedJobs[]."):])}
        special = {"a node selector added": [{"manager": "a.b/c"}], "add one": {"a": "b"}, "added": {"rules": [
            {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [3]}}]}, "absent to InOrder": {"startupPolicyOrder": "InOrder"},
            "absent to ttlSecondsAfterFinished 1": {"ttlSecondsAfterFinished": 1}}
        if change in special:
            return nested(field, special[change])
        if change == "changed":
            return nested(field, "Indexed" if field.endswith("completionMode") else "other")
        return nested(field, value_of(change))

    def target(self):
        if not self.row["field"].startswith("workload:"):
            return "%s/%s" % (self.path, self.name)
        workloads = "/apis/kueue.x-k8s.io/v1beta2/namespaces/default/workloads"
        names = [w["metadata"]["name"] for w in self.sim.get(workloads).json["items"]
                 if w["metadata"]["ownerReferences"][0]["name"] == self.name]
        assert len(names) == 1, names
        return "%s/%s" % (workloads, names[0])


def expected(note):
    """Of a note: the status and the form of the message. Where the note cuts it short, only the beginning."""
    code, text = re.match(r"(\d\d\d) (.*)$", re.sub(r"( \[\d+ runs\]|; stored before: .*)$", "", note)).groups()
    text = text.split("{")[0] if "Invalid value: {" in text or 'Invalid value: "{' in text else text
    return int(code), re.escape(text).replace(re.escape("..."), ".*").replace('"\\.\\*"', '".*"')


class Refusals(unittest.TestCase):
    def setUp(self):
        self.sim = Sim("--version", "v2beta1", "--kueue", "--clock", "stepped")

    def tearDown(self):
        self.sim.stop()

    def test_rows(self):
        tried = {"rejected": 0, "dropped": 0}
        for number, row in enumerate(rows()):
            with self.subTest("%(controller)s %(job_state)s %(field)s %(change)s" % row):
                e = Experiment(self.sim, number, row)
                e.make()
                answer = e.send(e.target(), e.patch())
                told = answer.json.get("message", "").strip()
                if row["verdict"] == "rejected":
                    code, message = expected(row["note"])
                    self.assertEqual(code, answer.status, told)
                    self.assertRegex(told, "^" + message, row["note"])
                else:
                    self.assertEqual(200, answer.status, told)
                    self.assertNotIn(row["field"].split(".")[1], answer.json["spec"])
                tried[row["verdict"]] += 1
        self.assertGreater(tried["rejected"], 55)
        self.assertGreater(tried["dropped"], 4)

    def test_what_is_let_through(self):
        """Beside the refusals: what Kueue's and JobSet's webhooks take, as the pages say."""
        labels = lambda **kv: {"metadata": {"labels": {"kueue.x-k8s.io/" + k.replace("_", "-"): v for k, v in kv.items()}}}
        row = {"api_version": "v2beta1", "controller": "mpi-operator-v0.8.2+kueue-v0.19.2", "field": "", "change": ""}
        waits = Experiment(self.sim, 0, {**row, "job_state": "pending"})
        waits.make()
        for patch in (labels(queue_name="other"), labels(max_exec_time_seconds="60"), labels(priority_class="low"),
                      labels(priority_class="high"), labels(max_exec_time_seconds=None), labels(queue_name=None)):
            answer = waits.send(waits.target(), patch)
            self.assertEqual(200, answer.status, answer.raw)
        runs = Experiment(self.sim, 1, {**row, "job_state": "running"})
        runs.body["metadata"]["labels"][CLASS] = "low"
        runs.make()
        for patch in (labels(priority_class="high"), {"metadata": {"labels": {"team": "a"}, "annotations": {"a": "b"}}}):
            answer = runs.send(runs.target(), patch)
            self.assertEqual(200, answer.status, answer.raw)
        several = runs.send(runs.target(), labels(queue_name="other", priority_class=None))
        self.assertEqual(403, several.status)
        self.assertEqual({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Forbidden", "code": 403,
                          "message": 'admission webhook "vmpijob.kb.io" denied the request: [metadata.labels[kueue.x-k8s.io/queue-name]: '
                          'Invalid value: "other": field is immutable, metadata.labels[kueue.x-k8s.io/priority-class]: Invalid value: "": '
                          'WorkloadPriorityClass cannot be removed from a workload]'}, several.json)
        # out of Kueue's hands: passes, because it is suspended afterwards
        self.assertEqual(200, runs.send(runs.target(), {**labels(queue_name=None), "spec": {"runPolicy": {"suspend": True}}}).status)
        jobset = Experiment(self.sim, 2, {"api_version": "jobset.x-k8s.io/v1alpha2", "controller": "jobset-v0.12.0", "field": "", "change": "",
                                          "job_state": "suspended"})
        jobset.make()
        self.assertEqual({"operator": "All"}, self.sim.get(jobset.target()).json["spec"]["successPolicy"])
        for path in ("template.spec.template.metadata.labels", "template.spec.template.spec.nodeSelector"):
            answer = jobset.send(jobset.target(), {"spec": jobset.replicated(path)})
            self.assertEqual(200, answer.status, answer.raw)

    def test_a_time_that_is_no_number(self):
        for text, why in (("soon", r'"soon": strconv.Atoi: parsing "soon": invalid syntax'), ("0", "0: should be greater than 0")):
            api, kind, plural, spec = KINDS["batch/v1"]
            answer = self.sim.ask("POST", "/apis/batch/v1/namespaces/default/jobs", {
                "apiVersion": api, "kind": kind, "metadata": {"name": "t", "labels": {QUEUE: "q", TIME: text}}, "spec": spec})
            self.assertEqual(403, answer.status, answer.raw)
            self.assertEqual('admission webhook "vjob.kb.io" denied the request: metadata.labels[%s]: Invalid value: %s' % (TIME, why),
                             answer.json["message"])


if __name__ == "__main__":
    unittest.main()
