#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deploy/ as people use it: kustomize and helm make the same of it, kubeconform and a real kube-apiserver take it, the daemon runs as its
Deployment says with the rights that it has there, and none of these is one too many.

    tests/deploy/deploy.py [--build DIRECTORY] [OVERLAY...]       of mpijobd; default build/dev

Ends with "N passed, N failed"; with 77 and a reason where the tools cannot be had. What needs root, or mounts that this machine does not
allow, is left out by name.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import yaml

import render
import schemas
import tools
from cluster import Cluster, path_of, permissions, renew_volume, until, write_volume
from pod import Pod, host_root, may_mount
from render import SOURCE

VERSION = "1.34.4"  # of the kube-apiserver in tests/apiserver

passed = failed = 0


def check(what, good, more=""):
    global passed, failed
    if good:
        passed += 1
        print(f"ok {what}", flush=True)
    else:
        failed += 1
        print(f"FAIL {what}", flush=True)
        for line in str(more).splitlines()[-40:]:
            print(f"  | {line}", flush=True)
    return bool(good)


def left_out(what):
    print(f"left out: {what}", flush=True)


# ---- what the tools make of it ----

def differences(a, b):
    for one in sorted(set(a) | set(b)):
        if a.get(one) != b.get(one):
            yield f"{one}:\n  kustomize: {json.dumps(a.get(one), sort_keys=True)}\n  helm:      {json.dumps(b.get(one), sort_keys=True)}"


def rendered(kustomize, helm):
    """name -> what kustomize and helm make of it; they are compared."""
    out = {}
    for name in render.NAMES:
        one = render.kustomized(kustomize, name)
        other = render.templated(helm, VERSION, "-f", f"{SOURCE}/deploy/helm/values/{name}.yaml")
        out[name] = one, other
        differ = list(differences(render.comparable(render.objects(one)), render.comparable(render.objects(other))))
        check(f"{name}: kustomize and helm make the same objects", not differ, "\n".join(differ))
    return out


BAD_VALUES = ["namespces={a}", "namespaces=train", "leaderElection.replicas=0", "http.enabled=yes", "policies.x=text", "config.tokens.read=x",
              "config.policies={x}", "state.size=much", "networkPolicy.egressPorts={https}", "prometheus.serviceMonitor.enabled=true"]


def chart(helm):
    done = subprocess.run([helm, "lint", "--strict", "--quiet", render.CHART], capture_output=True, text=True, check=False)
    check("helm lint --strict has nothing to say", done.returncode == 0 and "WARNING" not in done.stdout, done.stdout + done.stderr)
    for bad in BAD_VALUES:
        try:
            text = render.templated(helm, VERSION, "--set", bad)
        except RuntimeError:
            text = None
        check(f"the chart refuses --set {bad}", text is None, text)
    text = render.templated(helm, VERSION, "--set", "namespaces={one,two}", "--set-string", "image.tag=9", "--set-file", f"policies.mine\\.lua={SOURCE}/lua/policies/night-report.lua")
    made = render.objects(text)
    with open(f"{SOURCE}/lua/policies/night-report.lua", encoding="utf-8") as file:
        policy = file.read()
    check("a Role in each namespace, and the policies that are given, to the byte",
          sorted(one["metadata"]["namespace"] for one in made if one["kind"] == "Role") == ["one", "two"] and
          [one["data"] for one in made if one["metadata"]["name"] == "mpijobd-policies"] == [{"mine.lua": policy}], text)
    empty = next(one for one in render.objects(render.templated(helm, VERSION, "--set", "config.log.level=debug"))
                 if "mpijobd.yaml" in one.get("data", {}))
    check("`config` is merged into what the chart says", yaml.safe_load(empty["data"]["mpijobd.yaml"])["log"] == {"format": "json", "level": "debug"}, empty)


