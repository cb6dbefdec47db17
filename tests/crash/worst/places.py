"""Scenes about where a state is, and with which key it was written."""

import os

import worst
from worst import HEAD, KEY, STATE, Bad, Scene, Variant

NEW_KEY = "fedcba9876543210" * 4


def place_at(w, kind):
    """`state` of a manifest: a place on the server. Each point has its own."""
    if kind == "http":
        address = f"{w.bucket}/state/{w.place}"
        return f"state: {{backend: http, address: '{address}', lock_address: '{address}'}}\n"
    # For the region of R2, cfprov would wait between two writes of one key.
    return f"state: {{backend: s3, bucket: states, prefix: {w.place}, " \
        f"endpoint: '{w.bucket}', region: here}}\n"  # fmt: skip


class Remote(Variant):
    """The same as another scene, with the state on a server."""

    def __init__(self, scene, kind):
        super().__init__(scene, f"{scene.name}, state: {kind}")
        self.kind = kind

    def begin(self, w):
        write = w.write
        where = place_at(w, self.kind)
        w.write = lambda name, text: write(name, where + text if name == "cfprov.yaml" else text)
        try:
            self.scene.begin(w)
        finally:
            w.write = write


class SavedPlan(Remote):
    """Apply of a plan that was saved right before, for it names the place of the state."""

    def __init__(self, kind):
        super().__init__(Scene(), kind)
        self.name = f"{worst.SavedPlan.name}, state: {kind}"
        self.args, self.next_args = worst.SavedPlan.args, worst.SavedPlan.next_args

    def approach(self, w):
        w.good("plan", "-out=p")


class Migrate(Scene):
    """The state moves from a file to a server, or back."""

    changes_account = False

    def __init__(self, kind, is_back=False):
        self.kind, self.is_back = kind, is_back
        self.name = f"state migrate, {'from' if is_back else 'to'} {kind}"
        self.args = ["state", "migrate", "-auto-approve", "-from=old.yaml"]

    def begin(self, w):
        there = place_at(w, self.kind)
        old, new = (there, "") if self.is_back else ("", there)
        super().begin(w)
        text = w.read("cfprov.yaml")
        w.write("cfprov.yaml", old + text)
        w.good("apply", "-auto-approve")
        w.write("old.yaml", old + text)
        w.write("cfprov.yaml", new + text)

    def resume(self, w):
        status, out, err = w.run(self.args)
        if status != 0 and "was moved to" not in err:
            raise Bad(f"the next migration ended with {status}\n{out}{err}")
        w.good("apply", "-auto-approve")

    def settled(self, w, with_plan):
        status, out, err = w.run(["plan", "-f", "old.yaml"])
        if status == 0 or "was moved to" not in err:
            raise Bad(f"the old place is still used: {status}\n{out}{err}")
        if not self.is_back:
            os.remove(w.path(STATE))  # which says so
        super().settled(w, with_plan)


class NewKey(Scene):
    """An apply that replaces the key of an encrypted state."""

    name = "apply, with a new key"
    env = {"CFPROV_KEY": NEW_KEY, "CFPROV_OLD_KEY": KEY}

    def begin(self, w):
        some = HEAD + "state: {encrypt: true}\n" + worst.ALL
        w.write("cfprov.yaml", some[: some.index("  - name: t")])
        w.good("apply", "-auto-approve")
        w.write("cfprov.yaml", some)

    def settled(self, w, with_plan):
        w.env["CFPROV_OLD_KEY"] = ""
        super().settled(w, with_plan)
        if '"accounts"' in w.read(STATE) + w.read(STATE + ".backup"):
            raise Bad("something is in clear")


class Sign(Scene):
    """A state from before there was a key is accepted."""

    name = "state sign"
    args = ["state", "sign", "-auto-approve"]
    values = {"s": None, "t": None}
    changes_account = False
    has_key = False
    env = {"CFPROV_KEY": KEY}
    litter = "journal"  # a second signature writes nothing, and so tidies nothing

    def begin(self, w):
        w.write("cfprov.yaml", HEAD + "stores: [s, t]\n")
        w.good("apply", "-auto-approve")

    def resume(self, w):
        w.good(*self.args)
        w.good("apply", "-auto-approve")


def remote(*scenes):
    return [Remote(it, kind) for it in scenes for kind in ("http", "s3")]


def moves():
    """From one place to another, and from one key to another."""
    places = [Migrate(kind, is_back) for kind in ("http", "s3") for is_back in (False, True)]
    return [*places, NewKey(), Sign()]
