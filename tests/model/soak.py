#!/usr/bin/env python3
"""One state and one simulator for hours: nothing may grow, and all must stay right.

    nice -n 19 python3 tests/model/soak.py [--minutes N] [--seed N]

A cycle is a life (life.py): edits, foreign changes, faults, lists that lag, kills. At its end the
accounts are compared with the model. Then foreign objects are deleted, the same objects are
applied in each cycle, and all are destroyed: the accounts and the state must be empty. The next cycle
continues with the same files and the same simulator. Every other cycle uses a second state, which
has a key.

A figure is flat if its maximum in the second half of the time is at most a tenth, and two, above that in
the first half. The figures are
    of cfprov, where it was not killed, the most of a cycle: the memory of each command, and the
    highest descriptor that any of them used,
    of the simulator, at the end of a cycle: its memory and its open descriptors,
    of the directory of the state and the home directory, after the destroy, when the backup holds
    those objects: files and bytes.
They are printed every five minutes. The status is 1 if something grew or was wrong; the steps of a
wrong cycle are printed as a case for run.py.

The suite does not run it. It needs GNU time, since Python's own memory counts for its children, and a
compiler, for the library of kills.py, which also logs the descriptors.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True  # the tree stays as it is
import kills
from model import ALIASES, Model
from life import BUILD, CFPROV, Life, Wrong
from run import case
from steps import MARK, SECRETS, STORES, a_step

TIME = "/usr/bin/time"


class Soak(Life):
    def __init__(self, key):
        super().__init__([])
        self.name = "with a key" if key else "without a key"
        self.usage = os.path.join(self.dir, "usage")
        self.calls = os.path.join(self.dir, "calls")
        self.launcher = [TIME, "-q", "-f", "%M", "-o", self.usage,
                         "env", f"LD_PRELOAD={self.library}", f"MEDDLE_LOG={self.calls}"]
        self.seen = []  # a dict of figures for each cycle
        self.most = {}  # of this cycle: memory and descriptors by command
        self.runs = self.killed = 0
        self.do_options([], "key" if key else "none")

    def cfprov(self, *arguments, kill=None):
        status = super().cfprov(*arguments, kill=kill)
        self.runs += 1
        if status < 0:
            self.killed += 1
        else:
            with open(self.usage, encoding="ascii") as file:
                self.note(f"KB of {arguments[0]}", int(file.read()))
            self.note("highest descriptor", kills.highest_descriptor(self.calls))
        os.unlink(self.calls)  # it is none of the files that are watched
        return status

    def note(self, name, figure):
        self.most[name] = max(self.most.get(name, 0), figure)

    def cycle(self, rng):
        self.model, self.said, self.most = Model(), [], {}
        self.steps = [{"do": "put_store", "store": f"{a}/{s}"} for a in ALIASES for s in STORES]
        steps = [a_step(rng) for _ in range(rng.randrange(10, 40))]
        # Each lost state leaves a file about it, and the key is to stay.
        self.steps += [step for step in steps if step["do"] not in ("lose_state", "change_key")]
        for step in self.steps:
            what = getattr(self, "do_" + step["do"], None) or getattr(self.model, step["do"])
            what(**{k: v for k, v in step.items() if k != "do"})
        self.settle()
        self.faults = []
        self.delete_foreign()
        self.apply_all()
        self.destroy_all()
        self.seen.append(dict(self.most, **self.sizes(), **self.simulator()))

    def delete_foreign(self):
        for at, _ in self.model.others.values():
            one, path = self.find(at)
            if one:
                self.call("DELETE", path + "?force=true")

    def apply_all(self):
        """The same in each cycle, so that sizes can be compared."""
        self.model = Model()
        for store in [f"{alias}/{store}" for alias in ALIASES for store in STORES]:
            self.model.put_store(store)
            for secret in SECRETS:
                self.model.put_secret(  # the version writes it, whatever it was before
                    store, secret, value=MARK + "00000000", comment="note", scopes=["workers"],
                    more={"version": 9})
        self.settle()

    def destroy_all(self):
        self.do_run("destroy", "", [], None)
        left = [at for at, _ in self.things().values()]
        if left or self.recorded():
            raise Wrong(f"after destroy there are {left}, and the state has {self.recorded()}")

    def sizes(self):
        found = {"files": 0, "bytes of state": 0, "bytes of backups": 0, "bytes of the rest": 0}
        for folder, folders, files in os.walk(self.dir):
            folders[:] = [name for name in folders if name != "values"]  # which cfprov only reads
            for name in files:
                kind = {"cfprov.state.json": "bytes of state", "cfprov.state.json.backup": "bytes of backups"}
                found["files"] += 1
                size = os.path.getsize(os.path.join(folder, name))
                found[kind.get(name, "bytes of the rest")] += size
        return found

    def simulator(self):
        with open(f"/proc/{self.sim.pid}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        return {"KB of cfsim": int(status["VmRSS"].split()[0]),
                "descriptors of cfsim": len(os.listdir(f"/proc/{self.sim.pid}/fd"))}


def compare(life):
    """A line for each figure: the most in each half. Returns those that grew."""
    print(f"{life.name}: {len(life.seen)} cycles, {life.runs} runs, {life.killed} of them killed")
    half = len(life.seen) // 2
    grew = []
    for name in sorted({name for figures in life.seen for name in figures}):
        first, second = ([f[name] for f in part if name in f]
                         for part in (life.seen[:half], life.seen[half:]))
        if not first or not second:
            continue
        print(f"  {name:23} first half {min(first)} to {max(first)}, second half {min(second)} to {max(second)}")
        if max(second) > max(first) * 1.1 + 2:
            grew.append(name)
    sys.stdout.flush()
    return grew


def soak(lives, rng, end):
    """Whether everything stayed right."""
    told = time.monotonic()
    while time.monotonic() < end:
        for life in lives:
            try:
                life.cycle(rng)
            except Exception as why:
                text = why if isinstance(why, Wrong) else traceback.format_exc()
                print(f"WRONG, {life.name}: {text}\n" + "\n".join(life.said) + "\n" + case(life.steps))
                return False
        if time.monotonic() - told >= 300:
            told = time.monotonic()
            for life in lives:
                compare(life)
    return True


def main():
    parser = argparse.ArgumentParser(description="The same state for hours.")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1000000))
    options = parser.parse_args()
    if not os.access(TIME, os.X_OK):
        sys.exit("soak.py needs GNU time (the package time)")
    os.nice(19)
    folder = tempfile.mkdtemp(prefix="cfprov-soak-")
    Life.library, why = kills.build(folder, CFPROV)
    if why:
        sys.exit(f"soak.py needs the library of kills.py: {why}")
    print(f"seed {options.seed}, {options.minutes:g} minutes, {BUILD}", flush=True)
    lives = [Soak(key=False), Soak(key=True)]
    try:
        is_right = soak(lives, random.Random(options.seed), time.monotonic() + options.minutes * 60)
        grew = [f"{life.name}: {name}" for life in lives for name in compare(life)]
    finally:
        for life in lives:
            life.end()
        shutil.rmtree(folder)
    for name in grew:
        print("GREW:", name)
    print("everything stayed flat and right" if is_right and not grew else "FAILED")
    return 0 if is_right and not grew else 1


if __name__ == "__main__":
    sys.exit(main())
