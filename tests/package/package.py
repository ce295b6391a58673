#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages as a person has them: made, installed into a clean Debian root with a real systemd, the service started
against the simulator, its dashboard visited with a browser, reloaded, broken, upgraded, removed and purged.

    tests/package/package.py [--debs DIRECTORY]     with packages that scripts/deb has made there; else it makes them

Ends with "N passed, N failed". Needs root, mmdebstrap, and what scripts/deb needs; where systemd cannot be booted in
namespaces, that is said, and what needs it is left out. So is the visit where there is no browser.
"""
import argparse
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BASE = ["systemd", "systemd-sysv", "dbus", "ca-certificates", "curl", "procps"]
BROWSER = f"{SOURCE}/tests/browser/newcomer.py"
DASHBOARD = "http://127.0.0.1:9633/"
PATIENCE = 120  # seconds that anything may take on a busy machine

passed = failed = 0


def check(what, good, more=""):
    global passed, failed
    if good:
        passed += 1
        print(f"ok {what}", flush=True)
    else:
        failed += 1
        print(f"FAIL {what}", flush=True)
        for line in str(more).splitlines()[-30:]:
            print(f"  | {line}", flush=True)
    return good


def run(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1500, **more)


def must(*command, **more):
    done = run(*command, **more)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        raise SystemExit(f"{' '.join(command)} has failed")
    return done.stdout


# ---- the root ----

def packages(debs):
    """The newest of each name, without those of debugging symbols."""
    return {name: glob.glob(f"{debs}/{name}_*.deb")[0] for name in ("mpijobd", "mpijobd-policies", "mpijob-sim")}


def depends(deb):
    for one in must("dpkg-deb", "-f", deb, "Depends").split(","):
        name = one.split("|")[0].split("(")[0].strip()
        if name and not name.startswith("mpijob"):
            yield name


def make_root(debs, work):
    """A minimal Debian with what the packages depend on; kept, as it is the same until those change."""
    names = sorted(set(BASE).union(*(depends(deb) for deb in debs.values())))
    with open("/etc/os-release", encoding="utf-8") as file:
        suite = re.search(r"^VERSION_CODENAME=(\w+)$", file.read(), re.M).group(1)
    key = hashlib.sha256(" ".join([suite, *names]).encode()).hexdigest()[:12]
    kept = f"{SOURCE}/.cache/package-root-{key}.tar"
    if not os.path.exists(kept):
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        print("making a Debian root...", flush=True)
        must("mmdebstrap", "--variant=minbase", "--include=" + ",".join(names), suite, f"{work}/root.tar")
        shutil.move(f"{work}/root.tar", kept)
    os.mkdir(f"{work}/root")
    must("tar", "-C", f"{work}/root", "-xf", kept)
    return f"{work}/root"


class Machine:
    """The root, booted. Commands run in it as root."""

    def __init__(self, root):
        self.root = root
        self.init = None
        self.gives_credentials = False
        self.browser = None
        self.cgroup = None
        top = "/sys/fs/cgroup/unified" if os.path.isdir("/sys/fs/cgroup/unified") else "/sys/fs/cgroup"
        group = f"{top}/mpijobd-package-{os.getpid()}"
        if not os.path.exists(f"{top}/cgroup.procs"):
            raise RuntimeError("there is no cgroup v2")
        os.mkdir(group)
        self.cgroup = group
        self.log = open(f"{root}.log", "w+", encoding="utf-8")

        def enter():
            with open(f"{group}/cgroup.procs", "w", encoding="ascii") as file:
                file.write(str(os.getpid()))

        self.outer = subprocess.Popen(
            ["unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc", "--cgroup", "--net", f"{HERE}/boot", root],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=enter)
        end = time.monotonic() + PATIENCE
        state = ""
        while time.monotonic() < end and self.outer.poll() is None:
            children = must("ps", "-o", "pid=", "--ppid", str(self.outer.pid)).split() if self.outer.poll() is None else []
            if children:
                self.init = children[0]
                state = self.do("systemctl is-system-running --wait").stdout.strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.05)
        self.log.seek(0)
        raise RuntimeError("systemd does not come up: " + (state or self.log.read().strip().replace("\n", "; ")))

    def do(self, line, **more):
        return run("nsenter", "-t", self.init, "-m", "-p", "-u", "-i", "-n", "-C", "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                   "DEBIAN_FRONTEND=noninteractive", "sh", "-c", line, **more)

    def visit(self, *argv):
        """A person with a browser on this machine: its program is outside, its network is in here."""
        return run("nsenter", "-t", self.init, "-n", BROWSER, *argv, "--token", f"{self.root}/root/write-token")

    def until(self, line, good, what):
        """Asks until the answer is good; a check."""
        end = time.monotonic() + PATIENCE
        while True:
            done = self.do(line)
            if good(done) or time.monotonic() > end:
                return check(what, good(done), done.stdout + self.do("journalctl -u mpijobd -n 20 --no-pager").stdout)
            time.sleep(0.05)

    def close(self):
        if self.init:
            os.kill(int(self.init), signal.SIGKILL)
        if self.cgroup:
            self.outer.wait()
            end = time.monotonic() + 10
            while time.monotonic() < end:
                try:
                    os.rmdir(self.cgroup)
                    return
                except OSError: # systemd has made groups in it, and their last processes are ending
                    for below, _, _ in os.walk(self.cgroup, topdown=False):
                        try:
                            os.rmdir(below)
                        except OSError:
                            pass
                    time.sleep(0.05)


# ---- the packages ----

def make_debs(work):
    print("building the packages...", flush=True)
    done = run(f"{SOURCE}/scripts/deb", "--out", f"{work}/debs")
    check("scripts/deb makes the packages, and lintian finds no error and no warning", done.returncode == 0, done.stdout)
    if done.returncode:
        return None
    with open(f"{work}/debs/build.log", encoding="utf-8", errors="replace") as log:
        warned = [line for line in log if re.search(r": warning: .*\[-W", line)]
    check("the compiler warns of nothing in a release", not warned, "".join(warned))
    for line in done.stdout.splitlines():
        if " bytes " in line:
            print(line)
    return f"{work}/debs"


def reproducible(debs, work):
    done = run(f"{SOURCE}/scripts/deb", "--out", f"{work}/again")
    if not check("the packages can be made once more", done.returncode == 0, done.stdout):
        return
    differ = []
    for path in sorted(glob.glob(f"{debs}/*.deb") + glob.glob(f"{debs}/*.orig.tar.xz")):
        if must("sha256sum", path).split()[0] != must("sha256sum", f"{work}/again/{os.path.basename(path)}").split()[0]:
            differ.append(os.path.basename(path))
    check("made twice, in two folders, they are the same to the byte", not differ, "these differ: " + ", ".join(differ))


def older(deb, work):
    """The same package as a version before it: what an upgrade begins with."""
    folder = f"{work}/older"
    must("dpkg-deb", "-R", deb, folder)
    control = f"{folder}/DEBIAN/control"
    with open(control, encoding="utf-8") as file:
        text = file.read()
    with open(control, "w", encoding="utf-8") as file:
        file.write(re.sub(r"^Version: (.*)$", r"Version: 0.0.9~\1", text, flags=re.M))
    must("dpkg-deb", "--root-owner-group", "-b", folder, f"{work}/older.deb")
    return f"{work}/older.deb"


# ---- a person's way ----

POLICY = """policy {
    name = "free-gpus", on = "match", match = { phase = { "Succeeded", "Failed" }, cleanPodPolicy = { "unset", "None" } },
    replace = { cleanPodPolicy = "All" }, limits = { percent = 100 },
}
"""


def active(done):
    return done.stdout.strip() == "active"


def installed(m):
    done = m.do("dpkg -i /root/older.deb /root/mpijobd-policies.deb /root/mpijob-sim.deb")
    if not check("the packages install", done.returncode == 0, done.stdout):
        return False
    check("installing starts nothing and enables nothing", m.do("systemctl is-enabled mpijobd; systemctl is-active mpijobd").stdout.split() ==
          ["disabled", "inactive"])
    check("the program runs", m.do("mpijobd version").returncode == 0)
    check("the cookbook passes its specs where it is installed", m.do("mpijobd test /usr/share/mpijobd/policies").returncode == 0)
    done = m.do("mpijobd check --config /etc/mpijobd/mpijobd.yaml")
    check("the installed configuration is good", "mpijobd.yaml" not in done.stdout, done.stdout)
    done = m.do("dpkg -L mpijobd | grep -cE '/man1/mpijobd.1.gz$|/doc/mpijobd/copyright$'")
    check("manual and licence belong to it", done.stdout.strip() == "2", done.stdout)
    done = m.do("systemd-analyze verify --man=no /lib/systemd/system/mpijobd.service")
    check("systemd finds no fault in the unit", done.returncode == 0 and "mpijobd" not in done.stdout, done.stdout)
    return True


def credentials(m):
    """Where the kernel has no file system for credentials that a service's own user can read, the kubeconfig lies open."""
    m.do("echo seen >/root/credential")
    done = m.do("systemd-run --wait --pipe -p DynamicUser=yes -p LoadCredential=c:/root/credential sh -c 'cat $CREDENTIALS_DIRECTORY/c'")
    m.gives_credentials = "seen" in done.stdout.split()
    if m.gives_credentials:
        return
    print("left out: the kubeconfig as a credential: this kernel gives no service its credentials")
    m.do("install -m 644 /root/kubeconfig /var/lib/kubeconfig; mkdir -p /run/systemd/system/mpijobd.service.d; printf '[Service]\\nLoadCredential=\\n"
         "Environment=KUBECONFIG=/var/lib/kubeconfig\\n' >/run/systemd/system/mpijobd.service.d/credential.conf; systemctl daemon-reload")


