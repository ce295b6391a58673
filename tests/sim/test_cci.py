# SPDX-License-Identifier: Apache-2.0
"""Huawei Cloud CCI as documented, its IAM and its signatures; and the other ways to come in."""
import base64
import datetime
import hashlib
import hmac
import json
import ssl
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request

from harness import Sim
from test_program import run

GROUP = "/apis/kubeflow.org/v1alpha2"
JOBS = GROUP + "/namespaces/default/mpijobs"
MERGE = "application/merge-patch+json"


def sign(access, secret, method, target, body=b"", at=None, token=None, host="sim"):
    path, _, query = target.partition("?")
    date = (at or datetime.datetime.now(datetime.timezone.utc)).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-sdk-date": date}
    if token:
        headers["x-security-token"] = token
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    quoted = "&".join("%s=%s" % (urllib.parse.quote(k, safe="-_.~"), urllib.parse.quote(v, safe="-_.~")) for k, v in pairs)
    names = ";".join(sorted(headers))
    request = "\n".join([method, urllib.parse.quote(urllib.parse.unquote(path)) + "/", quoted,
                         "".join("%s:%s\n" % (k, headers[k]) for k in sorted(headers)), names,
                         hashlib.sha256(body).hexdigest()])
    text = "SDK-HMAC-SHA256\n%s\n%s" % (date, hashlib.sha256(request.encode()).hexdigest())
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    out = {"Host": host, "X_Sdk_Date": date,
           "Authorization": "SDK-HMAC-SHA256 Access=%s, SignedHeaders=%s, Signature=%s" % (access, names, signature)}
    if token:
        out["X_Security_Token"] = token
    return out


def wish(user="u", domain="d", password="pass:word", project="p"):
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "name": user, "password": password, "domain": {"name": domain}}}}, "scope": {"project": {"name": project}}}}


class Iam(unittest.TestCase):
    def setUp(self):
        self.sim = Sim("--profile", "cci", "--iam", "d:u:p:pass:word", "--token", "T", "--clock", "stepped")
        self.addCleanup(self.sim.stop)

    def post(self, body):
        return self.sim.ask("POST", "/v3/auth/tokens", body)

    def test_a_token_lets_in_until_it_ends(self):
        answer = self.post(wish())
        self.assertEqual(answer.status, 201)
        token = answer.headers["X-Subject-Token"]
        self.assertIn("expires_at", answer.json["token"])
        self.assertEqual(self.sim.get(JOBS, X_Auth_Token=token).status, 200)
        self.assertEqual(self.sim.get("/_sim/requests?limit=1").json["requests"][0]["auth"], "x-auth-token")
        self.sim.advance("86399s")
        self.assertEqual(self.sim.get(JOBS, X_Auth_Token=token).status, 200)
        self.sim.advance("1s")
        self.assertEqual(self.sim.get(JOBS, X_Auth_Token=token).status, 401)

    def test_refusals(self):
        for body, status in ((wish(password="x"), 401), (wish(user="x"), 401), (wish(domain="x"), 401), (wish(project="x"), 404),
                             ({}, 400), ([], 400), (b"{", 400)):
            answer = self.post(body)
            self.assertEqual(answer.status, status, body)
            self.assertIn("message", answer.json["error"])
            self.assertNotIn("X-Subject-Token", answer.headers)
        self.assertEqual(self.sim.get("/v3/auth/tokens").status, 405)
        self.assertEqual(self.sim.get("/_sim/requests?path=/v3/auth/tokens").json["matching"], 8)

    def test_nobody_comes_in_without(self):
        for headers in ({}, {"X_Auth_Token": "x"}, {"Authorization": "Bearer x"}, {"Authorization": "Digest x"}):
            answer = self.sim.get(JOBS, **headers)
            self.assertEqual(answer.status, 401)
            self.assertEqual(answer.json["error_code"], "APIGW.0301")
        self.assertEqual(self.sim.get(JOBS, Authorization="Bearer T").status, 200)

    def test_changes(self):
        token = self.post(wish()).headers["X-Subject-Token"]
        self.assertEqual(self.sim.ask("PUT", "/_sim/credentials", {"revoke": True}).json["issued"], 0)
        self.assertEqual(self.sim.get(JOBS, X_Auth_Token=token).status, 401)
        self.sim.ask("PUT", "/_sim/credentials", {"iamPassword": "new", "iamLifetime": 5, "tokens": ["A", "B"]})
        self.assertEqual(self.post(wish()).status, 401)
        token = self.post(wish(password="new")).headers["X-Subject-Token"]
        self.sim.advance("5s")
        self.assertEqual(self.sim.get(JOBS, X_Auth_Token=token).status, 401)
        self.assertEqual(self.sim.get(JOBS, Authorization="Bearer T").status, 401)
        self.assertEqual(self.sim.get(JOBS, Authorization="Bearer B").status, 200)
        self.assertIn("'tokns'", self.sim.ask("PUT", "/_sim/credentials", {"tokns": []}).json["error"])


