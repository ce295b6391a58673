#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Thousands of generated documents, edited by json_driver and judged by Python's json module.

    json_property.py DRIVER [SEED [DOCUMENTS]]

A document is generated as text from a seed, nasty on purpose (see Maker). What must come out is computed here from the
text's own tokens, by code that shares nothing with the C code:

  * the meaning: json.loads of the result, with numbers as their text and objects as lists of pairs, so that key order,
    duplicate keys, 1.0 against 1 and long integers all count;
  * the bytes: the pieces of the text that no edit touches must stand in the result, in order, unchanged; where the edits
    only replace and remove, the whole result is known byte for byte.
"""
import decimal
import json
import math
import random
import re
import struct
import subprocess
import sys
import tempfile

SPACE = re.compile(r"[ \t\n\r]*")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[-+0-9.eE]+|true|false|null|[{}\[\],:]', re.S)


class Maker:
    """Documents as text. Strings have escapes, surrogates (also alone) and characters of each UTF-8 length; numbers have
    fractions, exponents and more digits than a double; keys come twice; white space is one of several styles, or random."""

    STRINGS = ["", "a", "é", "\u20ac", "\U0001f600", "{", "}", "[", "]", ",", ":", "/", "~", "~1", "x" * 15, "y" * 16, "z" * 70,
               "}]" * 40, "kubeflow.org/mpi", "-", "0", "1", "null", " ", "\\u0041"]
    ESCAPES = [r"\"", r"\\", r"\/", r"\b", r"\n", r"\t", r"\u0000", r"\u00e9", r"\uD83D\uDE00", r"\ud800", r"\uDC00", r"\ud800\u0041",
               r"\\\"", r"\u007B", r"\\\\", r"\"}"]
    NUMBERS = ["0", "-0", "1", "-1", "1.0", "1e3", "1E+3", "1.50e-7", "9007199254740993", "18446744073709551616", "0.1",
               "0.30000000000000004", "-0.0", "1e400", "123456789012345678901234567890.5", "1e-400", "100", "3"]
    KEYS = ["a", "b", "c", "spec", "a/b", "m~n", "", "-", "0", "1", "\u00e9", "k k", "status", "x" * 20]

    def __init__(self, rng):
        self.rng = rng
        self.style = rng.choice(["compact", "spaced", "pretty2", "pretty4", "tabs", "crlf", "random"])

    def string(self, text=None):
        rng = self.rng
        if text is None:
            parts = []
            for _ in range(rng.choice([0, 1, 1, 2, 5])):
                parts.append(rng.choice(self.ESCAPES) if rng.random() < 0.4 else quote(rng.choice(self.STRINGS))[1:-1])
            return '"' + "".join(parts) + '"'
        out = []
        for c in text:
            roll = rng.random()
            if roll < 0.05:
                out.append("".join("\\u%04x" % unit for unit in units(c)))
            else:
                out.append(quote(c)[1:-1])
        return '"' + "".join(out) + '"'

    def number(self):
        rng = self.rng
        if rng.random() < 0.6:
            return rng.choice(self.NUMBERS)
        text = str(rng.randrange(10 ** rng.randrange(1, 25)))
        if rng.random() < 0.4:
            text += "." + str(rng.randrange(10 ** 6))
        if rng.random() < 0.3:
            text += rng.choice("eE") + rng.choice(["", "+", "-"]) + str(rng.randrange(330))
        return rng.choice(["", "-"]) + text

    def random_space(self):
        return "".join(self.rng.choice(" \t\n\r") for _ in range(self.rng.choice([0, 0, 1, 2, 20])))

    def between(self, level, close=False):
        """White space before a member (or before the closing bracket)."""
        if self.style == "random":
            return self.random_space()
        step = {"pretty2": "  ", "pretty4": "    ", "tabs": "\t", "crlf": "  "}.get(self.style)
        if step is None:
            return ""
        return ("\r\n" if self.style == "crlf" else "\n") + step * (level - close)

    def colon(self):
        if self.style == "random":
            return self.random_space() + ":" + self.random_space()
        return ":" if self.style == "compact" else ": "

    def comma(self, level):
        if self.style == "random":
            return self.random_space() + "," + self.random_space()
        return "," + (" " if self.style == "spaced" else self.between(level))

    def value(self, level=1, deepest=5):
        rng = self.rng
        roll = rng.random()
        if level > deepest or roll < 0.45:
            return rng.choice([self.string, self.number, lambda: rng.choice(["true", "false", "null"])])()
        array = roll < 0.62
        n = rng.choice([0, 1, 2, 3, 6])
        if n == 0:
            inner = self.random_space() if self.style == "random" else ""
            return ("[%s]" if array else "{%s}") % inner
        items = []
        for _ in range(n):
            item = self.value(level + 1, deepest)
            if not array:
                item = self.string(rng.choice(self.KEYS)) + self.colon() + item
            items.append(item)
        comma = self.comma
        text = self.between(level) + items[0]
        for item in items[1:]:
            text += comma(level) + item
        text += self.between(level, True)
        return ("[%s]" if array else "{%s}") % text

    def document(self):
        while True:
            text = self.value()
            if text[0] in "{[" or self.rng.random() < 0.1:
                return text


def quote(text):
    return json.dumps(text, ensure_ascii=False)


def units(c):
    code = ord(c)
    if code < 0x10000:
        return [code]
    code -= 0x10000
    return [0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF)]


# A document read by Python's parser: numbers as Number (their text), objects as Pairs (all members, in order).
class Number(str):
    pass


class Pairs(list):
    def __eq__(self, other):
        return isinstance(other, Pairs) and list.__eq__(self, other)

    def __ne__(self, other):
        return not self == other


def read(text):
    return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=Pairs)


# The same document from its tokens, with where everything stands.
class Node:
    def __init__(self, start, kind):
        self.start, self.kind, self.end = start, kind, None
        self.items = []  # (decoded key or None, start of the member, Node)


def locate(text):
    def space(p):
        return SPACE.match(text, p).end()

    def value(p):
        token = TOKEN.match(text, p).group()
        node = Node(p, token[0])
        if token not in "{[":
            node.end = p + len(token)
            return node
        p = space(p + 1)
        while text[p] not in "}]":
            if text[p] == ",":
                p = space(p + 1)
            start, key = p, None
            if node.kind == "{":
                raw = TOKEN.match(text, p).group()
                key = clean(json.loads(raw))
                p = space(space(p + len(raw)) + 1)
            child = value(p)
            node.items.append((key, start, child))
            p = space(child.end)
        node.end = p + 1
        return node

    return value(space(0))


def clean(text):
    """Lone surrogates are U+FFFD to us. Pairs have been joined by Python's parser already."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def escape(key):
    return "/" + key.replace("~", "~0").replace("/", "~1")


