#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon is killed, again and again; after each kill its journal and its server are compared, row by row.

This program knows nothing of mpijobd but its command line and the tables of its journal: it is its own client of the
API server, whose watch tells it each write that was accepted, and its own reader of SQLite.

A round: a namespace with jobs, a daemon with three policies (a sweep that replaces, one with `on` that handles each job
once, a run function that creates and deletes), a kill at a failpoint or at a random instant, the comparison; then the
daemon again, which looks up what was in flight and goes on; the comparison again, now of what has to be true at the end.

It prints a line for each round that fails, and at the end "N passed, N failed".
"""
import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse

VERSION = "v2beta1"
JOBS = 6
POINTS = ["write-begun", "write-journalled", "write-sent", "write-answered", "write-noted", "write-told", "commit", "committed", "run-ended"]
START = "2026-01-01T00:00:30Z"

POLICIES = """
local n = 0
policy { name = "sweep", every = "1h", match = { namespace = "NS", labels = { kind = "old" } },
    replace = function(job) return { labels = { swept = tostring(run.scheduled_at) } } end }
policy { name = "once", on = "match", match = { namespace = "NS", labels = { kind = "old" } },
    replace = function() n = n + 1; return { annotations = { ["once-" .. n .. "-" .. START] = "x" } } end }
policy { name = "makes", every = "1h", match = { namespace = "NS" }, run = function()
    for i = 1, 3 do
        pcall(mpijob.create, { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob",
            metadata = { namespace = "NS", name = "made-" .. i .. "-" .. run.scheduled_at, labels = { kind = "made" } },
            spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = { spec = { containers = { { name = "mpi", image = "i" } } } } } } } })
    end
    for job in mpijob.list { namespace = "NS", labels = { kind = "gone" } } do
        pcall(mpijob.delete, job, { destructive = true })
    end
