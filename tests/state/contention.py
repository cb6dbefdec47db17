#!/usr/bin/env python3
"""Many runs of cfprov at a time on one state, some of them killed. Run by contention.sh.

usage: contention.py BUILD FOLDER KIND URL [--writers N] [--kills N] [--gateway COMMAND]
                     [--direct URL]

KIND is s3 or http, URL its server (through a faulty proxy); or it is local (a file), and URL is -.
--direct is the http server itself, which tells who holds the lock. Each writer is a machine of its own: it
applies one secret of one store, waits for the lock as long as it takes, and may be killed (kill -9)
at any moment. A lock whose holder was killed is broken; no other lock is. When half of the writers
are done, COMMAND runs: it kills a gateway. Then

- every run that was not killed succeeded, and its secret is in the state, with the id that
  Cloudflare has for it
- no state of the log lacks what the one before had (no update is lost); the serials are 1 to N
- nobody holds the lock, and one more apply finishes what the killed runs began: nothing exists twice

Prints the figures; the status is 1 if any of this fails.
"""
import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
import uuid

parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("folder")
parser.add_argument("kind", choices=("s3", "http", "local"))
parser.add_argument("url")
parser.add_argument("--writers", type=int, default=50)
parser.add_argument("--kills", type=int, default=6)
parser.add_argument("--gateway")
parser.add_argument("--direct")
parser.add_argument("--seed", type=int, default=random.randrange(1000000))
options = parser.parse_args()

LIMIT = 900  # seconds, for everything
START = time.monotonic()
random.seed(options.seed)
broken = []
started = []
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def complain(text):
    print("wrong:", text)
    broken.append(text)


def path(name):
    return os.path.join(options.folder, name)


def write(name, text):
    with open(path(name), "w", encoding="ascii") as file:
        file.write(text)


# ---- the simulator, the manifests, and the backend by hand ----

