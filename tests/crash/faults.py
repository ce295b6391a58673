#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each allocation and each system call of a main job fails once; after each, journal and server are compared.

A library that is loaded into the daemon (faults.c) counts what the program and all its libraries allocate and call. A
main job (main_jobs.py) is done once to see who makes calls: a place is a call with its callers, so that calls of one
place are one. Then, for each place and each error that such a call can have, the main job is done again, and there it
fails: once, or --times in a row. The daemon has to go on, or to end with a word. Then its journal and its server are
compared (crash.py does it), and a second daemon has to finish the job, each part of it exactly once.

Places that an earlier main job has, too, are left out of the later ones, unless --job names these.

It prints a line for each that fails, and at the end "N passed, N failed".
"""
import argparse
import collections
import errno
import multiprocessing
import os
import random
import shutil
import signal
import struct
import sys
import tempfile
import time

import crash
import main_jobs
from forked import PATIENCE, Daemon, Forks, symbols
from main_jobs import TOKEN

VERIFY = ["journal", "--verify", "--state", "s.db"]
DEEP = {"allocation": 8}  # callers that tell one place from another; of other calls:
DEEPEST = 12

# What each call really fails with. The first is tried at each place, the others where there is time.
ERRORS = {
    "allocation": ["ENOMEM"],
    "open": ["EMFILE", "EACCES", "EIO", "ENFILE", "ENOENT"], "fopen": ["EMFILE", "ENOMEM"], "opendir": ["EMFILE", "ENOMEM"],
    "read": ["EIO", "EINTR"], "pread": ["EIO", "EINTR", "half"],
    "write": ["EIO", "ENOSPC", "EINTR", "EDQUOT", "half"], "log": ["EIO", "EPIPE", "EAGAIN", "ENOSPC", "EINTR", "half"],
    "event": ["EINTR"], "pwrite": ["ENOSPC", "EIO", "EDQUOT", "EINTR", "half"], "writev": ["EIO", "EINTR", "EAGAIN"],
    "fsync": ["EIO", "ENOSPC", "EDQUOT"], "fdatasync": ["EIO", "ENOSPC", "EDQUOT"], "ftruncate": ["EIO", "ENOSPC"],
    "rename": ["EIO", "ENOSPC"], "unlink": ["EIO", "EACCES"], "mkdir": ["ENOSPC"], "close": ["EIO", "EINTR"], "stat": ["EIO", "ENOMEM", "EACCES"],
    "fcntl": ["ENOLCK", "EINTR"], "flock": ["ENOLCK", "EINTR"], "mmap": ["ENOMEM"],
    "socket": ["EMFILE", "ENFILE", "ENOBUFS"], "socketpair": ["EMFILE"], "bind": ["EADDRINUSE"], "listen": ["EADDRINUSE"],
    "connect": ["ECONNREFUSED", "EADDRNOTAVAIL", "EINTR"], "setsockopt": ["ENOBUFS", "EINVAL"], "getsockopt": ["ENOBUFS"],
    "send": ["ECONNRESET", "EAGAIN", "EINTR", "ENOBUFS", "half"], "sendmsg": ["ECONNRESET", "EAGAIN", "EINTR"],
    "recv": ["ECONNRESET", "EAGAIN", "EINTR", "half"], "recvmsg": ["ECONNRESET", "EAGAIN"], "accept": ["EMFILE", "ECONNABORTED", "EINTR"],
    "epoll_create": ["EMFILE"], "epoll_ctl": ["ENOMEM", "ENOSPC"], "epoll_wait": ["EINTR"], "poll": ["EINTR", "ENOMEM"],
    "eventfd": ["EMFILE"], "pipe": ["EMFILE"], "pthread_create": ["EAGAIN"], "getrandom": ["EINTR", "EAGAIN"], "getaddrinfo": ["ENOMEM"],
    "fork": ["EAGAIN", "ENOMEM"], "dup2": ["EBUSY"], "execvp": ["ENOMEM", "EACCES", "ENOENT", "ETXTBSY"], "waitpid": ["EINTR"],
}
# What is tried again after pauses that grow does not fail for so long as the others.
SHORT = {"pread": 6, "stat": 6, "socket": 6, "connect": 6, "setsockopt": 6, "getsockopt": 6, "send": 6, "recv": 6, "poll": 6, "epoll_ctl": 6, "getaddrinfo": 6}

# libuv ends the process by abort where the kernel takes a descriptor into epoll no more, and asks no one. The
# daemon says that it crashes, and its parent (which is not here) starts it again.
GIVES_UP = {"epoll_ctl"}
HALF = 4095  # as faults.h has it: no errno, but half of what was asked for is done
CALLS = []  # by number, as faults.h has them

Place = collections.namedtuple("Place", "call callers first part job")
Point = collections.namedtuple("Point", "place error times")


class Worker:
    """A simulator, forks of each main job's program and of the one that verifies, and one point after the other."""

    def __init__(self, options, number, forks, verify):
        self.options, self.number, self.forks, self.verify = options, 0, forks, verify
        self.jobs = {job.name: job() for job in main_jobs.JOBS}
        self.folder = os.path.join(options.folder, f"w{number}")
        os.mkdir(self.folder)
        with open(os.path.join(self.folder, "c.yaml"), "w", encoding="utf-8") as out:
            out.write(main_jobs.CONFIGURATION)
        self.server = crash.Server(options.sim, self.folder, TOKEN)
        self.server.request("POST", "/api/v1/namespaces", {"metadata": {"name": "marks"}})

    def fault(self, fault):
        assert self.server.request("POST", "/_sim/faults", fault)[0] < 300

    def prepare(self, namespace, home):
        self.server.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
        self.fault({"fault": "conflict", "method": "PUT", "path": f"*/namespaces/{namespace}/mpijobs/old-1", "count": 1})
        ours = set()
        for name, kind in [(f"old-{i}", "old") for i in range(crash.JOBS)] + [("gone-0", "gone")]:
            status, made = self.server.request("POST", self.server.path(namespace), crash.job(name, kind))
            assert status == 201, made
            ours.add(made["metadata"]["resourceVersion"])
        os.mkdir(home)
        return ours

    def begin(self, daemons, worker, home, order):
        daemons.append(Daemon(worker, home, order))
        return daemons[-1]

    def round_of(self, job, order, keep_trace=None):
        """What is wrong, what the daemon said, and at which place it failed."""
        self.number += 1
        daemons = []
        try:
            return self.look(self.jobs[job], order, keep_trace, daemons)
        finally:
            for daemon in daemons:
                daemon.process.close()

    def look(self, job, order, keep_trace, daemons):
        namespace = f"r{self.number}"
        home = os.path.join(self.folder, namespace)
        ours = self.prepare(namespace, home)
        wrong = []
        job.prepare(self, namespace, home)
        job.write(namespace, home, 1)
        daemon = self.begin(daemons, self.forks[job.name], home, order)
        code = job.first(daemon, home)
        if code is None:
            wrong.append(f"it hangs\n{daemon.kill()}")
        elif code == -signal.SIGABRT and order.split()[0] in GIVES_UP and "the daemon crashes with SIGABRT" in daemon.text():
            pass
        elif code < 0:
            wrong.append(f"it was ended by {signal.Signals(-code).name}")
        elif code > 0 and not any(w in daemon.text() for w in ("error ", "mpijobd: ", "mpijobd run: ")):
            wrong.append(f"it ended with {code} and without a word")
        said = daemon.text()
        state = os.path.join(home, "s.db")
        wrong += job.first_end(code, order, state)
        wrong += [f"afterwards: {w}" for w in crash.compare(self.server, namespace, state, ours, False)]
        failed = ""
        if os.path.exists(os.path.join(home, "failed")):
            with open(os.path.join(home, "failed"), encoding="utf-8") as file:
                failed = file.read()
        if keep_trace:
            shutil.move(os.path.join(home, "trace"), keep_trace)
        job.write(namespace, home, 2)
        second = self.begin(daemons, self.forks[job.name], home, "- 0 1 0 0 0")
        code = job.second(second, lambda: self.server.wait(namespace, job.enough))
        if code is None:
            wrong.append(f"the next daemon hangs\n{second.kill()}")
        elif code != 0:
            wrong.append(f"the next daemon has ended with {code}")
        wrong += crash.compare(self.server, namespace, state, ours, True, job.end)
        verify = self.begin(daemons, self.verify, home, "- 0 1 0 0 0")
        verify.wait("\1", seconds=PATIENCE)
        if verify.process.wait(PATIENCE) != 0:
            wrong.append(verify.text())
        for what in daemons:
            if "Sanitizer" in what.text():
                wrong.append("a sanitizer has found something")
            if TOKEN in what.text():
                wrong.append("a secret was told")
        if TOKEN.encode() in b"".join(open(os.path.join(home, f), "rb").read() for f in os.listdir(home) if f.startswith("s.db")):
            wrong.append("a secret is in the journal")
        said += "\n---- the next daemon\n" + second.text()
        if wrong and self.options.keep:
            wrong.append(f"kept in {home}")
        else:
            shutil.rmtree(home)
        return wrong, said, failed

    def close(self):
        self.server.process.kill()


