#!/usr/bin/env python3
"""Memory runs out, at one allocation after another: cfprov ends, and one line says why. It blames no
file. The next run finds everything once.

    python3 tests/crash/memory.py               as the suite does: every allocation of the libraries,
                                                every mapping, and every hundredth of cfprov's own
    python3 tests/crash/memory.py --every 1     all

Then the address space is limited. Prints TAP.
"""
# fault D4

import argparse
import os
import re
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "worst"))
import worst
from worst import Bad, Least, Point, Scene

parser = argparse.ArgumentParser()
parser.add_argument("--every", type=int, default=100)
parser.add_argument("--jobs", type=int, default=4)
options = parser.parse_args()

if worst.sanitizer():
    worst.skip_all("the program is built with a sanitizer, which brings its own allocator")


def says_so(status, err):
    errors = re.findall("^Error: .*", err, re.M)
    if status != 0 and errors != ["Error: out of memory"]:
        raise Bad("the error is another one")


def every_allocation(scene, calls, allocations):
    own, other, maps = allocations
    for number in range(1, own + 1, options.every):
        yield Point(scene, number, f"own:{number}", check=says_so)
    for number in range(1, other + 1):
        yield Point(scene, number, f"other:{number}", check=says_so)
    for number in range(1, maps + 1):
        yield Point(scene, number, f"map:{number}", check=says_so)


class Keyless(worst.Everything):
    name = "apply, of everything, without a key"
    has_key = False


class Small(Scene):
    name = "apply, in a small address space"


def limit_of(kb):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (kb << 10, kb << 10))


def begins(kb):
    run = subprocess.run([worst.CFPROV, "version"], preexec_fn=limit_of(kb), capture_output=True)
    return b"error while loading shared libraries" not in run.stderr


def address_space(scene, calls, allocations):
    """From what its libraries need on: before that, cfprov does not begin."""
    low, high = 1 << 10, 1 << 20
    while high - low > 40:
        middle = (low + high) // 2
        low, high = (low, middle) if begins(middle) else (middle, high)
    for number, kb in enumerate(range(high + 40, high + 1240, 60)):
        yield Point(scene, number, what=f"RLIMIT_AS of {kb} kB", check=says_so, before=limit_of(kb))


plans = [(False, it, every_allocation) for it in (Scene(), Keyless())]
plans += [(False, Small(), address_space)]
worst.run(plans, options.jobs, "failures", Least(share=0.2))
