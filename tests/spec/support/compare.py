#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py A B: the places where two JSON texts differ, one pointer a line, but for what every write changes at the server. Number texts,
[] against {} and the order of keys count as differences."""
import json
import sys

ALWAYS = {"/metadata/resourceVersion", "/metadata/generation", "/metadata/managedFields"}


class Number(str):
    """A number by its text: 1.0 is not 1."""


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f, object_pairs_hook=lambda pairs: ("object", pairs), parse_float=Number, parse_int=Number)


def walk(at, a, b, out):
    if at in ALWAYS:
        return
    if isinstance(a, tuple) and isinstance(b, tuple):
        left, right = dict(a[1]), dict(b[1])
        for key in [k for k, _ in a[1]] + [k for k, _ in b[1] if k not in left]:
            if key not in left or key not in right:
                out.append("%s/%s" % (at, key))
            else:
                walk("%s/%s" % (at, key), left[key], right[key], out)
        common = [k for k, _ in a[1] if k in right], [k for k, _ in b[1] if k in left]
        if common[0] != common[1]:
            out.append(at + " (order)")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            walk("%s/%d" % (at, i), x, y, out)
    elif type(a) is not type(b) or a != b:
        out.append(at)


found = []
walk("", load(sys.argv[1]), load(sys.argv[2]), found)
print("\n".join(sorted(set(found))))
