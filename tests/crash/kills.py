#!/usr/bin/env python3
"""kill -9 right before every file and network call of every command that writes, one call after
another; also of the run after such a kill. After each, the command runs again: everything exists
once and is recorded, nothing else was touched, nothing is left behind, a plan has nothing to do.

    python3 tests/crash/kills.py                as the suite does: every eighth of the calls that
                                                change nothing and send nothing;
                                                of some scenes, a third of that
    python3 tests/crash/kills.py --every 1      all calls
    python3 tests/crash/kills.py --match s3     only scenes with this in their name

At least 2,000 kills, and half of them where lists lag behind what the command changes: else it fails.
Prints TAP, with the number of kills of each scene.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "worst"))
import places
import worst
from recovery import Recovery
from worst import Least, Point, Scene

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
local = worst.local_scenes(nothing, everything)
remote = places.remote(nothing, everything)
again = [Recovery(nothing, left) for left in (Recovery.NOTHING, Recovery.SOME, Recovery.ALL)]
again += [Recovery(everything, Recovery.SOME), Recovery(remote[0], Recovery.SOME)]
elsewhere = places.remote(worst.Destroy(), worst.StateRm(), worst.StateMv(), worst.StatePush())
elsewhere += [places.SavedPlan("http"), places.Remote(worst.Import(), "s3"), *places.moves()]

# Lists can lag only behind what a command changes. There, all calls are tried, and fewer without lag.
plans = [(True, it, every_call) for it in [*local, *remote, *again] if it.changes_account]
plans += [(False, it, every_call) for it in [nothing, everything]]
plans += [(False, it, every_call) for it in local if not it.changes_account]
plans += [(False, it, some_calls) for it in [worst.Destroy(), *again]]
plans += [(it.changes_account, it, some_calls) for it in elsewhere]
least = Least(share=0.8, met=2000, lagging=1000)
if options.match:
    plans = [it for it in plans if options.match in it[1].name]
    least = Least(share=0.8)
worst.run(plans, options.jobs, "kills", least)
