"""The worst day: scenes for kills.py, fails.py, power.py, memory.py and full.py, which are beside
this folder.

A Scene is a command, with what was there before and what must be true at the end. A Worker plays
it, with a simulator and a folder of its own; meddle.c, preloaded, decides what goes wrong. What the
command says then must be true. After that the command runs again, unhurt, and `settled` says what is
not as it should be. run() plays each scene once for every point, in several workers at once, and
prints TAP. A scene in which too few points did anything fails: it shows nothing.
"""

import concurrent.futures
import hashlib
import http.client
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the tree stays as it is
import servers

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", "..", os.environ.get("CFPROV_BUILD", "build"))
CFPROV = os.path.realpath(os.path.join(BUILD, "cfprov"))
CFSIM = os.path.realpath(os.path.join(BUILD, "cfsim"))
ACCOUNT = "985e105f4ecef8ad9ca31a8372d0c353"
STATE = "cfprov.state.json"
KEY = "0123456789abcdef" * 4
LAG_MS, PATIENCE = 80, "200ms"  # where lists lag
SANITIZERS = ("ASAN_OPTIONS", "UBSAN_OPTIONS")  # for a cfprov that has them
PLAN_EVERY = 4  # so many points share the check that a plan is empty


class Bad(Exception):
    """What is not as it should be."""


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def fail_all(why):
    print(f"1..1\nnot ok 1 - {why}")
    sys.exit(1)


def sanitizer():
    """The library of AddressSanitizer, if cfprov has it; it wants to be the first."""
    linked = subprocess.run(["ldd", CFPROV], capture_output=True, text=True).stdout
    found = re.search(r"=> (/\S*/libasan\S*)", linked)
    return found and found[1]


def build(folder, sources):
    """Compiles these; gives the libraries, as LD_PRELOAD takes them. A machine without a compiler
    can't have built cfprov, so that is no reason to skip."""
    compiler = os.environ.get("CC", "cc").split()
    if not shutil.which(compiler[0]):
        fail_all(f"there is no {compiler[0]}")
    libraries = [os.path.join(folder, it + ".so") for it in sources]
    for source, library in zip(sources, libraries):
        options = ["-O1", "-shared", "-fPIC", "-w", "-o", library, os.path.join(HERE, source)]
        subprocess.run([*compiler, *options], check=True)
    library = ":".join(([sanitizer()] if sanitizer() else []) + libraries)
    probe = dict(os.environ, LD_PRELOAD=library, MEDDLE="kill:1")
    if subprocess.run([CFPROV, "version"], env=probe, capture_output=True).returncode != -9:
        headers = subprocess.run(["readelf", "-l", CFPROV], capture_output=True, text=True).stdout
        if headers and "INTERP" not in headers:
            skip_all("this cfprov is static: nothing can be preloaded into it")
        fail_all("nothing can be preloaded into this cfprov")
    return library


