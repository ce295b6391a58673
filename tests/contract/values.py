# SPDX-License-Identifier: Apache-2.0
"""Looking things up in answers, and judging them."""
import json
import re


class Mismatch(Exception):
    """An expectation did not hold."""


class Skip(Exception):
    """The case needs something that this run does not have."""


MISSING = object()
VARIABLE = re.compile(r"\$\{(repeat:.*?:\d+|[^}]+)\}", re.S)


def lookup(doc, pointer):
    """The value at a JSON pointer (-1: an array's last element), or MISSING."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(doc, dict) and part in doc:
            doc = doc[part]
        elif isinstance(doc, list) and re.fullmatch(r"-1|\d+", part) and -len(doc) <= int(part) < len(doc):
            doc = doc[int(part)]
        else:
            return MISSING
    return doc


def edited(doc, edits):
    """A copy of doc after [["set", pointer, value] | ["remove", pointer], ...]."""
    doc = json.loads(json.dumps(doc))
    for op, pointer, *value in edits:
        *path, last = [p.replace("~1", "/").replace("~0", "~") for p in pointer.split("/")[1:]]
        at = doc
        for part in path:
            at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
        if isinstance(at, list):
            last = int(last)
        if op == "set":
            at[last] = value[0]
        elif isinstance(at, list):
            del at[last]
        else:
            at.pop(last, None)
    return doc


def fill(value, env):
    """Puts captured values into every string; a string that is one name only takes the JSON value itself."""
    if isinstance(value, dict):
        return {fill(k, env): fill(v, env) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, env) for v in value]
    if not isinstance(value, str):
        return value
    whole = VARIABLE.fullmatch(value)
    if whole and whole[1] in env:
        return env[whole[1]]

    def one(match):
        if match[1].startswith("repeat:"):
            text, count = match[1][7:].rsplit(":", 1)
            return text * int(count)
        if match[1] not in env:
            raise Mismatch("the case uses ${%s}, which nothing has set" % match[1])
        found = env[match[1]]
        return found if isinstance(found, str) else json.dumps(found)
    return VARIABLE.sub(one, value)


def show(value, limit=240):
    if value is MISSING:
        return "<nothing>"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else "%s...(%d characters)" % (text[:limit], len(text))


def same(a, b):
    """As ==, but True is not 1, and 1.0 is not 1."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def covers(got, pattern):
    if isinstance(pattern, dict):
        return isinstance(got, dict) and all(k in got and covers(got[k], v) for k, v in pattern.items())
    return same(got, pattern)


def has_element(got, arg):
    return arg in got if isinstance(got, (dict, str)) else isinstance(got, list) and any(covers(e, arg) for e in got)


TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list,
         "null": type(None)}
JUDGES = {
    "equals": same,
    "matches": lambda got, arg: isinstance(got, str) and re.search(arg, got) is not None,
    "type": lambda got, arg: isinstance(got, TYPES[arg]) and (arg == "boolean" or not isinstance(got, bool)),
    "length": lambda got, arg: hasattr(got, "__len__") and len(got) == arg,
    "greater": lambda got, arg: int(got) > int(arg),
    "contains": has_element,
    "lacks": lambda got, arg: not has_element(got, arg),
    "in": lambda got, arg: any(same(got, a) for a in arg),
}


def judge(where, got, op, arg=None):
    if op == "exists":
        good = got is not MISSING
    elif op == "absent":
        good = got is MISSING
    elif op == "differs":
        good = got is MISSING or not same(got, arg)
    else:
        good = got is not MISSING and JUDGES[op](got, arg)
    if not good:
        raise Mismatch("%s: expected %s%s, got %s" % (where, op, "" if arg is None else " " + show(arg), show(got)))


def judge_body(doc, assertions, prefix=""):
    for pointer, op, *arg in assertions:
        judge(prefix + (pointer or "the body"), lookup(doc, pointer), op, *arg)


def judge_wish(where, got, wish):
    """A wish is a value, null for absent, or a regular expression behind "~"."""
    if wish is None:
        judge(where, got, "absent")
    elif isinstance(wish, str) and wish.startswith("~"):
        judge(where, got, "matches", wish[1:])
    else:
        judge(where, got, "equals", wish)


def judge_failure(doc, want):
    """The Status that every error of a Kubernetes API carries."""
    if not isinstance(doc, dict):
        raise Mismatch("expected a Status object, got %s" % show(doc))
    judge_body(doc, [["/kind", "equals", "Status"], ["/apiVersion", "equals", "v1"], ["/status", "equals", "Failure"],
                     ["/metadata", "type", "object"]])
    for key, wish in want.items():
        got = doc.get(key, MISSING)
        if key == "details" and wish is not None:
            if not covers(None if got is MISSING else got, wish):
                raise Mismatch("/details: expected at least %s, got %s" % (show(wish), show(got)))
        else:
            judge_wish("/" + key, got, wish)


RAW = {
    "contains": lambda text, arg: arg in text, "lacks": lambda text, arg: arg not in text,
    "equals": lambda text, arg: text == arg, "starts": str.startswith, "ends": str.endswith,
    "matches": lambda text, arg: re.search(arg, text) is not None,
}


def judge_raw(text, assertions):
    for op, arg in assertions:
        if not RAW[op](text, arg):
            raise Mismatch("the raw body: expected %s %s, got %s" % (op, show(arg), show(text, 600)))


def judge_headers(headers, want):
    for name, wish in want.items():
        got = headers.get_all(name) or []
        if wish is None:
            good = not got
        elif isinstance(wish, list):
            good = got == wish
        elif wish.startswith("~"):
            good = any(re.search(wish[1:], g) for g in got)
        else:
            good = wish in got
        if not good:
            raise Mismatch("header %s: expected %s, got %s" % (name, show(wish), show(got)))
