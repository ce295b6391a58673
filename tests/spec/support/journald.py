# SPDX-License-Identifier: Apache-2.0
"""journald for one program: journald.py LIBRARY PROGRAM ARGUMENTS...

Starts the program with its standard error as a stream that journald reads (JOURNAL_STREAM), takes what comes by the native protocol, and
prints each entry as a line of JSON: each name with the list of its values. Ends as the program does."""
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading


def fields(entry):
    """The fields of a datagram: NAME=value lines, or NAME, a length of 8 bytes and so many bytes."""
    all_of, at = {}, 0
    while at < len(entry):
        end = entry.index(b"\n", at)
        name, sign, value = entry[at:end].partition(b"=")
        at = end + 1
        if not sign:
            (size,) = struct.unpack("<Q", entry[at:at + 8])
            value = entry[at + 8:at + 8 + size]
            assert entry[at + 8 + size:at + 9 + size] == b"\n"
            at += 9 + size
        all_of.setdefault(name.decode(), []).append(value.decode())
    return all_of


def take(server):
    """Until an empty datagram comes."""
    while entry := server.recv(1 << 20):
        print(json.dumps(fields(entry)), flush=True)


def main():
    """Between the program and whoever has started this one."""
    library, *command = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(folder + "/socket")
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        stream = os.fstat(2)
        reader = threading.Thread(target=take, args=[server])
        reader.start()
        code = subprocess.call(command, env={**os.environ, "LD_PRELOAD": library, "JOURNALD": server.getsockname(), "JOURNAL_STREAM": f"{stream.st_dev}:{stream.st_ino}"})
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", server.getsockname())
        reader.join()
    sys.exit(code)


main()