def conform(kubeconform, work, operator, all_of):
    """Offline: against schemas that are made here from Kubernetes' own description."""
    os.mkdir(f"{work}/schemas")
    kubernetes = tools.module("k8s.io/kubernetes", f"{SOURCE}/tests/apiserver")
    schemas.write(f"{work}/schemas", f"{kubernetes}/api/openapi-spec/swagger.json", operator)
    for name, texts in all_of.items():
        for tool, text in zip(("kustomize", "helm"), texts):
            done = subprocess.run([kubeconform, "-strict", "-summary", "-schema-location", f"{work}/schemas/{schemas.LOCATION}"], input=text,
                                  capture_output=True, text=True, check=False)
            check(f"{name}: kubeconform takes what {tool} makes", done.returncode == 0 and "Skipped: 0" in done.stdout, done.stdout + done.stderr)
    wrong = all_of["whole-cluster"][0].replace("terminationGracePeriodSeconds: 45", "terminationGracePeriodSecond: 45")
    done = subprocess.run([kubeconform, "-strict", "-schema-location", f"{work}/schemas/{schemas.LOCATION}"], input=wrong, capture_output=True,
                          text=True, check=False)
    check("and it finds a field that is misspelt", done.returncode != 0 and "terminationGracePeriodSecond" in done.stdout, done.stdout)


# ---- what the server takes ----

def workload(all_of):
    return next(one for one in all_of if one["kind"] in ("Deployment", "StatefulSet"))


