#!/usr/bin/env python3
"""Random lives of a manifest: edits, foreign changes, faults, lists that lag, kills.

    python3 tests/model/run.py [--seeds FIRST-LAST] [--jobs N] [--shrink] [CASE.json...]

A seed makes a list of steps, which are run against the simulator. Then the faults end, cfprov
applies until it has nothing left to do, and the accounts are compared with the model (model.py).
--shrink makes a failing seed as short as it gets and prints it as a case, which belongs in
tests/model/cases. Without seeds and cases, it runs seeds 1 to 200 and all of these.

The programs are those of $CFPROV_BUILD (default: build). Prints TAP.
"""

import argparse
import concurrent.futures
import glob
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the tree stays as it is
from model import ALIASES, Model, shape

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.path.join(TOP, os.environ.get("CFPROV_BUILD", "build"))
STORES = ["s1", "s2", "s3"]
SECRETS = ["A", "B", "C", "D"]
MARK = "hush-"  # every value begins with it: it must be found nowhere


# The steps of a seed


def a_fault(rng):
    fault = {
        "method": rng.choice(["POST", "POST", "POST", "PATCH", "DELETE", "DELETE", "GET"]),
        "after": rng.randrange(4),
        "times": rng.randrange(1, 4),
        "kind": rng.choice(
            ["status", "status_after", "reset_before", "reset_after", "close_after", "cut_short"]
            + ["close_before", "late", "late", "delay", "truncated_json", "html", "garbage"]
        ),
    }
    if fault["kind"] in ("status", "status_after"):
        fault["status"] = rng.choice([429, 500, 502, 503, 504, 520])
        if fault["status"] == 429:
            fault["retry_after"] = 0
        fault["body"] = rng.choice(["json", "empty", "html"])
    if fault["kind"] == "late":
        fault["after_ms"] = rng.randrange(20, 200)
        if rng.random() < 0.5:
            fault["answer"] = "reset"
    if fault["kind"] == "delay":
        fault["ms"] = rng.randrange(1, 100)
    return fault


def a_step(rng):
    alias, store = rng.choice(list(ALIASES)), rng.choice(STORES)
    secret, other = rng.choice(SECRETS), rng.choice(SECRETS)
    value = MARK + "%08x" % rng.getrandbits(32)
    comment = rng.choice(["", "", "note", "other note"])
    scopes = rng.choice([["workers"], ["workers"], ["ai_gateway", "workers"]])
    where = {"alias": alias, "store": store}
    return rng.choices(
        [
            dict(where, do="put_store"),
            dict(where, do="drop_store"),
            dict(where, do="put_secret", secret=secret, value=value, comment=comment, scopes=scopes),
            dict(where, do="drop_secret", secret=secret),
            dict(where, do="rename_secret", secret=secret, name=other),
            dict(where, do="foreign_store", name="f%d" % rng.randrange(9)),
            dict(where, do="foreign_secret", name="F%d" % rng.randrange(9), value=value),
            dict(where, do="foreign_value", secret=secret, value=value),
            dict(where, do="foreign_delete", secret=secret),
            dict(where, do="foreign_delete_store"),
            dict(do="lag", **{k: rng.choice([0, 0, 50, 150]) for k in ("create", "change", "delete")}),
            dict(do="fault", fault=a_fault(rng)),
            dict(do="run", how=rng.choice(["apply"] * 6 + ["saved", "refresh", "destroy"]),
                 kill_ms=rng.choice([None, rng.uniform(5, 120)])),
        ],
        weights=[3, 1, 8, 2, 1, 1, 2, 2, 1, 0.5, 2, 6, 8],
    )[0]


def steps_of(seed):
    rng = random.Random(seed)
    options = rng.choice([[], [], ["--max-per-page=2"], ["--answer=batch=partial"],
                          ["--answer=activation=bump", "--pending=20"], ["--audit-log=on"],
                          ["--answer=secret-exists-status=409", "--answer=error-details=absent"],
                          ["--answer=total-count=absent", "--answer=total-pages=absent"]])
    steps = [{"do": "options", "options": options, "key": rng.random() < 0.3}]
    steps += [{"do": "put_store", "alias": a, "store": s} for a in ALIASES for s in STORES[:2]]
    return steps + [a_step(rng) for _ in range(rng.randrange(10, 40))]


# A life


class Wrong(Exception):
    """The accounts, the state or the output are not as they should be."""


