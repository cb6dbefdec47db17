#!/usr/bin/env python3
"""Random lives of a manifest: edits, foreign changes, faults, lists that lag, kills.

    python3 tests/model/run.py [--seeds FIRST-LAST] [--jobs N] [--shrink] [CASE.json...]

A seed makes a list of steps (steps.py), which are played against the simulator (life.py). Then the
faults end, cfprov applies until it has nothing left to do, and the accounts are compared with the
model (model.py). Runs that are limited, by -target, a policy or prevent_destroy, must also have kept
to that.

--shrink makes a failing seed as short as it gets and prints it as a case, which belongs in
tests/model/cases. Without seeds and cases, it runs seeds 1 to 200 and all of these.

The programs are those of $CFPROV_BUILD (default: build). Prints TAP.
"""

import argparse
import concurrent.futures
import glob
import json
import os
import sys

sys.dont_write_bytecode = True  # the tree stays as it is
from life import TOP, Life, Wrong
from steps import steps_of


def try_steps(steps):
    """None, or what went wrong and what cfprov had said."""
    life = Life(steps)
    try:
        life.run()
    except Wrong as wrong:
        return str(wrong), "\n".join(life.said)
    return None


def shrink(steps, tries=3):
    """The steps without those that the failure does not need. Kills fall elsewhere each time."""
    at = len(steps) - 1
    while at > 0:
        fewer = steps[:at] + steps[at + 1:]
        if any(try_steps(fewer) for _ in range(tries)):
            steps = fewer
        at -= 1
    return steps


# The whole


def case(steps):
    """Steps as text: a line each."""
    return "[\n" + ",\n".join(json.dumps(step) for step in steps) + "\n]"


def explain(failure, steps, shorten):
    wrong, said = failure
    if shorten:
        steps = shrink(steps)
        wrong, said = try_steps(steps) or failure
    text = f"{wrong}\n{said}\n{case(steps)}"
    return "".join(f"# {line}\n" for line in text.splitlines())


def try_seeds(seeds, shorten):
    """TAP comments about those that fail."""
    text = ""
    for seed in seeds:
        failure = try_steps(steps_of(seed))
        if failure:
            text += f"# seed {seed}:\n" + explain(failure, steps_of(seed), shorten)
    return text


def try_case(path, shorten):
    with open(path, encoding="utf-8") as file:
        steps = json.load(file)
    failure = try_steps(steps)
    return explain(failure, steps, shorten) if failure else ""


def main():
    parser = argparse.ArgumentParser(description="Random lives of a manifest.")
    parser.add_argument("--seeds", help="the first and the last seed, as 1-200")
    parser.add_argument("--jobs", type=int, default=4, help="lives side by side; most of a life is waiting")
    parser.add_argument("--shrink", action="store_true", help="make what fails short")
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    if not options.seeds and not options.cases:
        options.seeds = "1-200"
        options.cases = sorted(glob.glob(os.path.join(TOP, "tests/model/cases/*.json")))
    tests = [(path, try_case, path) for path in options.cases]
    if options.seeds:
        first, last = map(int, options.seeds.split("-"))
        for at in range(first, last + 1, 20):
            part = range(at, min(at + 20, last + 1))
            tests.append((f"seeds {part[0]} to {part[-1]}", try_seeds, part))
    print(f"1..{len(tests)}", flush=True)
    failed = False
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        results = [(name, pool.submit(test, what, options.shrink)) for name, test, what in tests]
        for number, (name, result) in enumerate(results, 1):
            text = result.result()
            failed |= bool(text)
            print(f"{'not ok' if text else 'ok'} {number} - {name}\n{text}", end="", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
