#!/usr/bin/env python3
"""The file system of the state fills up while cfprov runs: a tmpfs of its own, with some pages left.
What was reported is kept, one error says why, and once there is space the next run finds everything
once and needs no help.

    python3 tests/crash/full.py             as the suite does
    python3 tests/crash/full.py --every 1   each number of pages, not each third

Prints TAP. Skipped where nothing can be mounted: that needs root, or user namespaces.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "worst"))
import worst
from worst import HEAD, Bad, Least, Point, Scene

PAGE = os.sysconf("SC_PAGE_SIZE")
SIZE = 256 << 10
MOUNT = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs"]
COUNT = 150

parser = argparse.ArgumentParser()
parser.add_argument("--every", type=int, default=3)
parser.add_argument("--jobs", type=int, default=4)
parser.add_argument("--mounted", action="store_true", help=argparse.SUPPRESS)
options = parser.parse_args()


def mount_elsewhere():
    """Runs this program again, where mounts are seen by nobody else."""
    with tempfile.TemporaryDirectory() as folder:
        for unshare in (["unshare", "-m"], ["unshare", "-rm"]):
            try:
                subprocess.run([*unshare, *MOUNT, folder], check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError):
                continue
            os.rmdir(folder)
            os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv, "--mounted"])
    worst.skip_all("no file system can be mounted here")


class Worker(worst.Worker):
    """Its state is on a file system of its own; `fill:N` leaves N pages of it to a run."""

    def __init__(self, *args):
        super().__init__(*args)
        self.small = os.path.join(self.top, "small")
        self.ballast = os.path.join(self.small, "ballast")
        os.mkdir(self.small)
        subprocess.run([*MOUNT, self.small], check=True)

    def close(self):
        subprocess.run(["umount", self.small], check=False)
        super().close()

    def begin(self, scene):
        for it in os.listdir(self.small):
            os.remove(os.path.join(self.small, it))
        self.snapshots.clear()
        super().begin(scene)

    def keep(self):
        """Nothing, for copies would lack that file system."""

    def run(self, args, meddle=None, log=None, before=None):
        args = [*args, "-state=" + os.path.join(self.small, worst.STATE)]
        if not meddle:
            return super().run(args, log=log)
        pages = int(meddle.split(":")[1])
        left = os.statvfs(self.small).f_bavail - pages * PAGE // os.statvfs(self.small).f_frsize
        with open(self.ballast, "wb") as file:
            file.write(b"x" * max(left, 0) * PAGE)
        status, out, err = super().run(args)
        os.remove(self.ballast)
        self.check_kept(err)
        return status, out, err

    def check_kept(self, err):
        if "ids of created objects are listed above" in err:
            return  # which are found by name
        files = [os.path.join(self.small, it) for it in os.listdir(self.small)]
        text = "".join(open(it, errors="replace").read() for it in files)
        for it in re.findall(r": created \(id (\w+)\)", err):
            if it not in text:
                raise Bad(f"the id {it} was shown as kept, and is not")


class Apply(Scene):
    name = f"apply, of {COUNT} stores"
    values = {f"s{i}": None for i in range(COUNT)}

    def begin(self, w):
        w.write("cfprov.yaml", f"{HEAD}stores: [{', '.join(Apply.values)}]\n")

    def settled(self, w, with_plan):
        super().settled(w, with_plan)
        left = [it for it in os.listdir(w.small) if it.endswith((".tmp", ".journal"))]
        if left:
            raise Bad(f"left behind: {' '.join(left)}")


class Destroy(Apply):
    name = f"destroy, of {COUNT} stores"
    args = ["destroy", "-auto-approve", "-allow-store-destroy", "-force"]
    values = {}

    def begin(self, w):
        super().begin(w)
        w.good("apply", "-auto-approve")

    def settled(self, w, with_plan):
        super().settled(w, False)


class Move(Apply):
    name = f"state mv, of {COUNT} stores"
    args = ["state", "mv", "default", "main"]

    def begin(self, w):
        super().begin(w)
        w.good("apply", "-auto-approve")
        text = w.read("cfprov.yaml")
        w.write("cfprov.yaml", text.replace(HEAD, f"accounts: {{main: {{{HEAD.strip()}}}}}\n"))


def says_so(status, err):
    if status != 0 and "No space left on device" not in err:
        raise Bad("the error does not say that the disk is full")


def every_page(scene, calls, allocations):
    for pages in range(0, 40, options.every):
        yield Point(scene, pages, f"fill:{pages}", f"{pages} pages are left", check=says_so)


if not options.mounted:
    mount_elsewhere()
worst.Worker = Worker
plans = [(False, it, every_page) for it in (Apply(), Destroy(), Move())]
worst.run(plans, options.jobs, "full disks", Least(share=0.2))