end }
"""


class Server:
    """The simulator, and a watch on all its jobs from the beginning."""

    def __init__(self, program, folder, token=None):
        """token: the one that it asks for, over TLS; None: it takes everything, without."""
        self.kubeconfig = os.path.join(folder, "kubeconfig")
        self.headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self.process = subprocess.Popen([program, "--listen", "127.0.0.1:0", "--kubeconfig", self.kubeconfig, "--version", VERSION] +
                                        (["--tls", "--token", token] if token else []), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        ready = json.loads(self.process.stdout.readline())
        self.address = urllib.parse.urlparse(ready["url"])
        self.kept = self.connection()
        self.events = {}  # by namespace: (type, name, version before, version, object)
        self.versions = {}  # (namespace, name): the version that the watch has told last
        self.told = threading.Condition()
        self.last = 0
        version = self.request("GET", self.path())[1]["metadata"]["resourceVersion"]
        threading.Thread(target=self.watch, args=(version,), daemon=True).start()

    def path(self, namespace=None, name=None):
        middle = "" if namespace is None else f"/namespaces/{namespace}"
        return f"/apis/kubeflow.org/{VERSION}{middle}/mpijobs" + ("" if name is None else f"/{name}")

    def connection(self, seconds=60):
        if self.address.scheme == "http":
            return http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=seconds)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is ours, and made its certificate itself
        return http.client.HTTPSConnection(self.address.hostname, self.address.port, timeout=seconds, context=context)

    def request(self, method, path, body=None):
        """Of the main thread alone: the connection is kept."""
        try:
            self.kept.request(method, path, None if body is None else json.dumps(body), self.headers)
            answer = self.kept.getresponse()
        except (ConnectionResetError, BrokenPipeError):  # it was idle for long; nothing was done
            self.kept.close()
            return self.request(method, path, body)
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def watch(self, version):
        connection = self.connection(None)
        connection.request("GET", f"{self.path()}?watch=true&resourceVersion={version}", headers=self.headers)
        answer = connection.getresponse()
        while line := answer.readline():
            event = json.loads(line)
            metadata = event["object"]["metadata"]
            key = (metadata["namespace"], metadata["name"])
            with self.told:
                self.events.setdefault(key[0], []).append(
                    (event["type"], key[1], self.versions.get(key), metadata["resourceVersion"], event["object"]))
                self.versions[key] = metadata["resourceVersion"]
                self.last = int(metadata["resourceVersion"])
                self.told.notify_all()

    def wait(self, namespace, enough, seconds=30):
        """Until the objects of the namespace are as they have to be, or for so long."""
        def there():
            last = {e[1]: e[4] for e in self.events.get(namespace, []) if e[0] != "DELETED"}
            return enough(last)
        with self.told:
            return self.told.wait_for(there, seconds)

    def settled(self, namespace):
        """The events of the namespace, once the watch has told all that the server has accepted by now: the last of
        them is one that we make."""
        status, made = self.request("POST", self.path("marks"), job(f"m{random.randrange(1 << 60):x}", "mark"))
        assert status == 201, made
        wanted = int(made["metadata"]["resourceVersion"])
        with self.told:
            assert self.told.wait_for(lambda: self.last >= wanted, 60), "the watch does not tell what was written"
            return list(self.events.get(namespace, []))


def once(found):
    """The notes of the policy that handles each job once."""
    return [k for k in found["metadata"].get("annotations") or {} if k.startswith("once-")]


def job(name, kind):
    template = {"spec": {"containers": [{"name": "mpi", "image": "i"}]}}
    return {"apiVersion": f"kubeflow.org/{VERSION}", "kind": "MPIJob", "metadata": {"name": name, "labels": {"kind": kind}},
            "spec": {"mpiReplicaSpecs": {"Launcher": {"replicas": 1, "template": template}}}}


def started(options, server, state, policies, failpoint=None):
    environment = {k: v for k, v in os.environ.items() if k not in ("KUBECONFIG", "MPIJOBD_FAILPOINT")}
    if failpoint:
        environment["MPIJOBD_FAILPOINT"] = failpoint
    return subprocess.Popen(
        [options.mpijobd, "run", "--no-supervisor", "--no-watch", "--listen", "none", "--kubeconfig", server.kubeconfig, "--state", state,
         "--control", "none", "--clock", START, policies], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=environment)


class Daemon:
    def __init__(self, process):
        self.lines = []
        self.said = threading.Condition()
        self.process = process
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.said:
                self.lines.append("\n" + line)
                self.said.notify_all()
        with self.said:
            self.lines.append(None)
            self.said.notify_all()

    def wait(self, *parts, seconds=60):
        """Until each of the texts was said, or the end. False: it has ended."""
        def there():
            return self.lines and self.lines[-1] is None or all(any(p in (l or "") for l in self.lines) for p in parts)
        with self.said:
            assert self.said.wait_for(there, seconds), f"waited in vain for {parts}:\n{''.join(l for l in self.lines if l)}"
            return all(any(p in (l or "") for l in self.lines) for p in parts)

    def advance(self, how):
        """Moves its clock, and waits until nothing is under way any more. False: it has ended."""
        with contextlib.suppress(BrokenPipeError):  # it is dead already
            self.process.stdin.write(f"advance {how}\n")
            self.process.stdin.flush()
        return self.wait("\nclock 20")

    def end(self):
        """Orderly; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def rows(state, table):
    if not os.path.exists(state):
        return []
    copy = state + ".read"  # with what SQLite has to make good; the daemon is to find the file as it was left
    for end in "", "-wal":
        if os.path.exists(state + end):
            shutil.copy(state + end, copy + end)
        elif os.path.exists(copy + end):
            os.unlink(copy + end)
    with contextlib.closing(sqlite3.connect(copy)) as db:
        db.row_factory = sqlite3.Row
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            return []  # killed before the tables were made
        return [dict(r) for r in db.execute(f"SELECT * FROM {table} ORDER BY id")]


def read_later(change, events, backed):
    """Where the answer was lost the row has the version of the object as it was read then, which others may have changed once more."""
    if not (change["message"] or "").startswith("the answer was lost; reading the object showed that it was done"):
        return []
    return [e[3] for e in events if e[1] == change["name"] and int(e[3]) >= int(backed[change["id"]][0])]


