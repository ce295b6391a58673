# SPDX-License-Identifier: Apache-2.0
"""What a pod serves at the port of its Service: metrics and health by HTTP, and by HTTPS with a Secret that is renewed in place."""
import http.client
import re
import socket
import ssl
import subprocess

import yaml

import render
import visit
from checks import check
from cluster import renew_volume
from installed import PATIENCE, Installed, seen
from pod import free_port

READ, WRITE = "a-token-of-the-test-0815", "a-token-to-act-of-the-test-4711"
NAME = "mpijobd-tls"


class Port:
    """That of the Service, on this machine: pods have networks of their own, these have this machine's."""

    def __init__(self, installed, scheme):
        self.by_kind = {one["kind"]: one for one in installed.objects}
        self.endpoint, port = self.by_kind["ServiceMonitor"]["spec"]["endpoints"][0], self.by_kind["Service"]["spec"]["ports"][0]
        container = installed.template["spec"]["containers"][0]
        check(f"monitor, service and pod mean one port of {scheme}", scheme == self.endpoint["port"] == port["name"] == port["targetPort"] and
              container["ports"][0] == {"name": scheme, "containerPort": port["port"], "protocol": "TCP"} and self.endpoint.get("scheme", "http") == scheme and
              f"--listen=0.0.0.0:{port['port']}" in container["args"], container)
        check("and one token", self.endpoint["authorization"]["credentials"] == {"name": "mpijobd-tokens", "key": "read"})
        self.number = free_port()
        container["args"] = [one.replace(f":{port['port']}", f":{self.number}") for one in container["args"]]

    def get(self, path, token=None, trusted=None, name="localhost"):
        """Status, text, and the number of the certificate. trusted: of HTTPS, for that name."""
        try:
            with socket.create_connection(("127.0.0.1", self.number), timeout=10) as plain, \
                    (trusted.wrap_socket(plain, server_hostname=name) if trusted else plain) as connection:
                client = http.client.HTTPConnection(name)
                client.sock = connection
                client.request("GET", path, headers={"Authorization": "Bearer " + token} if token else {})
                answer = client.getresponse()
                certificate = connection.getpeercert() if trusted and trusted.verify_mode else {}
                return answer.status, answer.read().decode(), certificate.get("serialNumber")
        except (OSError, http.client.HTTPException) as e:
            return 0, str(e), None


def monitoring(cluster, work, root, text):
    installed = Installed(cluster, work, root, "monitoring", text, visit.prepare)
    port = Port(installed, "http")
    installed.secrets["mpijobd-tokens"] = {"read": READ, "write": WRITE}
    pod = installed.pod("mpijobd-0")
    pod.start()
    check("it lives, and says so without a token", seen("/livez", PATIENCE, lambda: port.get("/livez")[0] == 200), pod.said())
    check("it is ready", seen("ready", PATIENCE, lambda: pod.probe("readinessProbe")[0] == 0), pod.said())
    check("metrics take the token", port.get("/metrics")[0] == 401 and "mpijobd_build_info" in port.get("/metrics", READ)[1])
    visit.visit(cluster, pod, port.by_kind["Service"], port.number, WRITE, installed.folder)
    installed.close()


# ---- HTTPS ----

def wanted():
    """The Certificate of the install page."""
    with open(f"{render.SOURCE}/docs/install.md", encoding="utf-8") as file:
        return yaml.safe_load(re.search(r"^```yaml\n# certificate.yaml\n(.*?)^```$", file.read(), re.M | re.S).group(1))


class Issuer:
    """As cert-manager: an authority, and the data of a Secret for the names of that Certificate."""

    def __init__(self, folder):
        self.folder = folder
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=ca", "-days", "30", "-keyout", "ca.key", "-out", "ca.crt")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def read(self, name):
        with open(f"{self.folder}/{name}", encoding="utf-8") as file:
            return file.read()

    def issue(self):
        names = ",".join(f"DNS:{name}" for name in wanted()["spec"]["dnsNames"])
        with open(f"{self.folder}/names", "w", encoding="utf-8") as file:
            file.write(f"subjectAltName={names}\n")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=mpijobd", "-keyout", "tls.key", "-out", "tls.csr")
        self.openssl("x509", "-req", "-in", "tls.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "20", "-out", "tls.crt")
        return {name: self.read(name) for name in ("tls.crt", "tls.key", "ca.crt")}


def https(cluster, work, root, text):
    installed = Installed(cluster, work, root, "https", text)
    status, answer = cluster.apply(wanted(), dry_run=True)
    check("cert-manager's own definition takes the Certificate of the install page, strictly", status == 201 and wanted()["spec"]["secretName"] == NAME, answer)
    port, issuer = Port(installed, "https"), Issuer(installed.folder)
    data = issuer.issue()
    status, answer = cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": NAME, "namespace": "mpijobd"}, "type": "kubernetes.io/tls", "stringData": data})
    check("the Secret is of the type for TLS", status in (200, 201), answer)
    installed.secrets.update({"mpijobd-tokens": {"read": READ}, NAME: data})
    tls = port.endpoint["tlsConfig"]
    check("Prometheus takes the authority of that Secret", tls["ca"] == {"secret": {"name": NAME, "key": "ca.crt"}}, tls)
    trusted = ssl.create_default_context(cadata=data[tls["ca"]["secret"]["key"]])

    def get(path, token=None):
        return port.get(path, token, trusted, tls["serverName"])
    pod = installed.pod("mpijobd-0")
    pod.start()
    check("it lives, and says so by HTTPS, as the monitor asks", seen("/livez", PATIENCE, lambda: get("/livez")[0] == 200), pod.said())
    check("and not by HTTP", port.get("/livez")[0] == 0)
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        check(f"its {probe} is content", seen(probe, PATIENCE, lambda p=probe: pod.probe(p)[0] == 0), pod.said())
    check("metrics take the token, and tell when the certificate ends",
          get("/metrics")[0] == 401 and "mpijobd_https_certificate_end_timestamp_seconds " in get("/metrics", READ)[1], get("/metrics", READ))
    said = pod.run("mpijobd", "doctor")[1]
    check("the doctor has nothing to say about the pair: nobody else can read the key", re.search(r"^ok +https ", said, re.M), said)
    first, folder = get("/livez")[2], next(source for source, path, _ in pod.mounts if path == "/run/secrets/mpijobd-tls")
    renew_volume(folder, issuer.issue())
    check("a Secret that is renewed in place is in force without a restart", seen("the next", PATIENCE, lambda: get("/livez")[2] not in (None, first)), pod.said())
    check("and the probes are content with it", pod.probe("livenessProbe")[0] == 0 == pod.probe("readinessProbe")[0], pod.said())
    cluster.api("DELETE", f"/api/v1/namespaces/mpijobd/secrets/{NAME}")
    installed.close()
