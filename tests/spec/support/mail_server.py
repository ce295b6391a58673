#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An SMTP server for specs. Says {"port": N} and then each mail as a line of JSON on standard output. --tls CERT KEY:
offers STARTTLS; --implicit with it: TLS from the start. --auth USER:PASSWORD: takes no mail without. --refuse N: answers
451 to the first N mails; --reject: 550 to all receivers."""
import argparse
import base64
import email
import email.policy
import json
import socketserver
import ssl
import sys
import threading

parser = argparse.ArgumentParser()
parser.add_argument("--tls", nargs=2)
parser.add_argument("--implicit", action="store_true")
parser.add_argument("--auth")
parser.add_argument("--refuse", type=int, default=0)
parser.add_argument("--reject", action="store_true")
args = parser.parse_args()
context = None
if args.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*args.tls)
out = threading.Lock()
refused = [0]


def say(value):
    with out:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


def understood(text):
    """As a mail program reads it: the headers by their names in small letters, the text, and what is wrong."""
    mail = email.message_from_bytes(text.encode(), policy=email.policy.default)
    return {"headers": {name.lower(): str(value) for name, value in mail.items()}, "type": mail.get_content_type(), "charset": mail.get_content_charset(),
            "text": mail.get_content(), "defects": [str(one) for whole in (mail, *mail.values()) for one in whole.defects]}


class Handler(socketserver.BaseRequestHandler):
    def reply(self, text):
        self.wire.sendall(text.encode() + b"\r\n")

    def start_tls(self):
        self.wire = context.wrap_socket(self.wire, server_side=True)
        self.lines = self.wire.makefile("rb")
        self.tls = True

    def read_mail(self):
        data = []
        for line in self.lines:
            if line == b".\r\n":
                break
            data.append(line[1:] if line.startswith(b".") else line)
        return b"".join(data).decode()

    def handle(self):
        self.wire, self.tls, self.user = self.request, False, None
        self.lines = self.wire.makefile("rb")
        sender, receivers = None, []
        if context and args.implicit:
            self.start_tls()
        self.reply("220 mail.example.com")
        while True:  # another file after STARTTLS
            raw = self.lines.readline()
            if not raw:
                return
            line = raw.decode().strip()
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                more = ["STARTTLS"] if context and not self.tls else []
                more += ["AUTH PLAIN"] if args.auth else []
                names = ["mail.example.com"] + more
                for i, name in enumerate(names):
                    self.reply(("250 " if i == len(names) - 1 else "250-") + name)
            elif verb == "STARTTLS":
                self.reply("220 go on")
                self.start_tls()
            elif verb == "AUTH":
                words = line.split(" ")
                coded = words[2] if len(words) > 2 else None
                if coded is None:
                    self.reply("334 ")
                    coded = self.lines.readline().decode().strip()
                _, user, password = base64.b64decode(coded).decode().split("\0")
                good = user + ":" + password == args.auth
                self.user = user if good else None
                self.reply("235 welcome" if good else "535 no")
            elif verb == "MAIL":
                if args.auth and not self.user:
                    self.reply("530 sign in first")
                elif refused[0] < args.refuse:
                    refused[0] += 1
                    self.reply("451 later")
                else:
                    sender = line[10:]
                    self.reply("250 ok")
            elif verb == "RCPT":
                receivers.append(line[8:])
                self.reply("550 nobody of this name" if args.reject else "250 ok")
            elif verb == "DATA":
                self.reply("354 go on")
                mail = self.read_mail()
                say({"mail": mail, "from": sender, "to": receivers, "tls": self.tls, "user": self.user, **understood(mail)})
                self.reply("250 taken")
            elif verb == "QUIT":
                self.reply("221 bye")
                return
            else:
                self.reply("250 ok")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


server = Server(("127.0.0.1", 0), Handler)
say({"port": server.server_address[1]})
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()  # ends with the spec