def taken(cluster, all_of):
    for name, texts in all_of.items():
        for tool, text in zip(("kustomize", "helm"), texts):
            refused = [f"{render.key(one)}: {answer}" for one in render.objects(text) for status, answer in [cluster.apply(one, dry_run=True)]
                       if status not in (200, 201)]
            check(f"{name}: the API server takes all that {tool} makes, strictly", not refused, "\n".join(refused))
        template = workload(render.objects(texts[0]))["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "mpijobd"}, "spec": template["spec"]}
        if not any(one["name"] == "state" for one in pod["spec"]["volumes"]): # a StatefulSet adds it
            pod["spec"]["volumes"].append({"name": "state", "emptyDir": {}})
        create = "/api/v1/namespaces/mpijobd/pods?dryRun=All"
        status, answer = cluster.api("POST", create, json.dumps(pod))
        check(f"{name}: its pod is one that the namespace's pod security (restricted) lets in", status == 201, answer)
    del pod["spec"]["securityContext"]["seccompProfile"]
    status, answer = cluster.api("POST", create, json.dumps(pod))
    check("which it would not let in without its seccomp profile", status == 403 and "seccompProfile" in answer, answer)


# ---- the pods ----

class Installed:
    """An overlay that is applied, and its pods as kubelets would run them."""

    def __init__(self, cluster, work, root, name, text):
        self.cluster, self.root, self.objects = cluster, root, render.objects(text)
        self.folder = tempfile.mkdtemp(prefix=f"{name}-", dir=work)
        os.chmod(self.folder, 0o755)
        for one in self.objects:
            status, answer = cluster.apply(one)
            if status not in (200, 201):
                raise RuntimeError(answer)
        self.template = cluster.must("GET", path_of(workload(self.objects)))["spec"]["template"]
        self.started, self.secrets, self.env = [], {}, {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": cluster.port}

    def volume(self, pod, given):
        folder = f"{self.folder}/{pod}-{given['name']}"
        os.makedirs(folder)
        if "configMap" in given:
            write_volume(folder, self.cluster.must("GET", f"/api/v1/namespaces/mpijobd/configmaps/{given['configMap']['name']}")["data"])
        elif "secret" in given:
            write_volume(folder, self.secrets[given["secret"]["secretName"]])
        else:
            os.chmod(folder, 0o777) # as the volumes of a test cluster are
        return folder

    def pod(self, name):
        volumes = self.template["spec"]["volumes"] + ([] if any(v["name"] == "state" for v in self.template["spec"]["volumes"]) else [{"name": "state"}])
        folder = f"{self.folder}/{name}-token"
        os.makedirs(folder)
        with open(self.cluster.api.ca, encoding="utf-8") as file:
            write_volume(folder, {"token": self.cluster.token("mpijobd", self.template["spec"]["serviceAccountName"]), "ca.crt": file.read(), "namespace": "mpijobd"})
        pod = Pod(self.folder, name, self.template, {v["name"]: self.volume(name, v) for v in volumes}, self.root, self.env, folder)
        self.started.append(pod)
        return pod

    def close(self):
        for pod in self.started:
            pod.stop()
        self.cluster.remove(self.objects)


def seen(what, seconds, test):
    """Whether it became true; a check tells which did not."""
    try:
        return until(seconds, what, test)
    except Exception: # noqa: Failure of another module
        return False


PATIENCE = 60


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
        done = subprocess.run(self.pod.command(["mpijobd", *argv]), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=PATIENCE)
        return done.stdout + done.stderr


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


def misses(cluster, work, permission):
    """Whether the daemon, on its way through the main job, says what it may not do."""
    word = f'cannot {permission[2]} resource "{permission[1]}"'
    said = lambda: word in work.pod.said().replace("\\", "") + work.said # noqa: E731
    for what, do, done in work.steps():
        if do:
            do()
        if seen(what, PATIENCE, lambda: said() or done()) and said():
            return True
    return seen("the log tells of it", 5, said)


def each_permission(installed, role, number):
    """Nothing of the role is left over: without any one permission the daemon cannot do its job, and says so."""
    for permission in permissions(role):
        without(installed.cluster, role, permission)
        pod = installed.pod(f"mpijobd-{number}")
        work = MainJob(installed.cluster, pod, "train", f"bert-{number}")
        check(f"without {permission[2]} on {permission[1]} it says so", misses(installed.cluster, work, permission), pod.said() + work.said)
        pod.stop()
        status, answer = installed.cluster.apply(role)
        assert status == 200, answer
        until(PATIENCE, f"{permission} does not come back", lambda p=permission: installed.cluster.allowed(*p))
        number += 1


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
    each_permission(installed, role, 1)
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


PARTS = {"whole-cluster": whole_cluster, "one-namespace": one_namespace}


def pods(cluster, work, root, all_of, only):
    for name, part in PARTS.items():
        if not only or name in only:
            part(cluster, work, root, all_of[name][0])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", default=f"{SOURCE}/build/dev", type=os.path.abspath, metavar="DIRECTORY")
    ap.add_argument("only", nargs="*", metavar="OVERLAY", help="of the pods only those of these")
    opt = ap.parse_args()
    try:
        kustomize, helm, kubeconform = (tools.built(name) for name in ("kustomize", "helm", "kubeconform"))
        operator = tools.module(tools.OPERATOR) + "/example/prometheus-operator-crd/monitoring.coreos.com_"
    except tools.Missing as e:
        print(e)
        return 77
    definitions = [f"{operator}{kind}.yaml" for kind in ("servicemonitors", "prometheusrules")]
    work = tempfile.mkdtemp(prefix="mpijobd-deploy-")
    os.chmod(work, 0o755)
    cluster = None
    try:
        done = subprocess.run([f"{SOURCE}/scripts/manifests", "--check", "--build", opt.build], capture_output=True, text=True, check=False)
        check("what is made from other files is as it is made, the roles by `mpijobd rbac`", done.returncode == 0, done.stdout + done.stderr)
        all_of = rendered(kustomize, helm)
        chart(helm)
        conform(kubeconform, work, definitions, all_of)
        cluster = Cluster(f"{work}/server")
        for path in definitions:
            cluster.define(path)
        for name in ("train", "elsewhere"):
            cluster.namespace(name)
        cluster.apply(render.objects(all_of["whole-cluster"][0])[0])
        taken(cluster, all_of)
        why = "they need root" if os.getuid() else may_mount()
        if why:
            left_out(f"the pods: {why}")
        else:
            pods(cluster, work, host_root(f"{work}/root", opt.build), all_of, opt.only)
    finally:
        if cluster:
            cluster.close()
        shutil.rmtree(work, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
