"""One server for remote states, in this process, on a port of loopback that the kernel picks.

/state/NAME    Terraform's protocol, with LOCK and UNLOCK
/states/KEY    an object store: GET, HEAD, DELETE, and PUT, also with If-None-Match: *
"""

import hashlib
import http.server
import json
import threading

kept, locks, objects = {}, {}, {}
guard = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def state(self, path, body):
        lock = locks.get(path)
        if self.command in ("LOCK", "UNLOCK"):
            asked = json.loads(body) if body else {}
            if lock and lock["ID"] != asked.get("ID"):
                return self.answer(423, json.dumps(lock).encode())
            if self.command == "LOCK":
                if lock:
                    return self.answer(423, json.dumps(lock).encode())
                locks[path] = asked
            else:
                locks.pop(path, None)
            return self.answer(200)
        if self.command == "GET":
            return self.answer(200, kept[path]) if path in kept else self.answer(404)
        kept[path] = body
        return self.answer(200)

    def object(self, path, body):
        if self.command in ("GET", "HEAD"):
            if path in objects:
                tag = '"' + hashlib.md5(objects[path]).hexdigest() + '"'
                return self.answer(200, objects[path], ETag=tag)
            text = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>"
            return self.answer(404, text, **{"Content-Type": "application/xml"})
        if self.command == "DELETE":
            objects.pop(path, None)
            return self.answer(204)
        if self.headers["If-None-Match"] == "*" and path in objects:
            text = b"<?xml version='1.0'?><Error><Code>PreconditionFailed</Code></Error>"
            return self.answer(412, text, **{"Content-Type": "application/xml"})
        objects[path] = body
        return self.answer(200, ETag='"' + hashlib.md5(body).hexdigest() + '"')

    def any(self):
        try:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            path = self.path.split("?")[0]
            with guard:
                (self.object if path.startswith("/states/") else self.state)(path, body)
        except OSError:
            self.close_connection = True  # it was killed

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_LOCK = do_UNLOCK = any

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args):
        pass


def copy(place, to):
    """What is kept at a place is at another, too."""
    with guard:
        for them in (kept, locks, objects):
            there = {it: what for it, what in them.items() if place in it.split("/")}
            them.update({it.replace(place, to): what for it, what in there.items()})


def start():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
