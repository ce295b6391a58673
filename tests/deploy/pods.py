# SPDX-License-Identifier: Apache-2.0
"""The daemon as each overlay says: its arguments, its user, its volumes, its account's token; the main job with it; and that it has every
permission that it needs and no other."""
import json
import os
import re
import signal
import subprocess
import time
import urllib.request

from checks import check
from cluster import permissions, renew_volume, until
from installed import PATIENCE, STARTED, Installed, seen
from served import https, monitoring


class MainJob:
    """All that the account is for, a step each: (what, do, done). What a step waits for is there in a moment, or never."""

    def __init__(self, cluster, pod, space, job):
        self.c, self.pod, self.space, self.job = cluster, pod, space, job
        self.begun = cluster.now()
        self.worker = f"/api/v1/namespaces/{space}/pods/{job}-worker-0"

    def freed(self):
        return self.c.policy(self.space, self.job) == "All"

    def hold(self):
        self.c.must("PATCH", self.c.job_path(self.space, self.job), {"spec": {"runPolicy": {"cleanPodPolicy": "None"}}}, "application/merge-patch+json")

    def begin(self):
        self.c.finished(self.space, self.job)
        owner = self.c.must("GET", self.c.job_path(self.space, self.job))["metadata"]
        self.c.must("POST", os.path.dirname(self.worker), {
            "metadata": {"name": f"{self.job}-worker-0", "labels": {
                "training.kubeflow.org/job-name": self.job, "training.kubeflow.org/job-role": "worker", "training.kubeflow.org/operator-name": "mpi-operator"},
                "ownerReferences": [{"apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob", "name": self.job, "uid": owner["uid"], "controller": True}]},
            "spec": {"nodeName": "node-1", "securityContext": {}, "containers": [{"name": "mpi", "image": "x", "resources": {"limits": {"nvidia.com/gpu": "4"}}}]}})
        self.c.must("PATCH", self.worker + "/status", {"status": {"phase": "Running"}}, "application/merge-patch+json")
        self.pod.start()

    def steps(self):
        yield "the job is changed", self.begin, self.freed
        yield "the pod is ready", None, lambda: self.pod.probe("startupProbe")[0] == 0 == self.pod.probe("livenessProbe")[0] == self.pod.probe("readinessProbe")[0]
        yield "it watches what the controller does", None, lambda: 200 in self.c.asked(self.begun).get(("", "pods", "watch"), ())
        yield "it sees the effect", lambda: self.c.api("DELETE", self.worker + "?gracePeriodSeconds=0"), self.effect_seen
        yield "the job is changed again", self.hold, self.freed
        yield "and once more", self.hold, self.freed
        yield "the owner is told in Events, and the same again is counted", None, lambda: 2 in self.c.events(self.space, self.job)
        yield "a person has it run on one job", self.run_on_one, lambda: ("kubeflow.org", "mpijobs", "get") in self.c.asked(self.begun)

    def effect_seen(self):
        return '"observed":"seen"' in self.ask("journal", "-o", "json").replace(": ", ":")

    def run_on_one(self):
        self.said = self.ask("trigger", "free-gpus", f"{self.space}/{self.job}")

    said = ""

    def ask(self, *argv):
        return self.pod.run("mpijobd", *argv)[1]


def main_job(installed, name, space, job):
    """The pod, which goes on running."""
    pod = installed.pod(name)
    work = MainJob(installed.cluster, pod, space, job)
    for what, do, done in work.steps():
        if do:
            do()
        if not check(f"{name}: {what}", seen(what, PATIENCE, done), pod.said() + work.said):
            break
    return pod


def without(cluster, role, permission):
    """The role lacks the permission when this returns."""
    group, resource, verb = permission
    less = json.loads(json.dumps(role))
    for rule in less["rules"]:
        if rule["apiGroups"] == [group] and rule["resources"] == [resource] and verb in rule["verbs"]:
            rule["verbs"].remove(verb)
    less["rules"] = [rule for rule in less["rules"] if rule["verbs"]]
    status, answer = cluster.apply(less)
    assert status == 200, answer
    space = role["metadata"].get("namespace", "train")
    until(PATIENCE, f"{permission} is not taken away", lambda: not cluster.allowed(group, resource, verb, space))


def misses(work, permission):
    """Whether the daemon, on its way through the main job, says what it may not do."""
    word = f'cannot {permission[2]} resource "{permission[1]}"'
    said = lambda: word in work.pod.said().replace("\\", "") + work.said # noqa: E731
    for what, do, done in work.steps():
        if do:
            do()
        if seen(what, PATIENCE, lambda: said() or done()) and said():
            return True
    return seen("the log tells of it", 5, said)


def each_permission(installed, role, miss):
    """Nothing of the role is left over: without any one permission the daemon cannot do its job, and says so."""
    for number, permission in enumerate(permissions(role), 1):
        without(installed.cluster, role, permission)
        miss(permission, number)
        for pod in installed.started:
            pod.stop()
        status, answer = installed.cluster.apply(role)
        assert status == 200, answer
        until(PATIENCE, f"{permission} does not come back", lambda p=permission: installed.cluster.allowed(*p, role["metadata"].get("namespace", "train")))


