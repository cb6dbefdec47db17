#!/usr/bin/env python3
"""The power fails while cfprov runs. It is killed at a call, and what was not synced by then is lost,
in one of three ways:

    strict   all of it: contents of files, and names that came, went or changed
    names    contents only: a file that was renamed and not synced is empty, or as it was
    half     the second half of what was written and not synced

After each, nothing is lost whose id was shown, and the next run finds everything once. So it is
tried with the same scenes as kills.py, from which only the loss differs, and once at the end of a
run: what it said is durable then.

    python3 tests/crash/power.py             as the suite does: one way at each call
    python3 tests/crash/power.py --all       each way at each call, more scenes
    python3 tests/crash/power.py --match s3  only scenes with this in their name

Prints TAP. The order in which a real disk loses things is not tried: synced.c asks what must be left.
"""
# fault D10

import argparse
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "worst"))
import places
import worst
from recovery import Recovery
from worst import Bad, Least, Point, Scene

parser = argparse.ArgumentParser()
parser.add_argument("--all", action="store_true")
parser.add_argument("--match", default="")
parser.add_argument("--jobs", type=int, default=4)
options = parser.parse_args()

WAYS = ("strict", "names", "half")


class Disk:
    """What synced.c wrote down."""

    def __init__(self, log):
        self.files, self.folders = {}, {}
        with open(log, "rb") as file:
            while line := file.readline():
                kind, inode, *size = line.decode().split()
                if kind == "file":
                    self.files[int(inode)] = file.read(int(size[0]))
                    continue
                names = self.folders[int(inode)] = {}
                while (line := file.readline().decode()) != "\n":
                    it, name = line.split()
                    if name not in ("./", "../"):
                        names[name] = int(it)

    def synced(self, inode, is_folder):
        """A file as bytes, a folder as a dict. What was never synced is empty."""
        if not is_folder:
            return self.files.get(inode, b"")
        names = self.folders.get(inode, {})
        return {it.rstrip("/"): self.synced(names[it], it.endswith("/")) for it in names}

    def left(self, path, way):
        inode = os.lstat(path).st_ino
        if way == "strict":
            return self.synced(inode, os.path.isdir(path))
        if os.path.isdir(path):
            return {it: self.left(os.path.join(path, it), way) for it in os.listdir(path)}
        synced = self.files.get(inode, b"")
        if way == "half":
            with open(path, "rb") as file:
                all_of_it = file.read()
            if all_of_it.startswith(synced):
                return all_of_it[: (len(synced) + len(all_of_it)) // 2]
        return synced


def put(path, what):
    if isinstance(what, dict):
        os.mkdir(path, 0o700)
        for name, it in what.items():
            put(os.path.join(path, name), it)
    else:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(what)


class Worker(worst.Worker):
    def run(self, args, meddle=None, log=None, before=None):
        if " " not in (meddle or ""):
            return super().run(args, meddle, log)
        watched = [self.dir, self.top + "/machine"]
        record = os.path.join(self.top, "synced")
        os.makedirs(watched[1], exist_ok=True)
        self.env.update(SYNCED_LOG=record, SYNCED_IN=":".join(watched))
        status, out, err = super().run(args, meddle)
        del self.env["SYNCED_LOG"]
        self.cut(watched, Disk(record), meddle.split()[1], out + err)
        return status, out, err

    def cut(self, watched, disk, way, said):
        lost = [disk.left(it, way) for it in watched]
        for path, what in zip(watched, lost):
            shutil.rmtree(path)
            put(path, what)
        text = repr(lost)
        if '"accounts' in text:  # not where it is encrypted, or on a server
            for it in re.findall(r": (?:created|replaced|adopted) \(id (\w+)\)", said):
                if it not in text:
                    raise Bad(f"the id {it} was shown, and is lost")


def every_cut(scene, calls, allocations):
    writes = [n for n, (name, fd) in enumerate(calls, 1) if name not in worst.LOOKS]
    for at, number in enumerate([*writes, len(calls) + 1000]):
        name = calls[number - 1][0] if number <= len(calls) else "the end"
        for way in WAYS if options.all else [WAYS[at % len(WAYS)]]:
            what = f"{way} at call {number}, {name}"
            yield Point(scene, number, f"kill:{number} {way}", what)


# The power cut takes the lock as well; its file may come back.
worst.Scene.litter = "tmp|journal"
nothing, everything = Scene(), worst.Everything()
remote = places.remote(nothing)
scenes = [nothing, everything, worst.StateRm(), *remote, places.NewKey()]
if options.all:
    scenes = [*worst.local_scenes(nothing, everything), *remote, *places.moves()]
    scenes += [Recovery(nothing, it) for it in Recovery.WORDS] + [Recovery(everything, Recovery.SOME)]
worst.Worker = Worker
plans = [(False, it, every_cut) for it in scenes if options.match in it.name]
worst.run(plans, options.jobs, "power cuts", Least(share=0.8), ("synced.c", "meddle.c"))