def started(m):
    m.do("systemd-run --unit sim mpijob-sim --listen 127.0.0.1:8001 --jobs 60 --seed 7 --kubeconfig /root/kubeconfig --version v2beta1")
    m.until("test -s /root/kubeconfig", lambda d: d.returncode == 0, "the simulator runs as a service")
    m.do("install -m 600 /root/kubeconfig /etc/mpijobd/kubeconfig")
    credentials(m)
    with open(f"{m.root}/etc/mpijobd/policies/free-gpus.lua", "w", encoding="utf-8") as file:
        file.write(POLICY)
    done = m.do("systemctl enable --now mpijobd")
    check("systemctl enable --now ends when the policies are in force", done.returncode == 0 and
          "1 policy in force" in m.do("systemctl status mpijobd").stdout, done.stdout + m.do("journalctl -u mpijobd --no-pager").stdout)
    m.until("mpijobd journal -o json", lambda d: '"free-gpus"' in d.stdout, "its changes stand in the journal")
    check("root can ask it", "free-gpus" in m.do("mpijobd status").stdout)
    check("it runs as a user of its own", m.do("ps -o user= -p $(systemctl show -P MainPID mpijobd)").stdout.strip() not in ("", "root"))
    done = m.do("systemd-analyze security mpijobd --no-pager | tail -n 1")
    exposure = re.search(r"mpijobd.service: ([0-9.]+)", done.stdout)
    check("systemd-analyze security says at most 1.4", exposure and float(exposure.group(1)) <= 1.4, done.stdout)


