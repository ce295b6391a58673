# SPDX-License-Identifier: Apache-2.0
"""What a person does with kubectl: get, describe, edit, replace, patch, label, annotate, delete, get -w.

Prints each command, its exit status and what it said, without what differs from run to run.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ["KUBECONFIG"], NAMESPACE = sys.argv[1:3]
HOME = tempfile.TemporaryDirectory()
os.environ["HOME"] = HOME.name  # kubectl's cache of what a server serves
JOB = os.path.join(HOME.name, "job.json")
MPIJOB = "mpijobs.v2beta1.kubeflow.org"


def tidy(text):
    text = re.sub(r'"[^"]*%s[^"]*"' % re.escape(HOME.name), '"FILE"', text).replace(HERE + "/", "")
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"\b\d+[smhd]\b", "AGE", text)
    text = re.sub(r"(Resource Version: *)\d+", r"\1VERSION", text)
    text = re.sub(r"\b[EIW]\d{4} .*\n", "", text)
    return text.strip()


def kubectl(*args, quiet=False, **env):
    done = subprocess.run(["kubectl", "-n", NAMESPACE, *args], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **env})
    if not quiet:
        print("$ kubectl", " ".join("FILE" if HOME.name in a else os.path.basename(a) if HERE in a else a for a in args))
        for line in tidy(done.stdout + done.stderr).splitlines():
            print("   ", line.rstrip())
        print("    ->", done.returncode)
    return done.stdout


def save(edit):
    job = json.loads(kubectl("get", MPIJOB, "pi", "-o", "json", quiet=True))
    edit(job)
    with open(JOB, "w") as f:
        json.dump(job, f)


kubectl("create", "namespace", NAMESPACE)
kubectl("create", "namespace", NAMESPACE)
kubectl("auth", "can-i", "update", "mpijobs")
kubectl("get", MPIJOB)
kubectl("create", "-f", os.path.join(HERE, "job.yaml"))
kubectl("create", "-f", os.path.join(HERE, "job.yaml"))
kubectl("get", MPIJOB)
kubectl("get", "mj", "pi", "-o", "jsonpath={.spec}")
kubectl("get", MPIJOB, "-l", "team in (vision)", "-o", "name")
kubectl("get", MPIJOB, "-l", "team!=vision", "-o", "name")
kubectl("get", MPIJOB, "--field-selector", "spec.x=1")
kubectl("get", MPIJOB, "none")
kubectl("get", "tfjobs")
kubectl("describe", MPIJOB, "pi")
kubectl("label", MPIJOB, "pi", "debug=true")
kubectl("label", MPIJOB, "pi", "debug=-x")
kubectl("annotate", MPIJOB, "pi", "note=a <b> & c")
kubectl("patch", MPIJOB, "pi", "--type", "merge", "-p", '{"spec":{"runPolicy":{"cleanPodPolicy":"All"}}}')
kubectl("patch", MPIJOB, "pi", "--type", "merge", "-p", '{"spec":{"runPolicy":{"cleanPodPolicy":"all"}}}')
kubectl("patch", MPIJOB, "pi", "--type", "json", "-p",
        '[{"op":"replace","path":"/spec/runPolicy/cleanPodPolicy","value":"None"}]')
kubectl("patch", MPIJOB, "pi", "--type", "json", "-p", '[{"op":"test","path":"/spec/slotsPerWorker","value":9}]')
kubectl("patch", MPIJOB, "pi", "--type", "merge", "-p", '{"spec":{"unknown":1}}')
save(lambda job: job["spec"]["runPolicy"].update(cleanPodPolicy="Running", activeDeadlineSeconds=3600))
kubectl("replace", "-f", JOB)
kubectl("replace", "-f", JOB)
save(lambda job: job["metadata"].pop("resourceVersion"))
kubectl("replace", "-f", JOB)
save(lambda job: job["spec"].update(slotsPerWorker="two"))
kubectl("replace", "--validate=false", "-f", JOB)
kubectl("edit", MPIJOB, "pi", KUBE_EDITOR="sed -i s/3600/7200/")
kubectl("edit", MPIJOB, "pi", KUBE_EDITOR="true")
kubectl("get", MPIJOB, "pi", "-o", "jsonpath={.spec.runPolicy}")
kubectl("get", MPIJOB, "pi", "-o", "jsonpath={.metadata.generation} {.metadata.labels} {.metadata.annotations}")
kubectl("get", MPIJOB, "-w", "--request-timeout=1s")
kubectl("delete", MPIJOB, "pi", "--dry-run=server")
kubectl("delete", MPIJOB, "pi")
kubectl("delete", MPIJOB, "pi")
kubectl("get", MPIJOB)
HOME.cleanup()
