#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The image: buildah builds it by the Containerfile, on a base that mmdebstrap makes, as no registry may be at hand; what is in it, and
what is not; and the daemon out of it, as a Deployment has it.

    tests/deploy/image.py [--build DIRECTORY]       of mpijobd, for what the pods need besides; default build/dev

The base has what scripts/bootstrap would install already, and is kept with the store in ~/.cache/mpijobd. Prints the image's size and
packages. Ends with "N passed, N failed"; with 77 and a reason where it cannot be built here.
"""
import argparse
import glob
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

import checks
from checks import check
from pod import may_mount, said_by
from render import SOURCE

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "mpijobd")
NAME = "localhost/mpijobd-test"
PROGRAMS = {"/usr/bin/mpijobd", "/usr/libexec/mpijobd/mpijobd-parent"}


class LeftOut(Exception):
    pass


class Store:
    """Images and containers, in a folder of our own."""

    def __init__(self, work):
        self.command = ["buildah", "--root", f"{CACHE}/containers", "--runroot", f"{work}/run"]

    def __call__(self, *arguments, **more):
        return subprocess.run([*self.command, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, env={**os.environ, "BUILDAH_ISOLATION": "chroot"}, **more)

    def must(self, *arguments):
        done = self(*arguments)
        if done.returncode:
            raise LeftOut(f"buildah {arguments[0]} does not work here: {done.stdout.strip()[-300:]}")
        return (done.stdout.strip() or " ").splitlines()[-1]


def base(store, work):
    """The name of an image with a minimal Debian, and what building needs."""
    with open("/etc/os-release", encoding="utf-8") as file:
        suite = re.search(r"^VERSION_CODENAME=(\w+)$", file.read(), re.M).group(1)
    with open(f"{SOURCE}/scripts/bootstrap", encoding="utf-8") as file:
        packages = [*re.search(r"^build=\((.*?)\)", file.read(), re.M | re.S).group(1).split(), "ccache"]
    name = "localhost/base:" + hashlib.sha256(" ".join([suite, *sorted(packages)]).encode()).hexdigest()[:12]
    if store("inspect", "--type", "image", name).returncode:
        print("making a base for the image (once)...", flush=True)
        done = subprocess.run(["mmdebstrap", "--variant=minbase", "--include=" + ",".join(packages), suite, f"{work}/base.tar"], capture_output=True,
                              text=True, check=False)
        if done.returncode:
            raise LeftOut("mmdebstrap makes no base: " + done.stderr.strip()[-300:])
        container = store.must("from", "scratch")
        store.must("add", "--quiet", container, f"{work}/base.tar", "/")
        store.must("commit", "--quiet", "--rm", container, name)
    return name


def built(store, on):
    done = store("build", "--pull-never", "--layers=false", "--build-arg", f"BASE={on}", "-t", NAME, "-f", "Containerfile", ".", cwd=SOURCE)
    return check("buildah builds the image as the Containerfile says", done.returncode == 0, done.stdout)


def configured(store):
    image = json.loads(store("inspect", "--type", "image", NAME).stdout)
    config = image["OCIv1"]["config"]
    check("it runs as a user with a number, and not as root", config["User"] == "65532:65532", config)
    check("its entry point, command and volume are the Containerfile's",
          config["Entrypoint"] == said_by("ENTRYPOINT") and config["Cmd"] == said_by("CMD") and list(config["Volumes"]) == ["/var/lib/mpijobd"], config)


def files(root):
    for folder, names, here in os.walk(root):
        for name in [*names, *here]:
            path = os.path.join(folder, name)
            yield path[len(root):], os.lstat(path)


def looked_into(root):
    """What is in it."""
    size, odd, programs = 0, [], set()
    for path, st in files(root):
        size += st.st_size if stat.S_ISREG(st.st_mode) else 0
        own = path == "/var/lib/mpijobd"
        if not own and (st.st_uid or st.st_gid):
            odd.append(f"{path} belongs to {st.st_uid}:{st.st_gid}")
        if st.st_mode & (stat.S_ISUID | stat.S_ISGID) or (st.st_mode & 0o002 and not stat.S_ISLNK(st.st_mode) and path != "/tmp"):
            odd.append(f"{path} has the mode {oct(st.st_mode)}")
        if stat.S_ISREG(st.st_mode) and st.st_mode & 0o111 and ".so" not in os.path.basename(path):
            programs.add(path)
    check("nothing in it is set-uid, open to everybody, or of another owner", not odd, "\n".join(odd))
    check("its programs are the daemon and its parent: no shell, no package manager", programs == PROGRAMS, programs)
    packages = {}
    for path in glob.glob(f"{root}/var/lib/dpkg/status.d/*"):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        packages[os.path.basename(path)] = re.search(r"^Version: (.*)$", text, re.M).group(1)
    lacking = [name for name in packages if not os.path.exists(f"{root}/usr/share/doc/{name}/copyright")]
    check("each package that files are from has its entry for scanners, and its licence", len(packages) > 10 and not lacking, lacking)
    print(f"image: {size / 1e6:.0f} MB, of {len(packages)} packages: " + " ".join(f"{name}={version}" for name, version in sorted(packages.items())))


def run_in(root, *argv):
    return subprocess.run(["/usr/bin/setpriv", "--no-new-privs", "/usr/sbin/chroot", "--userspec=65532:65532", "--groups=65532", root, *argv], env={"PATH": "/usr/bin"},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def works(root, build):
    done = run_in(root, "mpijobd", "version")
    check("the program runs", done.returncode == 0, done.stderr)
    done = run_in(root, "mpijobd", "test", "/usr/share/mpijobd/policies")
    check("the cookbook passes its specs in it", done.returncode == 0, done.stdout + done.stderr)
    done = subprocess.run([f"{SOURCE}/tests/deploy/deploy.py", "--build", build, "--root", root, "one-namespace"], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        checks.left_out("a pod of the image: " + done.stdout.strip().splitlines()[-1])
    else:
        check("a pod of it does the main job on a real kube-apiserver", done.returncode == 0, done.stdout + done.stderr)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", default=f"{SOURCE}/build/dev", type=os.path.abspath, metavar="DIRECTORY")
    opt = ap.parse_args()
    why = "needs root" if os.getuid() else may_mount()
    for tool in ("buildah", "mmdebstrap"):
        why = why or (None if shutil.which(tool) else f"{tool} is missing: apt-get install {tool}")
    if why:
        print(why)
        return 77
    os.makedirs(CACHE, exist_ok=True)
    work = tempfile.mkdtemp(prefix="mpijobd-image-")
    store, container = Store(work), None
    try:
        if built(store, base(store, work)):
            configured(store)
            container = store.must("from", "--pull-never", NAME)
            root = store.must("mount", container)
            looked_into(root)
            works(root, opt.build)
    except LeftOut as e:
        print(e)
        return 77
    finally:
        if container:
            store("umount", container)
            store("rm", container)
        store("rmi", NAME)
        shutil.rmtree(work, ignore_errors=True)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
