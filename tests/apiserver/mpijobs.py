# SPDX-License-Identifier: Apache-2.0
"""The definition of MPIJob and the sample jobs, through the API of a server."""
import json
import os
import re
import ssl
import time
import urllib.error
import urllib.request

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures")
VERSIONS = ["v1alpha2", "v1", "v1-training-operator", "v2beta1", "multi"]
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CRD = CRDS + "/mpijobs.kubeflow.org"
GROUP = "/apis/kubeflow.org"


class Failure(Exception):
    """One line for the user, and the exit code."""

    def __init__(self, text, code=1):
        super().__init__(text)
        self.code = code


def slurp(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def until(seconds, what, test, pause=time.sleep):
    """Polls test() until it is true; a failure names what was waited for."""
    end = time.monotonic() + seconds
    while not (answer := test()):
        if time.monotonic() > end:
            raise Failure("gave up after %d s: %s" % (seconds, what))
        pause(0.05)
    return answer


class Api:
    def __init__(self, url, token, ca):
        self.url, self.token, self.ca = url, token, ca
        self.opener = None

    def __call__(self, method, path, body=None, kind="application/json", accept="application/json"):
        """(status, text); status 0: no answer."""
        headers = {"Authorization": "Bearer " + self.token, "Accept": accept, "Content-Type": kind}
        request = urllib.request.Request(self.url + path, body and body.encode(), headers, method=method)
        try:
            if not self.opener:
                tls = ssl.create_default_context(cafile=self.ca)
                self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                          urllib.request.HTTPSHandler(context=tls))
            with self.opener.open(request, timeout=10) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()
        except (OSError, ssl.SSLError) as e:
            return 0, str(e)

    def get(self, path, **more):
        """The parsed answer, or None."""
        status, text = self("GET", path, **more)
        return json.loads(text) if status == 200 else None


def announced(api):
    """The versions of kubeflow.org that discovery shows: {"v1", ...}. None while its two forms differ."""
    group = api.get(GROUP) or {"versions": []}
    whole = api.get("/apis", accept="application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
    if not whole:
        return None
    new = {v["version"] for g in whole["items"] if g["metadata"]["name"] == "kubeflow.org" for v in g["versions"]}
    return new if new == {v["version"] for v in group["versions"]} else None


def crd_versions(crd):
    return {v["name"] for v in crd["spec"]["versions"] if v["served"]}


def install(api, name, pause=time.sleep):
    """Installs the definition and returns when every version of it is served."""
    status, text = api("POST", CRDS, slurp(FIXTURES, "crd", name + ".yaml"), "application/yaml")
    if status != 201:
        raise Failure("the definition %s was refused: %s %s" % (name, status, text))
    versions = crd_versions(json.loads(text))

    def served():
        return announced(api) == versions and all(
            api.get("%s/%s/mpijobs?limit=1" % (GROUP, v)) for v in versions)
    until(30, "%s is not served" % name, served, pause)


def remove(api):
    """Deletes the definition, and with it all jobs, and returns when nothing of it is served."""
    crd = api.get(CRD)
    if crd:
        empty(api)
        api("DELETE", CRD)
        old = crd_versions(crd)
        until(30, "the old definition is still there", lambda: api("GET", CRD)[0] == 404 and announced(api) == set()
              and all(api("GET", "%s/%s/mpijobs" % (GROUP, v))[0] == 404 for v in old))


def empty(api):
    """Deletes all jobs of all namespaces, finalizers or not."""
    stored = [v["name"] for v in api.get(CRD)["spec"]["versions"] if v["storage"]][0]
    jobs = "%s/%s/mpijobs" % (GROUP, stored)

    def gone():
        left = api.get(jobs)
        for m in (job["metadata"] for job in left["items"]) if left else ():
            path = "%s/%s/namespaces/%s/mpijobs/%s" % (GROUP, stored, m["namespace"], m["name"])
            if m.get("finalizers"):
                api("PATCH", path, '{"metadata": {"finalizers": null}}', "application/merge-patch+json")
            api("DELETE", path)
        return left and not left["items"]
    until(30, "there are still jobs", gone)


def samples(name):
    """[(version, name, YAML)]: upstream's jobs. Names that are not unique are made so, see README.md."""
    found = []
    for version in ["v1alpha2", "v1", "v2beta1"] if name == "multi" else [name]:
        folder = os.path.join(FIXTURES, "jobs", version)
        texts = {f[:-5]: slurp(folder, f) for f in sorted(os.listdir(folder))}
        names = {stem: re.search(r"^  name: (\S+)$", text, re.M)[1] for stem, text in texts.items()}
        for stem, text in texts.items():
            job = names[stem] if list(names.values()).count(names[stem]) == 1 else stem
            if name == "multi":
                if stem == "pi-mpich":
                    continue            # that definition does not know MPICH yet
                job += "-" + version
            text = re.sub(r"^  name: \S+$", "  name: " + job, text, count=1, flags=re.M)
            found.append((re.search(r"^apiVersion: kubeflow\.org/(\S+)$", text, re.M)[1], job, text))
    return found


def create(api, name):
    jobs = samples(name)
    for version, job, text in jobs:
        status, answer = api("POST", "%s/%s/namespaces/default/mpijobs" % (GROUP, version), text, "application/yaml")
        if status != 201:
            raise Failure("the sample job %s was refused: %s %s" % (job, status, answer))
    return [job for _, job, _ in jobs]
