#!/usr/bin/env python3
"""A server for Terraform's http backend, with GitLab's rules (its lib/api/terraform/state.rb and
remote_state_handler.rb), on a port of loopback that the kernel picks. All is in memory.

usage: http_server.py FOLDER [CERTIFICATE KEY]        with these two, it speaks TLS

FOLDER/url gets the address, FOLDER/log a line for each request: its method, path and status.

    /api/v4/projects/1/terraform/state/NAME           GET, POST ?ID=LOCK; 204: no state yet
    /api/v4/projects/1/terraform/state/NAME/lock      POST or LOCK, DELETE or UNLOCK
        Users ci and gitlab-ci-token may write, user reader may read; their password is token.
        A lock needs all fields of its info, and 409 is the answer while it is held, also by its
        own ID. A POST without the lock's ID is 409, and so is one with an ID that holds no lock.
        Each serial can be written once (422).
    /plain/NAME              a simple server: no users; LOCK and UNLOCK there; 423, with the info
                             of the holder; it keeps whatever is POSTed or PUT
    /plain/NAME?acc=WORD     the same, another state for each word
    /mute/NAME               the same, but its 423 says nothing
    /none/NAME               the same without locks
    /page, /moved, /wall     a web page; a redirect to /plain/moved; 403 from somebody in between

Tests steer it:

    GET  /_test/state?path=/plain/NAME         what is kept there: {"state":, "lock":, "serials":}
    POST /_test/lock?path=/plain/NAME          sets or (an empty body) removes the lock
    POST /_test/fault   {"method":, "lock":, "do":, "count":, "then":}
        The next `count` requests of this method (to a lock, or not) are not answered properly:
        "drop": the work is done, then the connection is closed without an answer
        "reset": closed before any work
        500: this status after the work; any other: before any work
        With "then": {"lock":} or {"state":}, somebody else locks or writes right after that.
        "hang": no work and no answer for five minutes; "stall": the work, and no answer
    POST /_test/faultless   no faults any more
"""
import base64
import http.server
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse

GITLAB = "/api/v4/projects/1/terraform/state/"
INFO = ("ID", "Operation", "Info", "Who", "Version", "Created", "Path")
USERS = {"ci": "token", "gitlab-ci-token": "token", "reader": "token"}

places = {}
faults = []
guard = threading.RLock()


class Place:
    def __init__(self):
        self.state, self.lock, self.serials = None, None, []


def message(status, text):
    return status, json.dumps({"message": text}).encode()