WAITS = """policy {
    name = "label-failed", schedule = "0 0 1 1 *", match = { phase = "Failed" }, approval = "always", replace = { labels = { triage = "yes" } },
}
"""
LABELLED = "mpijobd get -A -l triage=yes -o name --kubeconfig /root/kubeconfig | grep -c ."


def may_act(m):
    """A token for who may act, as docs/reference/http.md has it made for the unit."""
    token = "/run/credentials/mpijobd.service/write-token"
    m.do("(umask 077; openssl rand -hex 24 >/root/write-token); mkdir -p /run/systemd/system/mpijobd.service.d")
    if m.gives_credentials:
        m.do("install -m 600 /root/write-token /etc/mpijobd/; printf '[Service]\\nLoadCredential=write-token:/etc/mpijobd/write-token\\n' "
             ">/run/systemd/system/mpijobd.service.d/token.conf; systemctl daemon-reload")
    else:
        token = "/var/lib/write-token"
        m.do(f"install -m 644 /root/write-token {token}")
    with open(f"{m.root}/etc/mpijobd/mpijobd.yaml", "a", encoding="utf-8") as file:
        file.write(f"tokens: {{ write: {token} }}\n")


def visited(m):
    """A change is approved in the dashboard, and taken back there."""
    ready = run(BROWSER, "ready")
    if ready.returncode:
        print("left out: the dashboard in a browser: " + ready.stdout.strip().splitlines()[-1])
        return
    may_act(m)
    with open(f"{m.root}/etc/mpijobd/policies/label-failed.lua", "w", encoding="utf-8") as file:
        file.write(WAITS)
    done = m.do("systemctl restart mpijobd")
    if not check("with a token and a policy that waits for a person it starts again", done.returncode == 0, done.stdout + m.do("journalctl -u mpijobd -n 20 --no-pager").stdout):
        return
    done = m.visit("approve", DASHBOARD, "--policy", "label-failed")
    if not check("in a browser a person runs the policy and approves its plan", done.returncode == 0, done.stdout):
        return
    labelled = m.do(LABELLED)
    check("and the jobs are changed", int(labelled.stdout or 0) > 0, labelled.stdout)
    m.browser = done.stdout.split()[-1]
    done = m.visit("undo", DASHBOARD, "--run", m.browser)
    check("takes the run back there", done.returncode == 0, done.stdout)
    check("and the jobs are as they were", m.do(LABELLED).stdout.strip() == "0")