def role_of(all_of, name):
    return next(one for one in all_of if one["kind"].endswith("Role") and one["metadata"]["name"] == name)


def refused(cluster, since):
    return {key: codes for key, codes in cluster.asked(since).items() if codes & {401, 403}}


def whole_cluster(cluster, work, root, text):
    installed = Installed(cluster, work, root, "whole-cluster", text)
    role, since = role_of(installed.objects, "mpijobd"), cluster.now()
    pod = main_job(installed, "mpijobd-0", "train", "bert")
    check("nothing that it asked for was refused", not refused(cluster, since), refused(cluster, since))
    left = set(permissions(role)) - set(cluster.asked(since))
    check("and every permission of its role was used", not left, left)
    # A new ConfigMap of policies comes in by itself, as the kubelet brings it.
    folder = next(source for source, path, _ in pod.mounts if path == "/policies")
    renew_volume(folder, {"free-gpus.lua": 'policy { name = "other", schedule = "0 0 1 1 *", match = { phase = "Failed" }, replace = { cleanPodPolicy = "All" } }'})
    check("new policies in the ConfigMap are in force without a restart", seen("a reload", PATIENCE, lambda: '"added":"other"' in pod.said()), pod.said())
    check("it ends with 0 within its grace period", pod.stop() == 0, pod.said())

    def miss(permission, number):
        pod = installed.pod(f"mpijobd-{number}")
        work = MainJob(cluster, pod, "train", f"bert-{number}")
        check(f"without {permission[2]} on {permission[1]} it says so", misses(work, permission), pod.said() + work.said)
    each_permission(installed, role, miss)
    installed.close()


def one_namespace(cluster, work, root, text):
    installed = Installed(cluster, work, root, "one-namespace", text)
    since = cluster.now()
    cluster.finished("elsewhere", "not-its-own")
    main_job(installed, "mpijobd-0", "train", "alone")
    check("the job of another namespace is as it was", cluster.policy("elsewhere", "not-its-own") is None)
    check("nothing that it asked for was refused", not refused(cluster, since), refused(cluster, since))
    installed.close()
    cluster.api("DELETE", cluster.job_path("elsewhere", "not-its-own"))


LEASE = "/apis/coordination.k8s.io/v1/namespaces/mpijobd/leases/mpijobd"
SHARED = "/api/v1/namespaces/mpijobd/configmaps"


def left_by_a_dead_one(cluster):
    """A ConfigMap of the shared state that its replica had written, and had not named yet, when it died: the next one removes it."""
    cluster.must("POST", SHARED, {"metadata": {"name": "mpijobd-state-0-7", "labels": {"mpijobd.kubeflow.org/state": "mpijobd-state"}}})


def afresh(cluster):
    for end in ("", *(f"-{i}" for i in range(6))):
        cluster.api("DELETE", LEASE + end)
    for one in cluster.api.get(SHARED)["items"]:
        if re.match(r"mpijobd-(\d+-)?state", one["metadata"]["name"]):
            cluster.api("DELETE", SHARED + "/" + one["metadata"]["name"])


def leader_election(cluster, work, root, text):
    installed = Installed(cluster, work, root, "leader-election", text)
    since = cluster.now()
    one, two = installed.pod("mpijobd-0"), installed.pod("mpijobd-1")
    work = MainJob(cluster, one, "train", "led")
    work.begin()
    check("of two pods one takes the lead, and changes the job", seen("led", PATIENCE, work.freed), one.said())
    two.start()
    check("the other is ready, too, and stands by", seen("stands by", PATIENCE, lambda: "leads since" in two.run("mpijobd", "status")[1] and
          two.probe("readinessProbe")[0] == 0), two.said())
    check("the Lease has its name", cluster.must("GET", LEASE)["spec"]["holderIdentity"].startswith("mpijobd-0_"), cluster.api.get(LEASE))
    left_by_a_dead_one(cluster)
    check("it hands over as it ends", one.stop() == 0, one.said())
    work = MainJob(cluster, two, "train", "taken-over")
    cluster.finished("train", "taken-over")
    check("and the other changes the next job", seen("taken over", PATIENCE, work.freed), two.said())
    check("nothing that they asked for was refused", not refused(cluster, since), refused(cluster, since))
    role = role_of(installed.objects, "mpijobd-leader")
    left = set(permissions(role)) - set(cluster.asked(since))
    check("and every permission of their role was used", not left, left)
    two.stop()

    def miss(permission, number):
        afresh(cluster)
        since, several = cluster.now(), [installed.pod(f"mpijobd-{2 * number + i}") for i in range(2)]
        for pod in several:
            pod.start()
        if permission[2] == "delete":
            until(PATIENCE, "nothing is shared", lambda: cluster.api.get(SHARED + "/mpijobd-state"))
            left_by_a_dead_one(cluster)
            several[int(cluster.api.get(LEASE)["spec"]["holderIdentity"].startswith(several[1].name + "_"))].stop()
        asked = seen("it is refused", PATIENCE, lambda: 403 in cluster.asked(since).get(permission, ()))
        word = f'cannot {permission[2]} resource "{permission[1]}"'
        # What could not be removed yet is told nobody: it takes room, and nothing else.
        said = permission[2] == "delete" or seen("it says so", 15, lambda: any(word in pod.said().replace("\\", "") + pod.run("mpijobd", "status")[1] for pod in several))
        check(f"without {permission[2]} on {permission[1]} they are refused, and say so", asked and said,
              f"refused: {bool(asked)}\n" + several[0].said() + several[1].said())
    each_permission(installed, role, miss)
    installed.close()


