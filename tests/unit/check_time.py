#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Zones and schedules against an independent source: Python's zoneinfo and brute force over civil minutes.

    check_time.py PROBE      PROBE: the program of probe_time.c

Both read the same system tzdata, so what is compared is the reading of it: the offset at instants around every change
and at random ones, local times to instants, the next change, and the runs of schedules around changes.
Exit code 0: all agree; 1: they differ; 77: skipped, this Python has no zoneinfo or the system no tzdata."""

import os
import random
import subprocess
import sys
from bisect import bisect_right
from datetime import datetime, timedelta, timezone

try:
    import zoneinfo
except ImportError:
    print("skipped: this Python has no zoneinfo (3.9 and later have)")
    sys.exit(77)

ZONES = """Europe/Berlin America/New_York Australia/Lord_Howe Asia/Shanghai America/Sao_Paulo Pacific/Apia
Europe/Dublin Africa/Casablanca Asia/Kolkata Asia/Kathmandu Etc/UTC America/Nuuk Asia/Gaza Antarctica/Troll""".split()
FIRST, LAST = (int(datetime(y, 1, 1, tzinfo=timezone.utc).timestamp()) for y in (1980, 2060))
DAY = 86400
EPOCH = datetime(1970, 1, 1)
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))

# Each with every shape of the rules: of elapsed time, of named hours, days ORed and not, lists, ranges and steps.
SCHEDULES = """*/5 * * * *|30 * * * *|0 * * * *|45 * * * *|0 */2 * * *|0 */12 * * *|30 2 * * *|0 0 * * *|30 23 * * *
0 3 * * *|*/5 2 * * *|*/20 1-3 * * *|15,45 0,2 * * *|0 0-23 * * *|7 */3 * * 0|0 9 * * 1-5|0 0 1 * *|30 1 13 * 5
10 2 */2 * 0|* 0 * * *|0 12 30 12 *|0 2 1-7 3,4,10,11 0""".replace("\n", "|").split("|")


def civil(seconds):
    return EPOCH + timedelta(seconds=seconds)


def offset(zone, instant):
    return int(datetime.fromtimestamp(instant, zone).utcoffset().total_seconds())


def find_changes(zone):
    """By looking at every twelve hours and halving: knows nothing of the file."""
    changes, before = [], offset(zone, FIRST)
    for at in range(FIRST + DAY // 2, LAST + 1, DAY // 2):
        now = offset(zone, at)
        if now != before:
            low, high = at - DAY // 2, at
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
            changes.append(high)
            before = now
    return changes


def local_answer(local, changes, offsets):
    """offsets[i] holds before changes[i]; the last one after all of them."""
    found = []
    for i, shift in enumerate(offsets):
        instant = local - shift
        if (i == 0 or instant >= changes[i - 1]) and (i == len(changes) or instant < changes[i]):
            found.append(instant)
    if len(found) == 1:
        return f"once {found[0]} {found[0]}"
    if found:
        return f"twice {found[0]} {found[1]}"
    for i, change in enumerate(changes):
        if change + offsets[i] <= local < change + offsets[i + 1]:
            return f"gap {change} {change}"
    raise AssertionError("a local time that neither exists nor lies in a gap")


def parse_field(text, least, most):
    values = set()
    for item in text.split(","):
        body, _, step = item.partition("/")
        first, dash, last = body.partition("-")
        if body == "*":
            first, last = least, most
        else:
            last = last if dash else (most if step else first)
        values.update(range(int(first), int(last) + 1, int(step or 1)))
    return values


class Schedule:
    def __init__(self, text):
        words = text.split()
        self.sets = [parse_field(w, *r) for w, r in zip(words, RANGES)]
        self.ored = not words[2].startswith("*") and not words[4].startswith("*")
        self.elapsed = len(self.sets[1]) == 24

    def matches(self, moment):
        minutes, hours, days, months, weekdays = self.sets
        if moment.minute not in minutes or moment.hour not in hours or moment.month not in months:
            return False
        day, weekday = moment.day in days, moment.isoweekday() % 7 in weekdays
        return day or weekday if self.ored else day and weekday


class Table:
    """Every minute of a stretch as (instant, civil): as it passes, and each local minute once, when it first comes, or
    for one that never comes at the instant that jumped over it."""

    def __init__(self, zone, first, until):
        self.every, self.earliest = [], []
        seen = set()
        reached = first + offset(zone, first)
        for instant in range(first, until, 60):
            local = instant + offset(zone, instant)
            self.every.append((instant, civil(local)))
            for minute in (*range(reached + 60, local, 60), local):
                if minute not in seen:
                    seen.add(minute)
                    self.earliest.append((instant, civil(minute)))
            reached = max(reached, local)


def runs(schedule, first, until, table):
    """By trying every minute."""
    minutes = table.every if schedule.elapsed else table.earliest
    return sorted({t for t, moment in minutes if first < t <= until and schedule.matches(moment)})


def questions_of(name, directory, rng):
    zone = zoneinfo.ZoneInfo(name)
    changes = find_changes(zone)
    offsets = [offset(zone, c - 1) for c in changes] + [offset(zone, LAST)]
    yield f"zone {directory} {name}", None

    near = {c + d for c in changes for d in (-DAY, -3600, -1, 0, 1, 1800, 3600, DAY)}
    for t in sorted(near | {rng.randrange(FIRST, LAST) for _ in range(300)}):
        yield f"at {t}", str(offset(zone, t))
        i = bisect_right(changes, t)
        if i < len(changes):
            yield f"change {t}", str(changes[i])

    locals_ = {c + s + d for c, s in zip(changes, offsets) for d in
               (-DAY, -7200, -3601, -3600, -1800, -1, 0, 1, 900, 1799, 1800, 3599, 3600, 7200, DAY - 1, DAY)}
    for local in sorted(locals_ | {rng.randrange(FIRST, LAST) for _ in range(200)}):
        if FIRST + 2 * DAY < local < LAST - 2 * DAY:
            yield f"local {civil(local):%Y %m %d %H %M %S}", local_answer(local, changes, offsets)

    inner = [c for c in changes if FIRST + 5 * DAY < c < LAST - 5 * DAY]
    chosen = rng.sample(inner, min(5, len(inner))) or [rng.randrange(FIRST + 5 * DAY, LAST - 5 * DAY, 60)]
    jumps = [c for c in inner if abs(offset(zone, c) - offset(zone, c - 1)) > 7200]
    for change in chosen + jumps:
        first, until = change - 25 * 3600, change + 25 * 3600
        table = Table(zone, first - 27 * 3600, until + 60)
        for text in SCHEDULES:
            expected = runs(Schedule(text), first, until, table)
            yield f"runs {first} {until} {text}", "".join(f"{t} " for t in expected)


def main(probe):
    rng = random.Random(20261123)
    asked = []
    left_out = []
    for name in ZONES:
        directory = next((d for d in zoneinfo.TZPATH if os.path.isfile(os.path.join(d, name))), None)
        if directory:
            asked += questions_of(name, directory, rng)
        else:
            left_out.append(name)
    if not asked:
        print(f"skipped: no time zone data in {zoneinfo.TZPATH}; install tzdata")
        return 77
    answers = subprocess.run([probe], input="".join(q + "\n" for q, _ in asked), stdout=subprocess.PIPE, text=True,
                             check=True).stdout.split("\n")
    compared = wrong = 0
    where = ""
    answers = iter(answers)
    for question, expected in asked:
        if expected is None:
            where = question
            continue
        answer = next(answers)
        compared += 1
        if answer != expected:
            wrong += 1
            if wrong <= 20:
                right, given = expected.split(), answer.split()
                print(f"{where}\n  {question}\n    lacks {[t for t in right if t not in given][:5]}"
                      f"\n    has instead {[t for t in given if t not in right][:5]}")
    print(f"{compared} answers compared, {wrong} differ" + (f"; left out: {' '.join(left_out)}" if left_out else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
