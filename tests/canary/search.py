#!/usr/bin/env python3
"""Runs a program and looks for secrets in its memory when it ends, or looks for them in files.

    search.py SECRETS REPORT run COMMAND...    ends as the command ends
    search.py SECRETS REPORT files PATH...     files, and all files in folders

SECRETS is a folder: each file in it holds one secret and has its name. A line is added to REPORT
for each search ("searched ..."), and one for each form of a secret in each place where it stands
("found ..."); never what stands around it.

The program is stopped by ptrace at the very end, when all its memory is still there. Its memory
is opened at the beginning: once it has made itself non-dumpable, only root could.
"""
import base64
import ctypes
import json
import os
import signal
import sys
import urllib.parse

PTRACE_TRACEME, PTRACE_CONT, PTRACE_SETOPTIONS = 0, 7, 0x4200
OPTION_EXITKILL, OPTION_TRACEEXIT, EVENT_EXIT = 0x100000, 0x40, 6
SHORTEST, STEP, CHUNK = 12, 8, 1 << 22

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def forms_of(secret):
    """The ways in which the secret may have been written."""
    yield "raw", secret
    yield "hex", secret.hex().encode()
    yield "HEX", secret.hex().upper().encode()
    for skip in range(3):
        # Behind other bytes base64 begins in the middle of a letter: those at the rim are left.
        code = base64.b64encode(b"\0" * skip + secret)
        inner = code[(0, 2, 3)[skip] : (8 * (skip + len(secret)) // 6)]
        yield f"base64+{skip}", inner
        yield f"base64url+{skip}", inner.replace(b"+", b"-").replace(b"/", b"_")
    text = secret.decode()
    for name, ascii_only in (("json", False), ("json-ascii", True)):
        quoted = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield name, quoted.encode()
        yield name + "-slashes", quoted.replace("/", "\\/").encode()
    yield "url", urllib.parse.quote(secret, safe="").encode()


def needles_of(secrets):
    """{needle: "secret form"}: the allocator writes over the beginning of what is freed, and others
    over other parts, so pieces count, too."""
    needles = {}
    for name, secret in secrets.items():
        for form, whole in forms_of(secret):
            for start in range(0, max(1, len(whole) - SHORTEST + 1), STEP):
                needles.setdefault(whole[start : start + SHORTEST], f"{name} {form}")
    return needles


class Search:
    def __init__(self, secrets, report):
        self.needles = needles_of(secrets)
        self.report = report
        self.found = set()
        self.bytes = self.places = 0

    def look(self, data, place):
        for needle, what in self.needles.items():
            if needle in data:
                self.found.add(f"found {what} in {place}")

    def look_in(self, file, start, end, place):
        """Piece by piece; each begins with the last bytes of the one before."""
        self.places += 1
        at = start
        while at < end:
            file.seek(at)
            data = file.read(min(CHUNK, end - at))
            if not data:
                break
            self.bytes += len(data)
            self.look(data, place)
            at += len(data)
            if at < end:
                at = max(start, at - SHORTEST + 1) if len(data) >= SHORTEST else at

    def tell(self, what):
        with open(self.report, "a", encoding="utf-8") as out:
            print(f"searched {self.places} places, {self.bytes} bytes: {what}", file=out)
            for line in sorted(self.found):
                print(line, file=out)


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, data) == -1:
        raise OSError(ctypes.get_errno(), "ptrace")


def look_at_process(search, mem, maps, cmdline):
    for line in maps.read().splitlines():
        span, rights, *rest = line.split()
        if "w" not in rights:
            continue
        start, end = (int(address, 16) for address in span.split("-"))
        search.look_in(mem, start, end, rest[3] if len(rest) > 3 else "memory without a name")
    search.look(cmdline.read(), "cmdline")


def run(search, command):
    child = os.fork()
    if child == 0:
        libc.ptrace(PTRACE_TRACEME, 0, None, None)
        os.execvp(command[0], command)
    status = os.waitpid(child, 0)[1]
    if not os.WIFSTOPPED(status):
        sys.exit(f"can't run {command[0]}")
    ptrace(PTRACE_SETOPTIONS, child, OPTION_TRACEEXIT | OPTION_EXITKILL)
    proc = f"/proc/{child}/"
    with open(proc + "mem", "rb", buffering=0) as mem, open(proc + "maps") as maps, open(
        proc + "cmdline", "rb"
    ) as cmdline:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda which, frame: os.kill(child, which))
        ptrace(PTRACE_CONT, child)
        while True:
            status = os.waitpid(child, 0)[1]
            if not os.WIFSTOPPED(status):
                break
            if status >> 8 == signal.SIGTRAP | EVENT_EXIT << 8:
                look_at_process(search, mem, maps, cmdline)
                ptrace(PTRACE_CONT, child)
            else:
                ptrace(PTRACE_CONT, child, os.WSTOPSIG(status))
    search.tell("memory of " + " ".join(command)[:60])
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def look_at_files(search, paths):
    for path in paths:
        inside = [os.path.join(top, name) for top, _, names in os.walk(path) for name in names]
        for file in inside or [path]:
            if os.path.isfile(file):
                with open(file, "rb") as data:
                    search.look_in(data, 0, os.path.getsize(file), file)
            search.look(file.encode(), "the name of " + os.path.basename(os.path.dirname(file)))
    search.tell("files")


def main():
    if len(sys.argv) < 5 or sys.argv[3] not in ("run", "files"):
        sys.exit(__doc__)
    folder, report, what = sys.argv[1:4]
    secrets = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            secrets[name] = file.read()
    search = Search(secrets, report)
    if what == "run":
        sys.exit(run(search, sys.argv[4:]))
    look_at_files(search, sys.argv[4:])


main()
