# SPDX-License-Identifier: Apache-2.0
"""An overlay that is applied to a real kube-apiserver, and its pods as kubelets run them."""
import os
import tempfile

import render
from cluster import path_of, until, write_volume
from pod import Pod
from render import workload

PATIENCE = 60  # seconds that anything may take on a busy machine


STARTED = []  # all pods, which no test leaves running, however it ends


class Installed:
    """An overlay that is applied, and its pods as kubelets would run them."""

    def __init__(self, cluster, work, root, name, text, change=None):
        self.cluster, self.root, self.objects = cluster, root, render.objects(text)
        if change: # by a person, before it is applied
            change(self.objects)
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
            for name in self.secrets[given["secret"]["secretName"]] if "defaultMode" in given["secret"] else ():
                os.chmod(f"{folder}/{name}", given["secret"]["defaultMode"])
                os.chown(f"{folder}/{name}", 0, self.template["spec"]["securityContext"]["fsGroup"])
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
        STARTED.append(pod)
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
