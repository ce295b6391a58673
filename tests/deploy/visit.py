# SPDX-License-Identifier: Apache-2.0
"""A newcomer's way in a cluster: the base with its Service is applied, and a person opens the dashboard at the Service's name and port with a
browser, approves a change of a job there, and takes it back."""
import subprocess

import render
from checks import check, left_out

BROWSER = f"{render.SOURCE}/tests/browser/newcomer.py"
POLICY = """policy {
    name = "label-finished", schedule = "0 0 1 1 *", match = { phase = "Succeeded", name = "visited" }, approval = "always",
    replace = { labels = { triage = "yes" } },
}
"""


TOKENS = "tokens: { read: /run/secrets/mpijobd/read }"


def prepare(objects):
    """What docs/install.md says that a person writes so as to act over HTTP, and a policy that asks him."""
    for one in objects:
        data = one.get("data", {})
        if "mpijobd.yaml" in data:
            assert TOKENS in data["mpijobd.yaml"]
            data["mpijobd.yaml"] = data["mpijobd.yaml"].replace(TOKENS, TOKENS.replace(" }", ", write: /run/secrets/mpijobd/write }"))
        if one["metadata"]["name"] == "mpijobd-policies":
            data["label-finished.lua"] = POLICY


def visit(cluster, pod, service, port, token, folder):
    """pod: it runs. port: where that of the Service leads to on this machine."""
    ready = subprocess.run([BROWSER, "ready"], capture_output=True, text=True, check=False)
    if ready.returncode:
        left_out("the dashboard in a browser: " + ready.stdout.strip().splitlines()[-1])
        return
    name, at = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc", service["spec"]["ports"][0]["port"]
    with open(f"{folder}/write-token", "w", encoding="utf-8") as file:
        file.write(token)

    def go(what, *more):
        done = subprocess.run([BROWSER, what, f"http://{name}:{at}/", "--address", f"{name}:{at}=127.0.0.1:{port}", "--token", f"{folder}/write-token",
                               *more], capture_output=True, text=True, timeout=300, check=False)
        return done.returncode == 0, done.stdout + done.stderr

    def label():
        return cluster.api.get(cluster.job_path("train", "visited"))["metadata"].get("labels", {}).get("triage")
    cluster.finished("train", "visited")
    good, said = go("approve", "--policy", "label-finished")
    if check("at the Service's name and port a person approves a change in a browser", good, said + pod.said()):
        check("and the job is changed", label() == "yes")
        good, said = go("undo", "--run", said.split()[-1])
        check("takes it back there", good, said + pod.said())
        check("and the job is as it was", label() is None)
    cluster.api("DELETE", cluster.job_path("train", "visited"))
