# SPDX-License-Identifier: Apache-2.0
"""What the program does while one thing fails (faults.py), and what has to be true when it has been done again without."""
import contextlib
import http.client
import http.server
import json
import os
import signal
import socket
import threading
import urllib.parse

import crash
from forked import PATIENCE

TOKEN = "a-secret-that-nobody-may-see"
STATE = ["--state", "s.db"]
# On a busy machine a page that is awaited may take longer than the usual second; and what gets no answer at all is not waited for so long.
CONFIGURATION = "limits: { stall: 20s }\nhttp: { timeout: 8s }\n"
# No change is made twice: what is changed is not matched any more, and a change that is made again would count up.
SWEEP = """
policy { name = "sweep", every = "1h", match = { namespace = "NS", labels = "kind=old,!swept" }, breaker = false,
    replace = function(job)TELL
        return { labels = { swept = "yes" }, annotations = { times = tostring((tonumber(job.annotations.times) or 0) + 1) } }
    end }
"""
TELL = """
        if job.name == "old-0" then
            assert(notify.webhook { sink = "hook", body = { job = job.key } })
        end"""
PLUGIN = """#!/bin/sh
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "%s"}}'
"""


class Daemon:
    """A sweep, a policy with `on`, one that creates and deletes, a conflict between them; asked by people and by Prometheus; a reload."""
    name = "daemon"
    arguments = ["run", "--config", "../c.yaml", "--no-supervisor", "--no-watch", "--listen", "127.0.0.1:0", "--kubeconfig", "../kubeconfig",
                 *STATE, "--control", "s.control", "--clock", crash.START, "p.lua"]

    def prepare(self, _worker, _namespace, _home):
        pass

    def write(self, namespace, home, start):
        spill(crash.POLICIES.replace("NS", namespace).replace("START", f'"{start}"'), home, "p.lua")

    def first(self, daemon, home):
        return daemon.do("1h", lambda: self.ask(daemon, home))

    def second(self, daemon, enough):
        return daemon.do("2h", enough=enough)

    def enough(self, jobs):
        return all(crash.once(jobs[f"old-{i}"]) for i in range(crash.JOBS))

    def end(self, *what):
        return crash.at_the_end(*what)

    def first_end(self, _code, order, state):
        hurt = {r["policy"] for r in crash.rows(state, "runs") if r["outcome"] == "failed"}
        if len(hurt) > 1 and order.startswith("allocation ") and " 1 " in order[-6:]:
            return [f"one allocation has failed, and the runs of {hurt} have failed by it"]
        return []

    def ask(self, daemon, folder):
        """What people and Prometheus ask of it, whether it can answer or not; then its policies are loaded again."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as control:
            control.settimeout(PATIENCE)
            control.connect(os.path.join(folder, "s.control"))
            control.sendall(b'{"id": 1, "verb": "status"}\n')
            control.recv(65536)
        urls = [word[4:] for line in daemon.lines if line and "are served" in line for word in line.split() if word.startswith("url=")]
        for url in urls:
            address = urllib.parse.urlparse(url)
            for path in "/metrics", "/readyz?verbose":
                with contextlib.suppress(OSError, http.client.HTTPException):
                    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
                    connection.request("GET", path)
                    connection.getresponse().read()
        daemon.process.send_signal(signal.SIGHUP)


class Recovery(Daemon):
    """The same, after a daemon that was killed in the middle: what it left in flight is looked up, and what it had begun is finished;
    and the answers to two changes are lost."""
    name = "recovery"

    def prepare(self, worker, namespace, home):
        self.write(namespace, home, 0)
        killed = crash.Daemon(crash.started(worker.options, worker.server, os.path.join(home, "s.db"), os.path.join(home, "p.lua"), "write-answered:2"))
        if killed.wait(" in force"):
            killed.advance("1s")
        assert killed.process.wait(PATIENCE) == -signal.SIGKILL, "the daemon that was to be killed has ended by itself"
        for fault, job in ("reset-before", "old-0"), ("reset-after", "old-2"):
            worker.fault({"fault": fault, "method": "PUT", "path": f"*/namespaces/{namespace}/mpijobs/{job}", "count": 1})


class Lead(Daemon):
    """The first one again, as one of several daemons: it acts while it has the Lease, and what outlives it is in the cluster."""
    name = "lead"
    arguments = [word.replace("../c.yaml", "c.yaml") for word in Daemon.arguments]

    def prepare(self, worker, namespace, home):
        election = f"leader_election: {{ namespace: {namespace}, lease_duration: 10s, renew_deadline: 8s, retry_period: 300ms }}\n"
        spill(CONFIGURATION + election, home, "c.yaml")

    def first(self, daemon, home):
        return self.leads(daemon, lambda: super(Lead, self).first(daemon, home))

    def second(self, daemon, enough):
        return self.leads(daemon, lambda: super(Lead, self).second(daemon, enough))

    def first_end(self, _code, _order, _state):
        """Where the memory is lacking for what the daemons share, the lead is lost with all runs, and taken again."""
        return []

    def leads(self, daemon, then):
        """Before it does it has nothing to do, and the clock would be moved too early. Where the memory was lacking for that
        line of the log, it acts and has not said so."""
        try:
            daemon.wait(" in force", seconds=PATIENCE)
        except (AssertionError, TimeoutError):
            if not any("out of memory while logging" in (line or "") for line in daemon.lines):
                return None
        try:
            return then()
        except (AssertionError, TimeoutError):
            return None


class Once:
    """`run --once` with a sweep."""
    name = "once"
    arguments = ["run", "--once", "--config", "../c.yaml", "--kubeconfig", "../kubeconfig", *STATE, "p.lua"]
    tell = ""

    def prepare(self, worker, namespace, home):
        pass

    def write(self, namespace, home, _start):
        spill(SWEEP.replace("NS", namespace).replace("TELL", self.tell), home, "p.lua")

    def first(self, daemon, _home):
        try:
            daemon.wait("\1", seconds=PATIENCE)
            return daemon.process.wait(PATIENCE)
        except (AssertionError, TimeoutError):
            return None

    def second(self, daemon, _enough):
        return self.first(daemon, "")

    def first_end(self, code, _order, state):
        """Who is told that all is well believes it."""
        bad = [r["outcome"] for r in crash.rows(state, "runs") if r["outcome"] != "done"]
        return [f"it ended with 0, and its runs are {bad}"] if code == 0 and bad else []

    def end(self, server, namespace, state, accepted):
        wrong = []
        for i in range(crash.JOBS):
            _, found = server.request("GET", server.path(namespace, f"old-{i}"))
            metadata = found["metadata"]
            told = (metadata["labels"].get("swept"), (metadata.get("annotations") or {}).get("times"))
            if told != ("yes", "1"):
                wrong.append(f"old-{i} was not swept once: {told}")
        wrong += [f"run {r['id']} of {r['policy']} has not ended" for r in crash.rows(state, "runs") if r["outcome"] is None]
        return wrong


class Exec(Once):
    """The same, with a token that a program gives, once at the start and once more when the server takes it no longer."""
    name = "exec"
    arguments = ["run", "--once", "--config", "../c.yaml", "--kubeconfig", "../exec.kubeconfig", *STATE, "p.lua"]

    def prepare(self, worker, namespace, _home):
        plugin, kubeconfig = os.path.join(worker.folder, "plugin"), os.path.join(worker.folder, "exec.kubeconfig")
        if not os.path.exists(plugin):
            spill(PLUGIN % TOKEN, plugin)
            os.chmod(plugin, 0o700)
            with open(worker.server.kubeconfig, encoding="utf-8") as file:
                text = file.read()
            user = f"exec: {{apiVersion: client.authentication.k8s.io/v1, command: {plugin}, interactiveMode: Never}}"
            spill(text.replace(f'token: "{TOKEN}"', user), kubeconfig)
        worker.fault({"fault": "status", "code": 401, "method": "PUT", "path": f"*/namespaces/{namespace}/mpijobs/old-2", "count": 1})


class Notify(Once):
    """The same, and a webhook is told of one of the changes, before it is made: at least once."""
    name = "notify"
    arguments = ["run", "--once", "--config", "c.yaml", "--kubeconfig", "../kubeconfig", *STATE, "p.lua"]
    tell = TELL

    def __init__(self):
        self.told = set()
        self.hook = None

    def prepare(self, worker, namespace, home):
        """Of one worker's process alone."""
        if not self.hook:
            self.hook = hook(self.told)
        os.makedirs(os.path.join(home, "secrets"), 0o700)
        spill(TOKEN, home, "secrets", "token")
        sink = json.dumps({"type": "webhook", "url": f"http://127.0.0.1:{self.hook.server_port}/", "token": "${token}"})
        spill(f"secrets: secrets\nnotify: {{ hook: {sink} }}\n{CONFIGURATION}", home, "c.yaml")

    def end(self, server, namespace, state, accepted):
        told = [] if f"{namespace}/old-0" in self.told else ["the webhook was not told of old-0"]
        return super().end(server, namespace, state, accepted) + told


def hook(told):
    """A server that notes the jobs which it is told of."""
    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with contextlib.suppress(ValueError, KeyError):  # half of it came: the sender knows
                told.add(json.loads(body)["job"])
            with contextlib.suppress(OSError):
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.handle_error = lambda *_: None  # a connection that the other side has left
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def spill(text, *path):
    with open(os.path.join(*path), "w", encoding="utf-8") as out:
        out.write(text)


JOBS = [Daemon, Recovery, Lead, Once, Exec, Notify]
