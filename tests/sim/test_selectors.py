# SPDX-License-Identifier: Apache-2.0
"""Label selectors as Kubernetes reads them: tests/fixtures/selectors, recorded from its own library."""
import os
import unittest
import urllib.parse

from harness import TOP, Sim

SETS = [{}, {"a": ""}, {"a": "1"}, {"a": "x"}, {"a": "in"}, {"in": "a"}, {"notin": "1"}, {"a": "1", "b": "2"}, {"a": "007"},
        {"ops.example.com/x": "1"}, {"b": "x.y_z-1"}, {"a": "9223372036854775808"}]
ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def unescape(text):
    parts = text.split("\\")
    return parts[0] + "".join(ESCAPES[p[0]] + p[1:] for p in parts[1:])


class Selectors(unittest.TestCase):
    def test_as_kubernetes_does(self):
        sim = Sim()
        self.addCleanup(sim.stop)
        path = "/api/v1/namespaces/default/configmaps"
        for i, labels in enumerate(SETS):
            answer = sim.ask("POST", path, {"metadata": {"name": "s%02d" % i, "labels": labels}})
            self.assertEqual(answer.status, 201, answer.raw)
        connection = sim.connect()
        self.addCleanup(connection.close)
        with open(os.path.join(TOP, "tests/fixtures/selectors/selectors.tsv"), encoding="utf-8") as table:
            rows = [line.rstrip("\n").rsplit("\t", 1) for line in table if not line.startswith("#")]
        self.assertEqual(len(rows), 1201)
        wrong = []
        for text, expected in rows:
            connection.request("GET", path + "?labelSelector=" + urllib.parse.quote(unescape(text), safe=""))
            response = connection.getresponse()
            raw = response.read().decode()
            found = "ERR" if response.status == 400 else "".join("01"['"s%02d"' % i in raw] for i in range(len(SETS)))
            if found != expected:
                wrong.append("%r: %s, expected %s" % (text, found, expected))
        self.assertFalse(wrong, "%d differ:\n%s" % (len(wrong), "\n".join(wrong[:40])))


if __name__ == "__main__":
    unittest.main()
