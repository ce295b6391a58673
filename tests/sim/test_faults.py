# SPDX-License-Identifier: Apache-2.0
"""Every fault, seen from the client's side of the socket."""
import gzip
import http.client
import json
import socket
import time
import unittest

from harness import GROUP, Sim

JOB = GROUP + "/namespaces/default/mpijobs/a"


class Faults(unittest.TestCase):
    def setUp(self):
        self.sim = Sim()
        self.sim.create("a", {"n": 0})

    def tearDown(self):
        self.sim.stop()

    def put(self, n):
        job = self.sim.get(JOB).json
        job["spec"]["n"] = n
        return self.sim.ask("PUT", JOB, job, timeout=1)

    def stored(self):
        self.sim.ask("DELETE", "/_sim/faults")
        return self.sim.get(JOB).json["spec"]["n"]

    def raw(self, timeout=1):
        """Sends a GET by hand; returns the socket."""
        s = socket.create_connection((self.sim.url.hostname, self.sim.url.port), timeout)
        s.sendall(("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % JOB).encode())
        return s

    def test_statuses(self):
        for name, code in (("status:code=503,message=no", 503), ("html", 200), ("redirect", 302), ("too-many", 429),
                           ("unavailable", 503), ("conflict", 409), ("token-expired", 401), ("forbidden", 403),
                           ("body:code=502,type=text/html,text=<p>bad gateway</p>", 502)):
            self.sim.fault(name + (":" if ":" not in name else ",") + "count=1")
            self.assertEqual(self.sim.get(JOB).status, code, name)
            self.assertEqual(self.sim.get(JOB).status, 200, name)

    def test_too_many(self):
        self.sim.fault("too-many:retry-after=7")
        answer = self.sim.get(JOB)
        self.assertEqual((answer.headers["Retry-After"], answer.headers["Content-Type"]), ("7", "text/plain; charset=utf-8"))
        self.assertTrue(answer.raw.startswith(b"Too many requests"))

    def test_selection(self):
        self.sim.fault('[{"fault":"status","method":"PUT"},{"fault":"status","path":"*/none","code":418},'
                       '{"fault":"status","code":500,"method":"GET","path":"*/a","after":1,"count":1}]')
        self.assertEqual([self.sim.get(JOB).status for _ in range(3)], [200, 500, 200])
        self.assertEqual(self.sim.get(JOB[:-1] + "none").status, 418)
        self.assertEqual(self.put(1).status, 500)
        self.assertEqual([f["hits"] for f in self.sim.get("/_sim/faults").json["faults"]], [1, 1, 1])
        self.assertEqual(self.stored(), 0)

    def test_probability(self):
        self.sim.fault("status:probability=0.5")
        bad = sum(self.sim.get(JOB).status == 500 for _ in range(200))
        self.assertTrue(60 < bad < 140, bad)
        for wrong in ("half", "0.5x", "", "1.5", "-1", "nan"):
            answer = self.sim.ask("POST", "/_sim/faults", f"status:probability={wrong}".encode())
            self.assertEqual(answer.status, 400, wrong)
            self.assertIn("is not a number from 0 to 1", answer.raw.decode() if isinstance(answer.raw, bytes) else answer.raw)

    def test_lost_answers(self):
        """Before: nothing is stored. After: it is, and the client does not know."""
        for n, (name, error, done) in enumerate((
                ("reset-before", ConnectionResetError, False), ("reset-after", ConnectionResetError, True),
                ("close-before", http.client.RemoteDisconnected, False), ("close-after", http.client.RemoteDisconnected, True),
                ("stall", TimeoutError, False), ("stall-after", TimeoutError, True)), 1):
            before = self.stored()
            self.sim.fault(name + ":method=PUT,count=1")
            with self.assertRaises(error, msg=name):
                self.put(n)
            self.assertEqual(self.stored(), n if done else before, name)

    def test_body_cut(self):
        for name, error in (("truncate:bytes=40", http.client.IncompleteRead), ("reset-body:bytes=40", ConnectionResetError),
                            ("stall-body:bytes=40", TimeoutError)):
            self.sim.fault(name + ",count=1")
            with self.assertRaises(error, msg=name):
                self.sim.ask("GET", JOB, timeout=1)

    def test_half_and_empty(self):
        self.sim.fault("half:count=1")
        answer = self.sim.get(JOB)
        self.assertEqual(answer.status, 200)
        self.assertRaises(ValueError, lambda: answer.json)
        self.sim.fault("empty:count=1,method=PUT")
        self.assertEqual((self.put(9).raw, self.stored()), (b"", 9))

    def test_lengths(self):
        self.sim.fault("wrong-length:bytes=50,count=1")
        with self.assertRaises(http.client.IncompleteRead):
            self.sim.get(JOB)
        self.sim.fault("pad:bytes=100000,count=1")
        self.assertGreater(len(self.sim.get(JOB).raw), 100000)

    def test_gzip(self):
        self.sim.fault("gzip:count=1")
        answer = self.sim.get(JOB)
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertEqual(json.loads(gzip.decompress(answer.raw))["kind"], "MPIJob")
        self.sim.fault("bad-gzip:count=1")
        answer = self.sim.get(JOB)
        self.assertEqual((answer.headers["Content-Encoding"], answer.json["kind"]), ("gzip", "MPIJob"))

    def test_slow(self):
        begin = time.monotonic()
        self.sim.fault("delay:ms=150,count=1")
        self.sim.get(JOB)
        self.assertGreaterEqual(time.monotonic() - begin, 0.15)
        self.sim.fault("trickle:bytes=100,ms=20,count=1")
        begin = time.monotonic()
        self.assertEqual(self.sim.get(JOB).json["kind"], "MPIJob")
        self.assertGreaterEqual(time.monotonic() - begin, 0.04)

    def test_a_wait_is_never_shorter_than_asked_for(self):
        self.sim.fault("delay:ms=2")
        for _ in range(50):
            begin = time.monotonic()
            self.sim.get(JOB)
            self.assertGreaterEqual(time.monotonic() - begin, 0.002)

    def test_connections(self):
        self.sim.fault("connect-break:count=1")
        with self.assertRaises(OSError):
            self.sim.get(JOB)
        self.assertEqual(self.sim.get(JOB).status, 200)

    def test_latency_is_what_was_asked_for(self):
        with Sim("--latency", "5") as sim:
            connection = sim.connect()
            begin = time.monotonic()
            for _ in range(20):
                connection.request("GET", "/readyz")
                connection.getresponse().read()
            took = time.monotonic() - begin
            connection.close()
        self.assertGreaterEqual(took, 0.1)
        self.assertLess(took, 2)

    def test_delay_adds_to_another(self):
        self.sim.fault("delay:ms=100;status:code=503")
        begin = time.monotonic()
        self.assertEqual(self.sim.get(JOB).status, 503)
        self.assertGreaterEqual(time.monotonic() - begin, 0.1)

    def test_stalled_client_goes_away(self):
        """A client that gives up on a stalled answer leaves nothing behind that would keep the server from ending."""
        self.sim.fault("stall")
        for s in [self.raw() for _ in range(5)]:
            s.close()

    # ---- watches

    def watch(self, version=None):
        c = self.sim.connect()
        version = version or self.sim.get(GROUP + "/mpijobs").json["metadata"]["resourceVersion"]
        c.request("GET", "%s/mpijobs?watch=1&resourceVersion=%s" % (GROUP, version))
        self.addCleanup(c.close)
        return c.getresponse()

    def test_watch_ends(self):
        for how, wanted in (("watch-gone", 410), ("watch-error", 500)):
            w = self.watch()
            self.sim.fault(how)
            event = json.loads(w.readline())
            self.assertEqual((event["type"], event["object"]["code"]), ("ERROR", wanted))
            self.assertEqual(w.readline(), b"")
        w = self.watch()
        self.sim.fault("watch-end")
        self.assertEqual(w.read(), b"")

    def test_watch_cut(self):
        w = self.watch()
        self.sim.fault("watch-cut")
        with self.assertRaises((http.client.IncompleteRead, ConnectionResetError)):
            w.read()

    def test_watch_silent(self):
        w = self.watch()
        self.sim.fault("watch-silent")
        self.sim.patch("a", {"spec": {"n": 5}})
        c = self.sim.get("/_sim/counters").json
        self.assertEqual(c["watches"], 1)
        w.fp.raw._sock.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            w.readline()

    def test_compact_and_restart(self):
        old = self.sim.get(GROUP + "/mpijobs").json["metadata"]["resourceVersion"]
        self.sim.create("b")
        self.sim.fault("compact")
        self.assertEqual(json.loads(self.watch(old).readline())["object"]["code"], 410)
        w = self.watch()
        kept = self.sim.connect()
        kept.request("GET", JOB)
        kept.getresponse().read()
        self.sim.fault("restart")
        with self.assertRaises((http.client.IncompleteRead, ConnectionResetError)):
            w.read()
        kept.close()
        self.assertEqual(self.sim.get(JOB).status, 200)

    def test_a_version_from_the_future(self):
        """A restored server knows nothing of it: no event, and no bookmark beyond its own version."""
        now = int(self.sim.get(GROUP + "/mpijobs").json["metadata"]["resourceVersion"])
        w = self.sim.connect()
        w.request("GET", GROUP + "/mpijobs?watch=1&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=%d" % (now + 3))
        events = w.getresponse()
        self.sim.create("b")
        self.assertEqual(events.read(), b"")
        w.request("GET", GROUP + "/mpijobs?watch=1&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=%d" % (now + 2))
        events = w.getresponse()
        for name in ("c", "d", "e"):
            self.sim.create(name)
        lines = [json.loads(line) for line in events.read().splitlines()]
        last = int(self.sim.get(GROUP + "/mpijobs").json["metadata"]["resourceVersion"])
        self.assertEqual([line["object"]["metadata"]["name"] for line in lines if line["type"] == "ADDED"], ["d", "e"])
        self.assertTrue(all(int(line["object"]["metadata"]["resourceVersion"]) <= last for line in lines))
        w.close()

    def test_expired_continue(self):
        self.sim.create("b")
        page = self.sim.get(GROUP + "/mpijobs?limit=1").json["metadata"]
        self.sim.create("c")
        self.sim.fault("compact")
        answer = self.sim.get(GROUP + "/mpijobs?limit=5&continue=" + page["continue"])
        self.assertEqual(answer.status, 410)
        more = self.sim.get(GROUP + "/mpijobs?limit=5&continue=" + answer.json["metadata"]["continue"]).json
        self.assertEqual([j["metadata"]["name"] for j in more["items"]], ["b", "c"])


if __name__ == "__main__":
    unittest.main()