def shards(cluster, work, root, text):
    installed = Installed(cluster, work, root, "shards", text)
    afresh(cluster)
    since, several = cluster.now(), [installed.pod(f"mpijobd-{i}") for i in range(2)]
    for pod in several:
        pod.start()
    owns = "owns 3 of 6"
    check("two pods share the six shards", seen("shared", PATIENCE, lambda: all(owns in pod.run("mpijobd", "status")[1] for pod in several)),
          several[0].said() + several[1].said())
    names = [f"shared-{i}" for i in range(12)]
    for name in names:
        cluster.finished("train", name)
    check("and change all jobs", seen("changed", PATIENCE, lambda: all(cluster.policy("train", name) == "All" for name in names)), several[0].said())
    check("nothing that they asked for was refused", not refused(cluster, since), refused(cluster, since))
    left = set(permissions(role_of(installed.objects, "mpijobd-leader"))) - set(cluster.asked(since))
    check("and every permission of their role was used, but that to remove what is old", left <= {("", "configmaps", "delete")}, left)
    installed.close()
    afresh(cluster)


def cci(cluster, work, root, text):
    """CCI's API is the simulator's. Nothing is asked of the cluster that the pod is in."""
    installed = Installed(cluster, work, root, "cci", text)
    since = cluster.now()
    with subprocess.Popen([f"{BUILD['path']}/src/sim/mpijob-sim", "--profile", "cci", "--access-key", "an-access-key:its-secret", "--token", "of-the-test"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as sim:
        url = json.loads(sim.stdout.readline())["url"]

        def ask(method, path, body=None):
            request = urllib.request.Request(url + path, body and json.dumps(body).encode(), {"Authorization": "Bearer of-the-test",
                                             "Content-Type": "application/json"}, method=method)
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
                return json.loads(answer.read())
        at, jobs = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3 * 3600)), "/apis/kubeflow.org/v1alpha2/namespaces/train/mpijobs"
        role = {"replicas": 1, "template": {"spec": {"containers": [{"name": "mpi", "image": "x", "resources": {"limits": {"nvidia.com/gpu": 4}}}]}}}
        ask("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "train"}})
        job = ask("POST", jobs, {"apiVersion": "kubeflow.org/v1alpha2", "kind": "MPIJob", "metadata": {"name": "a", "namespace": "train"},
                                 "spec": {"mpiReplicaSpecs": {"Launcher": role, "Worker": role}}})
        job["status"] = {"startTime": at, "completionTime": at, "conditions": [{"type": "Succeeded", "status": "True", "lastTransitionTime": at, "lastUpdateTime": at,
                         "reason": "x", "message": "x"}]}
        ask("PUT", jobs + "/a/status", job)
        config = next(one for one in installed.objects if "mpijobd.yaml" in one.get("data", {}))
        config["data"]["mpijobd.yaml"] = config["data"]["mpijobd.yaml"].replace("https://cci.eu-west-101.myhuaweicloud.eu", url + "\n  controller: cci")
        installed.cluster.apply(config)
        installed.secrets["mpijobd-cci"] = {"access-key": "an-access-key", "secret-key": "its-secret"}
        pod = installed.pod("mpijobd-0")
        pod.start()
        check("the access key of the Secret signs in at CCI, and the job is changed",
              seen("freed", PATIENCE, lambda: ask("GET", jobs + "/a")["spec"].get("cleanPodPolicy") in ("All", "Running")), pod.said())
        check("the cluster that the pod is in was asked nothing", not cluster.asked(since), cluster.asked(since))
        pod.stop()
        sim.send_signal(signal.SIGTERM)
    installed.close()


PARTS = {"whole-cluster": whole_cluster, "one-namespace": one_namespace, "leader-election": leader_election, "shards": shards, "monitoring": monitoring, "https": https,
         "cci": cci}
BUILD = {}


def run(cluster, work, root, build, all_of, only):
    """Each of the overlays, or those of them that are named."""
    BUILD["path"] = build
    assert sorted(PARTS) == sorted(all_of), "each overlay has a part here"
    try:
        for name, part in PARTS.items():
            if not only or name in only:
                part(cluster, work, root, all_of[name][0])
    finally:
        for pod in STARTED:
            pod.stop(signal.SIGKILL)