class Plan:
    """A set of edits that do not overlap, and what must come of them: `tree` mirrors the document, edited."""

    def __init__(self, rng, text, maker):
        self.rng, self.text, self.maker = rng, text, maker
        self.root = locate(text)
        self.edits = []    # (pointer, raw or "")
        self.cuts = []     # (from, to, replacement or None: something is added there)
        self.missing = 0
        self.budget = rng.choice([1, 1, 2, 3, 8])
        self.tree = self.visit(self.root, "")
        self.rng.shuffle(self.edits) if not self.missing else None

    def new_raw(self):
        return Maker(self.rng).value(3, 4)

    def visit(self, node, pointer):
        if node.kind not in "{[":
            return read(self.text[node.start:node.end])
        out = Pairs() if node.kind == "{" else []
        removed = []
        last = {key: i for i, (key, _, _) in enumerate(node.items)} if node.kind == "{" else {}
        decided = {}
        for i, (key, start, child) in enumerate(node.items):
            token = key if node.kind == "{" else str(i)
            counts = node.kind == "[" or last[key] == i
            if token not in decided:
                decided[token] = self.decide(node)
            action = decided[token]
            below = pointer + escape(token)
            if action == "remove":
                removed.append(i)
                if counts:
                    self.edits.append((below, ""))
                continue
            if not counts or action == "keep":
                self.keep(out, key, read(self.text[child.start:child.end]))
            elif action == "replace":
                raw = self.new_raw()
                self.edits.append((below, raw))
                old = self.text[child.start:child.end]
                # A container's white space is laid out again, unless the bytes are the same.
                self.cuts.append((child.start, child.end, raw if raw[0] not in "{[" or raw == old else None))
                self.keep(out, key, read(raw))
            elif child.kind == "n" and self.rng.random() < 0.3:
                self.edits.append((below + "/made/here", "1"))
                self.cuts.append((child.start, child.end, None))
                self.keep(out, key, Pairs([("made", Pairs([("here", Number("1"))]))]))
            else:
                self.keep(out, key, self.visit(child, below))
        self.cut(node, removed)
        if self.budget > 0 and self.rng.random() < 0.3:
            self.add(node, out, pointer, removed)
        return out

    def keep(self, out, key, value):
        if isinstance(out, Pairs):
            out.append((key, value))
        else:
            out.append(value)

    def decide(self, node):
        roll = self.rng.random()
        if self.budget <= 0 or roll < 0.3:
            return "keep"
        if roll < 0.75:
            return "descend"
        self.budget -= 1
        return "remove" if roll < 0.87 else "replace"

    def cut(self, node, removed):
        """The spans that go with members that are removed."""
        n = len(node.items)
        i = 0
        while i < len(removed):
            first = last = removed[i]
            while i + 1 < len(removed) and removed[i + 1] == last + 1:
                i += 1
                last = removed[i]
            i += 1
            if first > 0:
                self.cuts.append((node.items[first - 1][2].end, node.items[last][2].end, ""))
            elif last + 1 < n:
                self.cuts.append((node.items[0][1], node.items[last + 1][1], ""))
            else:
                self.cuts.append((node.start + 1, node.end - 1, ""))

    def add(self, node, out, pointer, removed):
        self.budget -= 1
        self.missing += 1
        # From the last member's end (or the whole inside where nothing is left) to the bracket something new may stand.
        begin = node.items[-1][2].end if node.items and len(removed) < len(node.items) else node.start + 1
        end = node.items[-1][2].end if begin > node.start + 1 else node.end - 1
        if len(removed) == len(node.items):
            begin, end = node.start + 1, node.end - 1
        self.cuts.append((begin, end, None))
        if node.kind == "[":
            for _ in range(self.rng.choice([1, 2])):
                raw = self.new_raw()
                self.edits.append((pointer + "/-", raw))
                out.append(read(raw))
            return
        key = "new " + str(self.missing)
        raw = self.new_raw()
        deep = self.rng.random() < 0.4
        self.edits.append((pointer + escape(key) + ("/p~1q/r" if deep else ""), raw))
        value = read(raw)
        out.append((key, Pairs([("p/q", Pairs([("r", value)]))]) if deep else value))
        if self.rng.random() < 0.3:
            self.edits.append((pointer + escape(key + "!"), "true"))
            out.append((key + "!", True))
        if self.rng.random() < 0.3:
            self.edits.append((pointer + escape("absent") + "/x", ""))

    def check(self, result):
        want = clean_tree(self.tree)
        got = clean_tree(read(result))
        if got != want:
            return "means something else: %r" % (got,)
        body = self.text[self.root.start:self.root.end]
        offset = self.root.start
        cuts = merge(sorted(self.cuts, key=lambda c: (c[0], c[1])))
        at, place, exact, expected = 0, 0, True, ""
        pieces = []
        for begin, end, new in cuts:
            piece = body[place:begin - offset]
            pieces.append(piece)
            expected += piece + (new or "")
            exact = exact and new is not None
            place = end - offset
        pieces.append(body[place:])
        expected += body[place:]
        if exact:
            return None if expected == result else "should be %r" % expected
        if not result.startswith(pieces[0]) or not result.endswith(pieces[-1]):
            return "begins or ends differently"
        at = 0
        for piece in pieces:
            at = result.find(piece, at)
            if at < 0:
                return "bytes were touched: %r is not there" % piece
            at += len(piece)
        return None


