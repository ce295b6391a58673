#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server for specs. Says {"port": N} and then each request as a line of JSON on standard output. Answers by the
path: /status/N with that status; /echo with what came; /big/N with N bytes; /redirect/N?to=URL with that status and
place; /hang never; /drip one byte and then nothing; /fail/N/NAME with status 503 the first N times that NAME is asked
for; anything else {"ok":true}. Options: --tls CERT KEY, --host ADDRESS."""
import argparse
import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

out = threading.Lock()
failures = {}


def say(value):
    with out:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        seen = {"method": self.command, "path": self.path, "body": body,
                "headers": {name.lower(): value for name, value in self.headers.items()}}
        say(seen)
        parts = urlsplit(self.path)
        words = parts.path.split("/")[1:]
        query = parse_qs(parts.query)
        if words[0] == "status":
            self.answer(int(words[1]), b"status", [("Retry-After", "1")] if words[1] == "429" else [])
        elif words[0] == "echo":
            self.answer(200, json.dumps(seen).encode(), [("Content-Type", "application/json"), ("X-Twice", "a"), ("X-Twice", "b")])
        elif words[0] == "big":
            self.answer(200, b"x" * int(words[1]))
        elif words[0] == "redirect":
            self.answer(int(words[1]), b"", [("Location", query["to"][0])])
        elif words[0] == "hang":
            time.sleep(3600)
        elif words[0] == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(3600)
        elif words[0] == "fail":
            count = failures[words[2]] = failures.get(words[2], 0) + 1
            self.answer(503 if count <= int(words[1]) else 200, b"{}")
        elif words[0] == "prom":
            form = parse_qs(body)
            canned = {
                "none": '{"resultType":"vector","result":[]}',
                "one": '{"resultType":"vector","result":[{"metric":{"team":"vision"},"value":[1700000000.5,"0"]}]}',
                "nan": '{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]}]}',
                "inf": '{"resultType":"vector","result":[{"metric":{},"value":[1,"+Inf"]}]}',
                "scalar": '{"resultType":"scalar","result":[1,"2.5"]}',
                "two": '{"resultType":"vector","result":[{"metric":{"a":"1"},"value":[1,"1"]},{"metric":{"a":"2"},"value":[1,"2"]}]}',
                "range": '{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[1,"1"],[61,"2"]]}]}',
            }
            asked = form["query"][0]
            if asked in canned:
                self.answer(200, ('{"status":"success","data":' + canned[asked] + "}").encode())
            elif asked == "garbage":
                self.answer(200, b"<html>")
            else:
                self.answer(400, b'{"status":"error","errorType":"bad_data","error":"parse error: unexpected end of input"}')
        elif words[0] == "value":
            self.answer(200, query["it"][0].encode(), [("Content-Type", "application/json")])
        else:
            self.answer(200, b'{"ok":true}', [("Content-Type", "application/json")])

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any


class Server(ThreadingHTTPServer):
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--host", default="127.0.0.1")
    args = parser.parse_args()
    if ":" in args.host:
        import socket
        Server.address_family = socket.AF_INET6
    server = Server((args.host, 0), Handler)
    if args.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*args.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    say({"port": server.server_address[1]})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # ends with the spec


main()