def parse(body):
    """What a JSON body says, or nothing."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def gitlab_lock(path, verb, lock_id, info):
    if verb in ("POST", "LOCK"):
        lacking = [name for name in INFO if name not in info]
        if lacking:
            return 400, json.dumps({"error": ", ".join(f"{x} is missing" for x in lacking)}).encode()
        place = places.setdefault(path, Place())
        status = 409 if place.lock else 200
        place.lock = place.lock or info
        # GitLab shows the holder's ID, name and time, and the rest of what was just sent.
        holder = {"ID": place.lock["ID"], "Who": "ci", "Created": place.lock["Created"]}
        return status, json.dumps({**info, **holder}).encode()
    if verb in ("DELETE", "UNLOCK"):
        place = places.setdefault(path, Place())
        held = place.lock["ID"] if place.lock else ""
        if lock_id is not None and lock_id != held:
            return 409, b""
        place.lock = None
        return 200, b""
    return message(405, "405 Method Not Allowed")


def gitlab_state(path, verb, lock_id, body):
    if verb == "GET":
        if path not in places:
            return message(404, "404 Not found")
        state = places[path].state
        return (204, b"") if state is None else (200, state)
    if verb != "POST":
        return message(405, "405 Method Not Allowed")
    if not body:
        return 204, b""
    place = places.setdefault(path, Place())
    if (place.lock["ID"] if place.lock else None) != lock_id:
        return 409, b""
    serial = parse(body).get("serial")
    if not isinstance(serial, int):
        return message(400, "serial is missing")
    if serial in place.serials:
        return message(422, "Validation failed: Version has already been taken")
    place.serials.append(serial)
    place.state = body
    return 200, b""


def gitlab(handler, path, query, body):
    users = handler.headers.get("Authorization", "").removeprefix("Basic ")
    user, _, password = base64.b64decode(users).decode().partition(":")
    if not password or USERS.get(user) != password:
        return message(401, "401 Unauthorized")
    if not path.startswith(GITLAB):
        return message(404, "404 Project Not Found")
    if user == "reader" and handler.command != "GET":
        return message(403, "403 Forbidden")
    given = parse(body)
    lock_id = query.get("ID", [given.get("ID")])[0]
    if path.endswith("/lock"):
        return gitlab_lock(path.removesuffix("/lock"), handler.command, lock_id, given)
    return gitlab_state(path, handler.command, lock_id, body)


def plain(path, verb, body):
    place = places.setdefault(path, Place())
    locks = not path.startswith("/none/")
    if verb == "GET":
        return (404, b"") if place.state is None else (200, place.state)
    if verb in ("POST", "PUT"):
        place.state = body
        return 200, b""
    if verb == "LOCK" and locks:
        if place.lock:
            return 423, b"" if path.startswith("/mute/") else json.dumps(place.lock).encode()
        place.lock = parse(body)
        return 200, b""
    if verb == "UNLOCK" and locks:
        place.lock = None
        return 200, b""
    return 405, b""


def steer(what, query, body):
    path = query.get("path", [""])[0]
    if what == "state":
        place = places.get(path, Place())
        state = None if place.state is None else place.state.decode("latin-1")
        shown = {"state": state, "lock": place.lock, "serials": place.serials}
        return 200, json.dumps(shown).encode()
    if what == "lock":
        places.setdefault(path, Place()).lock = json.loads(body) if body else None
    if what == "fault":
        faults.append(json.loads(body))
    if what == "faultless":
        faults.clear()
    return 200, b""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def fault(self, path):
        """What is to go wrong with this request."""
        about_lock = path.endswith("/lock") or self.command in ("LOCK", "UNLOCK")
        for fault in faults:
            if fault["method"] == self.command and fault.get("lock", False) == about_lock:
                fault["count"] = fault.get("count", 1) - 1
                if fault["count"] <= 0:
                    faults.remove(fault)
                return fault
        return {}

    def work(self, path, query, body):
        if path.startswith("/_test/"):
            return steer(path.removeprefix("/_test/"), query, body)
        if path.startswith("/api/v4/"):
            return gitlab(self, path, query, body)
        if path == "/page":
            return 200, b"<!DOCTYPE html>\n<html><title>Sign in</title></html>\n"
        if path == "/moved":
            return 302, b""
        if path == "/wall":
            return 403, b"<html>\n<head><title>403 Forbidden</title></head></html>\n"
        if path.startswith(("/plain/", "/mute/", "/none/")):
            return plain(path, self.command, body)
        return 404, b"<html>\n<head><title>404 Not Found</title></head></html>\n"

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(parts.query)
        if "acc" in query:
            parts = parts._replace(path=parts.path + "?acc=" + query["acc"][0])
        with guard:
            found = {} if parts.path.startswith("/_test/") else self.fault(parts.path)
            fault = found.get("do")
            if fault is None or fault in ("drop", "stall", 500):
                status, answer = self.work(parts.path, query, body)
            if "then" in found:
                vars(places[parts.path.removesuffix("/lock")]).update(found["then"])
                if "state" in found["then"]:
                    places[parts.path].state = found["then"]["state"].encode()
            if isinstance(fault, int):
                status, answer = fault, b""
            if not parts.path.startswith("/_test/"):
                with open(FOLDER + "/log", "a", encoding="latin-1") as log:
                    print(self.command, self.path, fault or status, file=log)
        if fault in ("hang", "stall"):
            time.sleep(300)
        if fault in ("drop", "reset", "hang", "stall"):
            self.close_connection = True
            return
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/plain/moved")
        if answer.startswith(b"<"):
            self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_LOCK = do_UNLOCK = serve

    def log_message(self, format, *args):
        pass


FOLDER, *TLS = sys.argv[1:]
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if TLS:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*TLS)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(FOLDER + "/url.new", "w", encoding="ascii") as file:
    print(f"http{'s' if TLS else ''}://127.0.0.1:{server.server_port}", file=file)
os.rename(FOLDER + "/url.new", FOLDER + "/url")
server.serve_forever()