def render(maker, text, node, level=1):
    """The located document, written again in the maker's style."""
    if node.kind not in "{[" or not node.items:
        return node.kind + ("}" if node.kind == "{" else "]") if node.kind in "{[" else text[node.start:node.end]
    members = []
    for key, start, child in node.items:
        prefix = TOKEN.match(text, start).group() + maker.colon() if key is not None else ""
        members.append(prefix + render(maker, text, child, level + 1))
    inside = maker.between(level) + maker.comma(level).join(members) + maker.between(level, True)
    return ("{%s}" if node.kind == "{" else "[%s]") % inside


def check_style(maker, text, result):
    """What was added looks like the rest, where there is a rest to look at."""
    root = locate(text)
    if maker.style == "random" or not root.items or (maker.style == "spaced" and (root.kind == "[" and len(root.items) < 2)):
        return None
    want = render(maker, result, locate(result))
    return unless(result == want, "is not in the style of the document: %r" % want)


def merge(cuts):
    """Cuts that touch or overlap (removals at the end, and additions there) become one of which only the place is known."""
    out = []
    for begin, end, new in cuts:
        if out and (begin < out[-1][1] or (begin == out[-1][1] and None in (new, out[-1][2]))):
            out[-1] = (out[-1][0], max(end, out[-1][1]), None)
        else:
            out.append((begin, end, new))
    return out