def start_simulator():
    process = subprocess.Popen(
        [options.build + "/cfsim", "--port", "0", "--port-file", path("port"),
         "--answer", "account-ids=any"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (os.path.exists(path("port")) and os.path.getsize(path("port"))):
        time.sleep(0.05)
    with open(path("port"), encoding="ascii") as file:
        return process, "http://127.0.0.1:" + file.read().strip()


def world():
    with urllib.request.urlopen(simulator + "/_cfsim/world") as answer:
        return json.load(answer)


def write_manifests():
    place = {
        "s3": f"{{backend: s3, bucket: states, prefix: {PREFIX}, endpoint: '{options.url}', region: auto}}",
        "http": f"{{backend: http, address: '{options.url}/plain/{PREFIX}', "
                f"lock_address: '{options.url}/plain/{PREFIX}'}}",
        "local": "{path: shared.json}",
    }[options.kind]
    head = f"state: {place}\naccounts:\n  default: {{account_id: '{'0' * 32}'}}\nstores:\n  - name: s\n"
    write("first.yaml", head)
    secrets = "".join(f"      - {{name: K{i}, value: {{env: V{i}}}}}\n" for i in range(options.writers))
    write("all.yaml", head + "    secrets:\n" + secrets)


def environment(machine):
    return {
        **os.environ,
        **{f"V{i}": f"value {i}" for i in range(options.writers)},
        "CLOUDFLARE_BASE_URL": simulator + "/client/v4",
        "CLOUDFLARE_API_TOKEN": "cfsim-token",
        "CFPROV_PATIENCE": "1s",
        "XDG_STATE_HOME": path(machine),
    }


def cfprov(machine, *arguments, manifest="all.yaml"):
    command = [options.build + "/cfprov", *arguments, "-f=" + path(manifest), "-no-color"]
    out = open(path(machine + ".out"), "ab")
    process = subprocess.Popen(command, env=environment(machine), stdin=subprocess.DEVNULL,
                               stdout=out, stderr=subprocess.STDOUT)
    started.append(process)
    return process


def said(machine):
    with open(path(machine + ".out"), encoding="utf-8") as file:
        return file.read()


def must(machine, *arguments, manifest="all.yaml"):
    if cfprov(machine, *arguments, manifest=manifest).wait() != 0:
        complain(f"{' '.join(arguments)} failed: {said(machine)}")


def by_hand(*words):
    address = f"{options.url}/plain/{PREFIX}"
    env = {**os.environ, "KIND": options.kind, "ADDRESS": address, "LOCK_ADDRESS": address,
           "BUCKET": "states", "PREFIX": PREFIX, "ENDPOINT": options.url, "REGION": "auto",
           "STATE": path("shared.json"), "XDG_STATE_HOME": path("harness")}
    result = subprocess.run([options.build + "/tests/tools/backend", *words], env=env,
                            capture_output=True, text=True, check=False)
    return result.stdout


def holder():
    """The ID and the process of the lock, or nothing."""
    if options.kind == "http":
        question = f"{options.direct}/_test/state?path=/plain/{PREFIX}"
        with urllib.request.urlopen(question) as answer:
            info = json.load(answer)["lock"]
    else:
        said = by_hand("holder")
        info = json.loads(said.removeprefix("held:")) if said.startswith("held:") else None
    if not info:
        return None, None
    process = re.search(r"process (\d+)", info.get("Who", ""))
    return info["ID"], int(process.group(1)) if process else None


# ---- the writers ----

def run_writers():
    """Returns the writers that succeeded, the processes that were killed, and the locks broken."""
    running = {}
    for i in range(options.writers):
        running[i] = cfprov(f"writer{i}", "apply", "-auto-approve", f"-target=default/s/K{i}", "-lock-timeout=30m")
    good, killed, unlocked = set(), {}, 0
    next_kill = time.monotonic() + random.uniform(0.2, 1)
    gateway = options.gateway
    while running and time.monotonic() - START < LIMIT:
        for i, process in list(running.items()):
            if process.poll() is None:
                continue
            del running[i]
            if process.returncode == 0:
                good.add(i)
                killed.pop(process.pid, None)  # it came too late
            elif process.pid not in killed:
                complain(f"writer {i} failed ({process.returncode}): {said(f'writer{i}')}")
        if gateway and len(good) >= options.writers // 2:
            subprocess.run(gateway, shell=True, check=True)
            gateway = None
        lock, owner = holder()
        if lock and owner in killed:
            if "unlocked" in by_hand("unlock", lock):
                unlocked += 1
        elif len(killed) < options.kills and time.monotonic() > next_kill and running:
            # Every other time, only whoever holds the lock will do.
            processes = {p.pid: i for i, p in running.items()}
            pid = owner if owner in processes else random.choice(list(processes))
            if pid == owner or len(killed) % 2 or options.kind == "local":
                time.sleep(random.uniform(0, 0.05))
                running[processes[pid]].kill()
                killed[pid] = processes[pid]
                next_kill = time.monotonic() + random.uniform(0.5, 4)
        time.sleep(0.05)
    for i, process in running.items():
        process.kill()
        complain(f"writer {i} did not end in {LIMIT} s: {said(f'writer{i}')}")
    if gateway:
        complain("the gateway was not killed")
    return good, killed, unlocked


def break_lock_of_killed(killed):
    """Returns 1 if there was one."""
    lock, owner = holder()
    if not lock:
        return 0
    if owner not in killed:
        complain(f"the lock {lock} is held by {owner}, which was not killed")
    by_hand("unlock", lock)
    return 1


# ---- what must be true afterwards ----

def secrets_of(state):
    """The ids by name of all secrets in a state."""
    found = {}
    for account in json.loads(state)["accounts"].values():
        for store in account["stores"].values():
            for name, secret in store.get("secrets", {}).items():
                found[name] = secret.get("id")
    return found


def check_chain():
    """Returns the number of states, and checks that none lacks what the one before had."""
    serials = sorted(int(line.split()[1]) for line in by_hand("history").splitlines())
    if serials != list(range(1, len(serials) + 1)):
        complain(f"the log has the serials {serials}")
    before = {}
    for serial in serials:
        state = by_hand("old", str(serial)).removeprefix("state ")
        if json.loads(state)["serial"] != serial:
            complain(f"the state {serial} of the log says it is another")
        now = secrets_of(state)
        for name, found in before.items():
            if now.get(name) != found:
                complain(f"serial {serial} lost {name}: it was {found}, now {now.get(name)}")
        before = {name: found for name, found in now.items() if found}
    return len(serials)


def live_secrets():
    found = {}
    for account in world()["accounts"]:
        for store in account["stores"]:
            for secret in store["secrets"]:
                if secret["name"] in found:
                    complain(f"{secret['name']} exists twice")
                found[secret["name"]] = secret["id"]
    return found


def check_state(good):
    state = by_hand("read")
    recorded = secrets_of(state[state.index("{"):])
    live = live_secrets()
    for i in good:
        if recorded.get(f"K{i}") != live.get(f"K{i}") or f"K{i}" not in live:
            complain(f"K{i}: the state has {recorded.get(f'K{i}')}, Cloudflare {live.get(f'K{i}')}")
    return recorded, live


def count(name):
    try:
        return os.path.getsize(path(name))
    except OSError:
        return 0


PREFIX = f"contention-{uuid.uuid4()}"
sim, simulator = start_simulator()
try:
    write_manifests()
    must("first", "apply", "-auto-approve", manifest="first.yaml")
    begin = time.monotonic()
    good, killed, unlocked = run_writers()
    seconds = time.monotonic() - begin
    unlocked += break_lock_of_killed(killed)
    check_state(good)
    # The intents of a killed run are on its own machine, if the server has no place for them.
    adopt = ["-adopt"] if options.kind == "http" else []
    must("last", "apply", "-auto-approve", "-lock-timeout=1m", *adopt)
    must("last", "plan", "-detailed-exitcode")
    recorded, live = check_state(range(options.writers))
    if recorded != live:
        complain("state and Cloudflare differ at the end")
    states = check_chain() if options.kind == "s3" else None
    if holder()[0]:
        complain("the lock is held at the end")
finally:
    for one in [sim, *started]:
        one.kill()

print(f"{options.kind}: {options.writers} writers, {len(good)} succeeded, {len(killed)} were killed, "
      f"{unlocked} of their locks were broken, in {seconds:.0f} s (seed {options.seed})")
if states:
    print(f"{options.kind}: {states} states in one chain")
print(f"{options.kind}: {len(broken)} things were wrong")
sys.exit(1 if broken else 0)
