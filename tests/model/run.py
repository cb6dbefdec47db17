#!/usr/bin/env python3
"""Random lives of a manifest: edits, foreign changes, faults, lists that lag, kills.

    python3 tests/model/run.py [--seeds FIRST-LAST] [--jobs N] [--shrink] [CASE.json...]

A seed makes a list of steps (steps.py), which are played against the simulator (life.py). Then the
faults end, cfprov applies once, and the accounts are compared with the model (model.py). Runs that
are limited, by -target, a policy or prevent_destroy, must also have kept to that.

A failing seed is made shorter for half a minute, the first one of every twenty, and printed as a case,
which belongs in tests/model/cases. With --shrink, each gets as short as it can. Without seeds and
cases, it runs seeds 1 to 200 and all cases.

At the end it says what the lives met. 200 seeds or more must have met all of that.

The programs are those of $CFPROV_BUILD (default: build). Prints TAP.
"""

import argparse
import collections
import concurrent.futures
import glob
import json
import os
import shutil
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True  # the tree stays as it is
import kills
from life import CFPROV, TOP, Life, Wrong
from steps import steps_of

DANGERS = ["kills", "runs that left a journal", "recovered objects", "faults", "lists that lagged"]
SHRINK_S = 30

Failure = collections.namedtuple("Failure", "kind why said")  # kind: what was raised, and where


def try_steps(steps, met=None):
    """None, or a Failure: cfprov may leave something that makes any part of a life raise anything."""
    life = None
    try:
        life = Life(steps)
        life.run()
        failure = None
    except Exception as why:
        text = str(why) if isinstance(why, Wrong) else traceback.format_exc()
        line = traceback.extract_tb(why.__traceback__)[-1].lineno
        failure = Failure((type(why), line), text, "\n".join(life.said) if life else "")
    if met is not None and life:
        met.update(life.met)
    return failure


def fails_again(steps, failure):
    """The same kind of failure, twice in a row; or None."""
    for _ in range(2):
        again = try_steps(steps)
        if not again or again.kind != failure.kind:
            return None
    return again


def shrink(steps, failure, end):
    """The steps without those that the failure does not need, or as far as the time allows."""
    for size in (16, 8, 4, 2, 1, 1):
        for last in range(len(steps) - 1, 0, -size):
            fewer = steps[:max(1, last + 1 - size)] + steps[last + 1:]
            again = time.monotonic() < end and fails_again(fewer, failure)
            if again:
                steps, failure = fewer, again
    return steps, failure


# The whole


def case(steps):
    """Steps as text: a line each."""
    return "[\n" + ",\n".join(json.dumps(step) for step in steps) + "\n]"


def as_comment(text):
    return "".join(f"# {line}\n" for line in text.splitlines())


def explain(failure, steps, shrink_s):
    note, end = "", time.monotonic() + shrink_s
    if shrink_s and fails_again(steps, failure):
        steps, failure = shrink(steps, failure, end)
    elif shrink_s:
        note = "Played again, it does not fail each time.\n"
    return as_comment(f"{failure.why}\n{failure.said}\n{note}{case(steps)}")


def try_seeds(seeds, shorten):
    """TAP comments about those that fail, and what all met."""
    text, met = "", collections.Counter()
    for seed in seeds:
        steps = steps_of(seed)
        failure = try_steps(steps, met)
        if failure:
            shrink_s = float("inf") if shorten else 0 if text else SHRINK_S
            text += f"# seed {seed}:\n" + explain(failure, steps, shrink_s)
    return text, met


def try_case(path, shorten):
    with open(path, encoding="utf-8") as file:
        steps = json.load(file)
    failure = try_steps(steps)
    return explain(failure, steps, float("inf") if shorten else 0) if failure else "", {}


def main():
    parser = argparse.ArgumentParser(description="Random lives of a manifest.")
    parser.add_argument("--seeds", help="the first and the last seed, as 1-200")
    parser.add_argument("--jobs", type=int, default=4, help="lives side by side; most of a life is waiting")
    parser.add_argument("--shrink", action="store_true", help="make what fails as short as it gets")
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    if not options.seeds and not options.cases:
        options.seeds = "1-200"
        options.cases = sorted(glob.glob(os.path.join(TOP, "tests/model/cases/*.json")))
    tests = [(path, try_case, path) for path in options.cases]
    first, last = map(int, (options.seeds or "1-0").split("-"))
    for at in range(first, last + 1, 20):
        part = range(at, min(at + 20, last + 1))
        tests.append((f"seeds {part[0]} to {part[-1]}", try_seeds, part))
    folder = tempfile.mkdtemp(prefix="cfprov-model-")
    try:
        return run(tests, options, last - first >= 199, *kills.build(folder, CFPROV))
    finally:
        shutil.rmtree(folder)


def run(tests, options, is_long, library, why):
    """why: there is no library, and so there are no kills."""
    failed, met = False, collections.Counter()
    print(f"1..{len(tests) + is_long}", flush=True)
    with concurrent.futures.ProcessPoolExecutor(
            options.jobs, initializer=setattr, initargs=(Life, "library", library)) as pool:
        results = [(name, pool.submit(test, what, options.shrink)) for name, test, what in tests]
        for number, (name, result) in enumerate(results, 1):
            text, part = result.result()
            met.update(part)
            failed |= bool(text)
            print(f"{'not ok' if text else 'ok'} {number} - {name}\n{text}", end="", flush=True)
    if why:
        print(as_comment(f"NO KILLS: {why}"), end="")
    if options.seeds:
        print("# met: " + ", ".join(f"{met[danger]} {danger}" for danger in DANGERS))
    if is_long:
        missing = [danger for danger in DANGERS if not met[danger] and not (why and danger == "kills")]
        failed |= bool(missing)
        what = f"; no {', '.join(missing)}" if missing else " # SKIP kills" if why else ""
        print(f"{'not ok' if missing else 'ok'} {len(tests) + 1} - the lives met every danger{what}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
