# SPDX-License-Identifier: Apache-2.0
"""What kustomize and helm make of deploy/, as objects that can be compared."""
import copy
import os
import re
import subprocess

import yaml

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OVERLAYS = f"{SOURCE}/deploy/kustomize/overlays"
CHART = f"{SOURCE}/deploy/helm/mpijobd"
NAMES = sorted(os.listdir(OVERLAYS))
# What a chart says about itself.
HELM_LABELS = ("app.kubernetes.io/managed-by", "helm.sh/chart")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} has failed: {done.stderr}")
    return done.stdout


def kustomized(kustomize, name):
    return run(kustomize, "build", f"{OVERLAYS}/{name}")


def templated(helm, version, *values):
    """With --kube-version: a helm that is built from its module thinks of an old one."""
    return run(helm, "template", "mpijobd", CHART, "--namespace", "mpijobd", "--kube-version", version, *values)


def objects(text):
    return [one for one in yaml.safe_load_all(text) if one]


def key(one):
    return one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]


def comparable(all_of):
    """By their keys: without what is said by one of the two tools only, with any hash in a name the same, and configurations as what
    they say. Helm makes the namespace that a release is in, and the roles' labels."""
    text = yaml.safe_dump_all(sorted(all_of, key=key))
    out = {}
    for one in objects(re.sub(r"\bmpijobd-config-[0-9a-z]{10}\b", "mpijobd-config-HASH", text)):
        one = copy.deepcopy(one)
        if one["kind"] == "Namespace":
            continue
        for label in HELM_LABELS:
            one["metadata"].get("labels", {}).pop(label, None)
        if "Role" in one["kind"]:
            one["metadata"].pop("labels", None)
        if one["kind"] == "ConfigMap" and "mpijobd.yaml" in one["data"]:
            one["data"]["mpijobd.yaml"] = yaml.safe_load(one["data"]["mpijobd.yaml"])
        out[key(one)] = one
    return out


def workload(all_of):
    return next(one for one in all_of if one["kind"] in ("Deployment", "StatefulSet"))