class Signature(unittest.TestCase):
    def start(self, key):
        sim = Sim("--profile", "cci", "--access-key", key, "--token", "T")
        self.addCleanup(sim.stop)
        return sim

    def status(self, sim, *args, method="GET", target=JOBS, body=None, sent=None, **kw):
        return sim.ask(method, sent or target, body, **sign(*args, method, target, body or b"", **kw)).status

    def test_right_and_wrong(self):
        sim = self.start("A:S")
        self.assertEqual(self.status(sim, "A", "S"), 200)
        self.assertEqual(self.status(sim, "A", "S", target=JOBS + "?limit=1&labelSelector=a%20in%20%28b%2Cc%29"), 200)
        self.assertEqual(self.status(sim, "A", "X"), 401)
        self.assertEqual(self.status(sim, "B", "S"), 401)
        self.assertEqual(self.status(sim, "A", "S", sent=JOBS + "?limit=1"), 401)
        body = json.dumps({"metadata": {"name": "x"}, "apiVersion": "kubeflow.org/v1alpha2", "kind": "MPIJob", "spec": {}}).encode()
        self.assertEqual(self.status(sim, "A", "S", method="POST", body=body), 201)
        headers = sign("A", "S", "POST", JOBS, body)
        self.assertEqual(sim.ask("POST", JOBS, body.replace(b'"x"', b'"y"'), **headers).status, 401)

    def test_clock(self):
        sim = self.start("A:S")
        now = datetime.datetime.now(datetime.timezone.utc)
        for minutes, status in ((14, 200), (-14, 200), (16, 401), (-16, 401)):
            answer = sim.get(JOBS, **sign("A", "S", "GET", JOBS, at=now + datetime.timedelta(minutes=minutes)))
            self.assertEqual(answer.status, status, minutes)
        sim.advance("1h")
        answer = sim.get(JOBS, **sign("A", "S", "GET", JOBS))
        self.assertIn("expired", answer.json["error_msg"])
        date = datetime.datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.timezone.utc)
        self.assertTrue(3500 < (date - now).total_seconds() < 3700)
        self.assertEqual(len(answer.headers.get_all("Date")), 1)

    def test_temporary(self):
        sim = self.start("A:S:TOKEN")
        self.assertEqual(self.status(sim, "A", "S", token="TOKEN"), 200)
        self.assertEqual(self.status(sim, "A", "S", token="OTHER"), 401)
        self.assertEqual(self.status(sim, "A", "S"), 401)
        sim.ask("PUT", "/_sim/credentials", {"accessKeys": [{"access": "N", "secret": "M"}]})
        self.assertEqual(self.status(sim, "A", "S", token="TOKEN"), 401)
        self.assertEqual(self.status(sim, "N", "M", token="TOKEN"), 401)
        self.assertEqual(self.status(sim, "N", "M"), 200)


