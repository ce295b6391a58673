#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deploy/ as people use it: kustomize and helm make the same of it, kubeconform and a real kube-apiserver take it, the daemon runs as its
Deployment says with the rights that it has there, and none of these is one too many.

    tests/deploy/deploy.py [--build DIRECTORY] [--root DIRECTORY] [OVERLAY...]       of mpijobd; default build/dev

Ends with "N passed, N failed"; with 77 and a reason where the tools cannot be had. What needs root, or mounts that this machine does not
allow, is left out by name.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

import checks
import monitoring
import pods
import render
import schemas
import tools
from checks import check, left_out
from cluster import Cluster
from pod import Root, image_root, may_mount
from render import SOURCE, workload

VERSION = "1.34.4"  # of the kube-apiserver in tests/apiserver

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


def as_the_page_says(kustomize, build, work):
    """The folders of one's own that docs/install.md shows: its image, and its policies."""
    with open(f"{SOURCE}/docs/install.md", encoding="utf-8") as file:
        blocks = dict(re.findall(r"^```yaml\n# (\S*kustomization.yaml)\n(.*?)^```$", file.read(), re.M | re.S))
    clone, own = f"{work}/clone", f"{work}/own"
    shutil.copytree(f"{SOURCE}/deploy", f"{clone}/deploy")
    shutil.copytree(f"{SOURCE}/deploy/kustomize/base", f"{own}/base")
    for folder in (f"{clone}/mine", f"{own}/policies"):
        os.mkdir(folder)
    for name, policy in (("nights", "free-gpus"), ("debug", "cap-debug-runs")):
        shutil.copy(f"{SOURCE}/lua/policies/{policy}.lua", f"{own}/policies/{name}.lua")
    with open(f"{own}/rbac.yaml", "w", encoding="utf-8") as file:
        file.write(render.run(f"{build}/mpijobd", "rbac", "--effects", f"{own}/policies"))
    for folder, name in ((clone, "mine/kustomization.yaml"), (own, "kustomization.yaml")):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(blocks[name])
    image = "registry.example.com/mpijobd:0.1.0"
    for what, folder in (("of one's image", f"{clone}/mine"), ("of one's policies", own)):
        made = render.objects(render.run(kustomize, "build", folder))
        kinds = {one["kind"] for one in made}
        check(f"the folder {what}, as the install page has it, is all that is needed",
              workload(made)["spec"]["template"]["spec"]["containers"][0]["image"] == image and {"ClusterRole", "ClusterRoleBinding", "Namespace"} <= kinds, kinds)
    policies = next(one for one in made if one["metadata"]["name"] == "mpijobd-policies")["data"]
    check("with these policies and no others", sorted(policies) == ["debug.lua", "nights.lua"], policies)


BAD_VALUES = ["namespces={a}", "namespaces=train", "leaderElection.replicas=0", "sharding.shards=65", "leaderElection.enabled=true,sharding.enabled=true", "http.enabled=yes", "policies.x=text", "config.tokens.read=x",
              "config.policies={x}", "state.size=much", "networkPolicy.egressPorts={https}", "prometheus.serviceMonitor.enabled=true",
              "http.tls.secretName=mine", "http.tls.enabled=true", "http.enabled=true,http.tls.secretName=Mine"]