class Life:
    def __init__(self, steps):
        self.steps = steps
        self.model = Model()
        self.dir = tempfile.mkdtemp(prefix="cfprov-model-")
        self.said = []
        self.sim = None
        self.faults = []
        self.launcher = []  # what starts cfprov

    def run(self):
        try:
            for step in self.steps:
                what = getattr(self, "do_" + step["do"], None) or getattr(self.model, step["do"])
                what(**{k: v for k, v in step.items() if k != "do"})
            self.settle()
        finally:
            self.end()

    def end(self):
        if self.sim:
            self.sim.kill()
            self.sim.wait()
        shutil.rmtree(self.dir)

    # The first step, which a case must not lose.
    def do_options(self, options, key):
        port = os.path.join(self.dir, "port")
        self.sim = subprocess.Popen(
            [os.path.join(BUILD, "cfsim"), "--port=0", "--port-file=" + port, *options],
            stdout=subprocess.DEVNULL)
        while not os.path.exists(port) or not os.path.getsize(port):
            if self.sim.poll() is not None:
                raise SystemExit("Bail out! The simulator did not start.")
            time.sleep(0.005)
        with open(port, encoding="ascii") as file:
            self.host = "127.0.0.1:" + file.read().strip()
        self.work = os.path.join(self.dir, "work")
        os.mkdir(self.work)
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": self.dir,
            "CLOUDFLARE_BASE_URL": f"http://{self.host}/client/v4",
            "CLOUDFLARE_API_TOKEN": "cfsim-token",
            "CFPROV_PATIENCE": "500ms",
        }
        if key:
            self.env["CFPROV_KEY"] = "0123456789abcdef" * 4

    # The simulator

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.request(
            method, path, body=json.dumps(body) if body is not None else None,
            headers={"Authorization": "Bearer cfsim-token", "Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read() or b"{}")
        connection.close()
        return answer

    def world(self):
        return self.call("GET", "/_cfsim/world")

    def live(self, alias, store):
        """The store of this name, if it lives; (path, store)."""
        for account in self.world()["accounts"]:
            if account["id"] != ALIASES[alias]:
                continue
            for found in account["stores"]:
                if found["name"] == store:
                    base = f"/client/v4/accounts/{account['id']}/secrets_store/stores"
                    return f"{base}/{found['id']}", found
        return None, None

    # Somebody else's requests meet no faults: they are taken away meanwhile.

    def foreign(self, method, path, body=None):
        faults, self.faults = self.faults, []
        self.call("DELETE", "/_cfsim/faults")
        answer = self.call(method, path, body)
        self.faults = faults
        if faults:
            self.call("POST", "/_cfsim/faults", faults)
        return answer.get("result") if answer.get("success") else None

    # The steps

    def do_drop_store(self, alias, store):
        _, found = self.live(alias, store)
        foreign = self.model.foreign_secrets
        self.model.drop_store(alias, store, found and any(s["id"] in foreign for s in found["secrets"]))

    def do_foreign_store(self, alias, store, name):
        base = f"/client/v4/accounts/{ALIASES[alias]}/secrets_store/stores"
        made = self.foreign("POST", base, {"name": name})
        if made:
            made = made[0] if isinstance(made, list) else made
            self.model.foreign_store(ALIASES[alias], made["id"], name)

    def do_foreign_secret(self, alias, store, name, value):
        path, found = self.live(alias, store)
        if not found or (alias, store) not in self.model.wanted:
            return
        made = self.foreign("POST", path + "/secrets", [{"name": name, "value": value, "scopes": ["workers"]}])
        if made:
            now = next(s for s in self.live(alias, store)[1]["secrets"] if s["id"] == made[0]["id"])
            self.model.foreign_secret(found["id"], made[0]["id"], shape(now))

    def managed(self, alias, store, secret):
        path, found = self.live(alias, store)
        for one in found["secrets"] if found else []:
            if one["name"] == secret:
                return f"{path}/secrets/{one['id']}"
        return None

    def do_foreign_value(self, alias, store, secret, value):
        path = self.managed(alias, store, secret)
        if path and self.foreign("PATCH", path, {"value": value}):
            self.model.foreign_value(alias, store, secret, self.is_pending(alias, store, secret))

    def is_pending(self, alias, store, secret):
        """Whether the state has not seen the secret active yet."""
        stores = self.state().get(ALIASES[alias], {}).get("stores", {})
        return stores.get(store, {}).get("secrets", {}).get(secret, {}).get("status") != "active"

    def do_foreign_delete(self, alias, store, secret):
        path = self.managed(alias, store, secret)
        if path:
            self.foreign("DELETE", path)

    def do_foreign_delete_store(self, alias, store):
        path, found = self.live(alias, store)
        if found:
            self.foreign("DELETE", path + "?force=true")
            if self.live(alias, store)[0] != path:
                self.model.store_is_gone(found["id"])

    def do_lag(self, **times):
        self.call("POST", "/_cfsim/lag", times)

    def do_fault(self, fault):
        self.faults = self.faults + [fault]
        self.call("POST", "/_cfsim/faults", [fault])

    # JSON is YAML, too.
    def write_manifest(self):
        stores = []
        for (alias, store), secrets in sorted(self.model.wanted.items()):
            entry = {"name": store, "accounts": [alias], "secrets": []}
            for name, secret in sorted(secrets.items()):
                file = f"{alias}.{store}.{name}"
                with open(os.path.join(self.work, file), "w", encoding="ascii") as out:
                    out.write(secret["value"])
                one = {"name": name, "scopes": secret["scopes"], "value": {"file": file}}
                if secret["comment"]:
                    one["comment"] = secret["comment"]
                entry["secrets"].append(one)
            stores.append(entry)
        accounts = {alias: {"account_id": account} for alias, account in ALIASES.items()}
        manifest = {"accounts": accounts, "stores": stores}
        if self.model.moved:
            manifest["moved"] = [{"from": a, "to": b} for a, b in self.model.moved]
        with open(os.path.join(self.work, "cfprov.yaml"), "w", encoding="ascii") as out:
            json.dump(manifest, out)

    def cfprov(self, *arguments, kill_ms=None):
        process = subprocess.Popen(
            [*self.launcher, os.path.join(BUILD, "cfprov"), *arguments], cwd=self.work, env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
        try:
            out, _ = process.communicate(timeout=kill_ms / 1000 if kill_ms else 120)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, _ = process.communicate()
            if not kill_ms:
                raise Wrong(f"cfprov {arguments[0]} does not end") from None
        text = out.decode(errors="replace")
        self.said.append(f"$ cfprov {' '.join(arguments)}\n{text}(exit {process.returncode})")
        if process.returncode not in (0, 1, 2, -signal.SIGKILL):
            raise Wrong(f"cfprov {arguments[0]} ended with {process.returncode}")
        if MARK in text:
            raise Wrong(f"cfprov {arguments[0]} shows a value")
        return process.returncode

    APPLY = ("apply", "-auto-approve", "-allow-store-destroy", "-max-delete-percent=100")

    def run_apply(self, kill_ms=None):
        if self.cfprov(*self.APPLY, kill_ms=kill_ms) == 0:
            self.model.applied()
            return True
        return False

    def do_run(self, how, kill_ms):
        self.write_manifest()
        if how == "apply":
            self.run_apply(kill_ms)
        elif how == "saved":
            self.cfprov("plan", "-out=saved")
            if os.path.exists(os.path.join(self.work, "saved")):
                self.cfprov("apply", "-allow-store-destroy", "saved", kill_ms=kill_ms)
                os.unlink(os.path.join(self.work, "saved"))
        elif how == "refresh":
            self.model.refreshed()
            self.cfprov("refresh", "-auto-approve", kill_ms=kill_ms)
        else:
            self.cfprov("destroy", "-auto-approve", "-allow-store-destroy", kill_ms=kill_ms)

    # The end

    def settle(self):
        """The faults are over; what cfprov says is done must be done."""
        self.call("DELETE", "/_cfsim/faults")
        self.call("POST", "/_cfsim/later")
        self.do_lag(create=0, change=0, delete=0)
        self.write_manifest()
        if not any(self.run_apply() for _ in range(3)):
            raise Wrong("apply fails, though nothing is in its way")
        self.write_manifest()
        if self.cfprov("plan", "-detailed-exitcode") != 0:
            raise Wrong("the plan after an apply is not empty")
        wrong = self.model.wrong(self.world(), self.recorded())
        for folder, _, files in os.walk(self.work):
            for name in files:
                if name.endswith((".journal", ".tmp", ".lock")):
                    wrong.append(f"{name} is left behind")
                if name.startswith("cfprov.state"):
                    with open(os.path.join(folder, name), "rb") as file:
                        if MARK.encode() in file.read():
                            wrong.append(f"{name} has a value")
        if wrong:
            raise Wrong("\n".join(wrong))

    def state(self):
        """The accounts of the state."""
        path = os.path.join(self.work, "cfprov.state.json")
        if not os.path.exists(path):
            return {}
        with open(path, encoding="utf-8") as file:
            return json.load(file)["accounts"]

    def recorded(self):
        ids = {}
        for alias, account in ALIASES.items():
            for store, one in self.state().get(account, {}).get("stores", {}).items():
                ids[f"{alias}/{store}"] = one["id"]
                for secret, two in one.get("secrets", {}).items():
                    ids[f"{alias}/{store}/{secret}"] = two["id"]
        return ids


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