def compare(server, namespace, state, ours, ended, end=None):
    """What is wrong, a sentence each. ours: versions that we have written ourselves. ended: the daemon has looked up
    what was in flight, and has stopped in order. end: says what has to be true then (at_the_end)."""
    wrong = []
    changes = rows(state, "changes")
    events = server.settled(namespace)
    accepted = [e for e in events if e[3] not in ours]
    by_before, created, deleted = {}, {}, {}
    for c in changes:
        if c["verb"] == "create":
            created.setdefault(c["name"], []).append(c)
        elif c["verb"] == "delete":
            deleted.setdefault(c["name"], []).append(c)
        else:
            by_before.setdefault((c["name"], c["resource_version"]), []).append(c)
    backed = {}  # id of a row: the accepted writes that it stands for
    for kind, name, before, version, _ in accepted:
        found = {"ADDED": created.get(name), "DELETED": deleted.get(name)}.get(kind) or by_before.get((name, before)) or []
        if not found:
            wrong.append(f"{kind} {name} {before} -> {version} was accepted, and has no row")
        for c in found:
            backed.setdefault(c["id"], []).append(version)
    for c in changes:
        told = f"row {c['id']} ({c['verb']} {c['name']} {c['resource_version']} {c['outcome']})"
        same = [o for o in changes if (o["verb"], o["name"], o["resource_version"]) == (c["verb"], c["name"], c["resource_version"])]
        if c["outcome"] in ("done", "done-unseen"):
            if not backed.get(c["id"]):
                wrong.append(f"{told} says that it was done, and the server has not accepted it")
            elif c["outcome"] == "done" and c["verb"] != "delete" and c["resource_version_after"] not in backed[c["id"]] + read_later(c, events, backed):
                wrong.append(f"{told} is said to have become {c['resource_version_after']}, and is {backed[c['id']]}")
        elif c["outcome"] in ("failed", "not-done"):
            others = [o for o in same if o["outcome"] in ("done", "done-unseen", None)]
            if backed.get(c["id"]) and not others:
                wrong.append(f"{told} says that it was not done, and the server has accepted it")
        elif c["outcome"] is None and ended:
            wrong.append(f"{told} is in flight, though the daemon has looked it up")
        elif c["outcome"] is not None:
            wrong.append(f"{told} has an outcome that is not known here")
    if ended:
        wrong += (end or at_the_end)(server, namespace, state, accepted)
    return wrong


def at_the_end(server, namespace, state, accepted):
    wrong = []
    for i in range(JOBS):
        status, found = server.request("GET", server.path(namespace, f"old-{i}"))
        notes = once(found)
        if status != 200 or len(notes) != 1:
            wrong.append(f"old-{i} was handled {len(notes)} times: {notes}")
        if "swept" not in found["metadata"]["labels"]:
            wrong.append(f"old-{i} was not swept")
    for r in rows(state, "runs"):
        if r["outcome"] is None:
            wrong.append(f"run {r['id']} of {r['policy']} has not ended")
    return wrong


def blind_to(server, namespace, state, ours):
    """The comparison has to find what is wrong: faults are put into a copy of a good journal."""
    lie = "UPDATE changes SET {} WHERE id = (SELECT id FROM changes WHERE outcome = 'done' AND verb = '{}' ORDER BY id DESC LIMIT 1)"
    faults = ["DELETE FROM changes WHERE id = (SELECT max(id) FROM changes)"]
    for verb in "patch", "replace", "create", "delete":
        faults += [lie.format(f"outcome = {o}", verb) for o in ("'failed'", "'not-done'", "NULL", "'maybe'")] + [lie.format("name = 'x'", verb)]
    found = rows(state, "changes")
    faults = [f for f in faults if "verb" not in f or any(f"verb = '{c['verb']}'" in f for c in found)]
    faults += [lie.format("resource_version_after = '1'", "create"), "UPDATE runs SET outcome = NULL WHERE id = 1"]
    blind, copy = [], state + ".copy"
    for fault in faults:
        shutil.copy(state, copy)
        with contextlib.closing(sqlite3.connect(copy)) as db:
            assert db.execute(fault).rowcount == 1, fault
            db.commit()
        if not compare(server, namespace, copy, ours, True):
            blind.append(f"this is not found: {fault}")
    return blind


