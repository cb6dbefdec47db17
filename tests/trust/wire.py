#!/usr/bin/python3
"""Listens on a free port of 127.0.0.1 and records every byte that arrives.

    wire.py PORT_FILE RECORD [PORT]    PORT: where to pass it on; the answers go back

The free port is written into PORT_FILE. Without PORT it is a host that nobody should talk to: it
answers everything with the file RECORD.answer, or else an empty JSON object, and closes. Ends with
SIGTERM.
"""
import os
import socket
import sys
import threading

HOST = "127.0.0.1"
CHUNK = 1 << 16
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
QUIET_S = 0.05  # a request has ended


def pass_on(source, target, record):
    while True:
        try:
            data = source.recv(CHUNK)
            if record:
                os.write(record, data)
            target.sendall(data)
        except OSError:
            data = b""
        if not data:
            break
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client, record, port):
    if port:
        server = socket.create_connection((HOST, port))
        threading.Thread(target=pass_on, args=(server, client, None), daemon=True).start()
        pass_on(client, server, record)
        return
    os.write(record, b"connected\n")
    try:
        while data := client.recv(CHUNK):
            os.write(record, data)
            client.settimeout(QUIET_S)
    except TimeoutError:
        pass
    try:
        with open(sys.argv[2] + ".answer", "rb") as file:
            client.sendall(file.read())
    except FileNotFoundError:
        client.sendall(ANSWER)
    client.close()


def main():
    port_file, path, *port = sys.argv[1:]
    record = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with socket.create_server((HOST, 0)) as listener:
        with open(port_file + ".new", "w", encoding="ascii") as file:
            file.write(str(listener.getsockname()[1]))
        os.rename(port_file + ".new", port_file)
        while True:
            client = listener.accept()[0]
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            target = int(port[0]) if port else None
            threading.Thread(target=serve, args=(client, record, target), daemon=True).start()


main()
