# SPDX-License-Identifier: Apache-2.0
"""A simulator for a test: started, asked, stopped."""
import http.client
import json
import os
import signal
import subprocess
import tempfile
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
GROUP = "/apis/kubeflow.org/v1alpha2"


def program():
    for path in [os.environ.get("MPIJOB_SIM", "")] + [
            os.path.join(TOP, "build", b, "src/sim/mpijob-sim") for b in ("dev", "asan", "release", "sim")]:
        if path and os.access(path, os.X_OK):
            return path
    raise SystemExit("mpijob-sim is not built; build it, or set MPIJOB_SIM")


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.raw = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.raw)


class Sim:
    def __init__(self, *args):
        self.dir = tempfile.TemporaryDirectory()
        self.kubeconfig = os.path.join(self.dir.name, "kubeconfig")
        self.process = subprocess.Popen([program(), "--kubeconfig", self.kubeconfig, *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("no ready line: " + self.process.stderr.read())
        self.ready = json.loads(line)
        self.url = urllib.parse.urlsplit(self.ready["url"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends it; a leak or any other finding of a sanitizer is an exit status of its own."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        stderr = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        self.dir.cleanup()
        assert self.process.returncode == 0, "exit status %d: %s" % (self.process.returncode, stderr)
        assert not stderr, stderr

    def connect(self, timeout=20):
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=timeout)

    def ask(self, method, path, body=None, timeout=20, **headers):
        c = self.connect(timeout)
        try:
            data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
            c.request(method, path, data, {k.replace("_", "-"): v for k, v in headers.items()})
            return Answer(c.getresponse())
        finally:
            c.close()

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def fault(self, spec):
        answer = self.ask("POST", "/_sim/faults", spec.encode() if isinstance(spec, str) else spec)
        assert answer.status == 200, answer.raw
        return answer.json

    def advance(self, by):
        assert self.ask("POST", "/_sim/clock", {"advance": by}).status == 200

    # ---- MPIJobs

    def create(self, name, spec=None, namespace="default", version="v1alpha2", annotations=None):
        body = {"apiVersion": "kubeflow.org/" + version, "kind": "MPIJob",
                "metadata": {"name": name, "annotations": annotations or {}}, "spec": spec or {}}
        answer = self.ask("POST", "/apis/kubeflow.org/%s/namespaces/%s/mpijobs" % (version, namespace), body)
        assert answer.status == 201, answer.raw
        return answer.json

    def job(self, name, namespace="default"):
        return self.get("%s/namespaces/%s/mpijobs/%s" % (self.group(), namespace, name))

    def group(self):
        versions = self.get("/apis/kubeflow.org").json["versions"]
        return "/apis/" + versions[-1]["groupVersion"]

    def patch(self, name, patch, namespace="default", path=None):
        answer = self.ask("PATCH", path or "%s/namespaces/%s/mpijobs/%s" % (self.group(), namespace, name), patch,
                          Content_Type="application/merge-patch+json")
        assert answer.status == 200, answer.raw
        return answer.json

    def pods(self, prefix="", namespace="default"):
        items = self.get("/api/v1/namespaces/%s/pods" % namespace).json["items"]
        return {p["metadata"]["name"]: p["status"]["phase"] for p in items if p["metadata"]["name"].startswith(prefix)}
