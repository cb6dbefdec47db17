#!/usr/bin/env python3
"""A proxy for tests: answers CONNECT with a status, or not at all, or tunnels to 127.0.0.1:PORT.

usage: proxy.py PORT-FILE LOG (STATUS | PORT | silent)

The log gets a line for each CONNECT: its target, and its Proxy-Authorization or "-".
"""
import socket
import sys
import threading

port_file, log, what = sys.argv[1:]


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            return
        head += data
    lines = head.decode("latin-1").split("\r\n")
    user = [x.split(": ", 1)[1] for x in lines if x.lower().startswith("proxy-authorization: ")]
    with open(log, "a", encoding="latin-1") as file:
        print(lines[0].split(" ")[1], user[0] if user else "-", file=file)
    if what == "silent":
        client.recv(1)
        return
    if len(what) == 3:
        client.sendall(b"HTTP/1.1 %s No\r\nContent-Length: 0\r\n\r\n" % what.encode())
        client.close()
        return
    server = socket.create_connection(("127.0.0.1", int(what)))
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    pump(client, server)


listener = socket.create_server(("127.0.0.1", 0))
with open(port_file, "w", encoding="ascii") as file:
    print(listener.getsockname()[1], file=file)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
