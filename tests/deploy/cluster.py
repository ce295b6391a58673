# SPDX-License-Identifier: Apache-2.0
"""A real kube-apiserver with what is applied to it, who asked it for what, and the jobs of the tests."""
import base64
import json
import os
import subprocess
import sys
import time

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(os.path.dirname(HERE), "apiserver", "server")
sys.path.insert(0, os.path.dirname(SERVER))
from mpijobs import Api, until  # noqa: E402

ACCOUNT = "system:serviceaccount:mpijobd:mpijobd"
AUDIT = f"""
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [ RequestReceived ]
rules:
- level: Metadata
  users: [ "{ACCOUNT}" ]
- level: None
"""
PLURALS = {"NetworkPolicy": "networkpolicies"}


def path_of(one, name=True):
    version, kind = one["apiVersion"], one["kind"]
    space = one["metadata"].get("namespace")
    plural = PLURALS.get(kind, kind.lower() + "s")
    return ("/apis/" if "/" in version else "/api/") + version + (f"/namespaces/{space}" if space else "") + "/" + plural + \
        ("/" + one["metadata"]["name"] if name else "")


def permissions(one):
    """Of a role, one by one: (group, resource, verb)."""
    return [(group, resource, verb) for rule in one["rules"] for group in rule["apiGroups"] for resource in rule["resources"] for verb in rule["verbs"]]


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        self.audit = f"{folder}.audit"
        with open(f"{folder}.policy", "w", encoding="utf-8") as file:
            file.write(AUDIT)
        done = subprocess.run([SERVER, "up", "--dir", folder, "--crd", "v2beta1", "--", f"--audit-policy-file={folder}.policy",
                               f"--audit-log-path={self.audit}"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        ready = json.loads(done.stdout)
        self.api, self.port = Api(ready["url"], ready["token"], ready["ca"]), ready["url"].rsplit(":", 1)[1]

    def close(self):
        subprocess.run([SERVER, "down", "--dir", self.folder], check=False)

    # ---- objects ----

    def apply(self, one, dry_run=False):
        """As `kubectl apply --server-side` with strict validation: what the server does not know is refused. (status, text)"""
        return self.api("PATCH", path_of(one) + "?fieldManager=test&force=true&fieldValidation=Strict" + ("&dryRun=All" if dry_run else ""),
                        yaml.safe_dump(one), "application/apply-patch+yaml")

    def must(self, method, path, body=None, kind="application/json"):
        status, text = self.api(method, path, body if body is None or isinstance(body, str) else json.dumps(body), kind)
        if status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {status} {text}")
        return json.loads(text)

    def define(self, path):
        """A definition of another kind, which is served when this returns."""
        with open(path, encoding="utf-8") as file:
            text = file.read()
        spec = yaml.safe_load(text)["spec"]
        self.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", text, "application/yaml")
        served = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
        until(30, served + " is not served", lambda: self.api("GET", served)[0] == 200)

    def namespace(self, name):
        self.must("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    def remove(self, all_of):
        for one in all_of:
            if one["kind"] != "Namespace":
                self.api("DELETE", path_of(one))

    def token(self, name_space, name):
        return self.must("POST", f"/api/v1/namespaces/{name_space}/serviceaccounts/{name}/token",
                         {"spec": {"expirationSeconds": 3600}})["status"]["token"]

    def allowed(self, group, resource, verb, space="train"):
        """What the server would say to the account now: it takes a moment after a role has changed."""
        more = {"name": "mpijobd"} if resource == "leases" and verb != "create" else {}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                  "spec": {"user": ACCOUNT, "resourceAttributes": {"group": group, "resource": resource, "verb": verb, "namespace": space, **more}}}
        return self.must("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]

    # ---- who asked ----

    def asked(self, since=0):
        """Of the account, since that byte of the log: (group, resource, verb) -> the status codes of the answers."""
        found = {}
        with open(self.audit, encoding="utf-8") as file:
            file.seek(since)
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError: # the last line is being written
                    break
                at = entry.get("objectRef")
                if at:
                    found.setdefault((at.get("apiGroup", ""), at["resource"], entry["verb"]), set()).add(entry["responseStatus"]["code"])
        return found

    def now(self):
        return os.path.getsize(self.audit)

    # ---- jobs ----

    def job_path(self, space, name):
        return f"/apis/kubeflow.org/v2beta1/namespaces/{space}/mpijobs/{name}"

    def finished(self, space, name):
        """A job that ended three hours ago and whose pods hold their GPUs."""
        def role(count, gpus):
            return {"replicas": count, "template": {"spec": {"containers": [
                {"name": "mpi", "image": "registry.example.com/mpi:1", "resources": {"limits": {"nvidia.com/gpu": gpus}}}]}}}
        job = {"apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob", "metadata": {"name": name, "namespace": space},
               "spec": {"mpiReplicaSpecs": {"Launcher": role(1, 0), "Worker": role(2, 4)}}}
        self.must("POST", self.job_path(space, "")[:-1], job)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3 * 3600))
        status = {"status": {"startTime": at, "completionTime": at, "conditions": [
            {"type": "Succeeded", "status": "True", "reason": "MPIJobSucceeded", "message": "x", "lastTransitionTime": at, "lastUpdateTime": at}]}}
        self.must("PATCH", self.job_path(space, name) + "/status", status, "application/merge-patch+json")

    def policy(self, space, name):
        job = self.api.get(self.job_path(space, name))
        return job and job["spec"].get("runPolicy", {}).get("cleanPodPolicy")

    def events(self, space, name):
        """The count of each Event on a job."""
        items = self.api.get(f"/api/v1/namespaces/{space}/events")["items"]
        return [one.get("count") for one in items if one["involvedObject"]["name"] == name]


def write_volume(folder, data, encoded=False):
    """As the kubelet writes a ConfigMap or a Secret: files in a folder of their own, which a link names."""
    os.makedirs(f"{folder}/..first")
    for name, text in data.items():
        with open(f"{folder}/..first/{name}", "wb") as file:
            file.write(base64.b64decode(text) if encoded else text.encode())
        os.symlink(f"..data/{name}", f"{folder}/{name}")
    os.symlink("..first", f"{folder}/..data")


def renew_volume(folder, data):
    """And as it renews one: the link is exchanged at once."""
    os.makedirs(f"{folder}/..second")
    for name, text in data.items():
        with open(f"{folder}/..second/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    os.symlink("..second", f"{folder}/..next")
    os.rename(f"{folder}/..next", f"{folder}/..data")