def clean_tree(v):
    if isinstance(v, Pairs):
        return Pairs((clean(k), clean_tree(x)) for k, x in v)
    if isinstance(v, list):
        return [clean_tree(x) for x in v]
    if isinstance(v, Number):
        return ("number", str(v))
    return clean(v) if isinstance(v, str) else v


class Driver:
    """Collects requests, runs the program once, and hands each answer to the check that was given with its request."""

    def __init__(self, program):
        self.program, self.requests, self.checks = program, [], []

    def ask(self, operation, fields, check):
        data = [f if isinstance(f, bytes) else f.encode() for f in fields]
        self.requests.append(operation.encode() + struct.pack("<I", len(data)) +
                             b"".join(struct.pack("<I", len(f)) + f for f in data))
        self.checks.append((operation, data, check))

    def run(self):
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout:
            stdin.write(b"".join(self.requests))
            stdin.seek(0)
            code = subprocess.run([self.program], stdin=stdin, stdout=stdout, check=False).returncode
            stdout.seek(0)
            answers = stdout.read()
        failed, at = 0, 0
        for operation, fields, check in self.checks:
            if at + 8 > len(answers):
                print("the driver ended early (code %d), at %s %r" % (code, operation, fields))
                return False
            rc, length = struct.unpack_from("<iI", answers, at)
            text = answers[at + 8:at + 8 + length]
            at += 8 + length
            try:
                wrong = check(rc, text)
            except ValueError as error:
                wrong = "is no valid JSON: %s" % error
            if wrong:
                failed += 1
                if failed <= 5:
                    print("%s %r\n  gave %d %r\n  %s" % (operation, fields, rc, text, wrong))
        print("%d requests, %d failed" % (len(self.checks), failed))
        return failed == 0 and code == 0


def unless(ok, message):
    return None if ok else message


def ask_edits(driver, rng):
    maker = Maker(rng)
    text = maker.document()
    plan = Plan(rng, text, maker)
    around = maker.random_space()
    fields = [around + text + maker.random_space()]
    for pointer, raw in plan.edits:
        fields += [pointer, raw]

    def check(rc, result):
        if rc:
            return "failed"
        return plan.check(result.decode()) or check_style(maker, text, result.decode())

    driver.ask("E", fields, check)
    if rng.random() < 0.2:
        plain = clean_tree(read(text))
        for operation in "CP":
            driver.ask(operation, [text], lambda rc, out: unless(rc == 0 and clean_tree(read(out.decode())) == plain, "differs"))


def ask_number(driver, rng):
    text = Maker(rng).number()
    if rng.random() < 0.3:
        text = "%d.%s1e%d" % (rng.randrange(10), "%0*d" % (rng.choice([5, 20, 900]), rng.randrange(10 ** 5)), rng.randrange(-340, 310))
    elif rng.random() < 0.2:
        # Half-way between two doubles, exactly, and a little to each side.
        x = struct.unpack("<d", struct.pack("<Q", rng.randrange(1, 0x7FE0000000000000)))[0]
        with decimal.localcontext(decimal.Context(prec=2000, Emin=-5000, Emax=5000)) as context:
            half = (decimal.Decimal(x) + decimal.Decimal(math.nextafter(x, math.inf))) / 2
            half += rng.choice([0, 0, 1, -1]) * half.scaleb(-1000, context)
            text = format(half, "e").replace("e+", "e")
    bits = struct.pack(">d", float(text)).hex()
    driver.ask("D", [text], lambda rc, out: unless(rc == 0 and out.decode() == bits, "should be " + bits))
    exact = decimal.Decimal(text)
    fits = exact == 0 or (exact.adjusted() < 20 and exact == exact.to_integral_value() and -2 ** 63 <= int(exact) < 2 ** 63)

    def check_integer(rc, out):
        if not fits:
            return unless(rc != 0, "is no 64-bit integer")
        return unless(rc == 0 and int(out) == int(exact), "should be %d" % int(exact))

    driver.ask("I", [text], check_integer)


