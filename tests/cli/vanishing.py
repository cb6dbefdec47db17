"""A way to a server on loopback that is cut in mid-run, as by a firewall or a pulled cable.

    python3 vanishing.py PORT COUNT     to that port; its own comes in the file way

After COUNT requests that are POSTs have been passed on, nothing is, in either direction, and nothing
is closed. New connections get no answer to their SYN: the queue of the socket is full.
"""

import os
import socket
import sys
import threading

to, count = int(sys.argv[1]), int(sys.argv[2])
posts = 0
guard = threading.Lock()
is_cut = threading.Event()


def passes_on(data):
    """Counts, and says whether the way was open when the data came."""
    global posts
    with guard:
        if is_cut.is_set():
            return False
        posts += data.startswith(b"POST ")
        if posts >= count:
            is_cut.set()
        return True


def pump(source, sink):
    while data := source.recv(65536):
        if not passes_on(data):
            threading.Event().wait()  # nobody hears of it
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def serve(client):
    server = socket.create_connection(("127.0.0.1", to))
    for ends in ((client, server), (server, client)):
        threading.Thread(target=pump, args=ends, daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0), backlog=0)
with open("way.new", "w") as file:
    file.write(str(listener.getsockname()[1]))
os.rename("way.new", "way")
listener.settimeout(0.05)
while not is_cut.is_set():
    try:
        client, _ = listener.accept()
    except TimeoutError:
        continue
    client.setblocking(True)
    serve(client)
queue = [socket.socket() for _ in range(3)]
for it in queue:
    it.setblocking(False)
    it.connect_ex(listener.getsockname())
threading.Event().wait()