def order(point):
    place = point.place
    begin = max(1, place.first - 200 - place.first // 10)
    error = HALF if point.error == "half" else getattr(errno, point.error)
    return f"{place.call} {place.callers:x} {deep(place.call)} {begin} {point.times} {error}"


def deep(call):
    return DEEP.get(call, DEEPEST)


def places_of(worker, job, options):
    """The places at which a main job makes calls: twice looked at, since threads do not always come in the same order."""
    found, totals = {}, collections.Counter()
    trace = os.path.join(options.folder, "trace")
    for depth in sorted(set(DEEP.values()) | {DEEPEST}):
        for _ in range(2):
            wrong, said, _ = worker.round_of(job, f"count 0 {depth} 0 0 0", trace)
            assert not wrong, f"without a fault: {wrong}\n{said}"
            counted = collections.Counter()
            with open(trace, "rb") as file:
                notes = file.read()
            for call, part, number, callers in struct.iter_unpack("=IIqQ", notes):
                if not part:
                    break
                call = CALLS[call]
                counted[call, part] += 1
                if deep(call) == depth:
                    found.setdefault((call, callers), Place(call, callers, number, part, job))
            totals |= counted
    return found, totals


def points_of(places, options):
    """Each place fails once with its first error, those of system calls before those of allocations; then, as far as there
    is time, with the others, and for a while. The same seed and build have about the same order."""
    first = [Point(p, ERRORS[p.call][0], 1) for p in sorted(places)]
    others = [Point(p, e, 1) for p in sorted(places) for e in ERRORS[p.call][1:]]
    others += [Point(p, e, SHORT.get(p.call, options.times)) for p in sorted(places) for e in ERRORS[p.call]]
    random.shuffle(first)
    random.shuffle(others)
    return sorted(first, key=lambda point: point.place.call == "allocation") + others


def name(point):
    p = point.place
    return f"{p.job}: {p.call} {p.callers:x} {point.error} x{point.times} (near {p.first}, part {p.part})"


def work(options, number, forks, verify, todo, done):
    worker = None
    try:
        worker = Worker(options, number, forks, verify)
        while (point := todo.get()) is not None:
            begun = time.monotonic()
            try:
                wrong, said, failed = worker.round_of(point.place.job, order(point))
            except Exception as e:  # the round could not be finished: the point has failed
                wrong, said, failed = [f"{type(e).__name__}: {e}"], "", ""
            done.put((point, wrong, said, failed, time.monotonic() - begun))
    finally:
        if worker:
            worker.close()
        done.put(None)


def calls():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "faults.h"), encoding="utf-8") as file:
        text = file.read()
    text = text[text.index("FAULT_CALLS(X)"):text.index("#define FAULT_NAME")]
    return [part.split(")")[0] for part in text.split("X(")[1:]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/dev", help="where mpijobd and mpijob-sim were built, with tests")
    parser.add_argument("--preload", help="the library, where it is not the build's; for a build with a sanitizer: 'build/dev/tests/faults.so "
                        "libasan.so.8', both with their whole paths")
    parser.add_argument("--seconds", type=float, default=0, help="so long, and no longer; 0: until everything was tried")
    parser.add_argument("--times", type=int, default=10, help="how many calls of the kind fail where one fails for a while")
    parser.add_argument("--job", help="only these main jobs: " + ", ".join(job.name for job in main_jobs.JOBS))
    parser.add_argument("--call", help="only these calls, as allocation,fsync")
    parser.add_argument("--only", help="only the point of this name, or those that contain it")
    parser.add_argument("--workers", type=int, default=8, help="points that are tried side by side")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--count", action="store_true", help="only look which places there are")
    parser.add_argument("--keep", action="store_true", help="keep the files of those that fail")
    options = parser.parse_args()
    options.mpijobd = os.path.abspath(os.path.join(options.build, "mpijobd"))
    options.sim = os.path.abspath(os.path.join(options.build, "src/sim/mpijob-sim"))
    options.preload = options.preload or os.path.abspath(os.path.join(options.build, "tests/faults.so"))
    options.folder = tempfile.mkdtemp(prefix="mpijobd-faults-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    random.seed(options.seed)
    crash.JOBS = 3
    CALLS.extend(calls())
    print(f"seed {options.seed}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started ends, too
    try:
        return sweep(options)
    finally:
        if not options.keep:
            shutil.rmtree(options.folder)


def all_places(options, programs, verify):
    """Those of all the main jobs; what an earlier one has already is not there again."""
    places = {}
    worker = Worker(options, "count", {name: program.worker() for name, program in programs.items()}, verify.worker())
    for job in programs:
        found, totals = places_of(worker, job, options)
        told = [f"part {part}: " + ", ".join(f"{n} {c}" for (c, p), n in sorted(totals.items()) if p == part) for part in (1, 2)]
        new = {key: place for key, place in found.items() if key not in places}
        by_call = collections.Counter(p.call for p in new.values())
        print(f"{job}: {sum(totals.values())} calls from {len(found)} places, of which {len(new)} are new: " +
              ", ".join(f"{n} {c}" for c, n in sorted(by_call.items())))
        if options.count:
            print("\n".join(told))
        places |= new
    worker.close()
    return list(places.values())


def sweep(options):
    jobs = [job for job in main_jobs.JOBS if not options.job or job.name in options.job.split(",")]
    programs, verify = {job.name: Forks(options, job.arguments) for job in jobs}, Forks(options, VERIFY)
    points = [p for p in points_of(all_places(options, programs, verify), options)
              if (not options.call or p.place.call in options.call.split(",")) and (not options.only or options.only in name(p))]
    if options.count:
        return 0
    fork = multiprocessing.get_context("fork")
    todo, done = fork.Queue(), fork.Queue()
    workers = [fork.Process(target=work, args=(options, i, {name: program.worker() for name, program in programs.items()}, verify.worker(), todo, done),
                            daemon=True) for i in range(options.workers)]
    for worker in workers:
        worker.start()
    return judge(options, points, todo, done, {name: program.process.pid for name, program in programs.items()})


def judge(options, points, todo, done, pids):
    begun, waiting, running = time.monotonic(), list(reversed(points)), options.workers
    passed = failed = 0
    spent, hit = [], set()
    for _ in range(options.workers + 1):
        todo.put(waiting.pop() if waiting else None)
    while running:
        answer = done.get()
        over = not waiting or options.seconds and time.monotonic() - begun > options.seconds
        todo.put(None if over else waiting.pop())
        if answer is None:
            running -= 1
            continue
        point, wrong, said, where, took = answer
        spent.append(took)
        if where:
            hit.add(point.place)
        passed, failed = passed + (not wrong), failed + bool(wrong)
        if wrong:
            print(f"FAIL {name(point)}: {'; '.join(wrong[:6])}\n{symbols(pids[point.place.job], where)}\n{said[-6000:]}", flush=True)
    print(f"{len(hit)} of {len({p.place for p in points})} places were made to fail: {passed + failed} of {len(points)} points tried, "
          f"{sum(spent) / max(1, len(spent)):.3f} s each")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
