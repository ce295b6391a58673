#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a state's file as an older mpijobd left it, with rows in every table: old_state.py SCHEMA FILE JSON

JSON: server, namespace, and jobs: name to [uid, resourceVersion]. The tables are those of tests/fixtures/state-schemas.sql up to the schema. The rows are of
two policies: "sweep" (every), whose run 7 has changed the job "done" and whose run 8 was interrupted, with a change of the job "flight" in the air that the server
has not made; and "match" (on), which has handled the job "handled"."""
import hashlib
import json
import os
import re
import sqlite3
import struct
import sys
import time

SCHEMAS = os.path.join(os.path.dirname(__file__), "../../fixtures/state-schemas.sql")


def sections():
    parts = re.split(r"^-- schema \d+\n", open(SCHEMAS, encoding="utf-8").read(), flags=re.M)
    return parts[1:]


def insert(db, table, row):
    """Those of the columns that the schema has."""
    columns = [c[1] for c in db.execute(f"PRAGMA table_info({table})")]
    if not columns:
        return
    names = [n for n in row if n in columns]
    marks = ", ".join("?" * len(names))
    db.execute(f'INSERT INTO {table} ({", ".join(chr(34) + n + chr(34) for n in names)}) VALUES ({marks})', [row[n] for n in names])


def eight(number):
    return struct.pack("<q", number)


def digest(cursor, row):
    """As the chain sums a row up: name, type and value of each column that is not NULL."""
    total = b""
    for (name, *_), value in zip(cursor.description, row):
        if value is None:
            continue
        total += eight(len(name)) + name.encode()
        if isinstance(value, int):
            total += b"\x01" + eight(value)
        else:
            total += b"\x03" + eight(len(value.encode())) + value.encode()
    return hashlib.sha256(total).digest()


def make_chain(db):
    seq, last = 0, bytes(32)
    for what, table, age in ((1, "runs", "max(started_at, ended_at)"), (2, "changes", "max(intended_at, ended_at)")):
        ages = dict(db.execute(f"SELECT id, {age} FROM {table}").fetchall())
        cursor = db.execute(f"SELECT * FROM {table} ORDER BY id")
        for row in cursor.fetchall():
            seq += 1
            of, at = digest(cursor, row), ages[row[0]]
            last = hashlib.sha256(last + eight(seq) + eight(what) + eight(row[0]) + eight(at) + of).digest()
            db.execute("INSERT INTO chain VALUES(?, ?, ?, ?, ?, ?)", (seq, what, row[0], at, of, last))


def main():
    schema, path, about = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
    now = int(time.time()) * 1000000
    hour, minute = 3600 * 1000000, 60 * 1000000
    db = sqlite3.connect(path)
    for version, text in enumerate(sections()[:schema], 1):
        db.executescript(text)
        db.execute("INSERT INTO schema_version VALUES(?, ?)", (version, now - hour))
    db.execute("PRAGMA journal_mode=WAL")

    run = {"policy": "sweep", "trigger": "every", "changed": 0, "unchanged": 0, "failed": 0, "dry_run": 0, "cluster": "default"}
    insert(db, "runs", run | {"id": 7, "scheduled_at": now - hour, "started_at": now - hour, "ended_at": now - hour + minute, "outcome": "done", "changed": 1,
                              "who": "alice", "who_uid": 1000, "file": "/etc/mpijobd/policies/p.lua", "file_sha256": "0" * 64})
    insert(db, "runs", run | {"id": 8, "scheduled_at": now - minute, "started_at": now - minute, "ended_at": 0})
    change = {"policy": "sweep", "server": about["server"], "version": "v2beta1", "name_space": about["namespace"], "verb": "replace", "cluster": "default",
              "resource": "mpijobs.kubeflow.org", "diff": '[{"path":"/metadata/labels/l","before":null,"after":"1"}]', "effect": "stored", "why": "a label", "epoch": 3}
    for number, of, name, more in (
            (41, 7, "done", {"intended_at": now - hour, "ended_at": now - hour + minute, "outcome": "done", "status": 200, "resource_version_after": about["jobs"]["done"][1],
                             "observed": "seen", "observed_at": now - hour + minute}),
            (42, 8, "flight", {"intended_at": now - minute, "ended_at": 0})):
        uid, version = about["jobs"][name]
        insert(db, "changes", change | {"id": number, "run": of, "name": name, "uid": uid, "resource_version": version} | more)
    insert(db, "marks", {"policy": "sweep", "scheduled_at": now - minute})
    uid, version = about["jobs"]["handled"]
    insert(db, "handled", {"policy": "match", "uid": uid, "value": "m", "version": version, "at": now - hour})
    if schema >= 5:
        db.execute("UPDATE epoch SET number = 3")
    insert(db, "kept", {"space": "spec", "key": "k", "value": "kept text", "expires_at": 0})
    if schema >= 8:
        make_chain(db)
    insert(db, "recordings", {"run": 7, "policy": "sweep", "size": 3, "whole": 1})
    insert(db, "recorded", {"run": 7, "part": 0, "bytes": b"abc"})
    db.commit()
    db.close()
    os.chmod(path, 0o600)


main()
