# SPDX-License-Identifier: Apache-2.0
"""A daemon that is a fork of one that was started with faults.c before it, and what is asked of it."""
import contextlib
import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess

import crash

PATIENCE = 40  # seconds; a daemon that takes longer hangs


def same_addresses():
    """Each time, where that is allowed: then places have the same names the next time."""
    ctypes.CDLL(None).personality(0x0040000)


class Forks:
    """A program that was started and stays before its main(), of which forks go on."""

    def __init__(self, options, arguments):
        self.socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {k: v for k, v in os.environ.items() if k not in ("KUBECONFIG", "MPIJOBD_FAILPOINT")}
        # Memory that was given back is written over, so that whoever still uses it stumbles.
        environment |= {"LD_PRELOAD": options.preload, "FAULTS_SOCKET": str(other.fileno()), "GLIBC_TUNABLES": "glibc.malloc.perturb=165",
                        "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=1:allocator_may_return_null=1"}
        self.process = subprocess.Popen([options.mpijobd] + arguments, stdin=subprocess.DEVNULL, env=environment, pass_fds=[other.fileno()],
                                        preexec_fn=same_addresses)
        other.close()

    def worker(self):
        mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        socket.send_fds(self.socket, [b"worker"], [other.fileno()])
        other.close()
        assert self.socket.recv(32), "the program has not started"
        return mine


class Fork:
    """One of them, with what crash.Daemon takes of a process."""

    def __init__(self, worker, folder, order):
        self.worker, self.returncode = worker, None
        take_in, give_in = os.pipe()
        take_out, give_out = os.pipe()
        socket.send_fds(worker, [f"{folder} {order}".encode()], [take_in, give_out])
        os.close(take_in)
        os.close(give_out)
        self.stdin = os.fdopen(give_in, "w", encoding="utf-8")
        self.stdout = os.fdopen(take_out, encoding="utf-8", errors="replace")
        self.pid = int(worker.recv(32))

    def poll(self):
        if self.returncode is None and select.select([self.worker], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, seconds=None):
        if self.returncode is None:
            self.worker.settimeout(seconds)
            self.returncode = int(self.worker.recv(32))
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def close(self):
        self.send_signal(signal.SIGKILL)
        self.wait()
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()


def symbols(pid, told):
    """The addresses in what was told, with the names of functions."""
    addresses = [line for line in told.split("\n") if line.startswith("0x")]
    if not addresses or not shutil.which("gdb"):
        return told
    commands = [part for a in addresses for part in ("-ex", f"info symbol {a}", "-ex", f"info line *{a}")]
    found = subprocess.run(["gdb", "-p", str(pid), "-batch"] + commands, capture_output=True, text=True, check=False).stdout
    lines = [line for line in found.split("\n") if "in section" in line or line.startswith(("No symbol matches", "Line "))]
    return told.split("\n")[0] + "\n" + "\n".join(lines)


class Daemon(crash.Daemon):
    def __init__(self, worker, folder, order):
        super().__init__(Fork(worker, folder, order))

    def do(self, how, meanwhile=lambda: None, enough=lambda: True):
        """Its clock is moved when its policies are in force; then it is ended. Its exit code; None: it hung."""
        try:
            self.advance("1s")  # a line of the log may be the one that cannot be written: the clock's answers are
            meanwhile()
            self.advance(how)
            enough()
            return self.end()
        except (AssertionError, TimeoutError):
            return None

    def advance(self, how):
        before = sum((l or "").startswith("\nclock ") for l in self.lines)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(f"advance {how}\n")
            self.process.stdin.flush()
        with self.said:
            assert self.said.wait_for(lambda: self.lines and self.lines[-1] is None or
                                      sum((l or "").startswith("\nclock ") for l in self.lines) > before, PATIENCE)

    def kill(self):
        where = ""
        if shutil.which("gdb"):
            where = subprocess.run(["gdb", "-p", str(self.process.pid), "-batch", "-ex", "thread 1", "-ex", "bt"], capture_output=True, text=True,
                                   check=False).stdout
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        return where

    def text(self):
        return "".join(l[1:] for l in self.lines if l)
