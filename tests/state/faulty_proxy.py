#!/usr/bin/env python3
"""A faulty way to HTTP servers: everything is passed on to one of them as it came, and some of the
answers get lost after the work was done. On a port of loopback that the kernel picks.

usage: faulty_proxy.py FOLDER URL... [--drop N] [--reset N] [--delay SECONDS] [--only METHOD]
                       [--ahead SECONDS]

FOLDER/url gets the address. Each connection goes to the next URL in turn; to another if that one
does not accept it. Of the requests (with --only: those of this method), every Nth

    --drop N     is passed on, and its answer is thrown away: the connection is reset
    --reset N    is not passed on: the connection is reset

and --delay waits before each answer. --ahead makes the Date of each answer later (or earlier). While
there is a file FOLDER/down, each connection is reset. FOLDER/dropped and FOLDER/reset count them, one byte for each.
Host stays as it came, so signatures of requests stay valid for the proxy's own address.
"""
import argparse
import email.utils
import itertools
import os
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("urls", nargs="+")
parser.add_argument("--drop", type=int, default=0)
parser.add_argument("--reset", type=int, default=0)
parser.add_argument("--delay", type=float, default=0)
parser.add_argument("--only")
parser.add_argument("--ahead", type=int, default=0)
options = parser.parse_args()

turn = itertools.count()
requests = itertools.count(1)


class Gone(Exception):
    pass


class Stream:
    def __init__(self, connection):
        self.connection, self.buffer = connection, b""

    def more(self):
        data = self.connection.recv(65536)
        if not data:
            raise Gone
        self.buffer += data

    def until(self, mark):
        while mark not in self.buffer:
            self.more()
        end = self.buffer.index(mark) + len(mark)
        data, self.buffer = self.buffer[:end], self.buffer[end:]
        return data

    def exactly(self, length):
        while len(self.buffer) < length:
            self.more()
        data, self.buffer = self.buffer[:length], self.buffer[length:]
        return data

    def rest(self):
        try:
            while True:
                self.more()
        except Gone:
            return self.buffer


def field(head, name):
    for line in head.decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    return ""


def read_chunks(stream):
    data = b""
    while True:
        size = stream.until(b"\r\n")
        data += size + stream.exactly(int(size.split(b";")[0], 16) + 2)
        if int(size.split(b";")[0], 16) == 0:
            return data


def read_answer(stream, method):
    """The whole answer, but for 100 Continue, and whether the connection goes on."""
    while True:
        head = stream.until(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if status >= 200:
            break
    goes_on = field(head, "connection").lower() != "close"
    if method == "HEAD" or status in (204, 304):
        return head, goes_on
    if "chunked" in field(head, "transfer-encoding").lower():
        return head + read_chunks(stream), goes_on
    if field(head, "content-length"):
        return head + stream.exactly(int(field(head, "content-length"))), goes_on
    return head + stream.rest(), False


def connect():
    first = next(turn)
    for i in range(len(options.urls)):
        url = urllib.parse.urlsplit(options.urls[(first + i) % len(options.urls)])
        try:
            return socket.create_connection((url.hostname, url.port))
        except OSError:
            pass
    raise Gone


def count(name):
    with open(f"{options.folder}/{name}", "a", encoding="ascii") as file:
        file.write(".")


def is_nth(number, every):
    return every and number % every == 0


def lose(client, name):
    # Closed, it is reset.
    client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    count(name)
    return False


def shift_date(answer):
    """The answer, as of a server whose clock is ahead. One that has no Date gets one."""
    head, mark, body = answer.partition(b"\r\n\r\n")
    date = email.utils.formatdate(time.time() + options.ahead, usegmt=True).encode()
    head = re.sub(rb"\r\ndate:[^\r]*", b"", head, flags=re.IGNORECASE)
    return head + b"\r\nDate: " + date + mark + body


def exchange(client, server):
    """One request and its answer. False: the connections are over."""
    head = client.until(b"\r\n\r\n")
    method = head.split(b" ", 1)[0].decode("latin-1")
    if field(head, "expect").lower() == "100-continue":
        client.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = client.exactly(int(field(head, "content-length") or 0))
    counts = options.only in (None, method)
    number = next(requests) if counts else 0
    if os.path.exists(options.folder + "/down"):
        return lose(client, "reset")
    if counts and is_nth(number, options.reset):
        return lose(client, "reset")
    server.connection.sendall(head + body)
    answer, goes_on = read_answer(server, method)
    if counts and is_nth(number, options.drop):
        return lose(client, "dropped")
    time.sleep(options.delay)
    if options.ahead:
        answer = shift_date(answer)
    client.connection.sendall(answer)
    return goes_on


def serve(connection):
    try:
        with connection, connect() as upstream:
            client, server = Stream(connection), Stream(upstream)
            while exchange(client, server):
                pass
    except (Gone, OSError):
        pass


listener = socket.create_server(("127.0.0.1", 0), backlog=256)
with open(options.folder + "/url.new", "w", encoding="ascii") as file:
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", file=file)
os.rename(options.folder + "/url.new", options.folder + "/url")
sys.stderr.close()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
