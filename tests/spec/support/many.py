#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Another client of an API server, over one connection: it makes many objects, or is a second writer of one.

  many.py create PATH COUNT < TEMPLATE     posts the template COUNT times, NAME in it replaced by job-1, job-2...
  many.py increment PATH KEY TIMES         adds one to an annotation, TIMES times: reads, writes what it has read, and again after a 409
  many.py own PATH                         the list as JSON: each name with its bytes, without what the server owns

URL, TOKEN and CA come from the environment. At a lost connection it begins again for as long as MANY_PATIENCE (60) seconds."""
import http.client
import json
import os
import ssl
import sys
import time
import urllib.parse

URL = urllib.parse.urlsplit(os.environ["URL"])
HEADERS = {"Content-Type": "application/json", "User-Agent": "second-writer"}
if os.environ.get("TOKEN"):
    HEADERS["Authorization"] = f"Bearer {os.environ['TOKEN']}"
PATIENCE = float(os.environ.get("MANY_PATIENCE", "60"))
connection = None


def ask(method, path, body=None):
    """status, text. A request is repeated where its connection was lost: only what may be done twice comes here then."""
    global connection
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if connection is None:
                tls = URL.scheme == "https"
                connection = (http.client.HTTPSConnection(URL.hostname, URL.port, timeout=20, context=ssl.create_default_context(cafile=os.environ["CA"]))
                              if tls else http.client.HTTPConnection(URL.hostname, URL.port, timeout=20))
            connection.request(method, path, body, HEADERS)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            connection = None
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def create(path, count):
    template = sys.stdin.read()
    for i in range(1, int(count) + 1):
        status, text = ask("POST", path, template.replace("NAME", f"job-{i}"))
        if status != 201:
            sys.exit(f"job-{i}: {status} {text}")


def increment(path, key, times):
    conflicts = 0
    for _ in range(int(times)):
        while True:
            status, text = ask("GET", path)
            if status != 200:
                sys.exit(f"{status} {text}")
            item = json.loads(text)
            annotations = item["metadata"].setdefault("annotations", {})
            annotations[key] = str(int(annotations.get(key, "0")) + 1)
            status, text = ask("PUT", path, json.dumps(item))
            if status == 200:
                break
            if status != 409:
                sys.exit(f"{status} {text}")
            conflicts += 1
    print(conflicts)


def own(path):
    status, text = ask("GET", path)
    if status != 200:
        sys.exit(f"{status} {text}")
    found = {}
    for item in json.loads(text)["items"]:
        for key in "resourceVersion", "generation", "managedFields", "uid", "creationTimestamp":
            item["metadata"].pop(key, None)
        item.pop("status", None)
        found[item["metadata"]["name"]] = json.dumps(item)
    print(json.dumps(found))


{"create": create, "increment": increment, "own": own}[sys.argv[1]](*sys.argv[2:])
