# SPDX-License-Identifier: Apache-2.0
"""The programs that others made and that these tests run: built from their Go modules, in the versions of the go.mod here, and kept."""
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
# The folder of their go.mod, their package, and tags: promtool without all that finds targets.
PACKAGES = {
    "helm": ("tools", "helm.sh/helm/v3/cmd/helm", ""),
    "kustomize": ("tools", "sigs.k8s.io/kustomize/kustomize/v5", ""),
    "kubeconform": ("tools", "github.com/yannh/kubeconform/cmd/kubeconform", ""),
    "promtool": ("promtool", "github.com/prometheus/prometheus/cmd/promtool", "remove_all_sd"),
}
# The definitions of ServiceMonitor and PrometheusRule are files in the one, that of Certificate in the other.
OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
CERTIFICATES = "github.com/cert-manager/cert-manager@v1.19.1"


class Missing(Exception):
    """The tier is left out, and why."""


def go(folder, *arguments):
    program = shutil.which("go")
    if not program:
        raise Missing("Go 1.24 or later is missing (it builds helm, kustomize and kubeconform)")
    done = subprocess.run([program, *arguments], cwd=folder, env={**os.environ, "GOWORK": "off"}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        if re.search(r"dial tcp|GOPROXY=off|Client\.Timeout|requires go >=", done.stderr):
            raise Missing("the Go modules of helm and others are missing and cannot be fetched: " + done.stderr.strip()[-300:])
        raise RuntimeError(f"go {' '.join(arguments)} has failed:\n{done.stderr}")
    return done.stdout


def built(name):
    """The path of a program, which is built unless the cache has it."""
    below, package, tags = PACKAGES[name]
    folder = f"{HERE}/{below}"
    key = hashlib.sha256(go(folder, "env", "GOVERSION").encode())
    for file in ("go.mod", "go.sum"):
        with open(f"{folder}/{file}", "rb") as text:
            key.update(text.read())
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "mpijobd")
    binary = os.path.join(cache, f"{name}-{key.hexdigest()[:16]}")
    os.makedirs(cache, exist_ok=True)
    with open(f"{binary}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(binary):
            print(f"building {name} (once)...", flush=True)
            go(folder, "build", "-p", "2", "-mod=readonly", "-buildvcs=false", "-tags", tags, "-ldflags", "-s -w", "-o", binary + ".part", package)
            os.rename(binary + ".part", binary)
    return binary


def module(name, folder=f"{HERE}/tools"):
    """Where the files of NAME@VERSION, or of a module that go.mod of the folder names, are."""
    if "@" in name:
        return json.loads(go(folder, "mod", "download", "-json", name))["Dir"]
    go(folder, "mod", "download", name)
    return go(folder, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", name).strip()
