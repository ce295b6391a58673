# SPDX-License-Identifier: Apache-2.0
"""A validating webhook over TLS that allows everything, after as many seconds as the file SECONDS says.

slow_webhook.py CERTIFICATE KEY SECONDS: prints its port; a line for each request that it has answered."""
import http.server
import json
import ssl
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open(sys.argv[3]) as file:
            threading.Event().wait(float(file.read()))
        request = review["request"]
        review = {"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": {"uid": request["uid"], "allowed": True}}
        body = json.dumps(review).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        print("answered", request["operation"], request["namespace"] + "/" + request["name"], flush=True)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print("port", server.server_address[1], flush=True)
server.serve_forever()