class Cci(unittest.TestCase):
    def setUp(self):
        self.sim = Sim("--profile", "cci", "--token", "T", "--life", "--clock", "stepped")
        self.addCleanup(self.sim.stop)
        spec = {"mpiReplicaSpecs": {"Launcher": {"replicas": 1}, "Worker": {"replicas": 2}}}
        body = {"apiVersion": "kubeflow.org/v1alpha2", "kind": "MPIJob", "spec": spec,
                "metadata": {"name": "x", "annotations": {"mpijob-sim/start-seconds": "1", "mpijob-sim/run-seconds": "60"}}}
        self.assertEqual(self.ask("POST", JOBS, body).status, 201)

    def ask(self, method, path, body=None, **headers):
        return self.sim.ask(method, path, body, Authorization="Bearer T", **headers)

    def test_only_v1alpha2(self):
        self.assertEqual([v["version"] for v in self.ask("GET", "/apis/kubeflow.org").json["versions"]], ["v1alpha2"])
        self.assertEqual(run("--profile", "cci", "--version", "v1").returncode, 2)
        self.assertEqual(run("--profile", "ccj").returncode, 2)

    def test_only_four_fields(self):
        job = self.ask("GET", JOBS + "/x").json
        job["metadata"]["labels"] = {"a": "b"}
        job["metadata"]["annotations"]["c"] = "d"
        job["spec"].update(activeDeadlineSeconds=60, cleanPodPolicy="All")
        answer = self.ask("PUT", JOBS + "/x?pretty=true", job)
        self.assertEqual((answer.status, answer.json["spec"]["cleanPodPolicy"]), (200, "All"))
        job = answer.json
        for change in (lambda j: j["spec"].update(backoffLimit=1), lambda j: j["spec"].update(slotsPerWorker=2),
                       lambda j: j["spec"]["mpiReplicaSpecs"]["Worker"].update(replicas=3),
                       lambda j: j["metadata"].update(finalizers=["a.example/b"])):
            copy = json.loads(json.dumps(job))
            change(copy)
            answer = self.ask("PUT", JOBS + "/x", copy)
            self.assertEqual(answer.status, 400)
            self.assertIn("spec.cleanPodPolicy can be replaced", answer.json["message"])

    def test_patches(self):
        self.assertEqual(self.ask("PATCH", JOBS + "/x", {"spec": {"cleanPodPolicy": "None"}}, Content_Type=MERGE).status, 200)
        self.assertEqual(self.ask("PATCH", JOBS + "/x", {"spec": {"backoffLimit": 1}}, Content_Type=MERGE).status, 400)
        self.assertEqual(self.ask("PATCH", JOBS + "/x", [], Content_Type="application/json-patch+json").status, 415)

    def test_within_a_namespace_only(self):
        self.assertEqual(self.ask("GET", GROUP + "/mpijobs").status, 403)
        self.assertEqual(self.ask("GET", GROUP + "/mpijobs?watch=1").status, 403)
        self.assertEqual(self.ask("GET", JOBS + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan").status, 422)
        self.assertEqual(len(self.ask("GET", JOBS).json["items"]), 1)
        answer = self.ask("DELETE", JOBS)
        self.assertEqual((answer.status, answer.json["kind"], len(answer.json["items"])), (200, "MPIJobList", 1))

    def test_an_absent_policy_is_running(self):
        self.sim.advance("90s")
        names = [p["metadata"]["name"] for p in self.ask("GET", "/api/v1/namespaces/default/pods").json["items"]]
        self.assertEqual([n for n in names if "worker" in n], [])


class OtherWays(unittest.TestCase):
    def test_basic(self):
        with Sim("--basic", "u:p:w") as sim:
            for text, status in (("u:p:w", 200), ("u:p", 401), ("v:p:w", 401)):
                coded = base64.b64encode(text.encode()).decode()
                self.assertEqual(sim.get(JOBS, Authorization="Basic " + coded).status, status)
            self.assertEqual(sim.get(JOBS).status, 403)

    def test_impersonation_is_recorded(self):
        with Sim() as sim:
            sim.get(JOBS, Impersonate_User="a")
            self.assertEqual(sim.get("/_sim/requests?limit=1").json["requests"][0]["impersonation"], "Impersonate-User: a")

    def test_client_certificates(self):
        with tempfile.TemporaryDirectory() as folder:
            def make(name, ca=None, *more):
                args = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=" + name, "-keyout", "%s/%s.key" % (folder, name), "-out", "%s/%s.pem" % (folder, name)]
                args += ["-CA", "%s/%s.pem" % (folder, ca), "-CAkey", "%s/%s.key" % (folder, ca)] if ca else []
                subprocess.run(args + list(more), check=True, capture_output=True)
            make("ca")
            make("other")
            make("robot", "ca")
            make("stranger", "other")
            with Sim("--tls", "--client-ca", folder + "/ca.pem") as sim:
                def status(name):
                    context = ssl._create_unverified_context()
                    if name:
                        context.load_cert_chain("%s/%s.pem" % (folder, name), "%s/%s.key" % (folder, name))
                    request = urllib.request.Request(sim.ready["url"] + JOBS)
                    try:
                        with urllib.request.urlopen(request, context=context) as answer:
                            return answer.status
                    except urllib.error.HTTPError as e:
                        return e.code
                    except (urllib.error.URLError, ConnectionError, ssl.SSLError):
                        return "refused"
                self.assertEqual(status("robot"), 200)
                self.assertEqual(status(None), 403)
                self.assertEqual(status("stranger"), 401)
                change = urllib.request.Request(sim.ready["url"] + "/_sim/credentials", b'{"certificates":["visitor"]}',
                                                {"Content-Type": "application/json"}, method="PUT")
                urllib.request.urlopen(change, context=ssl._create_unverified_context()).close()
                self.assertEqual(status("robot"), 401)
            self.assertIn("--tls only", run("--client-ca", folder + "/ca.pem").stderr)



if __name__ == "__main__":
    unittest.main()