def ask_double(driver, rng):
    bits = rng.getrandbits(64)
    if rng.random() < 0.3:
        bits &= 0x800FFFFFFFFFFFFF  # subnormal
    elif rng.random() < 0.4:
        bits = struct.unpack("<Q", struct.pack("<d", rng.choice([round(rng.uniform(-1e6, 1e6), rng.randrange(6)),
                                                                 float(rng.randrange(10 ** 18)), 10.0 ** rng.randrange(-30, 30)])))[0]
    x = struct.unpack("<d", struct.pack("<Q", bits))[0]

    def digits(text):
        return len(re.sub(r"[-.]|e.*", "", text).strip("0"))

    def check(rc, out):
        text = out.decode()
        if not math.isfinite(x):
            return unless(text == "null", "should be null")
        if float(json.loads(text)) != x or (x == 0 and math.copysign(1, float(text)) != math.copysign(1, x)):
            return "should be %r" % x
        return unless(digits(text) <= digits(repr(x)), "is longer than %r" % x)

    driver.ask("W", ["%016x" % bits], check)


def ask_string(driver, rng):
    raw = Maker(rng).string()
    text = clean(json.loads(raw))
    driver.ask("S", [raw], lambda rc, out: unless(rc == 0 and out.decode() == text, "should be %r" % text))
    driver.ask("T", [text], lambda rc, out: unless(rc == 0 and json.loads(out) == text, "should mean %r" % text))
    # Any bytes at all come out as valid JSON.
    noise = bytes(rng.choice([0x22, 0x5C, 0x0A, 0x41, 0x80, 0xC3, 0xA9, 0xED, 0xF0, 0x9F, 0x98, 0x80, 0xFF]) for _ in range(rng.randrange(40)))
    driver.ask("T", [noise], lambda rc, out: unless(isinstance(json.loads(out.decode()), str), "is no string"))


def reduce(v):
    """What counts of a document: the last of duplicate keys, numbers by value, no order of keys."""
    if isinstance(v, Pairs):
        return ("object", tuple(sorted((k, reduce(x)) for k, x in {clean(k): x for k, x in v}.items())))
    if isinstance(v, list):
        return ("array", tuple(reduce(x) for x in v))
    if isinstance(v, Number):
        x = decimal.Decimal(v)
        return ("number", str(x.normalize(decimal.Context(prec=100)) if x else 0))
    return (type(v).__name__, clean(v) if isinstance(v, str) else repr(v))


def reorder(rng, text, node):
    """The same meaning in other bytes: members shuffled, strings and numbers respelt, white space dropped."""
    if node.kind == "[":
        return "[" + ",".join(reorder(rng, text, child) for _, _, child in node.items) + "]"
    if node.kind == "{":
        last = {key: child for key, _, child in node.items}
        members = [Maker(rng).string(key) + ": " + reorder(rng, text, child) for key, child in last.items()]
        rng.shuffle(members)
        return "{" + ",".join(members) + "}"
    raw = text[node.start:node.end]
    if node.kind == '"':
        return Maker(rng).string(clean(json.loads(raw)))
    if node.kind in "-0123456789" and rng.random() < 0.5:
        mantissa, _, exponent = raw.lower().partition("e")
        if "." in mantissa:
            mantissa += "0"
        elif mantissa.strip("-0"):
            mantissa += "000"
            exponent = str(int(exponent or 0) - 3)
        return mantissa + ("e" + exponent if exponent else "")
    return raw


def ask_equal(driver, rng):
    text = Maker(rng).document()
    other = reorder(rng, text, locate(text))
    driver.ask("Q", [text, other], lambda rc, out: unless(out == b"1", "are equal"))
    different = Maker(rng).document() if rng.random() < 0.3 else re.sub("[0-9]", lambda m: rng.choice([m.group(), "7"]), other)
    try:
        want = reduce(read(text)) == reduce(read(different))
    except ValueError:
        return
    if re.search(r"(?<![-0-9.eE])-?0[0-9]", different):
        return
    driver.ask("Q", [text, different], lambda rc, out: unless(rc or (out == b"1") == want, "equal: %s" % want))


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20261123
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 4000
    rng = random.Random(seed)
    driver = Driver(sys.argv[1])
    print("seed %d, %d documents" % (seed, count))
    for _ in range(count):
        ask_edits(driver, rng)
    for ask in (ask_number, ask_double, ask_string, ask_equal):
        for _ in range(count // 4):
            ask(driver, rng)
    return 0 if driver.run() else 1


if __name__ == "__main__":
    sys.exit(main())
