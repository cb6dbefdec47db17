#!/usr/bin/env python3
"""File and network calls of every command that writes fail, one after another: a full disk, an I/O
error, a quota, a read-only file system, no locks, an interrupted or short write, a closed connection.
Then limits of the process. What was hurt ends well, or with an error that says where to find what
was done; the next run finds everything once, and nothing is lost.

    python3 tests/crash/fails.py                as the suite does: an error for each call that
                                                changes something or locks, and for every twelfth of
                                                the others; half of that for a recovery
    python3 tests/crash/fails.py --every 1 --all
                                                every error that it knows for every call
    python3 tests/crash/fails.py --match http   only scenes with this in their name

Prints TAP, with the number of failures of each scene that made the command fail.
"""

import argparse
import errno
import os
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "worst"))
import places
import worst

# What could not be removed may stay, but no journal. A lock's file is nobody's once it is unlocked.
worst.Scene.litter = "journal"
from recovery import Recovery
from worst import Bad, Least, Point, Scene

parser = argparse.ArgumentParser()
parser.add_argument("--every", type=int, default=12)
parser.add_argument("--all", action="store_true")
parser.add_argument("--match", default="")
parser.add_argument("--jobs", type=int, default=4)
options = parser.parse_args()

# fmt: off
OPENING = ("EACCES", "EMFILE", "EROFS", "ENOSPC", "EIO")
NAMING = ("EIO", "ENOSPC", "EROFS", "EDQUOT")
SENDING = ("ECONNRESET", "short", "EPIPE")
ERRORS = {
    "write": ("ENOSPC", "short", "EIO", "EINTR", "EDQUOT", "from ENOSPC"),
    "pwrite": ("ENOSPC", "EIO", "short"),
    "fsync": ("EIO", "ENOSPC", "from EIO"), "fdatasync": ("EIO", "ENOSPC", "EDQUOT", "from ENOSPC"),
    "ftruncate": ("EIO",), "fchmod": ("EPERM",), "fchown": ("EPERM",),
    "rename": (*NAMING, "from EIO"), "link": NAMING, "unlink": NAMING, "mkdir": NAMING,
    "send": SENDING, "recv": SENDING, "connect": ("ECONNREFUSED", "ENETUNREACH"),
    "socket": ("EMFILE",), "poll": ("EINTR",),
    "open": OPENING, "__open_2": OPENING, "openat": OPENING, "__openat_2": OPENING,
    "read": ("EIO", "EINTR", "short"), "pread": ("EIO",), "readlink": ("EIO",),
    "close": ("EIO", "EDQUOT", "EINTR"), "fcntl": ("ENOLCK", "EINTR"),
    "pipe": ("EMFILE",), "pipe2": ("EMFILE",), "socketpair": ("EMFILE",),
    "stat": ("EIO",), "lstat": ("EIO",), "fstat": ("EIO",), "access": ("EACCES",),
}
# fmt: on
# These are no reason to fail: it tries again, or all that counts was synced before.
HARMLESS = {(kind, name) for kind in ("short", "EINTR") for name in ("read", "write", "send", "recv")}
HARMLESS |= {("EINTR", "fcntl"), *((kind, "close") for kind in ERRORS["close"])}


def unhurt(status, err):
    if status != 0:
        raise Bad("this is no reason to fail")


def every_error(scene, calls, allocations):
    seen = {}
    for number, (name, fd) in enumerate(calls, 1):
        seen[name] = nth = seen.get(name, 0) + 1
        if name in worst.LOOKS and name != "fcntl" and number % options.every:
            continue
        kinds = ERRORS[name]
        for kind in kinds if options.all else [kinds[number % len(kinds)]]:
            way, _, code = kind.rpartition(" ")
            meddle = f"short:{nth}:0:{name}"
            if code != "short":
                meddle = f"{way or 'fail'}:{nth}:{getattr(errno, code)}:{name}"
            what = f"{kind} at {name} number {nth}, of {fd}"
            if fd == "2":
                what += " (stderr)"
            check = unhurt if (kind, name) in HARMLESS else None
            yield Point(scene, number, meddle, what, check=check)


def some_errors(scene, calls, allocations):
    points = list(every_error(scene, calls, allocations))
    return points if options.all else points[::2]


def limits(scene, calls, allocations):
    """RLIMIT_FSIZE in bytes, RLIMIT_NOFILE."""
    cases = [("RLIMIT_FSIZE", n) for n in (0, 1, 100, 300, 500, 700, 900, 1200, 1500, 2000)]
    least = 8 if worst.sanitizer() else 4  # LeakSanitizer opens files, too
    cases += [("RLIMIT_NOFILE", n) for n in range(least, 17)]
    for number, (name, limit) in enumerate(cases):
        what = (getattr(resource, name), (limit, limit))
        yield Point(scene, number, what=f"{name} {limit}", before=lambda what=what: resource.setrlimit(*what))


nothing, everything = Scene(), worst.Everything()
plain = worst.local_scenes(nothing, everything)
remote = [*places.remote(nothing, worst.StateRm()), *places.moves()]
if options.all:
    remote += places.remote(worst.Destroy())
else:
    remote = remote[::2]
    plain = [it for it in plain if not isinstance(it, worst.StateMv)]  # it writes as the other edits
again = [Recovery(nothing, Recovery.ALL), Recovery(everything, Recovery.SOME)]
plans = [(False, it, every_error) for it in [*plain, *remote]]
plans += [(True, again[0], every_error), (True, again[1], some_errors)]
plans += [(False, worst.Limited(it), limits) for it in (nothing, everything)]
plans = [it for it in plans if options.match in it[1].name]
worst.run(plans, options.jobs, "failures", Least(share=0.1))