class Worker:
    sim_options = []

    def __init__(self, library, lags, bucket, number):
        self.library, self.lags, self.number = library, lags, number
        self.top = tempfile.mkdtemp(prefix="worst.")
        self.dir = os.path.join(self.top, "dir")
        self.bucket = bucket
        self.sim = self.port = None
        self.seed = None  # the file that the simulator began with
        self.snapshots = {}
        self.points = 0
        self.place = ""  # of remote states: each point has its own
        self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        self.env.update(CLOUDFLARE_API_TOKEN="cfsim-token", XDG_STATE_HOME=self.top + "/machine")
        self.env["CFPROV_PATIENCE"] = PATIENCE if lags else "0s"
        self.env.update({f"V{i}": f"value {i}" for i in range(1, 8)})
        self.env.update(AWS_ACCESS_KEY_ID="AK", AWS_SECRET_ACCESS_KEY="SK")
        self.env.update({it: os.environ[it] for it in SANITIZERS if it in os.environ})

    def close(self):
        self.stop_sim()
        shutil.rmtree(self.top, ignore_errors=True)

    # the simulator

    def stop_sim(self):
        if self.sim:
            self.sim.kill()
            self.sim.wait()
        self.sim = None

    def has_sim(self):
        return self.sim and self.sim.poll() is None

    def start_sim(self, seed):
        self.stop_sim()
        port = os.path.join(self.top, "port")
        if os.path.exists(port):
            os.unlink(port)
        args = [CFSIM, "--port", "0", "--port-file", port, *self.sim_options]
        args += ["--list-lag", str(LAG_MS)] if self.lags else []
        args += ["--seed", seed] if seed else []
        self.sim = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (os.path.exists(port) and os.path.getsize(port)):
            if self.sim.poll() is not None:
                raise Bad("the simulator does not start")
            time.sleep(0.002)
        with open(port) as file:
            self.port = int(file.read())
        self.seed = seed
        self.env["CLOUDFLARE_BASE_URL"] = f"http://127.0.0.1:{self.port}/client/v4"

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": "Bearer cfsim-token", "Content-Type": "application/json"}
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 300:
            raise Bad(f"{method} {path}: {answer.status}")
        return json.loads(text)

    def api(self, method, path, body=None):
        return self.ask(method, f"/client/v4/accounts/{ACCOUNT}/secrets_store/stores{path}", body)

    def new_world(self, seed=None):
        """An account as in the file, or empty."""
        if self.has_sim() and not seed and not self.seed:
            self.ask("POST", "/_cfsim/reset")
        else:
            self.start_sim(seed)

    def live(self):
        """Address -> (id, checksum of its value, comment)"""
        found = {}
        for account in self.ask("GET", "/_cfsim/world")["accounts"]:
            for store in account["stores"]:
                self.add(found, store["name"], (store["id"], None, None))
                for it in store["secrets"]:
                    what = (it["id"], it["value_checksum"], it.get("comment") or "")
                    self.add(found, f'{store["name"]}/{it["name"]}', what)
        return found

    @staticmethod
    def add(found, name, what):
        if name in found:
            raise Bad(f"there are two of {name}")
        found[name] = what

    # files

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def read(self, name):
        try:
            with open(self.path(name)) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    # cfprov

    def run(self, args, meddle=None, log=None, before=None):
        """Gives status, stdout and stderr."""
        env = dict(self.env)
        if meddle or log:
            env["LD_PRELOAD"] = self.library
        if meddle:
            env["MEDDLE"] = meddle
        if log:
            env["MEDDLE_LOG"] = log
        done = subprocess.run(
            [CFPROV, *args], cwd=self.dir, env=env, capture_output=True, timeout=60, text=True,
            stdin=subprocess.DEVNULL, errors="replace", preexec_fn=before,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def good(self, *args):
        status, out, err = self.run(args)
        if status != 0:
            raise Bad(f"cfprov {' '.join(args)} ended with {status}\n{out}{err}")
        return out

    def recorded(self):
        """Address, without the alias -> id (None: unresolved)"""
        text = self.read(STATE)
        if '"accounts"' not in text or os.path.exists(self.path(STATE + ".journal")):
            text = self.good("state", "pull")
        pulled = json.loads(text)
        found = {}
        for account in pulled["accounts"].values():
            for name, store in account["stores"].items():
                if "origin" in store or "unresolved" in store:
                    found[name] = store.get("id")
                for secret, it in store.get("secrets", {}).items():
                    found[f"{name}/{secret}"] = it.get("id")
        return found

    # scenes

    def begin(self, scene):
        """Makes the scene, but for what must be fresh: lists lag for a moment only."""
        self.make(scene.stage or scene)
        self.env.update(scene.env)
        scene.approach(self)

    def make(self, scene):
        """Makes what can be kept of a scene: the first time by its own means, later from a copy."""
        self.points += 1
        self.place = f"place-{self.number}-{self.points}"
        self.env.update(CFPROV_KEY=KEY if scene.has_key else "", CFPROV_OLD_KEY="")
        shutil.rmtree(self.top + "/machine", ignore_errors=True)  # it has seen no state yet
        shutil.rmtree(self.dir, ignore_errors=True)
        if scene.name in self.snapshots:
            self.restore(*self.snapshots[scene.name])
        else:
            self.new_world()
            os.mkdir(self.dir)
            scene.begin(self)
            if self.lags:
                time.sleep(LAG_MS / 1000)
            self.snapshots[scene.name] = self.keep()

    def keep(self):
        """Copies what there is; gives the folder, and the place that the files in it name."""
        kept = os.path.join(self.top, f"kept.{len(self.snapshots)}")
        shutil.copytree(self.dir, kept)
        servers.copy(self.place, self.place + "-kept")
        world = self.ask("GET", "/_cfsim/world")
        if world["accounts"]:
            with open(kept + ".json", "w") as file:
                json.dump(world, file)
        return kept, self.place

    def restore(self, kept, place):
        self.new_world(kept + ".json" if os.path.exists(kept + ".json") else None)
        shutil.copytree(kept, self.dir)
        servers.copy(place + "-kept", self.place)
        for name in os.listdir(self.dir):
            if name.endswith(".yaml"):
                self.write(name, self.read(name).replace(place, self.place))

    def files(self):
        """All that cfprov may have written; the journal of a remote state is not beside the manifest."""
        for top in (self.dir, self.top + "/machine"):
            for folder, _, names in os.walk(top):
                yield from (os.path.join(folder, it) for it in names)

    def tidy(self, what):
        left = [it for it in self.files() if re.search(rf"\.({what})$", it)]
        if left:
            raise Bad(f"left behind: {' '.join(left)}")


def checksum_of(value):
    return hashlib.blake2b(value.encode(), digest_size=16).hexdigest()[:16]


def checksum(number):
    return checksum_of(f"value {number}")


def secret(name, number, more=""):
    return f"      - {{name: {name}, value: {{env: V{number}}}{more}}}\n"


HEAD = f"account_id: {ACCOUNT}\n"
ALL = (
    "stores:\n  - name: s\n    secrets:\n" + secret("A", 1) + secret("B", 2)
    + "  - name: t\n    secrets:\n" + secret("C", 3)
)  # fmt: skip
ALL_VALUES = {"s": None, "s/A": 1, "s/B": 2, "t": None, "t/C": 3}


class Scene:
    """A command that makes what is in the manifest from nothing."""

    name = "apply, from nothing"
    args = ["apply", "-auto-approve"]
    next_args = None  # the command that runs after the one that was hurt; None: the same
    values = ALL_VALUES  # address -> the number of its value, at the end
    foreign = ()  # addresses of what is somebody else's, there before and after
    litter = "tmp|journal|lock"  # endings of files that must not be left
    has_key = True  # without one, fingerprints take their time
    env = {}  # what the environment is besides, once the scene is made
    changes_account = True  # the command itself; lists can lag only behind that
    always_resumes = False  # also after a run that ended well
    stage = None  # the scene from which this one goes on; None: it begins by itself

    def begin(self, w):
        w.write("cfprov.yaml", HEAD + ALL)

    def approach(self, w):
        """What happens right before the command, at each point."""

    def hurt(self, w):
        """Checks that what the command left is whole, before anything else runs."""

    def resume(self, w):
        w.good(*(self.next_args or self.args))

    def settled(self, w, with_plan):
        live = w.live()
        self.check_live(w, live)
        for name in self.foreign:
            live.pop(name, None)
        recorded = w.recorded()
        ids = {name: it[0] for name, it in live.items()}
        if recorded != ids:
            raise Bad(f"exists: {ids}\nin the state: {recorded}")
        w.tidy(self.litter)
        if with_plan:
            w.good("plan", "-detailed-exitcode")

    def check_live(self, w, live):
        wanted = {name: n and checksum(n) for name, n in self.values.items()}
        wanted.update({name: live[name][1] for name in self.foreign if name in live})
        if {name: it[1] for name, it in live.items()} != wanted or len(live) < len(self.foreign):
            raise Bad(f"exists: {live}\nwanted: {wanted}")


class Everything(Scene):
    """Stores and secrets that come, change, are renamed, replaced and destroyed."""

    name = "apply, of everything"
    args = ["apply", "-auto-approve", "-allow-store-destroy", "-force", "-replace=default/s/AGAIN"]
    next_args = ["apply", "-auto-approve", "-allow-store-destroy", "-force"]
    values = {"s": None, "s/A": 1, "s/B": 4, "s/NEW": 5, "s/AGAIN": 6, "n": None, "n/N": 7,
              "foreign": None}  # fmt: skip
    foreign = ("foreign",)

    def begin(self, w):
        w.write(
            "cfprov.yaml",
            HEAD + "stores:\n  - name: s\n    secrets:\n" + secret("A", 1) + secret("B", 2)
            + secret("OLD", 5, ", scopes: [workers, ai_gateway]") + secret("GOES", 3)
            + secret("AGAIN", 6) + "  - name: gone\n    secrets:\n" + secret("G", 1),
        )  # fmt: skip
        w.good("apply", "-auto-approve")
        w.api("POST", "", {"name": "foreign"})
        w.write(
            "cfprov.yaml",
            HEAD + "stores:\n  - name: n\n    secrets:\n" + secret("N", 7)
            + "  - name: s\n    secrets:\n" + secret("A", 1, ", comment: now")
            + secret("B", 4) + secret("NEW", 5, ", scopes: [workers, ai_gateway]")
            + secret("AGAIN", 6)
            + "moved:\n  - {from: default/s/OLD, to: default/s/NEW}\n",
        )  # fmt: skip


class Destroy(Scene):
    name = "destroy"
    args = ["destroy", "-auto-approve", "-allow-store-destroy", "-force"]
    values = {"foreign": None}
    foreign = ("foreign",)

    def begin(self, w):
        super().begin(w)
        w.good("apply", "-auto-approve")
        w.api("POST", "", {"name": "foreign"})

    def settled(self, w, with_plan):
        super().settled(w, False)


class Import(Scene):
    name = "import"
    changes_account = False
    always_resumes = True

    def begin(self, w):
        w.write("cfprov.yaml", HEAD + ALL[: ALL.index("  - name: t")])
        w.good("apply", "-auto-approve")
        made = w.api("POST", "", {"name": "t"})["result"]
        w.write("id", made["id"])
        w.write("cfprov.yaml", HEAD + ALL)

    def __init__(self):
        self.args = ["import", "default/t", ACCOUNT + "/t"]

    def resume(self, w):
        if "t" not in w.recorded():
            w.good(*self.args)
        if w.recorded().get("t") != w.read("id"):
            raise Bad("the store is not in the state")
        w.good("apply", "-auto-approve")


class Refresh(Scene):
    name = "refresh"
    args = ["refresh"]
    changes_account = False
    values = {"s": None, "s/A": 4, "s/B": 2}

    def begin(self, w):
        super().begin(w)
        w.good("apply", "-auto-approve")
        ids = w.recorded()
        w.api("PATCH", f"/{ids['s']}/secrets/{ids['s/A']}", {"value": "value 4"})
        w.api("DELETE", f"/{ids['t']}/secrets/{ids['t/C']}")
        w.api("DELETE", f"/{ids['t']}")

    def settled(self, w, with_plan):
        super().settled(w, False)


class StateEdit(Scene):
    """A command that changes nothing but the state, at once."""

    changes_account = False

    def after_begin(self, w):
        pass

    def begin(self, w):
        super().begin(w)
        w.good("apply", "-auto-approve")
        self.after_begin(w)
        w.write("before", w.good("state", "list"))

    def shows(self, w):
        return w.good("state", "list")

    def hurt(self, w):
        if self.shows(w) not in (w.read("before"), self.after):
            raise Bad("the state is neither as before nor as after")

    def resume(self, w):
        if self.shows(w) != self.after:
            w.good(*self.args)
        if self.shows(w) != self.after:
            raise Bad("the state is not as it should be")

    def settled(self, w, with_plan):
        w.tidy("journal")  # of a run that had done all, the lock's file stays until the next
        self.check_live(w, w.live())


class StateRm(StateEdit):
    name = "state rm"
    args = ["state", "rm", "default/t/C"]
    after = "default/s\ndefault/s/A\ndefault/s/B\ndefault/t\n"


class StateMv(StateEdit):
    name = "state mv"
    args = ["state", "mv", "default", "main"]
    after = "main/s\nmain/s/A\nmain/s/B\nmain/t\nmain/t/C\n"

    def after_begin(self, w):
        w.write("cfprov.yaml", f"accounts: {{main: {{account_id: {ACCOUNT}}}}}\n" + ALL)


class StatePush(StateEdit):
    name = "state push"
    args = ["state", "push", "pushed"]
    after = "default/s\ndefault/s/A\ndefault/s/B\ndefault/t\n"

    def after_begin(self, w):
        pulled = json.loads(w.good("state", "pull"))
        pulled["serial"] += 1
        del pulled["accounts"][ACCOUNT]["stores"]["t"]["secrets"]
        w.write("pushed", json.dumps(pulled))


class SavedPlan(Scene):
    name = "apply of a saved plan"
    args = ["apply", "p"]
    next_args = ["apply", "-auto-approve"]

    def begin(self, w):
        super().begin(w)
        w.good("plan", "-out=p")


class SavePlan(Scene):
    name = "plan -out"
    args = ["plan", "-out=p"]
    changes_account = False
    always_resumes = True

    def resume(self, w):
        if not os.path.exists(w.path("p")):
            w.good(*self.args)
        w.good("apply", "p")


class Sealed(Scene):
    name = "apply, with an encrypted state"

    def begin(self, w):
        w.write("cfprov.yaml", HEAD + "state: {encrypt: true}\n" + ALL)


class Variant(Scene):
    """Another scene, with something different about it."""

    def __init__(self, scene, name):
        self.scene, self.name = scene, name
        self.args, self.next_args = scene.args, scene.next_args
        self.values, self.foreign = scene.values, scene.foreign
        self.changes_account, self.always_resumes = scene.changes_account, scene.always_resumes
        self.hurt, self.resume, self.settled = scene.hurt, scene.resume, scene.settled


class Limited(Variant):
    """The same, by another name."""

    def __init__(self, scene):
        super().__init__(scene, f"{scene.name}, limits of the process")
        self.begin = scene.begin


# Calls that change nothing and send nothing. What comes before the next one that does is one state.
LOOKS = ("open", "__open_2", "openat", "__openat_2", "read", "pread", "poll", "socket")
LOOKS += ("stat", "lstat", "fstat", "access", "readlink", "pipe", "pipe2", "socketpair")
LOOKS += ("close", "fcntl")  # locks, which end with the process

# Playing


def local_scenes(nothing, everything):
    """All whose state is a file."""
    others = (Destroy, Import, Refresh, StateRm, StateMv, StatePush, SavePlan, SavedPlan, Sealed)
    return [nothing, everything, *(other() for other in others)]


class Point:
    """What is done to one run of a scene."""

    def __init__(self, scene, number, meddle=None, what="", before=None, check=None):
        self.scene, self.number, self.meddle = scene, number, meddle
        self.what = what or meddle
        self.before = before  # what the process does before it becomes cfprov
        self.check = check  # gets its status and stderr; raises Bad


def check_said(err):
    """An error, after something was done, says where to find what was done."""
    begun = re.search(r"^\S+: (created|updated|replaced|renamed|adopted|destroyed)", err, re.M)
    kept = "are (saved in the state|in the journal|listed above)|No changes were made"
    if begun and not re.search(kept, err):
        raise Bad("the error does not say what is kept")


def play(w, point, is_first=True):
    """Gives None, or why the point failed; and whether it did anything to the run."""
    scene = point.scene
    said = ""
    try:
        w.begin(scene)
        status, out, err = w.run(scene.args, point.meddle, before=point.before)
        said = f"the run that was hurt ended with {status}:\n{out}{err}"
        killed = point.meddle and point.meddle.startswith("kill")
        never_began = status == 127 and "error while loading shared libraries" in err
        if status not in ((0, -signal.SIGKILL) if killed else (0, 1)) and not never_began:
            raise Bad(f"status {status}")
        if status == 1 and "stderr" not in point.what:
            if not re.search("^Error: ", err, re.M):
                raise Bad("it failed without an error")
            if re.search(": Success$", err, re.M):
                raise Bad("the error has no reason")
            if "Error: out of memory" not in err:  # then it ends at once
                check_said(err)
        if point.check:
            point.check(status, err)
        if status != 0:
            scene.hurt(w)
        if status != 0 or scene.always_resumes:
            scene.resume(w)
        scene.settled(w, point.number % PLAN_EVERY == 0)
        return None, status != 0
    except (Bad, OSError, ValueError, KeyError, subprocess.SubprocessError) as why:
        if not w.has_sim() and is_first:
            return play(w, point, False)  # somebody ended the simulator
        files = " ".join(sorted(os.listdir(w.dir))) if os.path.exists(w.dir) else "none"
        return f"{scene.name}, {point.what}: {why}\nfiles: {files}\n{said}", False


def calls_of(w, scene):
    """The calls of a run that nothing happens to: names with descriptors; and allocations."""
    w.begin(scene)
    log = os.path.join(w.top, "calls")
    status, out, err = w.run(scene.args, log=log)
    if status != 0:
        raise Bad(f"{scene.name} fails\n{out}{err}")
    with open(log) as file:
        lines = file.read().splitlines()
    allocations = [int(it) for it in lines[-1].split()[1:]]
    return [it.split() for it in lines[:-1]], allocations


def end(pool):
    """Starts nothing more; what runs is finished, and the simulators end with it."""
    pool.shutdown(wait=False, cancel_futures=True)
    sys.exit(1)


class Least:
    """What a sweep must have done to prove anything."""

    def __init__(self, share, met=0, lagging=0):
        self.share = share  # of the points of each scene: so many hurt the run
        self.met, self.lagging = met, lagging  # in all, and where lists lag


def run(plans, jobs, word, least, sources=("meddle.c",)):
    """plans: of (lags, scene, points), where points(calls, allocations) gives Points. TAP."""
    if any(lags and not scene.changes_account for lags, scene, _ in plans):
        fail_all("lists can't lag where nothing changes them")
    folder = tempfile.mkdtemp(prefix="worst.")
    library = build(folder, sources)
    server = servers.start()
    total = lagging = failed = 0
    print(f"1..{len(plans) + 1}", flush=True)
    idle = {lags: queue.Queue() for lags in (False, True)}
    workers = []
    for lags in {it[0] for it in plans}:
        for number in range(jobs):
            w = Worker(library, lags, server, f"{int(lags)}{number}")
            workers.append(w)
            idle[lags].put(w)

    def in_turn(lags, work, *args):
        w = idle[lags].get()
        try:
            return work(w, *args)
        except Bad as why:
            return str(why)
        finally:
            idle[lags].put(w)

    def of_scene(plan, counted):
        lags, scene, points = plan
        if isinstance(counted, str):
            return [(counted, False)]
        return [pool.submit(in_turn, lags, play, it) for it in points(scene, *counted)]

    try:
        with concurrent.futures.ThreadPoolExecutor(jobs * len({it[0] for it in plans})) as pool:
            signal.signal(signal.SIGTERM, lambda *_: end(pool))
            signal.signal(signal.SIGINT, lambda *_: end(pool))
            counted = [pool.submit(in_turn, it[0], calls_of, it[1]) for it in plans]
            begun = [of_scene(plan, it.result()) for plan, it in zip(plans, counted)]
            for number, (plan, results) in enumerate(zip(plans, begun), 1):
                results = [it if isinstance(it, tuple) else it.result() for it in results]
                bad = [it[0] for it in results if it[0]]
                met = sum(it[1] for it in results)
                total += met
                lagging += met if plan[0] else 0
                if not bad and met < max(least.share * len(results), 1):
                    bad = ["too few: this shows nothing"]
                failed += len(bad)
                what = f"{plan[1].name}{', lists lag' if plan[0] else ''}"
                print(f"{'not ok' if bad else 'ok'} {number} - {what}: {met} {word}"
                      f", {len(results)} tries{f', {len(bad)} bad' if bad else ''}")  # fmt: skip
                for why in bad[:3]:
                    print("\n".join("# " + line for line in why.splitlines()[:40]))
                sys.stdout.flush()
    finally:
        for w in workers:
            w.close()
        shutil.rmtree(folder)
    is_enough = total >= least.met and lagging >= least.lagging
    print(f"{'ok' if is_enough else 'not ok'} {len(plans) + 1} - {total} {word} in all, {lagging} of "
          f"them where lists lag; at least {least.met} and {least.lagging}")  # fmt: skip
    sys.exit(1 if failed or not is_enough else 0)
