# SPDX-License-Identifier: Apache-2.0
"""Holds answers of the JSON API to its description (docs/openapi.json). Reads a JSON object a line: method, path, status,
type, body (a text). Answers with a line each: what is wrong, or "ok"."""
import json
import re
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("missing", flush=True)
    sys.exit(0)

DESCRIPTION = json.load(open(sys.argv[1], encoding="utf-8"))


def template_of(path):
    """The path of the description; one without a parameter goes before those with one."""
    fitting = [t for t in DESCRIPTION["paths"] if re.fullmatch(re.sub(r"\\\{[a-z]+\\\}", "[^/]+", re.escape(t)), path)]
    return min(fitting, key=lambda t: t.count("{"), default=None)


def resolved(value):
    while "$ref" in value:
        name = value["$ref"].split("/")[1:]
        value = DESCRIPTION
        for part in name:
            value = value[part]
    return value


def wrong(answer):
    template = template_of(answer["path"].split("?")[0])
    operation = DESCRIPTION["paths"].get(template, {}).get(answer["method"].lower())
    if not operation:
        # A problem, whatever was asked for.
        schema = {"$ref": "#/components/schemas/Problem"}
        if answer["status"] not in (401, 403, 404, 405):
            return f"{answer['method']} {answer['path']} is not described"
    else:
        response = operation["responses"].get(str(answer["status"]))
        if not response:
            return f"the status {answer['status']} of {answer['method']} {template} is not described"
        content = resolved(response)["content"]
        if answer["type"] not in content:
            return f"the type {answer['type']} is not described"
        schema = content[answer["type"]]["schema"]
    if "json" not in answer["type"]:
        return None
    whole = {**schema, "components": DESCRIPTION["components"]}
    faults = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in Draft202012Validator(whole).iter_errors(json.loads(answer["body"]))]
    return "; ".join(faults) or None


print("ready", flush=True)
for line in sys.stdin:
    given = json.loads(line)
    print(json.dumps(wrong(given) or "ok"), flush=True)
