#!/usr/bin/python3
"""A server that stores comments otherwise than it was sent them: between cfprov and cfsim.

    trimming.py PORT_FILE PORT

Listens on a free port of 127.0.0.1, which it writes into PORT_FILE, and passes each request on to
PORT there; but a comment loses the blanks around it and what is beyond 16 characters, and the
scope "dex" is left out. Ends with SIGTERM.
"""
import http.client
import http.server
import json
import os
import sys

HOST = "127.0.0.1"
COMMENT_LIMIT = 16


def stored(body):
    """The body as this server takes it."""
    for secret in body if isinstance(body, list) else [body]:
        if isinstance(secret.get("comment"), str):
            secret["comment"] = secret["comment"].strip()[:COMMENT_LIMIT]
        if "scopes" in secret:
            secret["scopes"] = [scope for scope in secret["scopes"] if scope != "dex"]
    return body


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if body:
            body = json.dumps(stored(json.loads(body))).encode()
        server = http.client.HTTPConnection(HOST, int(sys.argv[2]))
        headers = {k: v for k, v in self.headers.items() if k.lower() != "content-length"}
        server.request(self.command, self.path, body or None, headers)
        answer = server.getresponse()
        text = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", "text/plain"))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        server.close()

    do_GET = do_POST = do_PATCH = do_DELETE = pass_on

    def log_message(self, *_):
        pass


with http.server.ThreadingHTTPServer((HOST, 0), Handler) as listener:
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as file:
        file.write(str(listener.server_address[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    listener.serve_forever()
