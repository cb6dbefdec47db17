#!/usr/bin/env python3
"""kill -9 at a random call of an apply of 500 stores and secrets, and of some of the runs after it:
in the end everything exists once and is recorded, each secret has its value, nothing is left behind.
No value is in any output or file, at no time.

    python3 tests/crash/random_kills.py                 as the suite does: some 60 kills
    python3 tests/crash/random_kills.py --seeds 1-450   some 1,000

A seed is a directory that goes on after each kill, until a run survives. It makes everything from
nothing, or changes a part of everything; lists lag in every third, answers get lost in every second.
Prints TAP, with the number of kills.
"""

import argparse
import concurrent.futures
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "worst"))
import worst
from worst import HEAD, STATE, Bad, Scene

MARK = "hush-"  # every value begins with it: it must be found nowhere
STORES, SECRETS = 50, 9


def as_manifest(stores, moved=()):
    """stores: {name: {secret: (value, comment)}}. Gives the manifest and the .env file beside it."""
    text, values = HEAD + "stores:\n", ""
    for store, secrets in stores.items():
        text += f"  - name: {store}\n    secrets:\n"
        for name, (value, comment) in secrets.items():
            text += f"      - {{name: {name}, comment: '{comment}', " \
                f"value: {{dotenv: values.env, key: {store}_{name}}}}}\n"
            values += f"{store}_{name}={value}\n"
    text += "moved:\n" if moved else ""
    return text + "".join(f"  - {{from: default/{a}, to: default/{b}}}\n" for a, b in moved), values


def everything():
    return {f"s{i}": {f"K{j}": (f"{MARK}{i}-{j}", "") for j in range(SECRETS)} for i in range(STORES)}


class Nothing(Scene):
    name = "500 objects, from nothing"
    stores, moved = everything(), ()

    def begin(self, w):
        manifest, values = as_manifest(self.stores, self.moved)
        w.write("cfprov.yaml", manifest)
        w.write("values.env", values)

    def check_live(self, w, live):
        wanted = {store: (None, None) for store in self.stores}
        wanted.update({name: (None, None) for name in self.foreign})
        for store, secrets in self.stores.items():
            for name, (value, comment) in secrets.items():
                wanted[f"{store}/{name}"] = (worst.checksum_of(value), comment)
        wrong = {name for name in wanted.keys() | live.keys()
                 if live.get(name, (None,))[1:] != wanted.get(name)}
        if wrong:
            raise Bad("\n".join(f"{name}: is {live.get(name)}, not {wanted.get(name)}" for name in wrong))


class Changes(Nothing):
    """Of each kind some: new, written again, commented, renamed, destroyed; with a store, or alone."""

    name = "500 objects, of which 200 change"
    args = ["apply", "-auto-approve", "-allow-store-destroy", "-force"]
    foreign = ("foreign",)

    def __init__(self):
        self.stores, self.moved = everything(), []
        for i in range(20):
            store = self.stores[f"s{i}"]
            store["K0"] = (f"{MARK}{i}-other", "")
            store["K1"] = (store["K1"][0], "now with a comment")
            store["NEW_NAME"] = store.pop("K2")
            self.moved.append((f"s{i}/K2", f"s{i}/NEW_NAME"))
            del store["K3"]
            store["MORE"] = (f"{MARK}{i}-more", "")
        for i in range(45, STORES):
            self.stores[f"new{i}"] = self.stores.pop(f"s{i}")

    def begin(self, w):
        Nothing().begin(w)
        w.good("apply", "-auto-approve")
        w.api("POST", "", {"name": "foreign"})
        super().begin(w)


def check_no_leak(w, said):
    if MARK in said:
        raise Bad("a value is shown")
    for top in (w.dir, w.top + "/machine"):
        for folder, _, files in os.walk(top):
            for name in files:
                with open(os.path.join(folder, name), "rb") as file:
                    if name != "values.env" and MARK.encode() in file.read():
                        raise Bad(f"a value is in {name}")


def lose_answers(w, rng):
    kinds = [{"kind": "reset_after"}, {"kind": "close_after"},
             {"kind": "status_after", "status": 504, "body": "html"}]
    methods = rng.choices(["POST", "POST", "PATCH", "DELETE"], k=3)
    w.ask("POST", "/_cfsim/faults", [
        {"method": method, "nth": rng.randrange(1, 60), **rng.choice(kinds)} for method in methods])


def live_with(w, scene, calls, seed):
    """Gives why it failed, or None; the number of kills, and of those in the middle of a run."""
    rng, kills, halves, said, killed_at = random.Random(seed), 0, 0, "", []
    try:
        w.begin(scene)
        w.ask("DELETE", "/_cfsim/faults")
        if seed % 2:
            lose_answers(w, rng)
        for run in range(rng.choice([1, 2, 3, 5])):
            killed_at.append(rng.randrange(1, calls if run % 2 == 0 else calls // 3))
            status, out, err = w.run(scene.args, f"kill:{killed_at[-1]}")
            said = out + err
            check_no_leak(w, said)
            if status == 0:
                break
            if status != -9:
                raise Bad(f"status {status}")
            kills += 1
            halves += w.read(STATE + ".journal") != ""
        status, *texts = w.run(scene.args)
        said = "".join(texts)
        check_no_leak(w, said)
        if status != 0:
            raise Bad(f"the last apply ended with {status}")
        scene.settled(w, seed % 5 == 0)
        return None, kills, halves
    except (Bad, OSError, ValueError, KeyError, subprocess.SubprocessError) as why:
        return f"seed {seed}, {scene.name}, killed at calls {killed_at}: {why}\n{said}", kills, halves


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="1-27", help="the first and the last")
    parser.add_argument("--jobs", type=int, default=4)
    options = parser.parse_args()
    first, last = map(int, options.seeds.split("-"))
    folder = tempfile.mkdtemp(prefix="worst.")
    library = worst.build(folder, ["meddle.c"])
    worst.Worker.sim_options = ["--max-secrets", "0"]
    idle = {lags: queue.Queue() for lags in (False, True)}
    workers = [worst.Worker(library, lags, None, n) for lags in (False, True) for n in range(options.jobs)]
    for w in workers:
        idle[w.lags].put(w)
    scenes = [Nothing(), Changes()]

    def life(seed):
        lags, scene = seed % 3 == 0, scenes[seed // 2 % 2]
        w = idle[lags].get()
        try:
            if scene not in calls:
                calls[scene] = len(worst.calls_of(w, scene)[0])
            return lags, scene, live_with(w, scene, calls[scene], seed)
        finally:
            idle[lags].put(w)

    calls = {}
    results = {(scene, lags): [] for scene in scenes for lags in (False, True)}
    print(f"1..{len(results)}", flush=True)
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for lags, scene, result in pool.map(life, range(first, last + 1)):
                results[scene, lags].append(result)
    finally:
        for w in workers:
            w.close()
        shutil.rmtree(folder)
    failed = total = 0
    for number, ((scene, lags), lives) in enumerate(results.items(), 1):
        bad = [why for why, _, _ in lives if why]
        kills, halves = (sum(life[at] for life in lives) for at in (1, 2))
        is_good = not bad and halves > 0
        failed += not is_good
        total += kills
        print(f"{'ok' if is_good else 'not ok'} {number} - {scene.name}{', lists lag' if lags else ''}: "
              f"{kills} kills, {halves} of them left a journal")
        for why in bad[:5]:
            print("\n".join("# " + line for line in why.splitlines()[:40]))
    print(f"# {total} kills in all")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