def chart(helm, work):
    done = subprocess.run([helm, "lint", "--strict", "--quiet", render.CHART], capture_output=True, text=True, check=False)
    check("helm lint --strict has nothing to say", done.returncode == 0 and "WARNING" not in done.stdout, done.stdout + done.stderr)
    for bad in BAD_VALUES:
        try:
            text = render.templated(helm, VERSION, "--set", bad)
        except RuntimeError:
            text = None
        check(f"the chart refuses --set {bad}", text is None, text)
    policy = "  -- begins with spaces, {{ .Values }}, a tab\t and <&>\r\npolicy {}\n\n"
    with open(f"{work}/mine.lua", "w", encoding="utf-8", newline="") as file:
        file.write(policy)
    text = render.templated(helm, VERSION, "--set", "namespaces={one,two}", "--set-file", f"policies.mine\\.lua={work}/mine.lua")
    made = render.objects(text)
    check("a Role in each namespace, and the policies that are given, to the byte",
          sorted(one["metadata"]["namespace"] for one in made if one["kind"] == "Role") == ["one", "two"] and
          [one["data"] for one in made if one["metadata"]["name"] == "mpijobd-policies"] == [{"mine.lua": policy}], text)
    text = render.run(helm, "template", "other", render.CHART, "--namespace", "ops", "--kube-version", VERSION, "-f",
                      f"{SOURCE}/deploy/helm/values/monitoring.yaml", "--set", "leaderElection.enabled=true")
    alike = [render.key(one) for one in render.objects(text) if not one["metadata"]["name"].startswith("other") or
             one["metadata"].get("namespace", "ops") != "ops"]
    check("a release of another name shares no object with one of this name", not alike and "resourceNames: [ other ]" in text, alike)
    own = "--set", "http.enabled=true,prometheus.serviceMonitor.enabled=true,config.tls.certificate=/csi/tls.crt,config.tls.key=/csi/tls.key"
    for more, expected in (((), {"serverName": "mpijobd.mpijobd.svc"}), (("--set", "prometheus.serviceMonitor.tlsConfig.insecureSkipVerify=true"), {"insecureSkipVerify": True})):
        made = {one["kind"]: one for one in render.objects(render.templated(helm, VERSION, *own, *more))}
        endpoint = made["ServiceMonitor"]["spec"]["endpoints"][0]
        check("a pair from elsewhere makes the port one of HTTPS, and what the monitor trusts can be said",
              (endpoint["port"], endpoint["scheme"], endpoint["tlsConfig"]) == ("https", "https", expected) and
              made["Service"]["spec"]["ports"][0]["name"] == "https" and
              "mpijobd-tls" not in json.dumps(made["Deployment"]), endpoint)
    made = render.objects(render.templated(helm, VERSION, "--set", "http.enabled=true,prometheus.serviceMonitor.enabled=true",
                                           "--set-string", "http.tls.secretName=123,http.tokensSecret=456"))
    by_kind = {one["kind"]: one for one in made}
    secrets = sorted(one["secret"]["secretName"] for one in workload(made)["spec"]["template"]["spec"]["volumes"] if "secret" in one)
    endpoint = by_kind["ServiceMonitor"]["spec"]["endpoints"][0]
    check("a Secret whose name is a number stays a text",
          (secrets, endpoint["tlsConfig"]["ca"]["secret"]["name"], endpoint["authorization"]["credentials"]["name"]) == (["123", "456"], "123", "456"),
          [secrets, endpoint])
    for off in ("http.tls=null", "http.tls.secretName=null"):
        bare, unset = (render.templated(helm, VERSION, "--set", one) for one in ("http.enabled=true", f"http.enabled=true,{off}"))
        check(f"{off} is as if it were not set", bare == unset, unset)
    try:
        told = render.templated(helm, VERSION, "--set", "http.enabled=true,http.tls.secretName=mine,config.tls.certificate=/csi/tls.crt,config.tls.key=/csi/tls.key")
    except RuntimeError as refused:
        told = str(refused)
    check("two pairs for the one port are refused, and both named", "http.tls.secretName and config.tls both say" in told, told)
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


def first_steps(cluster):
    """The job of the README's first steps is one that the API server takes."""
    with open(f"{SOURCE}/README.md", encoding="utf-8") as file:
        job = re.search(r"^```yaml\n# first.yaml\n(.*?)^```$", file.read(), re.M | re.S).group(1)
    one = yaml.safe_load(job)
    status, answer = cluster.apply({**one, "metadata": {**one["metadata"], "namespace": "train"}}, dry_run=True)
    check("the API server takes the job of the README's first steps, strictly", status in (200, 201), answer)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", default=f"{SOURCE}/build/dev", type=os.path.abspath, metavar="DIRECTORY")
    ap.add_argument("--root", metavar="DIRECTORY", help="that of an image, for the pods; else it is laid out here, of the program in the other one")
    ap.add_argument("only", nargs="*", metavar="OVERLAY", help="of the pods only those of these")
    opt = ap.parse_args()
    try:
        kustomize, helm, kubeconform = (tools.built(name) for name in ("kustomize", "helm", "kubeconform"))
        promtool = tools.built("promtool")
        operator = tools.module(tools.OPERATOR) + "/example/prometheus-operator-crd/monitoring.coreos.com_"
        certificates = tools.module(tools.CERTIFICATES) + "/deploy/crds/cert-manager.io_certificates.yaml"
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
        as_the_page_says(kustomize, opt.build, work)
        chart(helm, work)
        monitoring.run(promtool, work, opt.build)
        conform(kubeconform, work, definitions, all_of)
        cluster = Cluster(f"{work}/server")
        for path in (*definitions, certificates):
            cluster.define(path)
        for name in ("train", "elsewhere"):
            cluster.namespace(name)
        cluster.apply(render.objects(all_of["whole-cluster"][0])[0])
        taken(cluster, all_of)
        first_steps(cluster)
        why = "they need root" if os.getuid() else may_mount()
        if why:
            left_out(f"the pods: {why}")
        else:
            pods.run(cluster, work, Root(opt.root) if opt.root else image_root(work, opt.build), opt.build, all_of, opt.only)
    finally:
        if cluster:
            cluster.close()
        shutil.rmtree(work, ignore_errors=True)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
