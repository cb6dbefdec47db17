"""A life: its steps, played with cfprov against the simulator, and what must be true at the end.

    Life(steps).run()    raises Wrong; `said` has what cfprov was told and said, `met` what befell it

Each step is the method do_NAME, or one of the model's. An address has the alias that the account had
at first; the manifest's name for it may change.
"""

import collections
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import kills
from model import ALIASES, Model, is_within, store_of
from steps import MARK, STORES

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.path.join(TOP, os.environ.get("CFPROV_BUILD", "build"))
CFPROV = os.path.join(BUILD, "cfprov")
KEYS = ["0123456789abcdef" * 4, "fedcba9876543210" * 4]


class Wrong(Exception):
    """The accounts, the state or the output are not as they should be."""


class Life:
    library = None  # what kills are made by; without it, there are none

    def __init__(self, steps):
        self.steps = steps
        self.model = Model()
        self.dir = tempfile.mkdtemp(prefix="cfprov-model-")
        self.said = []
        self.met = collections.Counter()
        self.sim = None
        self.faults = []
        self.launcher = []  # what starts cfprov
        self.names = {alias: alias for alias in ALIASES}  # what the manifest calls them now
        self.alias_moves = []
        self.lag_s = 0

    def run(self):
        try:
            for step in self.steps:
                what = getattr(self, "do_" + step["do"], None) or getattr(self.model, step["do"])
                what(**{k: v for k, v in step.items() if k != "do"})
            self.settle()
            self.count()
        finally:
            self.end()

    def count(self):
        stats = self.call("GET", "/_cfsim/stats")
        self.met.update({"faults": stats["faults_applied"], "lists that lagged": stats["lists_lagged"]})

    def end(self):
        if self.sim:
            self.sim.kill()
            self.sim.wait()
        shutil.rmtree(self.dir)

    # The first step, which a case must not lose.
    def do_options(self, options, protection):
        port = os.path.join(self.dir, "port")
        self.sim = subprocess.Popen(
            [os.path.join(BUILD, "cfsim"), "--port=0", "--port-file=" + port, *options],
            stdout=subprocess.DEVNULL)
        while not os.path.exists(port) or not os.path.getsize(port):
            if self.sim.poll() is not None:
                raise Wrong("the simulator does not start")
            time.sleep(0.005)
        with open(port, encoding="ascii") as file:
            self.host = "127.0.0.1:" + file.read().strip()
        self.work = os.path.join(self.dir, "work")
        os.makedirs(os.path.join(self.work, "values"))
        self.is_encrypted = protection == "encrypt"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": self.dir,
            "CLOUDFLARE_BASE_URL": f"http://{self.host}/client/v4",
            "CLOUDFLARE_API_TOKEN": "cfsim-token",
            "CFPROV_PATIENCE": "300ms",  # longer than lists lag and work is late, together
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):  # for a cfprov with sanitizers
            self.env.update({name: os.environ[name]} if name in os.environ else {})
        if protection != "none":
            self.env["CFPROV_KEY"] = KEYS[0]

    # The simulator

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.request(
            method, path, body=json.dumps(body) if body is not None else None,
            headers={"Authorization": "Bearer cfsim-token", "Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read() or b"{}")
        connection.close()
        return answer

    def things(self):
        """All that lives: {id: (address, shape)}."""
        aliases, found = {account: alias for alias, account in ALIASES.items()}, {}
        for account in self.call("GET", "/_cfsim/world")["accounts"]:
            for store in account["stores"]:
                at = f"{aliases[account['id']]}/{store['name']}"
                found[store["id"]] = (at, None)
                for one in store["secrets"]:
                    shape = {"value": one["value_checksum"], "comment": one.get("comment") or "",
                             "scopes": sorted(one["scopes"])}
                    found[one["id"]] = (f"{at}/{one['name']}", shape)
        return found

    def find(self, at):
        """The id and the path of what lives at the address; or None, and the path it would be in."""
        path = f"/client/v4/accounts/{ALIASES[at[:3]]}/secrets_store/stores"
        ids = {address: one for one, (address, _) in self.things().items()}
        if at != store_of(at):
            path += f"/{ids.get(store_of(at))}/secrets"
        return ids.get(at), f"{path}/{ids[at]}" if at in ids else path

    def finish_late_work(self):
        """So that what comes now is not undone by what was sent before."""
        self.call("POST", "/_cfsim/later")

    # Somebody else's requests meet no faults: they are taken away meanwhile.

    def foreign(self, method, path, body=None):
        faults, self.faults = self.faults, []
        self.call("DELETE", "/_cfsim/faults")
        answer = self.call(method, path, body)
        self.faults = faults
        if faults:
            self.call("POST", "/_cfsim/faults", faults)
        return answer.get("result") if answer.get("success") else None

    def let_go(self, at, ours):
        """Once lists show it: only they protect it when its store is destroyed."""
        time.sleep(self.lag_s)
        self.model.let_go(at, ours)

    # The steps

    def is_open(self):
        """Whether an interrupted run has left unknown what there is of cfprov."""
        return self.has_journal() or None in self.recorded().values()

    def has_journal(self):
        return os.path.exists(os.path.join(self.work, "cfprov.state.json.journal"))

    def ours(self, pattern):
        """{id: thing} of what lives and is recorded within the pattern; None: nobody knows."""
        self.finish_late_work()
        ids = set(self.recorded().values())
        return None if self.is_open() else {
            one: thing for one, thing in self.things().items()
            if one in ids and is_within(thing[0], pattern)}

    def do_drop_store(self, store):
        ours = self.ours(store)
        inside = {one for one, (at, _) in self.things().items() if store_of(at) == store != at}
        self.model.drop_store(store, ours is not None and inside <= ours.keys())

    def do_drop_secret(self, store, secret):
        self.model.drop_secret(store, secret, self.ours(f"{store}/{secret}"))

    def do_rename_secret(self, store, secret, name):
        is_free = not self.is_open() and not self.find(f"{store}/{name}")[0]
        self.model.rename_secret(store, secret, name, is_free and f"{store}/{name}" not in self.recorded())

    def do_rename_alias(self, alias, how):
        if self.alias_moves:
            return
        old, new = self.names[alias], {alias: alias + "-new", alias + "-new": alias}[self.names[alias]]
        self.names[alias] = new
        self.write_manifest()
        if how == "moved" or self.cfprov("state", "mv", old, new) != 0:
            self.alias_moves = [(old, new)]

    def do_forget(self, at):
        self.do_unsave()
        self.model.forget(at, self.ours(at))
        time.sleep(self.lag_s)

    def do_unsave(self):
        if os.path.exists(os.path.join(self.work, "saved")):
            os.unlink(os.path.join(self.work, "saved"))

    def do_foreign_store(self, store):
        self.make_foreign(store, {"name": store[4:]})

    def do_foreign_secret(self, at, value):
        if store_of(at) in self.model.wanted and all(at != to for _, to in self.model.moved):
            self.make_foreign(at, [{"name": at.rpartition("/")[2], "value": value, "scopes": ["workers"]}])

    def make_foreign(self, at, body):
        self.finish_late_work()
        one, path = self.find(at)
        if one or not self.foreign("POST", path, body):
            return
        one, is_open = self.find(at)[0], self.is_open()
        thing = self.things()[one]
        if thing[1]:
            self.model.past.setdefault(at, set()).add(thing[1]["value"])
        # After an interrupted run, cfprov takes it for its own, with its value.
        self.let_go(at, None if is_open else {one: thing})
        if is_open:
            self.model.accepted.add(at)

    def do_foreign_change(self, at, change):
        one, path = self.find(at)
        if one and self.foreign("PATCH", path, change):
            self.model.foreign_change(one, at, self.things()[one][1], self.is_pending(at))

    def is_pending(self, at):
        """Whether the state has not seen the secret active yet."""
        alias, store, secret = at.split("/")
        stores = self.state().get(ALIASES[alias], {}).get("stores", {})
        return stores.get(store, {}).get("secrets", {}).get(secret, {}).get("status") != "active"

    def do_foreign_delete(self, at):
        one, path = self.find(at)
        if one:
            before = self.things()
            self.foreign("DELETE", path + "?force=true")
            self.model.gone(before.keys() - self.things().keys())

    def do_lag(self, **times):
        self.lag_s = max(times.values()) / 1000
        self.call("POST", "/_cfsim/lag", times)

    def do_fault(self, fault):
        self.faults = self.faults + [fault]
        self.call("POST", "/_cfsim/faults", [fault])

    def do_state_rm(self, at, is_imported):
        if self.model.moved or store_of(at) not in self.model.wanted:
            return
        ours = self.ours(at)
        self.write_manifest()
        if self.run_changing(["state", "rm", self.named(at)], lambda at, is_gone: False) == 0:
            self.let_go(at, ours)
            if is_imported:
                self.do_run("import", at, [], None)

    def do_lose_state(self):
        ours = self.ours("*")
        self.do_unsave()
        for name in os.listdir(self.work):
            if name.startswith("cfprov.state.json"):
                os.unlink(os.path.join(self.work, name))
        for at in STORES if ours is None else []:
            for alias in ALIASES:
                self.model.let_go(f"{alias}/{at}", None)
        self.let_go("", ours or {})
        self.model.moved, self.alias_moves = [], []

    def do_change_key(self):
        """The first key, which signs what is there; or another one, once."""
        self.write_manifest()
        if "CFPROV_KEY" not in self.env:
            self.env["CFPROV_KEY"] = KEYS[0]
            if self.cfprov("state", "sign", "-auto-approve") != 0 and self.recorded():
                raise Wrong("the state can't be signed")
        elif "CFPROV_OLD_KEY" not in self.env:
            self.env["CFPROV_OLD_KEY"] = self.env["CFPROV_KEY"]
            self.env["CFPROV_KEY"] = KEYS[1]

    def named(self, at):
        """The address by the alias that the manifest has now."""
        return self.names.get(at[:3], at[:3]) + at[3:] if not at.startswith("*") else at

    # JSON is YAML, too.
    def write_manifest(self):
        stores = []
        for store, secrets in sorted(self.model.wanted.items()):
            entry = {"name": store[4:], "accounts": [self.names[store[:3]]], "secrets": []}
            for name, secret in sorted(secrets.items()):
                file = "values/" + f"{store}/{name}".replace("/", ".")
                with open(os.path.join(self.work, file), "w", encoding="ascii") as out:
                    out.write(secret["value"])
                one = {"name": name, "scopes": secret["scopes"], "value": {"file": file}, **secret["more"]}
                if one.pop("generate", None):
                    one["value"] = {"generate": {"bytes": 16}}
                if secret["comment"]:
                    one["comment"] = secret["comment"]
                entry["secrets"].append(one)
            stores.append(entry)
        accounts = {self.names[alias]: {"account_id": account} for alias, account in ALIASES.items()}
        manifest = {"accounts": accounts, "stores": stores, "state": {"encrypt": self.is_encrypted}}
        moved = self.alias_moves + [(self.named(a), self.named(b)) for a, b in self.model.moved]
        if moved:
            manifest["moved"] = [{"from": a, "to": b} for a, b in moved]
        if self.model.removed:
            manifest["removed"] = [{"from": self.named(at), "destroy": False} for at in self.model.removed]
        with open(os.path.join(self.work, "cfprov.yaml"), "w", encoding="ascii") as out:
            json.dump(manifest, out)

    def write_policy(self, accounts, destroy):
        path = os.path.join(self.dir, "policy.yaml")
        with open(path, "w", encoding="ascii") as out:
            json.dump({"version": 1, "values": {"files": ["work/values"], "generate": True},
                       "accounts": accounts, "state": {"paths": ["work/cfprov.state.json"], "key": {
                           "env": ["CFPROV_KEY", "CFPROV_OLD_KEY"]}}, "destroy": destroy}, out)
        return "-policy=" + path

    def cfprov(self, *arguments, kill=None):
        """kill: where, as in kills.py."""
        has_kill = bool(kill and self.library)
        process = subprocess.Popen(
            [*self.launcher, *(kills.command(self.library, kill) if has_kill else []), CFPROV, *arguments],
            cwd=self.work, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        try:
            out, _ = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Wrong(f"cfprov {arguments[0]} does not end") from None
        text = out.decode(errors="replace")
        # GNU time, which launches it in soak.py, says a signal as shells do.
        is_killed = has_kill and process.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
        status = -signal.SIGKILL if is_killed else process.returncode
        self.said.append(f"$ cfprov {' '.join(arguments)}\n{text}"
                         + (f"(killed at {kill})" if is_killed else f"(exit {status})"))
        if not is_killed and status not in (0, 1, 2):
            raise Wrong(f"cfprov {arguments[0]} ended with {status}")
        if MARK in text:
            raise Wrong(f"cfprov {arguments[0]} shows a value")
        self.met["kills"] += is_killed
        self.met["runs that left a journal"] += status != 0 and self.has_journal()
        self.met["recovered objects"] += text.count(", created by an interrupted apply")
        return status

    def run_changing(self, arguments, may_change=None, kill=None):
        """may_change(at, is_gone): whether the run may change this; without it, it may change all."""
        if may_change:
            self.finish_late_work()
        before = self.things()
        status = self.cfprov(*arguments, kill=kill)
        after = self.things()
        for one in before.keys() | after.keys():
            at, is_gone = (before.get(one) or after[one])[0], one not in after
            if before.get(one) == after.get(one):
                continue
            if may_change and not may_change(at, is_gone):
                raise Wrong(f"cfprov {' '.join(arguments)} changes {at}, which was {before.get(one)}")
            if is_gone and at in self.model.kept():
                raise Wrong(f"cfprov {' '.join(arguments)} destroys {at} in spite of prevent_destroy")
        return status

    APPLY = ("apply", "-auto-approve", "-allow-store-destroy", "-max-delete-percent=100")

    def run_apply(self, options=(), kill=None):
        """Adopts only what may be somebody else's: what an interrupted run has made is recovered."""
        self.model.offer()
        adopt = ["-adopt"] if self.model.loose else []
        if self.run_changing([*self.APPLY, *adopt, *options], kill=kill) != 0:
            return False
        if "-refresh=false" not in options:
            self.finish_late_work()
            self.model.applied(self.things(), self.recorded())
            self.alias_moves = []
        return True

    def do_run(self, how, at, options, kill):
        self.write_manifest()
        model, shown = self.model, self.named(at)
        apply = [*self.APPLY, "-adopt", *options]
        if how == "apply":
            self.run_apply(options, kill)
            return
        if how not in ("refresh", "destroy"):
            model.offer()
        if how == "target":
            self.run_changing([*apply, f"-target={shown}"], lambda one, is_gone: model.covers(one, at) or (
                one == store_of(one) and not is_gone), kill)
        elif how == "exclude":
            self.run_changing([*apply, f"-exclude={shown}"],
                              lambda one, is_gone: not model.covers(one, at), kill)
        elif how == "account":
            self.run_changing([*apply, "-account=" + shown.partition("/")[0]],
                              lambda one, is_gone: is_within(one, at.partition("/")[0]), kill)
        elif how == "replace":
            self.run_changing([*apply, f"-replace={shown}"], kill=kill)
        elif how == "few":
            self.run_changing([*apply, "-max-deletes=0"], self.is_no_loss, kill)
        elif how == "policy":
            few = {"max_deletes": 0, "max_delete_percent": 0, "stores": False}
            self.run_changing([*apply, self.write_policy({i: {} for i in ALIASES.values()}, few)],
                              self.is_no_loss, kill)
            few = self.write_policy({ALIASES["one"]: {}}, few)
            if self.run_changing([*apply, few], lambda one, is_gone: False) == 0:
                raise Wrong("the policy refuses nothing")
        elif how == "import":
            alias, _, name = at.partition("/")
            self.run_changing(["import", shown, f"{ALIASES.get(alias, alias)}/{name}"],
                              lambda one, is_gone: False, kill)
        elif how == "refresh":
            model.refreshed()
            self.run_changing(["refresh"], lambda one, is_gone: False, kill)
        elif how == "destroy":
            self.run_changing(["destroy", "-auto-approve", "-allow-store-destroy"], kill=kill)
        else:
            self.run_saved(how == "plan", kill)

    def is_no_loss(self, at, is_gone):
        """A rename is no loss."""
        return not is_gone or any(at == old for old, _ in self.model.moved)

    def run_saved(self, only_plan, kill):
        """Applies a saved plan, which may be an old one."""
        saved = os.path.join(self.work, "saved")
        if only_plan or not os.path.exists(saved):
            self.do_unsave()
            self.run_changing(["plan", "-adopt", "-out=saved"], lambda one, is_gone: False)
        if not only_plan and os.path.exists(saved):
            self.run_changing(["apply", "-allow-store-destroy", "saved"], kill=kill)
            self.do_unsave()

    # The end

    def settle(self):
        """The faults are over; what cfprov says is done must be done."""
        self.call("DELETE", "/_cfsim/faults")
        self.call("POST", "/_cfsim/later")
        self.do_lag(create=0, change=0, delete=0)
        if not self.model.wanted:  # cfprov refuses an empty manifest
            self.model.put_store("one/s3")
        self.write_manifest()
        if not self.run_apply():
            raise Wrong("apply fails, though nothing is in its way")
        self.write_manifest()
        if self.cfprov("plan", "-detailed-exitcode") != 0:
            raise Wrong("the plan after an apply is not empty")
        wrong = self.model.wrong(self.things(), self.recorded())
        self.do_unsave()
        for folder, folders, files in os.walk(self.dir):
            folders[:] = [name for name in folders if name != "values"]
            for name in files:
                if folder == self.work and name.endswith((".journal", ".tmp", ".lock")):
                    wrong.append(f"{name} is left behind")
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
        if self.is_encrypted:
            pulled = subprocess.run([CFPROV, "state", "pull"], cwd=self.work, env=self.env,
                                    capture_output=True, text=True, errors="replace")
            if pulled.returncode != 0:
                raise Wrong(f"cfprov state pull ended with {pulled.returncode}\n{pulled.stderr}")
            text = pulled.stdout
        else:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        try:
            return json.loads(text)["accounts"]
        except (ValueError, KeyError) as why:
            raise Wrong(f"the state can't be read: {why!r}\n{text}") from None

    def recorded(self):
        """{address: id}, and None for what a run has left unknown."""
        ids = {}
        for alias, account in ALIASES.items():
            for store, one in self.state().get(account, {}).get("stores", {}).items():
                if "origin" in one or "unresolved" in one:
                    ids[f"{alias}/{store}"] = one.get("id")
                for secret, two in one.get("secrets", {}).items():
                    ids[f"{alias}/{store}/{secret}"] = two.get("id")
        return ids
