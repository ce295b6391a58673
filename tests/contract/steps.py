# SPDX-License-Identifier: Apache-2.0
"""The steps of a case. README.md describes them."""
import json
import threading
import time

from server import Watch
from values import MISSING, Mismatch, Skip, edited, fill, judge, judge_body, judge_failure, judge_headers, judge_raw, lookup, show


class Case:
    """One case while it runs: what it has captured, and the watches that it has open."""

    def __init__(self, server, env):
        self.server, self.env, self.watches = server, env, {}

    def run(self, steps):
        try:
            for number, step in enumerate(steps, 1):
                try:
                    self.step(step)
                except Mismatch as e:
                    raise Mismatch("step %d (%s %s): %s" % (number, step["do"], step.get("path", step.get("id", "")), e))
        finally:
            for watch in self.watches.values():
                watch.close()

    def step(self, step):
        kind = step["do"]
        if kind == "SLEEP":
            time.sleep(step["seconds"])
        elif kind == "EVENTS":
            self.events(step)
        elif kind == "CLOSE":
            self.watches.pop(step["id"]).close()
        elif kind == "WATCH":
            self.watch(self.prepare(step))
        elif kind == "FLOOD":
            self.flood(self.prepare(step))
        else:
            self.exchange(step)

    def prepare(self, step):
        ready = fill(step, self.env)
        if "from" in step:
            ready["body"] = edited(self.env[step["from"]], ready.get("edit", []))
        return ready

    def exchange(self, step):
        deadline = time.monotonic() + step.get("until", 0)
        for i in range(step.get("repeat", 1)):
            self.env["i"] = "%04d" % i
            while True:
                try:
                    ready = self.prepare(step)
                    self.judge(ready, *self.server.call(ready))
                    break
                except Mismatch:
                    if time.monotonic() >= deadline:
                        raise
                    time.sleep(0.1)  # the server needs its moment, and tells nobody when it is over

    def judge(self, step, status, headers, text):
        want = step.get("status", 200)
        if status not in (want if isinstance(want, list) else [want]):
            raise Mismatch("status: expected %s, got %s: %s" % (want, status, show(text, 400)))
        judge_headers(headers, step.get("headersExpect", {}))
        judge_raw(text, step.get("rawExpect", []))
        if step.get("expect") or "failure" in step or step.get("capture"):
            try:
                doc = json.loads(text)
            except ValueError as e:
                raise Mismatch("the body is not JSON (%s): %s" % (e, show(text)))
            if "failure" in step:
                judge("header Content-Type", headers.get("Content-Type", MISSING), "matches", "^application/json")
                judge_failure(doc, {"code": status, **step["failure"]})
            judge_body(doc, step.get("expect", []))
            self.capture(doc, step.get("capture", {}))
        for name, header in step.get("captureHeader", {}).items():
            self.env[name] = headers.get(header, "")
        if "captureRaw" in step:
            self.env[step["captureRaw"]] = text

    def capture(self, doc, names):
        for name, pointer in names.items():
            self.env[name] = lookup(doc, pointer)
            if self.env[name] is MISSING:
                raise Mismatch("cannot capture %s: %s is missing" % (name, pointer))

    # ---- watches

    def watch(self, step):
        query = {"watch": "true", **(step.get("query") or {})}
        step.update(do="GET", query={k: v for k, v in query.items() if v is not None})
        connection = self.server.connect(timeout=15)
        response = self.server.send(step, connection)
        if response.status != 200 or step.get("status", 200) != 200:
            text = response.read().decode("utf-8", "replace")
            connection.close()
            self.judge(step, response.status, response.headers, text)
            return
        judge_headers(response.headers, step.get("headersExpect", {}))
        self.watches[step["id"]] = Watch(connection, response)

    def next_event(self, watch, deadline, ignored):
        try:
            return watch.event(deadline, ignored)
        except TimeoutError:
            raise Mismatch("watch: nothing came in time")

    def events(self, step):
        watch, ignored = self.watches[step["id"]], step.get("ignore", [])
        deadline = time.monotonic() + step.get("within", 15)
        for number, want in enumerate(step["events"], 1):
            want = fill(want, self.env)
            event = self.next_event(watch, deadline, ignored)
            self.judge_event(event, want, number)
            while want.get("repeat"):  # further ones of the same type belong to it
                event = self.next_event(watch, deadline, ignored)
                if event is None:
                    watch.ended = True
                    break
                if event["type"] != want["type"]:
                    watch.ahead.append(event)
                    break
                judge_body(event["object"], want.get("expect", []), "event %d object " % number)
        if "end" in step:
            self.end(step, watch, deadline, ignored)

    def judge_event(self, event, want, number):
        if event is None:
            raise Mismatch("watch: expected event %d (%s), but the stream ended" % (number, want["type"]))
        if event["type"] == "ERROR" and "RequestWatchProgress is disabled" in event["object"].get("message", ""):
            raise Skip("needs an etcd that reports its progress (3.4.25 or later)")
        if event["type"] != want["type"]:
            raise Mismatch("watch: event %d: expected %s, got %s %s" % (number, want["type"], event["type"], show(event["object"])))
        judge_body(event["object"], want.get("expect", []), "event %d object " % number)
        if "failure" in want:
            judge_failure(event["object"], want["failure"])
        self.capture(event["object"], want.get("capture", {}))

    def end(self, step, watch, deadline, ignored):
        if step["end"] == "quiet":
            try:
                event = watch.event(time.monotonic() + step.get("quiet", 0.5), ignored)
                raise Mismatch("watch: expected silence, got %s" % show(event or "the end of the stream"))
            except TimeoutError:
                pass
        elif not watch.ended:
            event = self.next_event(watch, deadline, ignored)
            if event is not None:
                raise Mismatch("watch: expected the end of the stream, got %s %s" % (event["type"], show(event["object"])))
        self.watches.pop(step["id"]).close()

    # ---- many at once

    def flood(self, step):
        """One at least of many requests has to be answered as "some" says, the others by "status"."""
        method, count, some = step.pop("method"), step["count"], step["some"]
        results, gate = [], threading.Barrier(count)

        def one(number):
            mine = json.loads(json.dumps(step).replace("%N%", "%04d" % number))
            mine["do"] = method
            try:
                connection = self.server.connect()
                gate.wait(30)
                response = self.server.send(mine, connection)
                results.append((response.status, response.headers, response.read().decode("utf-8", "replace")))
                connection.close()
            except Exception as e:  # reported below, as an answer that nobody wants
                results.append((0, {}, repr(e)))
        threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not any(status == some["status"] for status, _, _ in results):
            raise Mismatch("flood: none of %d requests was answered with %d" % (count, some["status"]))
        for status, headers, text in results:
            if status == some["status"]:
                self.judge(some, status, headers, text)
            elif status not in step.get("status", [200]):
                raise Mismatch("flood: unexpected answer %s %s" % (status, show(text)))
