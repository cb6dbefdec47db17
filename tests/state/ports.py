#!/usr/bin/env python3
"""Prints N free ports of 127.0.0.1, which the kernel picks: for servers that can't say which one
they got. A port may be taken before it is used; who starts such a server notices that it ends.

usage: ports.py N
"""
import socket
import sys

sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*[s.getsockname()[1] for s in sockets])
