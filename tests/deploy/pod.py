# SPDX-License-Identifier: Apache-2.0
"""A pod of a Deployment or a StatefulSet, started as a kubelet starts it: the template's command, user, capabilities and volumes, on a
root that nobody can write to. What keeps containers apart from each other (namespaces of processes and of the network) it lacks."""
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess

from render import SOURCE

TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"


def may_mount():
    """None, or why this machine does not let us."""
    done = subprocess.run(["unshare", "--mount", "--uts", "true"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else "no mounts may be made here: " + done.stderr.strip()


class Pod:
    """volumes: name -> folder. token_folder: that of the service account."""

    def __init__(self, work, name, template, volumes, root, env, token_folder):
        self.work, self.name, self.root, self.spec = work, name, root, template["spec"]
        self.container = self.spec["containers"][0]
        self.env = {"PATH": root.path, "HOSTNAME": name, "HOME": "/", **env, **{e["name"]: e["value"] for e in self.container.get("env", [])}}
        self.mounts = [(volumes[m["name"]], m["mountPath"], m.get("readOnly", False)) for m in self.container["volumeMounts"]]
        if self.spec.get("automountServiceAccountToken", True):
            self.mounts.append((token_folder, TOKENS, True))
        self.process = None
        self.log = f"{work}/{name}.log"

    def command(self, argv):
        """One that runs `argv` in the pod."""
        security = self.container["securityContext"]
        user = {**self.spec["securityContext"], **security}
        assert user["readOnlyRootFilesystem"] and not user["allowPrivilegeEscalation"] and user["capabilities"]["drop"] == ["ALL"]
        at = f"{self.work}/{self.name}.root"
        os.makedirs(at, exist_ok=True)
        lines = ["set -e", f"hostname {shlex.quote(self.name)}", f"mount --bind {shlex.quote(self.root.folder)} {shlex.quote(at)}"]
        lines += [f"mount --rbind {one} {shlex.quote(at + one)}" for one in self.root.binds]
        for source, path, read_only in self.mounts:
            to = shlex.quote(at + path)
            lines.append(f"mount --bind {shlex.quote(source)} {to}")
            if read_only:
                lines.append(f"mount -o remount,bind,ro {to}")
        lines.append(f"mount -o remount,bind,ro {shlex.quote(at)}")
        ids = f"{user['runAsUser']}:{user['runAsGroup']}"
        lines.append("exec env -i " + " ".join(shlex.quote(f"{k}={v}") for k, v in self.env.items()) + " /usr/bin/setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid --inh-caps=-all " +
                     f"/usr/sbin/chroot --userspec={ids} --groups={self.spec['securityContext']['fsGroup']} {shlex.quote(at)} " + shlex.join(argv))
        return ["unshare", "--mount", "--uts", "--propagation", "private", "sh", "-c", "\n".join(lines)]

    def prepare(self):
        """What a runtime does to a root before it starts: the places of the mounts are made."""
        for _, path, _ in self.mounts:
            os.makedirs(self.root.folder + path, exist_ok=True)

    def start(self):
        self.prepare()
        with open(self.log, "a", encoding="utf-8") as out:
            self.process = subprocess.Popen(self.command([*self.root.entry, *self.container["args"]]), stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def run(self, *argv):
        """As kubectl exec: the exit code and the words."""
        done = subprocess.run(self.command(argv), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def probe(self, which):
        return self.run(*self.container[which]["exec"]["command"])

    def stop(self, how=signal.SIGTERM):
        """The exit code."""
        if not self.process:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=90)
        self.process = None
        return code


class Root:
    """The root of an image: its folder, its entry point and PATH, and what is mounted into it before a pod's own volumes."""

    def __init__(self, folder):
        self.folder, self.entry, self.path, self.binds = folder, said_by("ENTRYPOINT"), "/usr/bin:/bin", ["/proc", "/dev/null"]
        for one in self.binds:
            os.makedirs(folder + (one if os.path.isdir(one) else os.path.dirname(one)), exist_ok=True)
            if not os.path.isdir(one):
                open(folder + one, "ab").close()


def said_by(instruction):
    """What the last such line of the Containerfile says, which is a list."""
    with open(f"{SOURCE}/Containerfile", encoding="utf-8") as file:
        return json.loads(re.findall(rf"^{instruction} (\[.*\])$", file.read(), re.M)[-1])


def image_root(work, build):
    """The root of the image, laid out as the Containerfile does it, by scripts/image-root; of the program as it was built here."""
    subprocess.run(["cmake", "--install", build, "--prefix", "/usr"], env={**os.environ, "DESTDIR": f"{work}/made"}, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([f"{SOURCE}/scripts/image-root", f"{work}/made", f"{work}/image"], check=True)
    shutil.rmtree(f"{work}/made")
    return Root(f"{work}/image")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
