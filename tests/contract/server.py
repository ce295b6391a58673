# SPDX-License-Identifier: Apache-2.0
"""Talking to the server under test: exchanges over kept connections, and watches."""
import gzip
import http.client
import json
import socket
import ssl
import threading
import time
import urllib.parse

from values import Mismatch, Skip, show


class Server:
    def __init__(self, url, token, view_token, ca, insecure):
        u = urllib.parse.urlsplit(url)
        self.host, self.port, self.base = u.hostname, u.port or (443 if u.scheme == "https" else 80), u.path.rstrip("/")
        self.tokens = {"admin": token, "view": view_token, "bad": "not-a-token", "none": None}
        self.tls = None
        if u.scheme == "https":
            self.tls = ssl.create_default_context(cafile=ca)
            if insecure:
                self.tls.check_hostname = False
                self.tls.verify_mode = ssl.CERT_NONE
        self.kept = threading.local()

    def connect(self, timeout=60):
        c = (http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.tls) if self.tls
             else http.client.HTTPConnection(self.host, self.port, timeout=timeout))
        c.connect()
        c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return c

    def headers(self, step):
        who = step.get("auth", "admin")
        if who != "admin" and not self.tokens["view" if who == "view" else "admin"]:
            raise Skip("needs --token and --view-token")
        h = {"User-Agent": "kube-contract/1", "Accept": "application/json"}
        if self.tokens[who]:
            h["Authorization"] = "Bearer " + self.tokens[who]
        return h

    def send(self, step, connection):
        path = self.base + step["path"]
        pairs = [(k, v) for k, vs in (step.get("query") or {}).items() for v in (vs if isinstance(vs, list) else [vs])]
        if pairs:
            path += "?" + urllib.parse.urlencode(pairs)
        h = self.headers(step)
        data = None
        if "raw" in step or "body" in step:
            text = step["raw"] if "raw" in step else json.dumps(step["body"], ensure_ascii=False, separators=(",", ":"))
            data = text.encode("utf-8", "surrogatepass")
            h["Content-Type"] = "application/json"
        for name, value in (step.get("headers") or {}).items():
            h = {k: v for k, v in h.items() if k.lower() != name.lower()}
            if value is not None:
                h[name] = value
        connection.putrequest(step["do"], path, skip_accept_encoding=True)
        for name, value in h.items():
            connection.putheader(name, value)
        if data is not None:
            connection.putheader("Content-Length", str(len(data)))
        try:
            connection.endheaders(data)
        except (BrokenPipeError, ConnectionResetError):
            if data is None:
                raise
            # the server may answer a large body before it has read all of it
        return connection.getresponse()

    def call(self, step):
        """(status, headers, text) of one exchange. A kept connection that turns out to be closed is replaced once."""
        kept = getattr(self.kept, "connection", None)
        self.kept.connection = None
        connection = kept or self.connect()
        try:
            response = self.send(step, connection)
        except (http.client.HTTPException, OSError):
            connection.close()
            if not kept:
                raise
            connection = self.connect()
            response = self.send(step, connection)
        try:
            data = response.read()
        except http.client.HTTPException as e:
            raise Mismatch("the body broke off: %r" % e)
        if response.will_close:
            connection.close()
        else:
            self.kept.connection = connection
        if response.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return response.status, response.headers, data.decode("utf-8", "replace")

    def quietly(self, method, path, query=None):
        try:
            self.call({"do": method, "path": path, "query": query})
        except (Mismatch, OSError, http.client.HTTPException):
            pass


class Watch:
    """An open watch: one event a line."""

    def __init__(self, connection, response):
        self.connection, self.response, self.socket = connection, response, connection.sock
        self.ahead = []
        self.ended = False

    def event(self, deadline, ignored):
        """The next event, or None at a clean end."""
        if self.ahead:
            return self.ahead.pop()
        while True:
            line = self.line(deadline)
            if line == b"":
                return None
            if not line.endswith(b"\n"):
                raise Mismatch("watch: an event does not end with a newline")
            try:
                event = json.loads(line)
            except ValueError:
                raise Mismatch("watch: a line is not one JSON value: %s" % show(line.decode("utf-8", "replace")))
            if not isinstance(event, dict) or sorted(event) != ["object", "type"]:
                raise Mismatch("watch: an event must have exactly type and object: %s" % show(event))
            if event["type"] not in ignored:
                return event

    def line(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self.socket is not None:
            self.socket.settimeout(left)
        try:
            return self.response.readline()
        except http.client.HTTPException as e:
            raise Mismatch("watch: the stream broke off: %r" % e)

    def close(self):
        self.response.close()
        self.connection.close()