def reloaded(m):
    more = POLICY.replace("free-gpus", "free-gpus-too")
    with open(f"{m.root}/etc/mpijobd/policies/too.lua", "w", encoding="utf-8") as file:
        file.write(more)
    done = m.do("systemctl reload mpijobd")
    check("systemctl reload ends when the new policies are in force", done.returncode == 0 and "free-gpus-too" in m.do("mpijobd status").stdout, done.stdout)
    with open(f"{m.root}/etc/mpijobd/policies/too.lua", "w", encoding="utf-8") as file:
        file.write("policy { name = 5 }\n")
    done = m.do("systemctl reload mpijobd")
    check("systemctl reload fails where there are mistakes, and the policies stay", done.returncode != 0 and active(m.do("systemctl is-active mpijobd")) and
          "free-gpus-too" in m.do("mpijobd status").stdout, done.stdout)
    os.unlink(f"{m.root}/etc/mpijobd/policies/too.lua")
    check("and goes on when they are mended", m.do("systemctl reload mpijobd").returncode == 0)


def ended(m):
    before = m.do("systemctl show -P MainPID mpijobd").stdout.strip()
    m.do("systemctl kill -s KILL mpijobd")
    again = "systemctl is-active mpijobd; systemctl show -P MainPID mpijobd"
    m.until(again, lambda d: d.stdout.split()[0] == "active" and d.stdout.split()[1] not in ("0", before), "killed, it is started again")
    m.do("mkdir -p /run/systemd/system/mpijobd.service.d; printf '[Service]\\nWatchdogSec=2s\\n' >/run/systemd/system/mpijobd.service.d/w.conf; "
         "systemctl daemon-reload; systemctl restart mpijobd")
    before = m.do("systemctl show -P MainPID mpijobd").stdout.strip()
    if not check("it can be started again", before.isdigit() and int(before) > 1, m.do("journalctl -u mpijobd -n 20 --no-pager").stdout):
        return
    m.do(f"kill -STOP {before}")
    m.until(again, lambda d: d.stdout.split()[0] == "active" and d.stdout.split()[1] not in ("0", before), "stopped for ever, the watchdog has it started again")


def upgraded(m):
    rows = m.do("mpijobd journal -o json 2>/dev/null | grep -c free-gpus").stdout.strip()
    with open(f"{m.root}/etc/mpijobd/mpijobd.yaml", "a", encoding="utf-8") as file:
        file.write("# mine\n")
    before = m.do("systemctl show -P MainPID mpijobd").stdout.strip()
    done = m.do("dpkg -i /root/mpijobd.deb")
    check("an upgrade installs", done.returncode == 0, done.stdout)
    m.until("systemctl is-active mpijobd; systemctl show -P MainPID mpijobd", lambda d: d.stdout.split()[0] == "active" and
            d.stdout.split()[1] not in ("0", before), "and the service runs again, by the new program")
    check("it kept the journal", int(rows) > 0 and m.do("mpijobd journal -o json | grep -c free-gpus").stdout.strip() == rows)
    check("and the configuration as its owner wrote it", m.do("grep -c '^# mine$' /etc/mpijobd/mpijobd.yaml").stdout.strip() == "1")
    check("the journal verifies", m.do("mpijobd journal --verify").returncode == 0)
    if m.browser:
        done = m.visit("look", DASHBOARD, "--run", m.browser)
        check("the dashboard of the new program shows the run that was approved before", "metadata.labels.triage" in done.stdout, done.stdout)


def gone(m):
    done = m.do("dpkg -r mpijobd")
    check("removing it ends the service", done.returncode == 0 and not active(m.do("systemctl is-active mpijobd")), done.stdout)
    check("and leaves journal and configuration", m.do("test -s /var/lib/private/mpijobd/state.db && test -s /etc/mpijobd/mpijobd.yaml").returncode == 0)
    m.do("rm -f /etc/mpijobd/kubeconfig /etc/mpijobd/write-token /etc/mpijobd/policies/free-gpus.lua /etc/mpijobd/policies/label-failed.lua")
    done = m.do("dpkg -P mpijobd mpijobd-policies mpijob-sim")
    left = m.do("find /etc /var /usr /lib -path /var/log -prune -o -iname '*mpijob*' -print | grep -v '^/var/lib/dpkg/'").stdout
    check("purging leaves nothing", done.returncode == 0 and left == "", done.stdout + left)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--debs", help="packages that are made already")
    args = parser.parse_args()
    work = tempfile.mkdtemp(prefix="mpijobd-package-")
    machine = None
    try:
        debs = args.debs or make_debs(work)
        if debs:
            if not args.debs:
                reproducible(debs, work)
            found = packages(debs)
            root = make_root(found, work)
            for name, deb in found.items():
                shutil.copy(deb, f"{root}/root/{name}.deb")
            shutil.copy(older(found["mpijobd"], work), f"{root}/root/older.deb")
            try:
                machine = Machine(root)
            except (RuntimeError, OSError) as error:
                print(f"left out: systemd cannot be booted here: {error}")
            if machine and installed(machine):
                for step in (started, visited, reloaded, ended, upgraded, gone):
                    step(machine)
    finally:
        if machine:
            machine.close()
        shutil.rmtree(work, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
