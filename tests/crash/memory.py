#!/usr/bin/env python3
"""Memory runs out, at one allocation after another: cfprov ends, and one line says why. It blames no
file. The next run finds everything once.

    python3 tests/crash/memory.py               as the suite does: every allocation of the libraries,
                                                and every eightieth of cfprov's own
    python3 tests/crash/memory.py --every 1     all

Then the address space is limited. Prints TAP.
"""
# fault D4

import argparse
import os
import re
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "worst"))
import worst
from worst import Bad, Point, Scene

parser = argparse.ArgumentParser()
parser.add_argument("--every", type=int, default=80)
parser.add_argument("--jobs", type=int, default=4)
options = parser.parse_args()

if worst.sanitizer():
    worst.skip_all("the program is built with a sanitizer, which brings its own allocator")


def says_so(status, err):
    errors = re.findall("^Error: .*", err, re.M)
    if status != 0 and errors != ["Error: out of memory"]:
        raise Bad("the error is another one")


def unless_it_never_began(status, err):
    if "error while loading shared libraries" not in err:
        says_so(status, err)


def every_allocation(scene, calls, allocations):
    own, other = allocations
    for number in range(1, own + 1, options.every):
        yield Point(scene, number, f"own:{number}", check=says_so)
    for number in range(1, other + 1):
        yield Point(scene, number, f"other:{number}", check=says_so)


class Keyless(worst.Everything):
    name = "apply, of everything, without a key"
    has_key = False


class Small(Scene):
    name = "apply, in a small address space"


def address_space(scene, calls, allocations):
    for number, mb in enumerate(range(20, 60, 2)):
        limit = (mb << 20, mb << 20)
        yield Point(
            scene, number, what=f"RLIMIT_AS of {mb} MB", check=unless_it_never_began,
            before=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, limit),
        )  # fmt: skip


plans = [(False, it, every_allocation) for it in (Scene(), Keyless())]
plans += [(False, Small(), address_space)]
worst.run(plans, options.jobs, "failures")
