#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connections of TLS of which one flight is spoilt: the client's hello, the end of its handshake, or the request. PORT COUNT SEED: says how many
the server has ended, and how many requests it has answered. The same seed spoils the same bytes."""
import random
import socket
import ssl
import sys

port, count, seed = (int(one) for one in sys.argv[1:4])
dice = random.Random(seed)
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE


def spoilt(data):
    data = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        at, how = dice.randrange(len(data)), dice.randrange(4)
        if how == 0:
            data[at] ^= 1 << dice.randrange(8)
        elif how == 1:
            data[at:at] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 300)))
        elif how == 2:
            del data[at:at + dice.randint(1, 50)]
        else:
            data[at:] = data[:at]
        data = data or bytearray(b"\x16")
    return bytes(data)


class Client:
    def __init__(self, flight):
        self.flight, self.at = flight, 0
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)
        self.wire = socket.create_connection(("127.0.0.1", port), timeout=20)

    def send(self):
        data = self.outgoing.read()
        if data:
            self.wire.sendall(spoilt(data) if self.at == self.flight else data)
            if self.at == self.flight: # nothing follows; what is cut short the server may still wait for, up to its bound
                self.wire.shutdown(socket.SHUT_WR)
                self.wire.settimeout(0.2)
            self.at += 1

    def until(self, step):
        """What the step gives, when all that it waits for has come. An error of TLS or of the socket ends it."""
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self.send()
                data = self.wire.recv(65536)
                if not data:
                    raise ConnectionError("ended") from None
                self.incoming.write(data)

    def go(self):
        """Whether the request was answered."""
        try:
            self.until(self.tls.do_handshake)
            self.send()
            self.tls.write(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            self.send()
            return self.until(lambda: self.tls.read(100)).startswith(b"HTTP/1.1 200")
        except (ssl.SSLError, OSError):
            return False
        finally:
            self.wire.close()


def main():
    answered = 0
    for i in range(count):
        answered += Client(i % 3).go()
    print(count, answered, Client(-1).go())


main()