def round_of(options, server, folder, number, point, chance):
    namespace = f"r{number}"
    home = os.path.join(folder, namespace)
    os.mkdir(home)
    state, policies = os.path.join(home, "s.db"), os.path.join(home, "p.lua")
    server.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    ours = set()
    for name, kind in [(f"old-{i}", "old") for i in range(JOBS)] + [("gone-0", "gone"), ("gone-1", "gone")]:
        status, made = server.request("POST", server.path(namespace), job(name, kind))
        assert status == 201, made
        ours.add(made["metadata"]["resourceVersion"])

    def text(start):
        with open(policies, "w", encoding="utf-8") as out:
            out.write(POLICIES.replace("NS", namespace).replace("START", f'"{start}"'))

    text(1)
    daemon = Daemon(started(options, server, state, policies, point))
    killer = None
    if not point:
        killer = threading.Timer(chance, daemon.process.kill)
        killer.start()
    if daemon.wait(" in force"):
        daemon.advance("1h")
    if killer:
        killer.cancel()
        daemon.process.kill()
    daemon.end()
    died = daemon.process.returncode == -signal.SIGKILL
    wrong = [f"after the kill: {w}" for w in compare(server, namespace, state, ours, False)]
    text(2)
    daemon = Daemon(started(options, server, state, policies))
    daemon.wait(" in force")
    daemon.advance("2h")
    server.wait(namespace, lambda jobs: all(once(jobs[f"old-{i}"]) for i in range(JOBS)))
    code = daemon.end()
    if code != 0:
        wrong.append(f"the daemon has ended with {code}")
    wrong += compare(server, namespace, state, ours, True)
    verified = subprocess.run([options.mpijobd, "journal", "--verify", "--state", state], capture_output=True, text=True)
    if verified.returncode != 0:
        wrong.append(verified.stderr)
    if number == 1 and not wrong:
        wrong += blind_to(server, namespace, state, ours)
    if wrong:
        for w in wrong[:10]:
            print(f"FAIL round {number}, {point or f'killed after {chance:.3f} s'}: {w}")
        sys.stdout.flush()
        if options.keep:
            print(f"  kept in {home}")
    else:
        shutil.rmtree(home)
    return not wrong, died


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/dev", help="where mpijobd and mpijob-sim were built, with failpoints")
    parser.add_argument("--random", type=int, default=100, help="rounds with a kill at a random instant")
    parser.add_argument("--each", type=int, default=6, help="kills at each failpoint: the 1st time that it is come to, the 2nd...")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--only", help="one failpoint, as write-sent:3")
    parser.add_argument("--keep", action="store_true", help="keep the files of rounds that fail")
    options = parser.parse_args()
    options.mpijobd = os.path.abspath(os.path.join(options.build, "mpijobd"))
    folder = tempfile.mkdtemp(prefix="mpijobd-crash-")
    random.seed(options.seed)
    print(f"seed {options.seed}")
    server = Server(os.path.abspath(os.path.join(options.build, "src/sim/mpijob-sim")), folder)
    try:
        return rounds(options, server, folder)
    finally:
        server.process.kill()
        if not options.keep:
            shutil.rmtree(folder)


def rounds(options, server, folder):
    server.request("POST", "/api/v1/namespaces", {"metadata": {"name": "marks"}})
    points = [options.only] if options.only else [f"{p}:{n}" for p in POINTS for n in range(1, options.each + 1)]
    passed = failed = number = killed = 0
    for point in points + [None] * (0 if options.only else options.random):
        number += 1
        good, died = round_of(options, server, folder, number, point, random.uniform(0.01, 0.6))
        killed += died
        passed, failed = passed + good, failed + (not good)
    print(f"{killed} of {number} rounds were ended by the kill, the others before it came")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or killed < number / 2 else 0


if __name__ == "__main__":
    sys.exit(main())
