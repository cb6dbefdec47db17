#!/usr/bin/env python3
"""kill -9 right before every file and network call of every command that writes, one call after
another; also of the run after such a kill. After each, the command runs again: everything exists
once and is recorded, nothing else was touched, nothing is left behind, a plan has nothing to do.

    python3 tests/crash/kills.py                as the suite does: every eighth of the calls that
                                                change nothing and send nothing;
                                                with remote states, a third of that
    python3 tests/crash/kills.py --every 1      all calls
    python3 tests/crash/kills.py --match s3     only scenes with this in their name

Half of the kills have lists that lag. Prints TAP, with the number of kills of each scene.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "worst"))
import places
import worst
from worst import Point, Recovery, Scene

parser = argparse.ArgumentParser()
parser.add_argument("--every", type=int, default=8)
parser.add_argument("--match", default="")
parser.add_argument("--jobs", type=int, default=4)
options = parser.parse_args()


def every_call(scene, calls, allocations):
    for number, (name, fd) in enumerate(calls, 1):
        if name not in worst.LOOKS or number % options.every == 0:
            yield Point(scene, number, f"kill:{number}", what=f"kill at call {number}, {name} {fd}")


def some_calls(scene, calls, allocations):
    points = list(every_call(scene, calls, allocations))
    return points if options.every == 1 else points[::3]


nothing, everything = Scene(), worst.Everything()
edits = (worst.StateRm(), worst.StateMv(), worst.StatePush())
plain = worst.local_scenes(nothing, everything)
remote = places.remote(nothing, everything)
others = [*places.remote(worst.Destroy(), *edits), *places.moves()]
again = [Recovery(nothing, 70), Recovery(nothing, 80), Recovery(everything, 120)]
plans = [(lags, it, every_call) for it in [*plain, *remote, *again] for lags in (False, True)]
plans += [(False, it, some_calls) for it in others]
worst.run([it for it in plans if options.match in it[1].name], options.jobs, "kills")
