# SPDX-License-Identifier: Apache-2.0
"""Writes a starting corpus for fuzz_sim from the recorded cases: make_corpus.py DIRECTORY."""
import glob
import json
import os
import sys
import urllib.parse

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "contract", "cases", "*.json")
os.makedirs(sys.argv[1], exist_ok=True)
for path in glob.glob(CASES):
    with open(path) as f:
        topic = json.load(f)
    for case in topic["cases"]:
        script = []
        for step in case["steps"]:
            if "path" not in step:
                continue
            target = step["path"]
            for name, value in topic.get("vars", {}).items():
                target = target.replace("${%s}" % name, value)
            query = {k: v for k, v in (step.get("query") or {}).items() if isinstance(v, str)}
            if step["do"] == "WATCH":
                query["watch"] = "1"
            target += "?" + urllib.parse.urlencode(query) if query else ""
            headers = step.get("headers") or {}
            body = step["raw"] if "raw" in step else json.dumps(step["body"]) if "body" in step else ""
            script.append("\n".join(["GET" if step["do"] == "WATCH" else step["do"], target, headers.get("Content-Type") or "",
                                     headers.get("Accept") or "", body, "----", ""]))
        text = "".join(script[:12]).replace("${ns}", "default").replace("${rv}", "1010")
        if text and len(text) < 20000:
            name = "%s-%s" % (topic["topic"] if "topic" in topic else os.path.basename(path)[:-5], case["name"])
            with open(os.path.join(sys.argv[1], name), "wb") as f:
                f.write(text.encode("utf-8", "surrogatepass"))
